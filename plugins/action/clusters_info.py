# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells which clusters the hosts of the play belong to."""

from __future__ import annotations

import contextlib
import typing as t
from concurrent.futures import ThreadPoolExecutor

from ansible.errors import AnsibleError

from ..module_utils._errors import OperationError
from ..module_utils._wmi.cluster import ClusterInfo
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._task import TaskRun

AT_A_TIME = 16


class ActionModule(UpdatingAction):
    """The task clusters_info."""

    TASK = "clusters_info"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Ask every host of the play."""
        hosts = [str(host) for host in task.variables["ansible_play_hosts"]]
        no_cluster: dict[str, str] = {}
        for host in hosts:
            # Before any other thread needs it. A mistake in the variables of one host must not keep the clusters of the others waiting.
            try:
                task.peers.endpoint(host)
            except OperationError as error:
                no_cluster[host] = error.sentence()
            except AnsibleError as error:
                no_cluster[host] = f"{host}: {error}"
        asked = [host for host in hosts if host not in no_cluster]
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            answers = dict(zip(asked, pool.map(lambda host: _ask(task, host), asked), strict=True))
        clusters: dict[tuple[str, str], dict[str, t.Any]] = {}
        for host, answer in answers.items():
            if isinstance(answer, ClusterInfo):
                known = (answer.name.casefold(), (answer.fqdn or "").casefold())
                clusters.setdefault(known, {"name": answer.name, "hosts": []})["hosts"].append(host)
            else:
                no_cluster[host] = answer
        task.stop.check()
        return {"clusters": list(clusters.values()), "no_cluster": no_cluster}


def _ask(task: TaskRun, host: str) -> ClusterInfo | str:
    """Return what a host says of its cluster, or the sentence that says why it does not."""
    try:
        with contextlib.closing(task.peers.opener(host)()) as client:
            return client.cluster.info()
    except OperationError as error:
        return error.sentence()
