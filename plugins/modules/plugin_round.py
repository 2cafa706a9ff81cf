# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: plugin_round
short_description: Add up what the plug-ins of a run did on a node
version_added: 0.2.0
description:
  - Takes what the tasks of several plug-ins returned and says what follows for the node, such as one restart for all of them.
  - It fails when one of them has failed, with all reasons in one sentence. What the others did stands in the failed result.
  - The role C(cluster_aware.updating.rolling_update) uses it at the end of each round. No node is asked and nothing is changed.
options:
  step:
    description:
      - V(install) at the end of a round. With V(stage) a plug-in that failed is no error as long as another one has found something, since
        the node is then drained and each plug-in tried again.
    type: str
    choices: [stage, install]
    default: install
  left_hotfix_count:
    description:
      - How many hotfixes are left for the node.
    type: int
    default: 0
  results:
    description:
      - What the plug-ins of CAU returned, in order. What plug-ins of your own did is known from M(cluster_aware.updating.plugin_step).
    type: list
    elements: dict
    default: []
    suboptions:
      plugin:
        description:
          - The name of the plug-in.
        type: str
        required: true
      result:
        description:
          - The registered result of its task. An empty one, or that of a skipped task, adds nothing.
        type: dict
        required: true
extends_documentation_fragment:
  - cluster_aware.updating._attributes
attributes:
  check_mode:
    support: full
    details:
      - It changes nothing in either mode.
  diff_mode:
    support: none
  idempotent:
    support: full
seealso:
  - module: cluster_aware.updating.run_plan
  - module: cluster_aware.updating.wua_install
  - module: cluster_aware.updating.hotfix_apply
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: Add up what was installed
  cluster_aware.updating.plugin_round:
    results:
      - plugin: Microsoft.WindowsUpdatePlugin
        result: "{{ installed }}"
      - plugin: Microsoft.HotfixPlugin
        result: "{{ applied }}"
  register: round
"""

RETURN = r"""
reboot_required:
  description: Whether a restart is due.
  returned: always
  type: bool
  sample: true
resume_first:
  description: Whether the node has to be resumed, and drained again, before that restart.
  returned: always
  type: bool
  sample: false
another_round:
  description: Whether the plug-ins have to be called again after it.
  returned: always
  type: bool
  sample: true
updates:
  description: The updates of all of them by their ids.
  returned: always
  type: dict
  sample:
    4a06ce75-6fe1-50a6-8e07-ff9d08854e04: {kb: ['5066782'], installed: true, reboot_required: true}
found_update_count:
  description: How many updates they found.
  returned: always
  type: int
  sample: 3
installed_update_count:
  description: How many updates they installed.
  returned: always
  type: int
  sample: 3
applied_hotfix_count:
  description: How many hotfixes they applied.
  returned: always
  type: int
  sample: 1
plugins:
  description: The plug-ins that failed.
  returned: failure
  type: list
  elements: str
  sample: []
errors:
  description: The kinds of their errors.
  returned: failure
  type: list
  elements: str
  sample: []
outcome:
  description: What is known about the operation that failed, one of V(not_done), V(failed) and V(unknown).
  returned: failure
  type: str
  sample: failed
events:
  description: The progress lines of the task.
  returned: success, and with C(-v) on failure too
  type: list
  elements: dict
  sample: []
"""
