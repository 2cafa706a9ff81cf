# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: plugin_step
short_description: Lead a plug-in of your own through a run
version_added: 0.2.0
description:
  - The role C(cluster_aware.updating.rolling_update) uses it before and after each entry point of a plug-in that is a role. A plug-in
    itself uses M(cluster_aware.updating.plugin_result).
  - Each call reads the run lock on every node. Before an installation it also makes sure that the node has the turn and that this run has
    paused it, that no outcome of anything before is unknown, and that a restart which is pending comes first. Then it writes into the
    journal that the plug-in is about to install these updates.
  - After an installation it writes down what the plug-in said, and counts the updates in the run.
  - An installation that was begun and of which nobody has said what became of it, because the plug-in failed or the controller died, keeps
    the node as it is. It is never begun again before the plug-in's own scan says what is still needed, with no installer running on the
    node.
options:
  plugin:
    description:
      - The full name of the role.
    type: str
    required: true
  step:
    description:
      - The entry point, with O(state=begun) and O(state=ended).
    type: str
    choices: [scan, stage, install]
    default: install
  state:
    description:
      - V(begun) and V(ended) stand around the entry point.
      - V(failed) notes that the plug-in has failed with O(error).
      - V(open) asks whether an installation was begun whose outcome is not known. V(settled) decides by the scan that was made just now.
    type: str
    choices: [begun, ended, failed, open, settled]
    required: true
  error:
    description:
      - The failed result.
    type: dict
    default: {}
  max_rounds:
    description:
      - How often the plug-in may install on a node.
    type: int
    default: 5
extends_documentation_fragment:
  - cluster_aware.updating._attributes
  - cluster_aware.updating._attributes.connection
attributes:
  check_mode:
    support: full
    details:
      - A scan is made. What would be installed is told, and RV(proceed) is false for everything else.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details:
      - Inside one run an update that the plug-in has installed is not installed again.
seealso:
  - module: cluster_aware.updating.plugin_result
  - module: cluster_aware.updating.plugin_round
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: Begin to scan
  cluster_aware.updating.plugin_step:
    plugin: contoso.hardware.firmware
    step: scan
    state: begun
  register: step

- name: Scan
  ansible.builtin.include_role:
    name: contoso.hardware.firmware
    tasks_from: scan
  vars:
    plugin_call: "{{ step.call }}"

- name: Take what was found
  cluster_aware.updating.plugin_step:
    plugin: contoso.hardware.firmware
    step: scan
    state: ended
"""

RETURN = r"""
proceed:
  description: Whether the entry point is to run now.
  returned: success
  type: bool
  sample: true
open:
  description: Whether an installation was begun whose outcome is not known.
  returned: success
  type: bool
  sample: false
found_update_count:
  description: How many updates the step is about.
  returned: success
  type: int
  sample: 1
reboot_required:
  description: Whether a restart is due.
  returned: success
  type: bool
  sample: false
resume_first:
  description: Whether the node has to be resumed, and drained again, before that restart.
  returned: success
  type: bool
  sample: false
call:
  description: What the plug-in is given, but for its arguments.
  returned: success
  type: dict
  contains:
    name:
      description: The plug-in.
      type: str
      sample: contoso.hardware.firmware
    step:
      description: The entry point.
      type: str
      sample: scan
    host:
      description: The inventory host.
      type: str
      sample: hv01-n1
    node:
      description: The node, as the cluster spells it. Without a run, as in a preview, it is the inventory host.
      type: str
      sample: HV01-N2
    cluster:
      description: The cluster, empty without a run.
      type: str
      sample: HV01
    run_id:
      description: The run, V(null) without one.
      type: str
      sample: 5c1f0b0e-7f0e-4f0e-9d51-0d6a3f3f0a11
    updates:
      description: The updates to stage or to install, in the shape of M(cluster_aware.updating.plugin_result).
      type: list
      elements: dict
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
  sample: [{node: HV01-N1, step: scan, text: 'contoso.hardware.firmware finds 1: Contoso BIOS 2.7'}]
"""
