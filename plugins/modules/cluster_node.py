# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_node
short_description: Drain or resume a node of a failover cluster
version_added: 0.1.0
description:
  - Takes a node out of service by pausing it with drain, or puts it back by resuming it.
  - A node is drained only while this run holds the run lock on every node and no other node of the cluster has a session open.
    Right before, the cluster is looked at twice, and the node stays in service unless every other node is up and normal, the quorum
    survives and the storage is healthy.
  - The drain is done when the node is paused, no clustered group is left on it, and every group that was online before is online on
    another node. A drain that ends otherwise is undone, and the error names the groups.
  - A node that somebody else has paused or resumed is theirs, and is left as it is.
options:
  state:
    description:
      - V(drained) pauses the node and waits until all its groups have moved.
      - V(active) resumes the node when this run has paused it. It is refused while the outcome of an installation on the node is unknown.
      - V(in_turn), since 0.2.0, leaves the node in service and makes it the one node of the cluster on which this run works, so that
        O(cluster_aware.updating.wua_install#module:in_service) may install on it. The cluster is looked at as before a drain. Drain the
        node afterwards, or give the turn back with V(active).
    type: str
    choices: [drained, active, in_turn]
    required: true
  drain_timeout:
    description:
      - Seconds that the drain may take.
    type: int
    default: 1800
  drain_mode:
    description:
      - How the node is taken out of service with O(state=drained).
    type: str
    version_added: 0.2.0
    choices:
      drain: Its groups leave it, and all of them stay online. A drain that the cluster gives up is undone.
      forced:
        - As V(drain) first. When the cluster gives that up and O(accept_offline) names every group that is left on the node, the drain is
          asked for once more with force, which takes these groups offline. They are named before, and brought online again when the node is
          resumed. CAU calls it C(ForcePauseAndDrain).
      none:
        - The node is paused and its groups stay on it and go on. It takes no new ones. Such a node is never restarted, so that a restart
          which its updates ask for is left to the next run. CAU calls it C(ForcePauseNoDrain).
    default: drain
  accept_offline:
    description:
      - The clustered groups that O(drain_mode=forced) may take offline, by their names. A group that is left on the node and not named here
        lets the drain fail.
    type: list
    elements: str
    version_added: 0.2.0
    default: []
  suspend_timeout:
    description:
      - Seconds to wait for the cluster to become ready before the drain. This covers storage that is being repaired, and a cluster
        that refuses to pause the node for the moment.
    type: int
    default: 1800
  failback:
    description:
      - What becomes of the groups that left the node, when it is resumed. V(immediate) moves them back at once, V(policy) follows
        the failback policy of each group, and V(none) leaves them where they are.
    type: str
    choices: [immediate, policy, none]
    default: immediate
  resume_timeout:
    description:
      - Seconds that the node may take to become active again.
    type: int
    default: 900
  wait_for_storage_repair:
    description:
      - Seconds to wait, when the node was resumed, until every virtual disk is healthy and no repair runs. When the time has passed, the
        task fails, with the node in service. With V(0), the task does not wait, and the next drain does within its O(suspend_timeout).
      - CAU calls it C(WaitForStorageRepairTimeoutMinutes), in minutes.
    type: int
    version_added: 0.2.0
    default: 0
  poll_interval:
    description:
      - Seconds between two looks at the node while waiting for it.
    type: int
    default: 10
extends_documentation_fragment:
  - cluster_aware.updating._attributes
  - cluster_aware.updating._attributes.connection
  - cluster_aware.updating._gate
attributes:
  check_mode:
    support: full
    details:
      - The cluster is looked at as in a real run, and a node that could not be drained fails. Nothing is paused or resumed.
  diff_mode:
    support: full
  idempotent:
    support: full
seealso:
  - module: cluster_aware.updating.run_lock
  - module: cluster_aware.updating.wua_install
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: Take the run lock of the cluster
  cluster_aware.updating.run_lock:

- name: Take the node out of service
  cluster_aware.updating.cluster_node:
    state: drained

- name: Put the node back and leave its roles where they are
  cluster_aware.updating.cluster_node:
    state: active
    failback: none
"""

RETURN = r"""
node:
  description: The node, its state and the groups that the task has moved.
  returned: success
  type: dict
  contains:
    name:
      description: The name of the node in the cluster.
      type: str
      sample: HV01-N1
    state:
      description: The state of the node after the task.
      type: str
      sample: paused
    groups:
      description: The groups that left the node or came back to it.
      type: list
      elements: str
      sample: [Cluster Group, VM-web01]
events:
  description: The progress lines of the task, each with the node, the step and the text.
  returned: success, and with C(-v) on failure too
  type: list
  elements: dict
  sample: [{node: HV01-N1, step: drain, text: done in 49 s}]
"""
