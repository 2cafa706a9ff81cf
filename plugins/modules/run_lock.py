# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: run_lock
short_description: Take, renew or release the run lock of a failover cluster
version_added: 0.1.0
description:
  - Takes the run lock of Cluster-Aware Updating (CAU) on every node of the cluster that the host belongs to, so that nobody else
    updates the cluster meanwhile, neither another controller nor Microsoft's own CAU.
  - The run lock is the C(MSFT_CAURun) instance on each node. All of them carry the run id, which the task generates.
  - Before anything is written, every node is looked at. A lock or a session of somebody else, a node that is not up, an unsafe quorum or
    damaged storage refuse the lock, and the error names what was found. When one node refuses, what was already taken is given back.
  - Taking the lock again in the same playbook joins the run that holds it. The other tasks of the collection find the run by themselves.
    Hosts that take it at the same time wait for the first of them and join its run. With C(run_once=true) one host does it for all.
  - It also serves to wrap update work of one's own that has nothing to do with CAU. See the examples.
options:
  state:
    description:
      - V(acquired) takes the lock on every node, or verifies it when this playbook already holds it.
      - V(renewed) touches the lock on every node. The provider removes a lock that nobody has touched for an hour.
      - V(released) removes the lock from every node. It does nothing where there is none, and never removes somebody else's. Each start
        of C(ansible-playbook) or C(ansible) is somebody else. Such a lock is named in a warning and in RV(holders), and it goes by itself
        an hour after its last use.
    type: str
    choices: [acquired, renewed, released]
    default: acquired
  node_order:
    description:
      - The nodes to update first, by their names in the cluster or in the inventory. The others follow, those with the fewest online
        groups first. The task only returns the order, in RV(run.order).
    type: list
    elements: str
    default: []
  only_nodes:
    description:
      - The only nodes to update, by their names in the cluster or in the inventory. The lock is taken on all nodes all the same, and the
        others have to be up and normal. An empty list means all nodes.
      - The role C(cluster_aware.updating.rolling_update) leaves the others as they are, but for one that a dead run has left half-way.
    type: list
    elements: str
    version_added: 0.2.0
    default: []
  require_all_nodes_online:
    description:
      - Whether every node has to be up and normal before the run begins, but for those that O(accept_down) names.
      - With V(false), the nodes that are paused or down when the lock is taken are left as they are for the whole run, as if O(accept_down)
        named them. The quorum still has to survive without each node that is updated. It cannot be set together with O(accept_down).
      - CAU calls it C(RequireAllNodesOnline). Unlike here, CAU does not require it unless told to.
    type: bool
    version_added: 0.2.0
    default: true
  stop_after:
    description:
      - Seconds that the whole run may take. Once they have passed, the run ends at its next safe point. No new node is begun, nothing new
        is installed, a node that is out of service is brought back, and the error says so. Without it, the run takes the time it needs.
      - A download, an installation or a restart that has begun is waited for, so that the run may end later.
      - CAU calls it C(StopAfter).
    type: int
    version_added: 0.2.0
  warn_after:
    description:
      - Seconds after which the run says, once, that it takes long. It must be less than O(stop_after).
      - CAU calls it C(WarnAfter).
    type: int
    version_added: 0.2.0
  accept_down:
    description:
      - Nodes of the cluster that may be paused or down although the run goes on, by their names in the cluster or in the inventory. It
        holds for all tasks of the run. Without it, such a node refuses the lock.
      - The lock is taken on them too, so they must be reachable and their cluster service must answer. A node that is down for good has to
        be evicted first.
      - The role C(cluster_aware.updating.rolling_update) leaves such a node as it is.
    type: list
    elements: str
    default: []
  one_node_per_batch:
    description:
      - Whether to refuse the lock when the current batch of the play holds more than one node of the cluster, or when the strategy is
        neither V(linear) nor V(host_pinned). The play then lacks C(serial=1).
      - The role C(cluster_aware.updating.rolling_update) sets it.
    type: bool
    default: false
  takeover_wait:
    description:
      - Seconds to wait until it is sure that another run of this collection is dead, and for a node that such a run left restarting.
      - A run is dead when its heartbeats in the journals have stood still for its O(dead_after), by the clocks of the nodes. It is then
        taken over, that is, its lock is replaced and the nodes that it left half-way are in RV(run.unfinished). A run that shows a sign of
        life meanwhile refuses the lock at once.
    type: int
    version_added: 0.2.0
    default: 1200
  dead_after:
    description:
      - Seconds without a sign of life after which others may take the run that begins here for dead. The tasks of the collection give one
        every five minutes while they work.
      - The default is the time after which the provider drops a lock that nobody has touched, so that tasks of your own have it to
        themselves. The role C(cluster_aware.updating.rolling_update) sets V(900).
    type: int
    version_added: 0.2.0
    default: 3600
  force_recovery:
    description:
      - Whether to take the lock although somebody else holds it who may be alive, Microsoft's own CAU included. It is the word of an
        administrator who knows that nobody drives that run any more, and it is recorded in the journal.
      - Nodes that somebody else has paused stay as they are all the same, and refuse the lock unless O(accept_down) names them.
    type: bool
    version_added: 0.2.0
    default: false
  take_cau_role_offline:
    description:
      - Whether to take the clustered role of Microsoft's own self-updating offline when the run begins, so that its schedule begins
        nothing meanwhile, and to bring it back with O(state=released). It is the only clustered role that a run of this collection takes
        offline.
      - A role that is offline already is left as it is. What was taken offline stands in the journal, so that the run which takes a dead
        one over brings it back, with or without this option.
      - It stays offline while a node is left out of service. The error at the end of the run says so, and RV(run.cau_role_offline).
    type: bool
    version_added: 0.2.0
    default: false
  later_options:
    description:
      - Options that later tasks of the run will be given, by their names. They are checked before anything is sent, as each of those tasks
        would check them, so that a mistake ends the play before the run begins.
      - Where another host of O(members) has a variable C(rolling_update_<option>) of its own for one of them, it is checked too.
      - The role C(cluster_aware.updating.rolling_update) names all of its options.
    type: dict
    default: {}
  report_directory:
    description:
      - The folder on the controller below which the report of the run is kept, in a folder of its own for each run, readable by its owner
        alone. Each task adds to it at once, so that the report of a run that is killed can be completed by the next one.
      - The default is C(cluster_aware_updating/reports) in the home of Ansible (C(ANSIBLE_HOME), C(~/.ansible) unless it is set).
      - A report that cannot be written is named in a warning and in the result, and never ends the run.
    type: path
    version_added: 0.2.0
  report_formats:
    description:
      - The forms in which the report is written when the lock is released. The one in JSON is always among them, unless the list is empty,
        which keeps no record at all.
    type: list
    elements: str
    choices: [json, html, csv]
    default: [json, html, csv]
    version_added: 0.2.0
extends_documentation_fragment:
  - cluster_aware.updating._attributes
  - cluster_aware.updating._attributes.connection
  - cluster_aware.updating._gate
  - cluster_aware.updating._gate.members
attributes:
  check_mode:
    support: full
    details:
      - Every node is looked at as in a real run. No lock and no journal entry is written.
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - With O(state=renewed) the lock is touched each time, which is not reported as a change.
seealso:
  - module: cluster_aware.updating.cluster_info
  - module: cluster_aware.updating.cluster_node
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: Keep Cluster-Aware Updating away from the cluster
  cluster_aware.updating.run_lock:
    state: acquired
  run_once: true

- name: Take the lock although the play was started for a single node
  cluster_aware.updating.run_lock:
    state: acquired
    members:
      - hv_cluster

- name: Touch the lock in the middle of long work
  cluster_aware.updating.run_lock:
    state: renewed
  run_once: true

- name: Let others update the cluster again
  cluster_aware.updating.run_lock:
    state: released
  run_once: true
"""

RETURN = r"""
run:
  description:
    - The run that holds the lock, or that held it until now.
    - It is V(null) with O(state=released) when this playbook has taken no lock.
  returned: success
  type: dict
  contains:
    run_id:
      description:
        - The GUID of the run, as the nodes store it.
        - It is V(null) in check mode unless this playbook already holds the lock.
      type: str
      sample: 5c1f0b0e-6a0c-4a53-9d3c-2f4cf5f6a1c7
    cluster:
      description: The name of the cluster.
      type: str
      sample: HV01
    nodes:
      description: The inventory host of each node of the cluster.
      type: dict
      sample: {HV01-N1: hv01-n1, HV01-N2: hv01-n2}
    order:
      description:
        - The inventory hosts in the order in which to update them, fewest roles first. Those that O(only_nodes) leaves out are not in it.
      type: list
      elements: str
      sample: [hv01-n1, hv01-n2]
    ended:
      description: Whether the run has come to its end in this playbook, so that nothing more is to be done on the cluster.
      type: bool
      sample: false
    left_alone:
      description:
        - Whether nothing is to be done to the node of the host, because it is not up and the run accepts that, or because O(only_nodes)
          leaves it out.
      type: bool
      sample: false
    took_over:
      description: The ids of the dead runs that this one has taken over.
      type: list
      elements: str
      sample: []
    unfinished:
      description: The inventory hosts whose nodes a dead run left half-way and that are not brought to an end yet, with how far each was.
      type: dict
      sample: {hv-b.example.com: installing}
    away:
      description: The host among these whose node is out of service and has to be finished before any other, V(null) when none is.
      type: str
      sample: hv-b.example.com
    cau_role_offline:
      description:
        - The CAU role that the run keeps offline, V(null) when there is none. With O(state=released), the one that stays offline.
      type: str
      sample: CAUHV01
holders:
  description:
    - What was found on each node before the task, and who held it. With O(state=released), who holds a lock that is not this playbook's.
  returned: success
  type: list
  elements: dict
  sample: [{node: HV01-N2, guid: null, session: null, journal: null, kind: none, description: ''}]
report:
  description:
    - The report of the run, with O(state=released) when this task has ended it.
    - With O(state=acquired) on failure, that of a run which could not begin. It says why.
  returned: when the run ends, or cannot begin
  type: dict
  contains:
    directory:
      description: The folder of the run.
      type: str
    files:
      description: The files by their forms.
      type: dict
    problem:
      description: Why the report could not be written, V(null) when it was.
      type: str
      sample: null
completed_reports:
  description: The reports of earlier runs that were killed, which this task has completed.
  returned: when a run begins
  type: list
  elements: str
  sample: []
events:
  description: The progress lines of the task.
  returned: success, and with C(-v) on failure too
  type: list
  elements: dict
  contains:
    node:
      description: The node that the line is about, V(null) when the whole cluster is meant.
      type: str
      sample: node1
    step:
      description: The part of the run.
      type: str
      sample: lock
    text:
      description: What happened.
      type: str
      sample: taken on 4 of 4 nodes, run 5c1f0b0e
"""
