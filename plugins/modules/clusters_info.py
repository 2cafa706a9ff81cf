# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: clusters_info
short_description: Tell which clusters the hosts of a play belong to
version_added: 0.2.0
description:
  - Asks each host of the play for the name of its cluster, and returns the clusters with their hosts. Nothing is changed.
  - Once is enough for all hosts, so use it with C(run_once=true). One message goes to each host, several at the same time.
  - Hosts that give no answer, or are in no cluster, are part of the answer and not an error.
extends_documentation_fragment:
  - cluster_aware.updating._attributes
  - cluster_aware.updating._attributes.connection
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details:
      - Nothing is changed.
  idempotent:
    support: full
seealso:
  - module: cluster_aware.updating.cluster_info
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: Find the clusters
  cluster_aware.updating.clusters_info:
  run_once: true
  register: found

- name: Have one host of each cluster in a group
  ansible.builtin.add_host:
    name: "{{ item.hosts | first }}"
    groups: one_of_each
  loop: "{{ found.clusters }}"
  loop_control:
    label: "{{ item.name }}"
"""

RETURN = r"""
clusters:
  description: The clusters that have a host in the play and said so, in the order of the play.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name of the cluster.
      type: str
      sample: HV01
    hosts:
      description: Those hosts of the play that are in the cluster and gave an answer.
      type: list
      elements: str
      sample: [hv01-n1, hv01-n2]
no_cluster:
  description: Why no cluster is known of the other hosts, a sentence for each of them.
  returned: success
  type: dict
  sample:
    hv01-n3.example.com: "hv01-n3.example.com: connect: no answer within 30 s. Check that the host is up."
events:
  description: The progress lines of the task, each with the node, the step and the text.
  returned: success, and with C(-v) on failure too
  type: list
  elements: dict
  sample: []
"""
