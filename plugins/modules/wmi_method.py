# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: wmi_method
short_description: Call a method of a WMI class of a node, once, under the run lock
version_added: 0.2.0
description:
  - Calls a method through WS-Management, and waits for its answer, which may take hours. It is made for plug-ins of your own, whose vendor
    has a WMI provider on the nodes. No PowerShell is started.
  - Before the call it makes sure that this run holds the run lock on every node, and, unless O(node_state=any), that the node has the turn
    and that this run has paused it. While it waits, it keeps the lock and the heartbeat of the run.
  - Classes of Windows itself are refused, since they can start processes, and since draining, installing and restarting belong to the tasks
    that check whether that is safe.
  - The call is sent once. When its answer is lost, the task fails with RV(outcome=unknown) and nothing is sent again.
options:
  namespace:
    description:
      - The namespace, such as V(root/contoso/hardware).
    type: str
    required: true
  class_name:
    description:
      - The class, in the spelling of the node.
    type: str
    required: true
  method:
    description:
      - The method, in the spelling of the node.
    type: str
    required: true
  keys:
    description:
      - The keys of the instance. Without them a static method is called.
    type: dict
    default: {}
  arguments:
    description:
      - The parameters of the method.
    type: dict
    default: {}
  node_state:
    description:
      - V(drained) for everything that may disturb the roles on the node, such as an installation. V(any) for what may be done while the
        node serves, such as staging.
    type: str
    choices: [drained, any]
    default: drained
  success_values:
    description:
      - The values of C(ReturnValue) that are no failure; an answer without one is a failure too. With an empty list nothing is, and the
        caller has to look.
    type: list
    elements: int
    default: [0]
  timeout:
    description:
      - Seconds that the method may take.
    type: int
    default: 3600
extends_documentation_fragment:
  - cluster_aware.updating._attributes
  - cluster_aware.updating._attributes.connection
attributes:
  check_mode:
    support: full
    details:
      - Nothing is called.
  diff_mode:
    support: none
  idempotent:
    support: none
seealso:
  - module: cluster_aware.updating.wmi_query
  - module: cluster_aware.updating.plugin_result
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: Install the firmware of one device
  cluster_aware.updating.wmi_method:
    namespace: root/contoso/hardware
    class_name: Contoso_Firmware
    method: Install
    keys:
      DeviceID: BIOS
    arguments:
      Version: "2.7"
    success_values: [0, 3010]
  register: flashed
"""

RETURN = r"""
output:
  description: What the method returned, C(ReturnValue) among it. Numbers and truth values are texts, as the node sends them.
  returned: always
  type: dict
  sample: {"ReturnValue": "3010"}
outcome:
  description: What is known about the operation that failed, one of V(not_done), V(failed) and V(unknown).
  returned: failure
  type: str
  sample: unknown
events:
  description: The progress lines of the task.
  returned: success, and with C(-v) on failure too
  type: list
  elements: dict
  sample: []
"""
