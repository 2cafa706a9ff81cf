# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: run_stop
short_description: Ask the run that updates a failover cluster to stop
version_added: 0.2.0
description:
  - Asks a run of this collection, wherever it was started, to stop at its next safe point. That run resumes the node in work, gives the run
    lock back, prints its summary and ends with a non-zero exit code.
  - The request is a value beside the journal of the run on the nodes. The run looks for it when a task begins, and once a minute during
    long tasks. A download, an installation and a restart that have begun are waited for.
  - It does nothing when no run is at work. A run of somebody else, Microsoft's own CAU for instance, cannot be asked, which is an error.
options:
  wait_timeout:
    description:
      - Seconds to wait until the run has given its lock back. With V(0) the task ends when the request is written.
    type: int
    default: 0
extends_documentation_fragment:
  - cluster_aware.updating._attributes
  - cluster_aware.updating._attributes.connection
  - cluster_aware.updating._gate.members
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
seealso:
  - module: cluster_aware.updating.run_status
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: Let the run stop at its next safe point, and wait for that
  cluster_aware.updating.run_stop:
    wait_timeout: 3600
  run_once: true
"""

RETURN = r"""
runs:
  description: The ids of the runs that were asked, or had been asked before.
  returned: success
  type: list
  elements: str
  sample: [5c1f0b0e-6a0c-4a53-9d3c-2f4cf5f6a1c7]
events:
  description: The progress lines of the task, each with the node, the step and the text.
  returned: success, and with C(-v) on failure too
  type: list
  elements: dict
  sample: [{node: null, step: stop, text: the run has stopped and given the run lock back}]
"""
