# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the tasks that look at the state of the cluster before they act.

Private to this collection; it may change at any time.
"""

from __future__ import annotations


class ModuleDocFragment:
    # How the gate looks.
    DOCUMENTATION = r"""
options:
  settle_time:
    description:
      - Seconds between the two looks at the cluster. Both must find every other node up and normal, the quorum safe and every virtual disk
        healthy, or nothing is done.
    type: int
    default: 15
"""

    # Which hosts are the nodes.
    MEMBERS = r"""
options:
  members:
    description:
      - The inventory hosts among which the nodes of the cluster are sought, as host patterns such as a group name.
      - Which host is which node is read from the hosts themselves, and hosts of other clusters are passed over, so that the pattern may be
        wider than one cluster. A node of the cluster that no host of the pattern is, ends the task with an error that names it.
      - The default is the C(hosts) of the play. What C(--limit) leaves makes no difference here.
    type: list
    elements: str
"""

    # For hosts that are in no cluster.
    STAND_ALONE = r"""
options:
  stand_alone:
    description:
      - Whether the host is a stand-alone server that is in no cluster. Run lock, turn and drain are left out then.
      - A host that is in a cluster refuses this option.
    type: bool
    default: false
"""

    IN_SERVICE = r"""
options:
  in_service:
    description:
      - Whether to install while the node serves, neither paused nor drained. It needs the turn, which
        O(cluster_aware.updating.cluster_node#module:state=in_turn) takes. A restart that is asked for needs the drain all the same.
    type: bool
    version_added: 0.2.0
    default: false
"""
