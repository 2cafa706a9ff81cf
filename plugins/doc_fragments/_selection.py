# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the tasks that scan for updates.

Private to this collection; it may change at any time.
"""

from __future__ import annotations


class ModuleDocFragment:
    # Which updates are meant, and how long the scan may take.
    DOCUMENTATION = r"""
options:
  query_string:
    description:
      - Which updates to look for, in the search criteria language of the Windows Update Agent.
      - The text is checked against the grammar of that language before anything is sent to a node, and a mistake is reported with its
        position.
      - The default is the query of Cluster-Aware Updating, important updates that are neither installed nor hidden.
    type: str
    default: IsInstalled=0 and Type='Software' and IsHidden=0 and IsAssigned=1
  include_recommended_updates:
    description:
      - Whether recommended updates are treated as important ones.
    type: bool
    default: false
  accept:
    description:
      - The only updates to take. Each entry is a KB number such as V(KB5066782), the id of an update, or a regular expression that
        is searched for in the title without regard to case.
      - An empty list takes all.
    type: list
    elements: str
    default: []
  reject:
    description:
      - Updates to leave out, written as in O(accept). An update that both lists name is left out.
    type: list
    elements: str
    default: []
  select:
    description:
      - A JMESPath expression over the list of offered updates, for choices that the lists cannot express. Only the updates that it returns
        are taken.
      - Each update has the fields C(id), C(title), C(description) and C(kb).
      - An example is V([?contains(title, 'Servicing Stack')]).
    type: str
  scan_timeout:
    description:
      - Seconds that the scan may take.
    type: int
    default: 1800
"""
