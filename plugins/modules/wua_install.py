# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: wua_install
short_description: Install updates on a drained node
version_added: 0.1.0
description:
  - Scans a node for updates, downloads what is missing and installs the selected ones, a few at a time. One call is one round without its
    restart.
  - Before each batch the task makes sure that this run holds the run lock on every node, that the node has the turn, and that this
    run has paused it. Otherwise nothing is installed, whatever tags were given and however the task was started.
  - An installation is never repeated on suspicion. When the answer to a request is lost, the task waits until no installer runs on
    the node any more and looks which updates are still offered. When even that cannot tell, the task fails with
    RV(outcome=unknown).
  - An update that was installed with success and is offered again after its restart stops the node. So does one that the node is still
    offered although it has left it out, for instance because its licence was not accepted.
options:
  batch_size:
    description:
      - How many updates go into one request. Small batches keep an unknown outcome small.
    type: int
    default: 1
  download_timeout:
    description:
      - Seconds that the download of the missing updates may take.
    type: int
    default: 7200
  install_timeout:
    description:
      - Seconds that one batch may take.
    type: int
    default: 7200
  max_rounds:
    description:
      - How many rounds with an installation a node may have in one run. A node that is still offered updates afterwards fails.
    type: int
    default: 5
extends_documentation_fragment:
  - cluster_aware.updating._attributes
  - cluster_aware.updating._attributes.connection
  - cluster_aware.updating._gate.in_service
  - cluster_aware.updating._selection
  - cluster_aware.updating._gate.stand_alone
attributes:
  check_mode:
    support: full
    details:
      - The node is scanned, and nothing is installed. The node need not be drained.
  diff_mode:
    support: full
  idempotent:
    support: full
seealso:
  - module: cluster_aware.updating.cluster_node
  - module: cluster_aware.updating.node_reboot
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: Install what the node is offered
  cluster_aware.updating.wua_install:
  register: installed

- name: Restart when an update asks for it
  cluster_aware.updating.node_reboot:
  when: installed.reboot_required

- name: Update a server that is in no cluster
  cluster_aware.updating.wua_install:
    stand_alone: true
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
        state:
          description:
            - What became of an update that this task tried, one of V(installed), V(failed), V(canceled), V(not_taken) when the node did not
              take it, and V(deferred) when a restart decides.
          type: str
          sample: installed
        reboot_required:
          description: Whether an update that this task tried asks for a restart.
          type: bool
          sample: true
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
installed_update_count:
  description: How many updates were installed.
  returned: success
  type: int
  sample: 3
failed_update_count:
  description: How many updates failed. The task fails when there is one, and its error names them.
  returned: always
  type: int
  sample: 0
reboot_required:
  description:
    - Whether a restart is due, because an update or something on the node asks for it.
    - A sign that a restart of this run has left standing asks for no further one. It is told in a progress line.
  returned: success
  type: bool
  sample: true
resume_first:
  description:
    - Whether the node has to be resumed, and drained again, before that restart. With Storage Spaces Direct the disks of a node can be in
      maintenance mode as long as it is paused, and what a first restart left to repair is repaired only afterwards.
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
  description: Whether the node has to be scanned again, because this round has installed something or a restart is due.
  returned: success
  type: bool
  sample: true
rounds:
  description: How many rounds with an installation the node has had in this run.
  returned: success
  type: int
  sample: 1
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
  sample: [{node: HV01-N1, step: install, text: KB5066131 succeeded (2 of 2)}]
"""
