# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: wmi_query
short_description: Read instances of a WMI class of a node
version_added: 0.2.0
description:
  - Reads all instances of a class, or those for which a condition holds, through WS-Management. It is made for plug-ins of your own, whose
    vendor has a WMI provider on the nodes, and needs no run.
  - No PowerShell is started. Nothing is changed.
options:
  namespace:
    description:
      - The namespace, such as V(root/cimv2).
    type: str
    default: root/cimv2
  class_name:
    description:
      - The class, in the spelling of the node.
    type: str
    required: true
  condition:
    description:
      - What follows C(WHERE) in a query of the WMI query language. Without it, all instances are read.
    type: str
extends_documentation_fragment:
  - cluster_aware.updating._attributes
  - cluster_aware.updating._attributes.connection
attributes:
  check_mode:
    support: full
    details:
      - It changes nothing in either mode.
  diff_mode:
    support: none
  idempotent:
    support: full
seealso:
  - module: cluster_aware.updating.wmi_method
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: Read the drives of the node
  cluster_aware.updating.wmi_query:
    class_name: Win32_LogicalDisk
    condition: DriveType = 3
  register: drives
"""

RETURN = r"""
instances:
  description: The instances, each as a dictionary of its properties. Numbers and truth values are texts, as the node sends them.
  returned: success
  type: list
  elements: dict
  sample: [{DeviceID: 'C:', DriveType: '3', FileSystem: NTFS, FreeSpace: '85899345920', Size: '255382777856', VolumeName: System}]
exists:
  description: Whether the node has the class. A vendor's is missing where none of the vendor's software is.
  returned: success
  type: bool
  sample: true
count:
  description: How many there are.
  returned: success
  type: int
  sample: 1
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
