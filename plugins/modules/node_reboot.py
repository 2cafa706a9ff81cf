# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: node_reboot
short_description: Restart a drained node and wait until it serves the cluster again
version_added: 0.1.0
description:
  - Restarts a node through C(Win32_OperatingSystem), with a planned reason that the event log of the node shows.
  - The node is restarted only while this run holds the run lock on every node, has paused and drained the node, no online group is
    left on it, and the cluster could do without it at this moment.
  - The node is back when its boot time has changed, the cluster service has joined, and the services that ran before the drain run
    again. Services that do not return are reported.
  - A node that has restarted since it was drained, and whose storage is repaired only when it serves again, is refused at once. Resume and
    drain it before its next restart, as the role C(cluster_aware.updating.rolling_update) does.
  - The node stays paused. See M(cluster_aware.updating.cluster_node) to resume it.
options:
  reboot_timeout:
    description:
      - Seconds that the restart may take, from the request until the node has joined the cluster again.
    type: int
    default: 900
  suspend_timeout:
    description:
      - Seconds to wait before the restart for storage that is being repaired.
    type: int
    default: 1800
  pending_only:
    description:
      - Whether to restart the node only when something on it waits for a restart.
    type: bool
    default: false
  comment:
    description:
      - The comment of the restart in the event log of the node.
    type: str
    default: Updated by cluster_aware.updating
  service_timeout:
    description:
      - Seconds to wait for the services after the node has joined the cluster again.
    type: int
    default: 300
extends_documentation_fragment:
  - cluster_aware.updating._attributes
  - cluster_aware.updating._attributes.connection
  - cluster_aware.updating._gate
  - cluster_aware.updating._gate.stand_alone
attributes:
  check_mode:
    support: full
    details:
      - It is reported whether the node would be restarted. The node need not be drained.
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - Without O(pending_only=true) the node is restarted each time.
seealso:
  - module: cluster_aware.updating.cluster_node
  - module: cluster_aware.updating.wua_install
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: Restart the drained node
  cluster_aware.updating.node_reboot:

- name: Restart before the first installation when a restart is pending already
  cluster_aware.updating.node_reboot:
    pending_only: true

- name: Allow for firmware updates
  cluster_aware.updating.node_reboot:
    reboot_timeout: 3600
"""

RETURN = r"""
rebooted:
  description: Whether the node was restarted.
  returned: success
  type: bool
  sample: true
restarts:
  description: How often the node started, more than once when it restarted again by itself meanwhile.
  returned: success
  type: int
  sample: 1
elapsed:
  description: Seconds from the request until the node had joined the cluster again.
  returned: success
  type: int
  sample: 192
boot_time:
  description: When the node booted, by its own clock, in UTC. It is V(null) when the task did not restart it.
  returned: success
  type: str
  sample: "2026-01-10T02:14:31+00:00"
pending:
  description: What on the node waited for a restart before the task.
  returned: success
  type: list
  elements: str
  sample: [Windows Update Agent, Component Based Servicing (RebootPending), Automatic Updates]
services_missing:
  description: Services that ran before the drain and do not run now.
  returned: success
  type: list
  elements: str
  sample: []
events:
  description: The progress lines of the task, each with the node, the step and the text.
  returned: success, and with C(-v) on failure too
  type: list
  elements: dict
  sample: [{node: HV01-N1, step: restart, text: 'up after 40 s, cluster joined, services running'}]
"""
