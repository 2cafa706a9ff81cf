# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: hotfix_apply
short_description: Apply the hotfixes of a hotfix root folder to a drained node
version_added: 0.2.0
description:
  - Applies hotfixes, drivers and firmware from a hotfix root folder as CAU's C(Microsoft.HotfixPlugin) does. One call is one round without
    its restart.
  - Everything that M(cluster_aware.updating.hotfix_info) checks is checked first. Then each file is given once to the CAU provider of the
    node, which runs its installer as SYSTEM. Before each one the task makes sure that this run holds the run lock on every node, that the
    node has the turn, and that this run has paused it.
  - The exit code decides by the rule of the configuration file. One that is in no list is a failure without restart. A hotfix that is
    installed already or does not apply to the node is no failure and no work.
  - An installer is never started twice, and never killed. When it has not ended in time, or the answer is lost, the task waits until its
    process has ended. What became of it is reported as unknown, which fails the task. When it still runs at the end of
    O(installer_settle_timeout), the node stays out of service and is named.
  - A hotfix that this run has dealt with on the node is no new work in the next round.
options:
  hotfix_installer_timeout_minutes:
    description:
      - Minutes that one installer may take. CAU calls it C(HotfixInstallerTimeoutMinutes).
    type: int
    default: 30
  installer_settle_timeout:
    description:
      - Seconds that an installer which has passed its limit, or whose answer was lost, may still take to end.
    type: int
    default: 7200
extends_documentation_fragment:
  - cluster_aware.updating._attributes
  - cluster_aware.updating._attributes.connection
  - cluster_aware.updating._gate.in_service
  - cluster_aware.updating._hotfix
attributes:
  check_mode:
    support: full
    details:
      - The folder is read and checked, and nothing is applied. The node need not be drained.
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - Inside one run a hotfix is applied once. A new run applies it again, since the folder does not tell what is installed.
seealso:
  - module: cluster_aware.updating.hotfix_info
  - module: cluster_aware.updating.cluster_node
  - module: cluster_aware.updating.node_reboot
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: Apply the hotfixes of the node
  cluster_aware.updating.hotfix_apply:
    hotfix_root_folder_path: \\files\hotfixes\root
  register: applied

- name: Restart when a hotfix asks for it
  cluster_aware.updating.node_reboot:
  when: applied.reboot_required
"""

RETURN = r"""
hotfixes:
  description: The hotfixes of the node, in order, with what became of them.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file below the root folder.
      type: str
      sample: CAUHotfix_All\windows-kb5066782.msu
    update_path:
      description: The whole path, as the node is given it.
      type: str
      sample: \\files\hotfixes\root\CAUHotfix_All\windows-kb5066782.msu
    rule:
      description: The rule of the configuration file that says how it is installed.
      type: str
      sample: extension rule MSU
    program:
      description: The program that installs it.
      type: str
      sample: '%systemroot%\System32\wusa.exe'
    parameters:
      description: The parameters of the program.
      type: str
      sample: $update$ /quiet /norestart
    state:
      description:
        - What became of it, one of V(succeeded), V(succeeded_reboot_required), V(failed), V(failed_reboot_required), V(already_installed),
          V(not_applicable), V(unknown), V(dealt_with) for an earlier round of this run, and V(not_tried).
      type: str
      sample: succeeded_reboot_required
    exit_code:
      description: The exit code of the installer, as a signed number.
      type: int
      sample: 3010
    launch_hresult:
      description: The result of starting the installer, 0 when it ran.
      type: int
      sample: 0
    failure_msg:
      description: Why it failed.
      type: str
      sample: "1603 ERROR_INSTALL_FAILURE: fatal error during installation"
found_hotfix_count:
  description: How many hotfixes the folder has for the node.
  returned: success
  type: int
  sample: 2
applied_hotfix_count:
  description: How many hotfixes were applied.
  returned: always
  type: int
  sample: 2
failed_hotfix_count:
  description: How many hotfixes failed. The task fails when there is one, and its error names them.
  returned: always
  type: int
  sample: 0
ignored:
  description: What lies in the root folder and is not applied to any node, each with the reason.
  returned: success
  type: list
  elements: dict
  sample:
    - {path: CAUHotfix_All\readme.txt, reason: 'no extension rule in DefaultHotfixConfig.xml is for .txt, and it is not in a rule folder'}
nodes:
  description: The paths of the hotfixes of every node of the cluster, by node and in order.
  returned: success
  type: dict
  sample: {HV01-N1: [CAUHotfix_All\windows-kb5066790.msu], HV01-N2: [CAUHotfix_All\windows-kb5066790.msu]}
notes:
  description: What is allowed and may still not be meant.
  returned: success
  type: list
  elements: str
  sample: []
share:
  description: How the controller reads the share.
  returned: success
  type: dict
  sample: {"dialect": "SMB 3.1.1", "encrypted": true, "signed": true}
findings:
  description: What the check of the permissions found.
  returned: always
  type: list
  elements: dict
  sample: []
reboot_required:
  description: Whether a restart is due, because a hotfix or something on the node asks for it; also when a hotfix has failed.
  returned: always
  type: bool
  sample: true
resume_first:
  description:
    - Whether the node has to be resumed, and drained again, before that restart, so that its storage is repaired.
  returned: success
  type: bool
  sample: false
restart_left:
  description:
    - Whether a restart is due and is left undone, because the node is paused without drain. RV(reboot_required) is V(false) then, and the
      next run begins with the restart.
  returned: success
  type: bool
  version_added: 0.2.0
  sample: false
another_round:
  description: Whether the task has to be called again, because this round has applied something or a restart is due.
  returned: success
  type: bool
  sample: true
outcome:
  description: What is known about the operation that failed, one of V(not_done), V(failed) and V(unknown).
  returned: failure
  type: str
  sample: failed
events:
  description: The progress lines of the task, each with the node, the step and the text.
  returned: success, and with C(-v) on failure too
  type: list
  elements: dict
  sample: [{node: HV01-N1, step: install, text: 'CAUHotfix_All\windows-kb5066790.msu succeeded, wants a restart (1 of 1)'}]
"""
