# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: wua_download
short_description: Stage updates on a node
version_added: 0.1.0
description:
  - Scans a node for updates and downloads the selected ones while the node still serves.
  - This run must hold the run lock, see M(cluster_aware.updating.run_lock). Several nodes may be staged at the same time, as long
    as none of them has been drained yet.
options:
  download_timeout:
    description:
      - Seconds that the download may take.
      - The provider has no method that ends a download. One that takes longer fails the task and goes on on the node, which serves all the
        while.
    type: int
    default: 7200
  hosts:
    description:
      - The inventory hosts of the nodes to stage side by side by this one task, each with those of the options above that differ for it.
        Without it, the host of the task is staged alone.
      - All of them must be nodes of the run's cluster. One that cannot be staged does not fail the task, see RV(not_staged).
    type: dict
    version_added: 0.2.0
extends_documentation_fragment:
  - cluster_aware.updating._attributes
  - cluster_aware.updating._attributes.connection
  - cluster_aware.updating._selection
attributes:
  check_mode:
    support: full
    details:
      - The node is scanned, and nothing is downloaded.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details:
      - A scan does not tell which updates are downloaded already. The provider passes over those, and the task reports a change
        whenever it has asked for a download.
seealso:
  - module: cluster_aware.updating.wua_scan
  - module: cluster_aware.updating.wua_install
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: Stage whatever the node is offered
  cluster_aware.updating.wua_download:

- name: Stage all but the preview updates
  cluster_aware.updating.wua_download:
    reject:
      - Preview

- name: Stage two nodes at once, without the preview updates on one of them
  cluster_aware.updating.wua_download:
    hosts:
      hv01-n1: {}
      hv01-n2:
        reject:
          - Preview
  run_once: true
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
          sample: in the list reject (KB5066131)
found_update_count:
  description: How many updates were offered and taken.
  returned: success
  type: int
  sample: 3
downloaded_update_count:
  description: How many updates were downloaded.
  returned: success
  type: int
  sample: 3
failed_update_count:
  description: How many downloads failed. Their errors stand in RV(updates). The installation asks for them again.
  returned: success
  type: int
  sample: 0
hosts:
  description: The results of the nodes that were staged, by their hosts, instead of the other fields.
  returned: with O(hosts)
  type: dict
  sample:
    hv01-n1:
      updates:
        4a06ce75-6fe1-50a6-8e07-ff9d08854e04:
          id: 4a06ce75-6fe1-50a6-8e07-ff9d08854e04
          title: 2025-10 Cumulative Update for Microsoft server operating system (KB5066782)
          description: Install this update to resolve issues in Windows.
          kb: ['5066782']
          downloaded: true
          installed: false
        6e8ed5e0-1b17-5a16-b7a0-b0075a52807d:
          id: 6e8ed5e0-1b17-5a16-b7a0-b0075a52807d
          title: 2025-10 Cumulative Update for .NET Framework 4.8 (KB5066131)
          description: Install this update to resolve issues in Windows.
          kb: ['5066131']
          downloaded: true
          installed: false
      filtered_updates: {}
      found_update_count: 2
      reboot_required: false
      changed: true
      downloaded_update_count: 2
      failed_update_count: 0
    hv01-n2:
      updates:
        4a06ce75-6fe1-50a6-8e07-ff9d08854e04:
          id: 4a06ce75-6fe1-50a6-8e07-ff9d08854e04
          title: 2025-10 Cumulative Update for Microsoft server operating system (KB5066782)
          description: Install this update to resolve issues in Windows.
          kb: ['5066782']
          downloaded: true
          installed: false
        6e8ed5e0-1b17-5a16-b7a0-b0075a52807d:
          id: 6e8ed5e0-1b17-5a16-b7a0-b0075a52807d
          title: 2025-10 Cumulative Update for .NET Framework 4.8 (KB5066131)
          description: Install this update to resolve issues in Windows.
          kb: ['5066131']
          downloaded: true
          installed: false
      filtered_updates: {}
      found_update_count: 2
      reboot_required: false
      changed: true
      downloaded_update_count: 2
      failed_update_count: 0
not_staged:
  description: Why the other nodes were not staged, a sentence for each of their hosts.
  returned: with O(hosts)
  type: dict
  sample:
    hv-b.example.com: the run leaves it as it is
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
  sample: [{node: HV01-N1, step: stage, text: 2 of 2 downloaded}]
"""
