# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_info
short_description: Read the state of a failover cluster
version_added: 0.1.0
description:
  - Reads the cluster that the host belongs to, its nodes, groups, votes and storage, and who holds its run lock. Nothing is changed.
  - Nodes that no inventory host of the play is, or that cannot be reached, are part of the answer too. Only their locks are missing then.
extends_documentation_fragment:
  - cluster_aware.updating._attributes
  - cluster_aware.updating._attributes.connection
  - cluster_aware.updating._gate.members
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details:
      - Nothing is changed.
  idempotent:
    support: full
seealso:
  - module: cluster_aware.updating.run_lock
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: Read the cluster
  cluster_aware.updating.cluster_info:
  register: cluster

- name: Stop when somebody is updating it
  ansible.builtin.assert:
    that: cluster.locks | selectattr('kind', 'ne', 'none') | list | length == 0
"""

RETURN = r"""
cluster:
  description: The cluster as a whole.
  returned: success
  type: dict
  sample:
    name: HV01
    fqdn: HV01.contoso.com
    quorum_type: Node and File Share Majority
    dynamic_quorum: true
    storage_spaces_direct: false
    drain_on_shutdown: true
    functional_level: 10
nodes:
  description: The nodes of the cluster.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name of the node.
      type: str
      sample: HV01-N1
    host:
      description: The inventory host of the node, V(null) when none of the pattern is.
      type: str
      sample: hv01-n1
    state:
      description: The state of the node.
      type: str
      sample: up
    drain_status:
      description: How far a drain of the node has come.
      type: str
      sample: not_initiated
    build:
      description: The build of Windows, V(null) when it cannot be read.
      type: int
      sample: 20348
    vote:
      description: Whether the node has a vote in the quorum now.
      type: int
      sample: 1
groups:
  description: The clustered groups with their state, their owner and those of their resources that have failed.
  returned: success
  type: list
  elements: dict
  sample: [{name: VM-web02, state: online, owner: HV01-N2, core: false, failed_resources: []}]
quorum:
  description: For each node, whether the cluster would survive without it.
  returned: success
  type: list
  elements: dict
  sample: [{node: HV01-N2, safe: true, would_lose_quorum: false, current: 3, remaining: 2, needed: 2}]
locks:
  description: The run lock of each node that could be asked, who holds it, and the node session.
  returned: success
  type: list
  elements: dict
  sample: [{node: HV01-N2, guid: null, session: null, journal: null, kind: none, description: ''}]
journals:
  description: What each node's journal holds, for every run that has left something there, whether its lock still stands or not.
  returned: success
  type: list
  elements: dict
  contains:
    node:
      description: The node that the journal stands on.
      type: str
      sample: node1
    run_id:
      description: The run.
      type: str
      sample: 5c1f0b0e-6a0c-4a53-9d3c-2f4cf5f6a1c7
    run:
      description: Who drives or drove the run, and its last sign of life. It is V(null) when that cannot be read.
      type: dict
      sample: {cluster: HV01, age_seconds: 4210.0, is_released: false}
    nodes:
      description: What the run has done to the nodes that this journal knows of.
      type: list
      elements: dict
      sample: [{node: node1, phase: installing, paused_by_us: true}]
    problem:
      description: What in the journal is not understood, V(null) when all is.
      type: str
      sample: null
left_behind:
  description: A sentence for every node that a run has paused and not resumed, by what the journals tell.
  returned: success
  type: list
  elements: str
  sample: []
cau_role:
  description: The clustered CAU role of self-updating, V(null) when the cluster has none.
  returned: success
  type: dict
  sample: {name: CAUHV01, state: online, owner: node1, core: false}
storage:
  description: Findings about the storage that would stop a drain. It is V(null) unless the cluster uses Storage Spaces Direct.
  returned: success
  type: list
  elements: str
  sample: []
winrm:
  description:
    - The limits of the host's WinRM service. Each is V(null) when the service does not show it, which it does to administrators only.
    - Whether C(max_timeout_ms) also ends the long methods of a run, such as an installation, is not documented. Where it does, the run
      looks at the evidence before it goes on, and a higher limit spares it that.
  returned: success
  type: dict
  contains:
    max_timeout_ms:
      description: How long one ordinary request may take, in milliseconds.
      type: int
      sample: 60000
    max_envelope_kb:
      description: How long one message may be, in kilobytes.
      type: int
      sample: 500
no_answer:
  description: The inventory hosts that could not be asked, with the reason.
  returned: success
  type: dict
  sample: {}
events:
  description: The progress lines of the task, each with the node, the step and the text.
  returned: success, and with C(-v) on failure too
  type: list
  elements: dict
  sample: []
"""
