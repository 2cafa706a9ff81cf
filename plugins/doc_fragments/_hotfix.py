# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the tasks that read a hotfix root folder.

Private to this collection; it may change at any time.
"""

from __future__ import annotations


class ModuleDocFragment:
    # Where the hotfixes are, and who reads them.
    DOCUMENTATION = r"""
options:
  hotfix_root_folder_path:
    description:
      - The hotfix root folder as a UNC path such as V(\\\\files\\hotfixes\\root), as every node and the controller reach it. CAU calls it
        C(HotfixRootFolderPath). Forward slashes are taken as backslashes.
      - A local path and a drive letter are refused, because they mean another folder on each machine.
    type: str
    required: true
  hotfix_config_file_name:
    description:
      - Name of the configuration file in the root folder. CAU calls it C(HotfixConfigFileName).
    type: str
    default: DefaultHotfixConfig.xml
  disable_acl_checks:
    description:
      - Whether the permissions of the root folder, the configuration file and everything below are left unchecked. CAU calls it
        C(DisableAclChecks).
      - Folders in a DFS namespace need it, as the check does not work there. Use it only where something else makes sure that nobody but
        administrators may write there, since the nodes run what lies there as SYSTEM.
    type: bool
    default: false
  require_smb_encryption:
    description:
      - Whether the share may be read only with SMB encryption, by the controller and by the nodes. CAU calls it C(RequireSMBEncryption).
      - Without it the controller still refuses a connection that is neither signed nor encrypted.
    type: bool
    default: false
  share_username:
    description:
      - Who reads the share from the controller, as V(DOMAIN\\user) or V(user@REALM). The default is the user of the connection to the host.
      - The nodes read the share as their computer accounts.
    type: str
  share_password:
    description:
      - The password of O(share_username). The default is that of the connection. Kerberos takes a ticket of the controller when there is
        none.
    type: str
  share_authentication:
    description:
      - How the controller signs in to the file server.
    type: str
    choices:
      negotiate: Kerberos where it works, else NTLM.
      ntlm: NTLM alone.
      kerberos: Kerberos alone.
    default: negotiate
  share_host:
    description:
      - The name or address by which the controller reaches the file server, when that is not the server of O(hotfix_root_folder_path). A
        controller on Linux knows no NetBIOS names, for instance.
    type: str
  share_port:
    description:
      - The port of the file server.
    type: int
    default: 445
"""
