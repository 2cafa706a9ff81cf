# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The clustered role of self-updating: its coordinator comes when its schedule is due and the role is online (cau.md 5.1)."""

from __future__ import annotations

import uuid

from ..cim import CimFault
from . import locks
from .engine import Model, handler
from .state import Cause, Cluster, Group, GroupState, Schedule


def install(model: Model) -> None:
    """Start the schedules of a scenario."""
    with model.acting(Cause("scenario")):
        for cluster in model.world.clusters.values():
            for group in cluster.groups.values():
                if group.schedule is not None:
                    model.schedule(group.schedule.at, begin_own_run, cluster=cluster.name, group=group.name)


@handler
def begin_own_run(model: Model, cluster: str, group: str) -> None:
    """Let the coordinator come because its time has come, and again after its interval."""
    found = model.world.clusters[cluster]
    role = found.groups.get(group)
    if role is None or role.schedule is None:
        return
    if role.schedule.every is not None:
        model.schedule(role.schedule.every, begin_own_run, cluster=cluster, group=group)
    come(model, found, role)


def come(model: Model, found: Cluster, role: Group) -> None:
    """Let the coordinator come, if its role is online: it takes the run lock on every node, or goes away when one refuses it."""
    if role.state is not GroupState.ONLINE:
        return
    lasts = role.schedule.lasts if role.schedule is not None else Schedule(0).lasts
    guid = str(uuid.UUID(int=model.world.rng.getrandbits(128), version=4))
    before, model.cause = model.cause, Cause("scenario")
    try:
        for node in found.members():
            locks.take(model, found, node, "run_lock", guid)
    except CimFault:
        _leave(model, found, guid)
    else:
        model.schedule(lasts, end_own_run, cluster=found.name, guid=guid)
    finally:
        model.cause = before


@handler
def end_own_run(model: Model, cluster: str, guid: str) -> None:
    """Let the coordinator give its locks back."""
    _leave(model, model.world.clusters[cluster], guid)


def _leave(model: Model, found: Cluster, guid: str) -> None:
    for node in found.members():
        if node.run_lock is not None and locks.same(node.run_lock.guid, guid):
            locks.release(model, found, node, "run_lock")
