# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: wua_scan
short_description: Look which updates a node is offered
version_added: 0.1.0
description:
  - Scans a node for updates through the CAU provider, which every failover-cluster node has, and returns them.
  - The scan needs a node session. Inside a run it is the run's own. Without a run, the task first makes sure that nobody else is
    updating the cluster or the node, and holds a session for the scan alone.
extends_documentation_fragment:
  - cluster_aware.updating._attributes
  - cluster_aware.updating._attributes.connection
  - cluster_aware.updating._selection
attributes:
  check_mode:
    support: full
    details:
      - The scan is done as usual. It changes nothing on the node but the session that it holds meanwhile.
  diff_mode:
    support: none
  idempotent:
    support: full
seealso:
  - module: cluster_aware.updating.wua_download
  - module: cluster_aware.updating.wua_install
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: See what the node is offered
  cluster_aware.updating.wua_scan:
  register: offered

- name: Look for drivers too
  cluster_aware.updating.wua_scan:
    query_string: IsInstalled=0 and IsHidden=0

- name: Look for a single update
  cluster_aware.updating.wua_scan:
    accept:
      - KB5066782
"""

RETURN = r"""
updates:
  description: The updates that were taken, keyed by their id.
  returned: success
  type: dict
  contains:
    update_id:
      description: One update.
      type: dict
      contains:
        id:
          description: The id of the update.
          type: str
          sample: 51ec9a1e-3ea1-4f4a-bd8e-6f2d2a1d7a11
        title:
          description: The title of the update.
          type: str
          sample: 2025-10 Cumulative Update for Microsoft server operating system (KB5066782)
        description:
          description: What the publisher says about the update.
          type: str
          sample: Install this update to resolve issues in Windows.
        kb:
          description: The KB numbers of the update, without their prefix.
          type: list
          elements: str
          sample: ["5066782"]
        downloaded:
          description: Whether this task saw the update downloaded.
          type: bool
          sample: true
        installed:
          description: Whether this task saw the update installed.
          type: bool
          sample: false
        failure_hresult_code:
          description: The error of the download or the installation, when it failed.
          type: int
          sample: 2149842967
        failure_msg:
          description: The meaning of that error.
          type: str
          sample: "0x80240016 WU_E_INSTALL_NOT_ALLOWED: another installation was in progress"
filtered_updates:
  description: The updates that were offered and left out, keyed by their id, with the fields of RV(updates).
  returned: success
  type: dict
  contains:
    update_id:
      description: One update.
      type: dict
      contains:
        filtered_reason:
          description: Why the update was left out.
          type: str
          sample: not in the list accept
found_update_count:
  description: How many updates were offered and taken.
  returned: success
  type: int
  sample: 3
reboot_required:
  description: Whether the Windows Update Agent of the node waits for a restart.
  returned: success
  type: bool
  sample: false
events:
  description: The progress lines of the task, each with the node, the step and the text.
  returned: success, and with C(-v) on failure too
  type: list
  elements: dict
  sample: [{node: HV01-N1, step: scan, text: '2 updates (KB5066782 cumulative, KB5066131 .NET)'}]
"""
