# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: node_outcome
short_description: Record how the update of a node ended and decide whether the run goes on
version_added: 0.1.0
description:
  - Records the outcome of one node in the run of this playbook, and decides by all outcomes so far whether the run goes on.
  - A node that failed and serves again counts against O(max_failed_nodes). A node that has to be left out of service ends the run.
  - It looks at the node and changes nothing on it but the journal, where the reason is kept when the node is left out of service.
  - When the run ends, the summary is printed. Releasing the lock is left to M(cluster_aware.updating.run_lock), as the role
    C(cluster_aware.updating.rolling_update) shows.
options:
  state:
    description:
      - How the update of the node ended. V(finished) means that nothing is left to install.
      - V(failed) records the error of O(error).
      - V(concluded) records nothing. It fails when a node of any run of this playbook has failed, or a lock was not given back, and
        no other run still has nodes of this play before it. It is the last task of a node, or of a cluster with O(turns).
    type: str
    choices: [finished, failed, concluded]
    required: true
  error:
    description:
      - The result of the task that failed, which a C(rescue) section finds in C(ansible_failed_result).
    type: dict
    default: {}
  max_failed_nodes:
    description:
      - How many nodes may fail before the run ends. The default is a third of the nodes, rounded down.
      - CAU calls it C(MaxFailedNodes).
    type: int
  turns:
    description:
      - The inventory hosts that this play brings to their end one after the other, when one host of each cluster does so for all of its
        nodes. They count instead of the hosts of the play, and O(state=concluded) judges their run alone, as those of other clusters go on
        side by side and conclude for themselves.
    type: list
    elements: str
    default: []
    version_added: 0.2.0
  max_retries_per_node:
    description:
      - How often a node that failed and serves again may be tried once more as a whole, from its scan to its resume. As long as it may, no
        outcome is recorded, RV(retry) is V(true) and the tasks of the node are to be begun anew. Without it, no node is tried again.
      - The attempts are counted in the journal, so that a run which takes this one over goes on counting. A pause that the cluster refuses
        while storage is degraded is repeated inside of one attempt.
      - Never tried again is a node of which the outcome of something is not known, that somebody else has paused or resumed, of which a
        group is not online any more, or whose error another attempt would only find again, such as a wrong argument.
      - At most 64. CAU calls it C(MaxRetriesPerNode), with 3 as its default.
    type: int
    version_added: 0.2.0
extends_documentation_fragment:
  - cluster_aware.updating._attributes
  - cluster_aware.updating._attributes.connection
  - cluster_aware.updating._gate.members
attributes:
  check_mode:
    support: full
    details:
      - The outcome is noted for the rest of the playbook only.
  diff_mode:
    support: none
  idempotent:
    support: full
seealso:
  - module: cluster_aware.updating.run_lock
  - module: cluster_aware.updating.cluster_node
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: Update the node
  block:
    - name: Take the run lock, or join the run that has it
      cluster_aware.updating.run_lock:
    - name: Take the node out of service
      cluster_aware.updating.cluster_node:
        state: drained
    - name: Install what the node is offered
      cluster_aware.updating.wua_install:
      register: installed
    - name: Restart when an update asks for it
      cluster_aware.updating.node_reboot:
      when: installed.reboot_required
    - name: Put the node back
      cluster_aware.updating.cluster_node:
        state: active
    - name: Record that the node is done
      cluster_aware.updating.node_outcome:
        state: finished
      register: recorded
  rescue:
    - name: Record that the node has failed
      cluster_aware.updating.node_outcome:
        state: failed
        error: "{{ ansible_failed_result }}"
        max_failed_nodes: 1
      register: recorded

- name: Release the lock when the run is over
  cluster_aware.updating.run_lock:
    state: released
  when: recorded.run_ends

- name: End the play with an error when a node has failed
  cluster_aware.updating.node_outcome:
    state: concluded
"""

RETURN = r"""
outcome:
  description: The outcome of the node.
  returned: O(state=finished) or O(state=failed)
  type: dict
  contains:
    node:
      description: The name of the node.
      type: str
      sample: HV01-N1
    host:
      description: The inventory host of the node.
      type: str
      sample: hv01-n1
    state:
      description: One of V(ok), V(nothing_to_do), V(left_alone), V(failed) and V(left_out).
      type: str
      sample: ok
    updates:
      description: How many updates were installed.
      type: int
      sample: 3
    hotfixes:
      description: How many hotfixes were applied.
      type: int
      sample: 1
    restarts:
      description: How often the node was restarted.
      type: int
      sample: 1
    seconds:
      description: How long the node took.
      type: int
      sample: 1260
    attempts:
      description: How many attempts the node took.
      type: int
      sample: 1
    reason:
      description: The error of a node that failed, why it was left alone, or that a restart was left undone; V(null) otherwise.
      type: str
      sample: null
outcomes:
  description: The outcomes of all nodes so far, with the fields of RV(outcome).
  returned: O(state=finished) or O(state=failed)
  type: list
  elements: dict
  sample:
    - {node: HV01-N1, host: hv01-n1, state: nothing_to_do, updates: 0, restarts: 0, seconds: 94, reason: null, hotfixes: 0, attempts: 1}
run_ends:
  description: Whether the run is over, because this was its last node or because of what happened.
  returned: O(state=finished) or O(state=failed)
  type: bool
  sample: false
retry:
  description: Whether the node is to be tried once more. Its outcome is open until then.
  returned: O(state=finished) or O(state=failed)
  type: bool
  sample: false
unfinished:
  description:
    - How far the node is with something that another attempt has to bring to its end, such as a restart that was not made yet. It is empty
      when there is nothing.
  returned: O(state=finished) or O(state=failed)
  type: str
  sample: ""
play_ends:
  description: Whether no run of this playbook has nodes of this play before it any more.
  returned: O(state=concluded)
  type: bool
  sample: false
succeeded:
  description: Whether no node has failed so far.
  returned: success
  type: bool
  sample: true
is_last:
  description: Whether this was the last node of the cluster in this play.
  returned: O(state=finished) or O(state=failed)
  type: bool
  sample: false
reason:
  description: Which nodes have failed or were left out of service so far, V(null) when none has.
  returned: O(state=finished) or O(state=failed)
  type: str
  sample: 1 node failed (HV01-N1)
summary:
  description: The summary of the run, or with O(state=concluded) the nodes that failed.
  returned: success
  type: str
  sample: HV01  HV01-N1 nothing to do | HV01-N2 not reached
run:
  description: The run so far in plain data, without secrets, for a step of a workflow for instance. The role gives it to C(set_stats).
  returned: O(state=finished) or O(state=failed), unless RV(retry)
  type: dict
  contains:
    cluster:
      description: The name of the cluster, empty when the node could not join a run.
      type: str
      sample: HV01
    run_id:
      description: The id of the run, V(null) in check mode and when the node could not join a run.
      type: str
      sample: 5c1f0b0e-6a0c-4a53-9d3c-2f4cf5f6a1c7
    counts:
      description: How many nodes have ended in each of the states of RV(outcome.state).
      type: dict
      sample: {ok: 2, nothing_to_do: 1, left_alone: 0, failed: 1, left_out: 0}
    failed_nodes:
      description: The nodes that failed or were left out of service.
      type: list
      elements: str
      sample: [node2]
    not_reached:
      description: The nodes of the run that have no outcome, because the run ended before.
      type: list
      elements: str
      sample: [HV01-N2]
    nodes:
      description: The outcome of each node, with the fields of RV(outcome).
      type: dict
      sample:
        HV01-N1:
          node: HV01-N1
          host: hv01-n1
          state: nothing_to_do
          updates: 0
          restarts: 0
          seconds: 40
          reason: null
          hotfixes: 0
          attempts: 1
reports:
  description: The reports of the runs of this playbook that have ended.
  returned: O(state=concluded)
  type: list
  elements: str
events:
  description: The progress lines of the task, each with the node, the step and the text.
  returned: success, and with C(-v) on failure too
  type: list
  elements: dict
  sample: [{node: null, step: summary, text: HV01  HV01-N1 nothing to do | HV01-N2 ok 2 updates 1 restart 4 min}]
"""
