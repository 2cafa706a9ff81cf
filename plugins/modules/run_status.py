# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: run_status
short_description: Tell who updates a failover cluster, and what a new run would do
version_added: 0.2.0
description:
  - Reads the run locks, the node sessions and the journals of all nodes that answer, and tells who holds the lock, since when, the last
    sign of life, what each node was doing, what a run that is started now would do, and what a person has to decide. Nothing is changed.
  - It decides with the same code as M(cluster_aware.updating.run_lock), so that what it tells is what happens.
options:
  accept_down:
    description:
      - Nodes that a new run would be told to accept paused or down, by their names in the cluster.
    type: list
    elements: str
    default: []
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
  - module: cluster_aware.updating.run_stop
  - module: cluster_aware.updating.cluster_info
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: See who works on the cluster
  cluster_aware.updating.run_status:
  run_once: true
  register: status

- name: Stop when a person has to decide something
  ansible.builtin.assert:
    that: status.to_decide | length == 0
"""

RETURN = r"""
runs:
  description: Every run that has a lock, a session or a journal on a node.
  returned: success
  type: list
  elements: dict
  contains:
    run_id:
      description: The run.
      type: str
      sample: 5c1f0b0e-6a0c-4a53-9d3c-2f4cf5f6a1c7
    state:
      description:
        - V(alive) when something shows that it is at work. V(quiet) when it has shown no sign of life for a while that is too short to call
          it dead. V(dead) after 15 minutes. V(ended) when it has released its lock and left nodes out of service. V(foreign) when it is
          none of this collection.
      type: str
      sample: dead
    controller:
      description: The controller that drives it, V(null) when no journal says so.
      type: str
      sample: control1
    user:
      description: Who started it there.
      type: str
      sample: alice
    started_at:
      description: When, by the controller's clock.
      type: str
      sample: "2026-03-01T20:00:00+00:00"
    took_over:
      description: The dead runs that it goes on with.
      type: list
      elements: str
      sample: []
    forced_by:
      description: Who said that these are dead, V(null) when the evidence did.
      type: str
      sample: null
    quiet_seconds:
      description: For how long it has shown no sign of life, by the clocks of the nodes.
      type: float
      sample: 1260.0
    locks:
      description: The nodes that carry its lock.
      type: list
      elements: str
      sample: [node1, node2]
    sessions:
      description: The nodes that carry its node session.
      type: list
      elements: str
      sample: [node1]
    journals:
      description: The nodes whose journal has something of it.
      type: list
      elements: str
      sample: [node1, node2]
    stop:
      description: Who asked it to stop, V(null) when nobody did.
      type: dict
      sample: null
    nodes:
      description: What it did to nodes.
      type: list
      elements: dict
      sample: [{node: node1, phase: installing, paused_by_us: true}]
    counts:
      description:
        - How many nodes it has brought to a good end (C(done)), have failed or were left out of service (C(failed)), and are not at their
          end (C(left)). V(null) when it is no run of this collection.
      type: dict
      sample: {done: 1, failed: 0, left: 3}
    cluster:
      description: What it did to the cluster as a whole.
      type: dict
      sample: {cau_role_offline: null}
    problems:
      description: What in its journal is not understood.
      type: list
      elements: str
      sample: []
    description:
      description: All of this in one sentence.
      type: str
      sample: run 5c1f0b0e of alice on control1, holds the run lock on node1, node2, last sign of life 21 min ago, it is dead
nodes:
  description: The nodes of the cluster, with what runs were doing to each.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name of the node.
      type: str
      sample: HV01-N1
    host:
      description: Its inventory host, V(null) when none answers for it.
      type: str
      sample: hv01-n1
    state:
      description: Its state in the cluster.
      type: str
      sample: up
    drain_status:
      description: How far its drain is, V(null) when the cluster does not say.
      type: str
      sample: not_initiated
    phase:
      description:
        - How far the newest run is with it, in the words of the journal, V(null) when none has begun with it. The page on trouble of the
          documentation lists them.
      type: str
      sample: installing
    since:
      description: When that phase began, by the clock of the controller that drives the run, V(null) when there is none.
      type: str
      sample: "2026-03-01T20:14:00+00:00"
    doing:
      description: What each run was doing to it, one sentence each.
      type: list
      elements: str
      sample: ["run 5c1f0b0e: installing, paused by the run"]
next:
  description: What a run that is started now would do, one sentence each.
  returned: success
  type: list
  elements: str
  sample: [it would begin a new run]
to_decide:
  description: What a person has to decide or mend first, one sentence each.
  returned: success
  type: list
  elements: str
  sample: []
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
  sample: [{node: null, step: next, text: it would begin a new run}]
"""
