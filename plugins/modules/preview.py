# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: preview
short_description: Show what a run would do to a node now
version_added: 0.2.0
description:
  - Scans a node for updates, reads the hotfix root folder when one is named, and shows what a run would install there now, in which order,
    what it would leave out and why, and which restarts can be expected. It is the counterpart of C(Invoke-CauScan).
  - It shows the first pass only, since an installation can bring more updates to light.
  - Nothing is changed and nothing is left behind. A scan needs a node session. Without a run of the same playbook, the task first makes
    sure that nobody else is updating the cluster or the node, and holds a session for the scan alone.
  - Which update asks for a restart stands in no answer before it is installed. Updates that want a licence accepted or questions answered
    are left out by the node itself, so that they are not shown.
extends_documentation_fragment:
  - cluster_aware.updating._attributes
  - cluster_aware.updating._attributes.connection
  - cluster_aware.updating._selection
  - cluster_aware.updating._hotfix
options:
  plugins:
    description:
      - The plug-ins of the run with their arguments, as M(cluster_aware.updating.run_plan) takes them. Without a list, the other options
        say what is meant.
    type: list
    elements: raw
    default: []
    version_added: 0.2.0
  windows_updates:
    description:
      - Whether the run would install the updates that the Windows Update Agent offers. Without them no scan is done.
    type: bool
    default: true
  hotfix_root_folder_path:
    description:
      - The hotfix root folder from which the run would apply hotfixes, as a UNC path such as V(\\\\files\\hotfixes\\root). CAU calls it
        C(HotfixRootFolderPath). Without it, the options about the share are not used.
    type: str
  node_order:
    description:
      - The nodes that the run is told to update first, by their names in the cluster or in the inventory. CAU calls it C(NodeOrder).
    type: list
    elements: str
    default: []
  only_nodes:
    description:
      - The only nodes that the run is told to update, by their names in the cluster or in the inventory. An empty list means all nodes.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    support: full
    details:
      - The scan is done as usual. It changes nothing on the node but the session that it holds meanwhile.
  diff_mode:
    support: none
  idempotent:
    support: full
seealso:
  - module: cluster_aware.updating.wua_scan
  - module: cluster_aware.updating.hotfix_info
  - module: cluster_aware.updating.readiness
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: See what a run would do
  cluster_aware.updating.preview:

- name: See what a run with these choices would do
  cluster_aware.updating.preview:
    reject:
      - .NET
    hotfix_root_folder_path: \\files\hotfixes\root
  register: preview
"""

RETURN = r"""
cluster:
  description: The name of the cluster.
  returned: success
  type: str
  sample: HV01
node:
  description: The node.
  returned: success
  type: str
  sample: HV01-N1
turn:
  description:
    - Its place in the order of the run, those of O(node_order) first and then those with the fewest online roles. It is V(null) when
      O(only_nodes) leaves the node out.
  returned: success
  type: int
  sample: 2
updates:
  description: The updates that would be installed, in order.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 6e8ed5e0-1b17-5a16-b7a0-b0075a52807d
      title: 2025-10 Cumulative Update for .NET Framework 4.8 (KB5066131)
      description: Install this update to resolve issues in Windows.
      kb: ['5066131']
      downloaded: false
      installed: false
      update_id: 6e8ed5e0-1b17-5a16-b7a0-b0075a52807d
hotfixes:
  description:
    - The hotfixes that would be applied after them, in order, with the fields of
      RV(cluster_aware.updating.hotfix_info#module:hotfixes).
  returned: success
  type: list
  elements: dict
  sample:
    - path: CAUHotfix_All\windows-kb5066790.msu
      update_path: \\files\hotfixes\root\CAUHotfix_All\windows-kb5066790.msu
      rule: extension rule MSU
      program: '%systemroot%\System32\wusa.exe'
      parameters: $update$ /quiet /norestart
plugin_updates:
  description: What plug-ins of your own would install, one line each. The playbook lets them scan first.
  returned: success
  type: list
  elements: str
  sample: []
left_out:
  description: The updates that are offered and would not be taken, each with the reason.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 6e8ed5e0-1b17-5a16-b7a0-b0075a52807d
      title: 2025-10 Cumulative Update for .NET Framework 4.8 (KB5066131)
      description: Install this update to resolve issues in Windows.
      kb: ['5066131']
      downloaded: false
      installed: false
      reason: in the list reject (.NET)
ignored:
  description: What lies in the hotfix root folder and would not be applied to the node, each with the reason.
  returned: success
  type: list
  elements: dict
  sample:
    - path: CAUHotfix_All\readme.txt
      reason: no extension rule in DefaultHotfixConfig.xml is for .txt, and it is not in a rule folder
restart:
  description: Whether the node would be restarted.
  returned: success
  type: dict
  contains:
    expected:
      description: One of V(certain), V(possible) and V(none).
      type: str
      sample: possible
    reason:
      description: Why, in words.
      type: str
      sample: what is installed tells only afterwards whether it needs one
in_the_way:
  description: Why a run would not begin at this moment, such as a node that is paused, one sentence each.
  returned: success
  type: list
  elements: str
  sample: []
would_change:
  description: Whether the run would take the node out of service.
  returned: success
  type: bool
  sample: true
first_pass_only:
  description: Always V(true), so that nobody takes the list for all that a run may install.
  returned: success
  type: bool
  sample: true
block:
  description: What was shown on the screen, line by line.
  returned: success
  type: list
  elements: str
  sample:
    - 'would be taken out of service (first pass only: an installation can bring more to light, which the run then installs in further
        rounds)'
    - '    turn        1 of 2, fewest clustered roles first'
    - '    updates     1. KB5066782  2025-10 Cumulative Update for Microsoft server operating system (KB5066782)'
    - '                2. KB5066131  2025-10 Cumulative Update for .NET Framework 4.8 (KB5066131)'
    - '    restart     possible: what is installed tells only afterwards whether it needs one'
    - '    not shown   updates that want a licence accepted or questions answered: the node''s provider leaves them out before it
        answers'
outcome:
  description: What is known about the operation that failed, one of V(not_done), V(failed) and V(unknown).
  returned: failure
  type: str
  sample: not_done
events:
  description: The progress lines of the task, each with the node, the step and the text.
  returned: success, and with C(-v) on failure too
  type: list
  elements: dict
  sample:
    - node: HV01-N1
      step: preview
      text: 'not shown   updates that want a licence accepted or questions answered: the node''s provider leaves them out before it answers'
"""
