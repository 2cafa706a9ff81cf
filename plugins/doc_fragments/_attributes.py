# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every task of the collection can do, for the table of attributes in its documentation.

Private to this collection; it may change at any time.
"""

from __future__ import annotations


class ModuleDocFragment:
    # What all tasks have in common; support of check and diff mode stands in each module.
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
  idempotent:
    description: When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
  async:
    description: Supports being used with the C(async) keyword.
    support: none
    details:
      - The work runs on the controller, which stays in charge of the run lock for as long as it lasts.
  platform:
    description: Target operating systems and families that can be operated against.
    support: full
    platforms: windows
  action_group:
    description: Use C(group/cluster_aware.updating.all) in C(module_defaults) to set defaults for this task.
    support: full
    membership:
      - cluster_aware.updating.all
"""

    # How the tasks reach the node.
    CONNECTION = r"""
options: {}
notes:
  - The task runs on the controller and speaks WS-Management to the node, with the connection options and the credentials that the
    inventory host already has. It needs C(ansible_connection=winrm) on the host. No shell and no PowerShell is started on the node.
  - An error of the connection fails the task, so that C(rescue) runs; it never marks the host as unreachable.
  - When the environment variable C(CLUSTER_AWARE_UPDATING_CLOCK_RATE) is set, all waits and limits run at that rate. It serves
    rehearsals against a simulated cluster only.
requirements:
  - pywinrm >= 0.5.0 on the controller
"""
