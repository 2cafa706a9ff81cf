# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: readiness
short_description: Say whether a cluster is ready for a run
version_added: 0.2.0
description:
  - Reads the cluster that the host belongs to and says what would stop or hinder a run, where, how bad it is and how to mend it. It answers
    the rules of C(Test-CauSetup) that concern a controller without agent, and looks at more. The table of all rules is in
    C(docs/readiness.md).
  - Everything is read once, in under 20 messages per node as a rule (C(docs/readiness.md) names the exceptions), and nothing is changed.
    What cannot be read is a finding of its own.
  - The whole cluster is looked at, so that one task on one of its hosts is enough.
extends_documentation_fragment:
  - cluster_aware.updating._attributes
  - cluster_aware.updating._attributes.connection
  - cluster_aware.updating._gate.members
  - cluster_aware.updating._hotfix
options:
  fail_on:
    description:
      - The least severity of a finding that lets the task fail.
    type: str
    choices:
      error: Errors alone, with which a run would be refused or would end badly.
      warning: Warnings and errors.
      never: Nothing; see RV(ready) and RV(findings).
    default: error
  min_free_gb:
    description:
      - What the system drive of each node should have free, in gigabytes (1024 to the power of 3 bytes). Less is a warning, and less than 5
        is an error.
    type: int
    default: 15
  members:
    description:
      - The inventory hosts among which the nodes of the cluster are sought, as host patterns such as a group name.
      - Which host is which node is read from the hosts themselves, and hosts of other clusters are passed over, so that the pattern may be
        wider than one cluster. A node of the cluster that no host of the pattern is, is a finding.
      - The default is the C(hosts) of the play. What C(--limit) leaves makes no difference here.
    type: list
    elements: str
  hotfix_root_folder_path:
    description:
      - The hotfix root folder whose readability and permissions are looked at too, as a UNC path such as V(\\\\files\\hotfixes\\root). CAU
        calls it C(HotfixRootFolderPath). Without it, the options about the share are not used.
    type: str
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
seealso:
  - module: cluster_aware.updating.cluster_info
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: Stop unless the cluster is ready
  cluster_aware.updating.readiness:
  run_once: true

- name: See what there is to mend, hotfixes included
  cluster_aware.updating.readiness:
    fail_on: never
    hotfix_root_folder_path: \\files\hotfixes\root
  run_once: true
  register: readiness
"""

RETURN = r"""
ready:
  description: Whether nothing as bad as O(fail_on) was found.
  returned: when the cluster could be read
  type: bool
  sample: true
findings:
  description: What was found, the worst first.
  returned: when the cluster could be read
  type: list
  elements: dict
  contains:
    rule:
      description: The short name of the rule.
      type: str
      sample: nothing_installs_by_itself
    cau_rule:
      description: The number of the rule of C(Test-CauSetup), V(null) for one that CAU does not have.
      type: int
      sample: 7
    severity:
      description: How bad it is, one of V(error), V(warning) and V(info).
      type: str
      sample: warning
    node:
      description: The node, V(null) when the whole cluster is meant.
      type: str
      sample: HV01-N1
    what:
      description: What was found.
      type: str
      sample: no policy says what Automatic Updates may do, so that the node's own setting decides, which is not read
    mend:
      description: What to do about it.
      type: str
      sample: Set Configure Automatic Updates in group policy to notify or to download only, or disable it
worst:
  description: The severity of the worst finding, V(null) when nothing was found.
  returned: when the cluster could be read
  type: str
  sample: warning
counts:
  description: How many findings there are of each severity.
  returned: when the cluster could be read
  type: dict
  sample: {error: 1, warning: 0, info: 4}
cluster:
  description: The name of the cluster.
  returned: when the cluster could be read
  type: str
  sample: HV01
hosts:
  description: The inventory host of each node that answered.
  returned: when the cluster could be read
  type: dict
  sample: {HV01-N1: hv01-n1, HV01-N2: hv01-n2}
outcome:
  description: What is known about the operation that failed, one of V(not_done), V(failed) and V(unknown).
  returned: failure
  type: str
  sample: failed
events:
  description: The progress lines of the task, each with the node, the step and the text.
  returned: success, and with C(-v) on failure too
  type: list
  elements: dict
  sample: [{node: null, step: ready, text: 'ready: 2 warnings, 2 for information on 2 nodes'}]
"""
