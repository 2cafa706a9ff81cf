# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: report
short_description: List, read, filter and export the reports of runs
version_added: 0.2.0
description:
  - Works on the reports that M(cluster_aware.updating.run_lock) keeps on the controller, one folder for each run. No node is asked, so
    that C(localhost) will do as the host. A run that is at work is shown as far as it has come.
  - With O(source=nodes) it lists and reads the reports of Microsoft's own Cluster-Aware Updating, as the nodes of the host's cluster keep
    them. It is the counterpart of C(Get-CauReport) and C(Export-CauReport).
  - A report that is damaged is named in RV(damaged), and the others are shown all the same.
options:
  state:
    description:
      - V(listed) returns a short form of each report that is meant, the newest first, V(read) the whole of one.
      - V(exported) writes one into O(dest), in every form of O(formats).
      - V(stored) writes one into the native store of every node of the cluster, in the form of Microsoft's own CAU. It is experimental, see
        O(experimental).
    type: str
    choices: [listed, read, exported, stored]
    default: listed
  source:
    description:
      - V(controller) means the reports of this collection on this controller, V(nodes) those that the nodes of the host's cluster keep.
      - V(exported) goes with V(controller), and V(stored) with V(nodes).
    type: str
    choices: [controller, nodes]
    default: controller
  directory:
    description:
      - The report directory. The default is the one of M(cluster_aware.updating.run_lock).
    type: path
  cluster:
    description:
      - Only reports of this cluster. It does not count for native reports, which are those of the host's own cluster.
    type: str
  run_id:
    description:
      - Only the report of the run whose id begins so. It does not count for native reports.
    type: str
  after:
    description:
      - Only reports of runs that began at that time or later, ISO 8601, for native reports that were made then or later. CAU calls it
        C(StartDate).
    type: str
  before:
    description:
      - Only reports of before that time. CAU calls it C(EndDate).
    type: str
  last:
    description:
      - Only the newest of those that are meant. CAU calls it C(Last).
    type: bool
    default: false
  timestamp:
    description:
      - The native report to read, by its time in the list.
    type: str
  query:
    description:
      - A JMESPath expression over the list of O(state=listed), or over the record of O(state=read). RV(reports) or RV(record) holds what it
        returns.
    type: str
  formats:
    description:
      - The forms to export.
    type: list
    elements: str
    choices: [json, html, csv]
    default: [html]
  dest:
    description:
      - The folder on the controller into which a report is exported.
    type: path
  experimental:
    description:
      - Whether O(state=stored) may write into the native store. The form of native reports is not documented, so that nobody knows whether
        Microsoft's cmdlets read what is written. One that they cannot read breaks C(Get-CauRun) and C(Get-CauReport) for the whole cluster
        until its file is removed from C(C:\Windows\Cluster\Reports) of the nodes.
    type: bool
    default: false
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
  - module: cluster_aware.updating.run_lock
  - module: cluster_aware.updating.run_status
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: List the runs of this year that did not succeed
  cluster_aware.updating.report:
    after: "2026-01-01"
    query: "[?state!='succeeded']"
  delegate_to: localhost
  run_once: true
  register: bad_runs

- name: Read which updates failed in the last run of a cluster
  cluster_aware.updating.report:
    state: read
    cluster: HV01
    last: true
    query: "nodes[].items[?state=='failed'].[title, symbol, meaning][]"
  delegate_to: localhost
  run_once: true
  register: failures

- name: Write the last report of a cluster as a page and as a table
  cluster_aware.updating.report:
    state: exported
    cluster: HV01
    last: true
    formats: [html, csv]
    dest: "{{ playbook_dir }}/reports"
  delegate_to: localhost
  run_once: true

- name: List the reports of Microsoft's own CAU
  cluster_aware.updating.report:
    source: nodes
  run_once: true
  register: native
"""

RETURN = r"""
reports:
  description:
    - The reports that are meant, the newest first, or what O(query) makes of them.
    - A native report has RV(ignore:timestamp), the nodes that keep it in RV(ignore:on), RV(ignore:status), RV(ignore:started_at),
      RV(ignore:error) and RV(ignore:nodes), as far as they are understood.
  returned: O(state=listed)
  type: list
  elements: dict
  contains:
    run_id:
      description: The run.
      type: str
      sample: 5c1f0b0e-6a0c-4a53-9d3c-2f4cf5f6a1c7
    cluster:
      description: Its cluster.
      type: str
      sample: HV01
    state:
      description: One of V(succeeded), V(failed), V(stopped), V(killed), V(ended), V(refused) and V(running).
      type: str
      sample: failed
    reason:
      description: Why it did not succeed, V(null) when it did.
      type: str
      sample: 1 node failed (node2)
    started_at:
      description: When it began.
      type: str
      sample: "2026-03-01T20:00:00+00:00"
    ended_at:
      description: When it ended, V(null) while it is at work.
      type: str
      sample: "2026-03-01T21:12:00+00:00"
    seconds:
      description: How long it took.
      type: float
      sample: 4320.0
    controller:
      description: The controller that drove it.
      type: str
      sample: control1
    user:
      description: Who started it there.
      type: str
      sample: alice
    installed:
      description: How many updates and hotfixes were installed.
      type: int
      sample: 11
    failed:
      description: How many failed, were cancelled, or have an outcome that is not known.
      type: int
      sample: 1
    restarts:
      description: How many restarts there were.
      type: int
      sample: 4
    nodes:
      description: The nodes of the cluster.
      type: list
      elements: str
      sample: [node1, node2]
    bad_nodes:
      description: Those that failed, were left out of service or not reached.
      type: list
      elements: str
      sample: [node2]
    directory:
      description: Where the report is.
      type: str
      sample: /home/alice/.ansible/cluster_aware_updating/reports/HV01_20260301T200000Z_5c1f0b0e-6a0c-4a53-9d3c-2f4cf5f6a1c7
    files:
      description: Its files by their forms.
      type: dict
record:
  description: The whole report, as C(docs/run_report.schema.json) describes it, or what O(query) makes of it.
  returned: O(state=read)
  type: raw
files:
  description: The files that were written, by their forms.
  returned: O(state=exported)
  type: dict
  sample: {html: reports/HV01_20260301T200000Z_5c1f0b0e.html, csv: reports/HV01_20260301T200000Z_5c1f0b0e.csv}
timestamp:
  description: The time under which the report was stored.
  returned: O(state=stored)
  type: str
  sample: "2026-03-01T21:12:00+00:00"
nodes:
  description: Whether storing it changed anything, by node.
  returned: O(state=stored)
  type: dict
  sample: {node1: true, node2: true}
damaged:
  description: What could not be read, with where it is and why.
  returned: success
  type: list
  elements: dict
  sample: []
no_answer:
  description: The inventory hosts that could not be asked, with the reason.
  returned: success, with O(source=nodes)
  type: dict
  sample: {}
events:
  description: The progress lines of the task, each with the node, the step and the text.
  returned: success, and with C(-v) on failure too
  type: list
  elements: dict
  sample: []
"""
