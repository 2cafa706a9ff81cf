# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: node_hook
short_description: Keep account of your own tasks around a node
version_added: 0.2.0
description:
  - The role C(cluster_aware.updating.rolling_update) uses it around task files of your own, which run before a node is drained, after it
    serves again, and as blockers that may keep it from being drained. In other plays you can simply write your tasks where you want them.
  - Each call reads the run lock again. That the tasks before a node were begun stands in the journal, so that a run which takes this one
    over runs the tasks after it.
  - Nothing on the node is changed.
options:
  hook:
    description:
      - V(blocker) for tasks that must succeed before the node is drained, V(pre) for those right before it, V(post) for those after it
        serves again.
    type: str
    choices: [blocker, pre, post]
    required: true
  state:
    description:
      - V(begun) asks whether the tasks have their place now, V(ended) says that they succeeded.
      - V(failed) says that they failed. For a blocker it waits until it is to be tried again, and fails when its time has passed. For the
        others it fails the node.
    type: str
    choices: [begun, ended, failed]
    required: true
  file:
    description:
      - The task file, for messages. An empty one means that there are no such tasks.
    type: str
    default: ""
  found:
    description:
      - What the scan of the node found, for RV(plan).
    type: dict
    default: {}
  hotfixes:
    description:
      - What M(cluster_aware.updating.hotfix_info) found for the node, for RV(plan).
    type: dict
    default: {}
  left:
    description:
      - How far a dead run has left the node, for RV(plan).
    type: str
    default: ""
  error:
    description:
      - The failed result, for RV(result) and for O(state=failed).
    type: dict
    default: {}
  since:
    description:
      - The value of RV(since) when the blocker was first tried.
    type: int
  blocker_timeout:
    description:
      - Seconds for which a blocker that fails is tried again. With 0 it is tried once.
    type: int
    default: 0
  blocker_interval:
    description:
      - Seconds between two tries.
    type: int
    default: 30
extends_documentation_fragment:
  - cluster_aware.updating._attributes
  - cluster_aware.updating._attributes.connection
attributes:
  check_mode:
    support: full
    details:
      - The tasks of your own are not run in check mode, as what they would do is not known.
  diff_mode:
    support: none
  idempotent:
    support: full
seealso:
  - module: cluster_aware.updating.cluster_node
  - module: cluster_aware.updating.node_outcome
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: Ask whether the node is still to be drained
  cluster_aware.updating.node_hook:
    hook: blocker
    state: begun
  register: hook

- name: See that the run is about the right cluster
  ansible.builtin.assert:
    that: hook.plan.cluster == 'HV01'
  when: hook.due
"""

RETURN = r"""
due:
  description: Whether the tasks are to run now.
  returned: success
  type: bool
  sample: true
since:
  description: When a blocker was first tried, in seconds of the controller's clock.
  returned: success
  type: int
  sample: 1203
plan:
  description: What the run is about to do to the node.
  returned: success
  type: dict
  contains:
    node:
      description: The node, as the cluster spells it.
      type: str
      sample: HV01-N2
    host:
      description: The inventory host that it is.
      type: str
      sample: hv01-n1
    cluster:
      description: The cluster.
      type: str
      sample: HV01
    run_id:
      description: The run, V(null) in check mode.
      type: str
      sample: 5c1f0b0e-7f0e-4f0e-9d51-0d6a3f3f0a11
    updates:
      description: The updates that were found for the node, with the fields that M(cluster_aware.updating.wua_scan) returns.
      type: list
      elements: dict
      sample: []
    plugin_updates:
      description: What plug-ins of your own found for the node, each with C(plugin), C(update_id), C(title) and C(description).
      type: list
      elements: dict
      sample: []
    hotfixes:
      description: The hotfixes that the folder has for the node.
      type: list
      elements: str
      sample: []
    left_by_dead_run:
      description: How far a dead run has left the node, V(null) when it is not half-way.
      type: str
      sample: null
result:
  description: What the run has done to the node so far.
  returned: success
  type: dict
  contains:
    state:
      description: V(ok) or V(failed).
      type: str
      sample: ok
    reason:
      description: Why it failed, V(null) when it has not.
      type: str
      sample: null
    updates:
      description: How many updates were installed.
      type: int
      sample: 2
    hotfixes:
      description: How many hotfixes were applied.
      type: int
      sample: 0
    restarts:
      description: How often the node was restarted.
      type: int
      sample: 1
errors:
  description: The kind of the error of the tasks.
  returned: failure
  type: list
  elements: str
  sample: []
outcome:
  description: What is known about the operation that failed, one of V(not_done), V(failed) and V(unknown).
  returned: failure
  type: str
  sample: not_done
events:
  description: The progress lines of the task.
  returned: success, and with C(-v) on failure too
  type: list
  elements: dict
  sample: []
"""
