# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: hotfix_info
short_description: List the hotfixes that a node would be given
version_added: 0.2.0
description:
  - Reads a hotfix root folder as CAU's C(Microsoft.HotfixPlugin) does, and returns what would be applied to the node, in which order and by
    which rule, and every other file and folder with the reason why it is ignored.
  - The controller reads the share itself over SMB 2 or 3, signed or encrypted. Folder, configuration file, readability and permissions are
    checked for all nodes of the cluster, and the task fails when something is wrong, with the path and the command that mends it.
  - Nothing is changed on the share or on a node. Whether a hotfix is installed already cannot be read from the folder.
extends_documentation_fragment:
  - cluster_aware.updating._attributes
  - cluster_aware.updating._attributes.connection
  - cluster_aware.updating._hotfix
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
seealso:
  - module: cluster_aware.updating.hotfix_apply
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: See which hotfixes the node would be given
  cluster_aware.updating.hotfix_info:
    hotfix_root_folder_path: \\files\hotfixes\root
  register: hotfixes

- name: Read the share as somebody else
  cluster_aware.updating.hotfix_info:
    hotfix_root_folder_path: \\files\hotfixes\root
    share_username: CONTOSO\svc-hotfixes
    share_password: "{{ vault_svc_hotfixes }}"
"""

RETURN = r"""
hotfixes:
  description: The hotfixes of the node, in the order in which they would be applied.
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
found_hotfix_count:
  description: How many hotfixes the node would be given.
  returned: success
  type: int
  sample: 2
left_hotfix_count:
  description: How many of them the run of this playbook has not dealt with yet. Without a run, all of them.
  returned: success
  type: int
  sample: 2
nodes:
  description: The paths of the hotfixes of every node of the cluster, by node and in order.
  returned: success
  type: dict
  sample: {HV01-N1: [CAUHotfix_All\windows-kb5066790.msu], HV01-N2: [CAUHotfix_All\windows-kb5066790.msu]}
ignored:
  description: What lies in the root folder and is not applied to any node, each with the reason.
  returned: success
  type: list
  elements: dict
  sample:
    - {path: CAUHotfix_All\readme.txt, reason: 'no extension rule in DefaultHotfixConfig.xml is for .txt, and it is not in a rule folder'}
findings:
  description: What the check of the permissions found, each with path, trustee, right, severity and the command that mends it.
  returned: always
  type: list
  elements: dict
  sample: []
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
outcome:
  description: What is known about the operation that failed, one of V(not_done), V(failed) and V(unknown).
  returned: failure
  type: str
  sample: not_done
events:
  description: The progress lines of the task, each with the node, the step and the text.
  returned: success, and with C(-v) on failure too
  type: list
  elements: dict
  sample: [{node: HV01-N1, step: scan, text: 1 hotfix in the folder}]
"""
