# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: plugin_result
short_description: Say what a plug-in of your own found or did
version_added: 0.2.0
description:
  - The last task of each entry point of a role that is a plug-in. It is the counterpart of the callbacks of CAU's plug-in interface, and
    its fields are those of C(UpdateInfo), C(UpdateStagingResult) and C(UpdateInstallResult).
  - In C(scan) it takes the updates that the node needs now. In C(stage) and C(install) it takes one result for each update that the plug-in
    was given in C(plugin_call.updates).
  - What is not in the shape fails the task, and with it the node. An entry point that ends without this task fails too.
options:
  updates:
    description:
      - One dictionary for each update. Further fields are refused. An empty list says that there is nothing.
      - C(update_id) is the text, up to 128 characters, that tells the update from others of the plug-in. It has to be the same in each
        scan of the same update, and another one for another version.
      - C(update_title) is one line for people, and C(update_description) may say more. Both are for C(scan), and may be repeated later.
      - C(node_name) may be given. It must be the node then.
      - C(result_code), for C(stage) and C(install), is V(Succeeded), V(Failed) or V(Canceled).
      - C(error_code) may be a number of 32 bits.
      - C(reboot_required), for C(install), says whether the update takes effect with a restart only. A plug-in never restarts a node
        itself.
    type: list
    elements: dict
    required: true
  busy:
    description:
      - For C(scan), whether an installation of this plug-in still goes on, on the node. It decides what becomes of a node on which a run
        died while the plug-in was installing. As long as it is true, the node stays as it is.
    type: bool
    default: false
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
  - module: cluster_aware.updating.plugin_step
  - module: cluster_aware.updating.wmi_query
  - module: cluster_aware.updating.wmi_method
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: Say what the node needs
  cluster_aware.updating.plugin_result:
    updates:
      - update_id: BIOS 2.7
        update_title: BIOS 2.7 for the server
    busy: false
"""

RETURN = r"""
count:
  description: How many updates it has taken.
  returned: success
  type: int
  sample: 1
step:
  description: The step that it was taken for.
  returned: success
  type: str
  sample: scan
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
