# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The clustered role of self-updating: offline during a run on request, and back at the end of the last one."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.harness.stage import Stage

from . import clusters
from .plays import PLAYBOOK, count
from .test_recovery import PAUSE, RECOVER, begun, killed

Open = Callable[..., Stage]

ROLE = "CAUMIN01"
OFFLINE = ("-e", "rolling_update_take_cau_role_offline=true")
GROUPS = [{"name": "MIN01-VM1", "owner": "MIN01-N1"}, {"name": ROLE, "type": "cau", "owner": "MIN01-N2"}]


def states(stage: Stage) -> list[str]:
    """What became of the role by us, in order; moves are left out."""
    changes = [event for event in stage.twin.events() if event["event"] == "cau_role_state_changed" and event["reason"] == "client"]
    return [str(event["to"]) for event in changes]


def test_schedule_of_the_role_and_the_run_never_meet(opened: Open) -> None:
    stage = opened(clusters.cluster(groups=GROUPS))
    running = begun(stage, PLAYBOOK, PAUSE, options=OFFLINE)
    stage.twin.control.send("act", act="self_update", group=ROLE)
    stage.twin.control.send("release")
    run = running.finish(120)
    assert run.exit_code == 0, run.screen
    assert states(stage) == ["offline", "online"]
    table = r"status    1 done, 0 failed, 1 to come\n  MIN01-N\d  ok 1 update 1 restart .*\n  MIN01-N\d  next, 1 update staged\n"
    assert re.search(table, run.screen), run.screen
    stage.twin.control.send("act", act="self_update", group=ROLE)
    events = stage.twin.events()
    assert count(events, "run_lock_refused") == 0
    released = max(event["seq"] for event in events if event["event"] == "run_lock_released")
    theirs = [event["seq"] for event in events if event["event"] == "run_lock_taken" and event["actor"] == "scenario"]
    assert len(theirs) == 2
    assert min(theirs) > released
    assert stage.verdict(accepted_offline=frozenset({ROLE})) == []


def test_role_that_a_killed_run_took_offline_is_brought_back_by_recover(opened: Open) -> None:
    stage = opened(clusters.cluster(groups=GROUPS))
    killed(stage, PLAYBOOK, PAUSE, options=OFFLINE)
    assert states(stage) == ["offline"]
    run = stage.playbook(RECOVER)
    assert run.exit_code == 0, run.screen
    assert f"keeps the CAU role {ROLE} offline" in run.screen
    assert "0 done, 0 failed, 2 left" in run.screen
    assert f"it would bring the CAU role {ROLE} back at its end" in run.screen
    assert states(stage) == ["offline", "online"]
    assert stage.verdict(accepted_offline=frozenset({ROLE}), may_not_finish=True) == []


def test_role_stays_offline_while_a_node_is_left_out_of_service(opened: Open) -> None:
    stage = opened(clusters.cluster(groups=GROUPS), faults=[{"model": "no_return", "node": "MIN01-N2"}])
    run = stage.playbook(PLAYBOOK, *OFFLINE, "-e", "rolling_update_reboot_timeout=120")
    assert run.exit_code == 2
    assert states(stage) == ["offline"]
    assert f"the CAU role {ROLE} stays offline while MIN01-N2 is out of service" in run.screen
    assert f"the CAU role {ROLE} may still be offline" in run.screen
    stage.twin.control.send("act", act="power_on", node="MIN01-N2")
    stage.twin.control.send("advance", seconds=300)
    again = stage.playbook(PLAYBOOK)
    assert again.exit_code == 0, again.screen
    assert states(stage) == ["offline", "online"]
    assert stage.verdict(accepted_offline=frozenset({ROLE})) == []
