# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checker goes red on what installers of hotfixes must not do (invariants 3 and 4)."""

from __future__ import annotations

from collections.abc import Callable

from .invariants import check
from .logbook import Logbook, good_run, said


def hotfix(node: str = "NODE1", update: str = "a.msu") -> Callable[[Logbook], None]:
    """Run the installer of a hotfix to its end."""

    def run(log: Logbook) -> None:
        log.read_locks()
        log.request(node, "Invoke", "MSFT_CAUNode", "RunUpdateInstaller", arguments={"UpdatePath": update})
        log.event("installer_started", node, path="wusa.exe", parameters=update, exit_code=None)
        log.event("installer_ended", node, actor="model", path="wusa.exe", parameters=update, exit_code=0)

    return run


def both(*steps: Callable[[Logbook], None]) -> Callable[[Logbook], None]:
    """Do several things."""

    def run(log: Logbook) -> None:
        for step in steps:
            step(log)

    return run


def test_hotfixes_on_the_drained_node_stay_green() -> None:
    assert check(good_run(between={"restart": both(hotfix(), hotfix(update="b.msu"))}).record()) == []


def test_installer_on_a_node_that_was_not_drained_is_red() -> None:
    assert "has not drained" in said(good_run(between={"drain": hotfix()}).record())


def test_installer_on_a_node_that_is_paused_without_drain_stays_green_where_an_option_says_so() -> None:
    def pause(log: Logbook) -> None:
        log.event("pause_requested", "NODE1", drain_type=0)
        hotfix()(log)

    run = good_run(between={"drain": pause})
    assert "has not drained" in said(run.record())
    assert "has not drained" not in said(run.record(may_not_drain=True))


def test_same_installer_twice_in_a_run_is_red() -> None:
    assert "started twice in one run" in said(good_run(between={"restart": both(hotfix(), hotfix())}).record())
