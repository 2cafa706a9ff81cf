# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: verify_endpoint
short_description: Ask an endpoint what the documents leave open
version_added: 0.2.0
description:
  - Asks a node the questions about WS-Management and the CAU provider that Microsoft's documents leave open and that can be answered
    without changing anything, and writes down what was confirmed, what differs and the messages, so that the file can go with a bug report.
  - Names of nodes, cluster and account, the domain of the cluster, addresses, GUIDs and account SIDs are replaced in the file. Look through
    it before you give it away all the same.
  - With O(changing=true), the harmless ones of the questions that need a change on the node are asked too. The run lock is taken on every
    node of the cluster for them, and a node session on the one node. Scans are made in it, and locks and sessions are asked for that must
    be refused. Nothing is downloaded, installed, drained or restarted. At the end, also after a failure, everything is undone, and every
    node is read to see that it is.
  - Questions that are not asked are listed in the file with the reason.
extends_documentation_fragment:
  - cluster_aware.updating._attributes
  - cluster_aware.updating._attributes.connection
  - cluster_aware.updating._gate.members
options:
  changing:
    description:
      - Whether to ask the questions that need a change as well. The host must be a node of a failover cluster whose nodes are all in the
        inventory, and nobody else may hold the run lock or a node session.
    type: bool
    default: false
  scan_timeout:
    description:
      - Seconds that a scan may take with O(changing=true).
    type: int
    default: 1800
  dest:
    description:
      - The file on the controller to write the answers to, as JSON. One that is there is replaced.
    type: path
    required: true
attributes:
  check_mode:
    support: full
    details:
      - The questions are asked as usual, those of O(changing) excepted, and the file is not written.
  diff_mode:
    support: none
  idempotent:
    support: none
    details:
      - The file is written each time.
seealso:
  - module: cluster_aware.updating.readiness
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: Ask one node what the documents leave open
  cluster_aware.updating.verify_endpoint:
    dest: ./{{ inventory_hostname }}-endpoint.json

- name: Ask one node everything, under the run lock
  cluster_aware.updating.verify_endpoint:
    dest: ./{{ inventory_hostname }}-endpoint.json
    changing: true
    members:
      - hv_cluster
"""

RETURN = r"""
dest:
  description: The file.
  returned: success
  type: str
  sample: hv01-n1-endpoint.json
counts:
  description: How many answers there are of each verdict.
  returned: success
  type: dict
  sample: {confirmed: 8, differs: 1, seen: 3, not_seen: 0}
answers:
  description: The questions and answers, as in the file but without the messages.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The short name of the question.
      type: str
      sample: unknown_class
    source:
      description: The paper that leaves it open, and the section.
      type: str
      sample: wsman-cim.md 14, 7
    question:
      description: The question.
      type: str
      sample: How is a query on an unknown class refused?
    expected:
      description: What the collection assumes, V(null) when it assumes nothing.
      type: str
      sample: With 0x8033801A
    answer:
      description: What the node said.
      type: str
      sample: refused with code 0x8033801A, wsman 0x8033801A, subcode CannotProcessFilter
    verdict:
      description: One of V(confirmed), V(differs), V(seen) when nothing was assumed, and V(not_seen) when there was no answer.
      type: str
      sample: confirmed
not_asked:
  description: What is left open on purpose, by the paper's section, with the reason.
  returned: success
  type: dict
  sample:
    wsman-cim.md 14, 2: it needs a method that runs for minutes and a changed MaxTimeoutms
    wsman-cim.md 14, 8: it needs minutes of silence on a connection
    cau.md 8, 3: it needs a run lock of one's own and more than an hour
    cau.md 8, 5: a report names people and machines throughout
    cau.md 8, 6: the files stand on the node's drive, which WMI does not read
    cau.md 8, 9: it needs a run of Windows' own coordinator
    cau.md 8, 10: it needs a run of Windows' own coordinator
    cau.md 8, 11: it needs a run of Windows' own coordinator
    cau.md 8, 13: it needs a run of Windows' own coordinator
    wsman-cim.md 14, 1: it needs a node session and a scan that lasts; asked with the option changing
    wsman-cim.md 14, 5: it creates a node session; asked with the option changing
    cau.md 8, 1: it creates run locks and node sessions; asked with the option changing
    cau.md 8, 4: it needs a node session; asked with the option changing
    cau.md 8, 8: it needs a node session; asked with the option changing
undone:
  description: Whether nothing of the changes is left on any node, V(null) when nothing was to be changed. Otherwise the task fails.
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
  sample: [{node: hv01-n1, step: verify, text: '9 confirmed, 0 differs, 3 seen, 0 not seen; written to hv01-n1-endpoint.json'}]
"""
