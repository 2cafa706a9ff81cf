# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two coordinators at once, and the playbook used as nobody should: never are two nodes out of service."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from tests.harness.controller import Finished
from tests.scenario.plays import PLAYBOOK, role_play, task_play

from .case import Case
from .lane import LIMIT_SECONDS, Lane
from .scenes import ONE_ROUND

PAIRS = 50

RUN = re.compile(r"taken on \d+ of \d+ nodes, run ([0-9a-f]{8})")

ALL_AT_ONCE = ("--forks", "10")


@dataclass(frozen=True)
class WrongUse:
    """A play, or a way to start it, that would work on several nodes at once.

    Args:
        name: for the table.
        says: what the screen has to say, so that it is known how far the play came.
        play: keys of the play.
        arguments: of ansible-playbook.
        has_tasks: the single tasks instead of the role.
    """

    name: str
    says: str
    play: Mapping[str, t.Any]
    arguments: tuple[str, ...] = ALL_AT_ONCE
    has_tasks: bool = False

    def plays(self) -> list[dict[str, t.Any]]:
        """Return the playbook."""
        return [task_play(*STEPS, **self.play)] if self.has_tasks else role_play(**self.play)


STEPS: list[dict[str, t.Any]] = [
    {"cluster_aware.updating.run_lock": {"state": "acquired"}, "tags": ["lock"]},
    {"cluster_aware.updating.wua_download": {}, "tags": ["stage"]},
    {"cluster_aware.updating.cluster_node": {"state": "drained"}, "tags": ["drain"]},
    {"cluster_aware.updating.wua_install": {}, "tags": ["install"]},
    {"cluster_aware.updating.node_reboot": {}, "tags": ["restart"]},
    {"cluster_aware.updating.cluster_node": {"state": "active"}, "tags": ["resume"]},
    {"cluster_aware.updating.run_lock": {"state": "released"}, "tags": ["release"]},
]
"""The single tasks, as somebody puts them together who knows nothing of serial."""

WRONG_USES = (
    WrongUse("role without serial", "at the same time", {"serial": None}, ()),
    WrongUse("role with forks 10", "at the same time", {"serial": None}),
    WrongUse("role with serial 100 %", "at the same time", {"serial": "100%"}),
    WrongUse("role with strategy free", "the strategy of the play is free", {"serial": None, "strategy": "free"}),
    WrongUse("role with strategy free and serial", "the strategy of the play is free", {"strategy": "free"}),
    WrongUse("role with strategy host_pinned", "at the same time", {"serial": None, "strategy": "host_pinned"}),
    WrongUse("role with a tag that nothing has", "PLAY RECAP", {}, ("--tags", "nothing")),
    WrongUse("role started in the middle", "PLAY RECAP", {"serial": None}, ("--start-at-task", "Take the node out of service")),
    WrongUse("tasks on all nodes at once", "has a node session", {"serial": "100%"}, has_tasks=True),
    WrongUse("tasks with strategy free", "has a node session", {"strategy": "free", "serial": "100%"}, has_tasks=True),
    WrongUse(
        "tasks, tags lock, drain, resume, release",
        "has a node session",
        {"serial": "100%"},
        ("--tags", "lock,drain,resume,release", *ALL_AT_ONCE),
        has_tasks=True,
    ),
    WrongUse("tasks, tag drain", "no run of this playbook", {"serial": "100%"}, ("--tags", "drain", *ALL_AT_ONCE), has_tasks=True),
    WrongUse(
        "tasks, tags lock, install, restart", "not drained by this run", {"serial": "100%"}, ("--tags", "lock,install,restart"), True
    ),
)

LIMITS = ("min01-n1", "min01-n2")


def pair_cases(pairs: int = PAIRS) -> Iterator[Case]:
    """Return the same pair of coordinators again and again: what differs is who is the first by some milliseconds."""
    for number in range(1, pairs + 1):
        yield Case("two coordinators", f"{number:02d}", ONE_ROUND, two_coordinators)


def wrong_use_cases() -> Iterator[Case]:
    """Return the ways in which a play could have two nodes out of service."""
    for use in WRONG_USES:
        yield Case("wrong use", use.name, ONE_ROUND, partial(used_wrongly, use=use))
    yield Case("wrong use", "two jobs with different limits", ONE_ROUND, two_limits)
    yield Case("wrong use", "two jobs of the role with different limits", ONE_ROUND, partial(two_limits, has_role=True))


def two_coordinators(lane: Lane) -> list[str]:
    """Start two controllers at the same moment: one works, the other changes nothing and names the winner."""
    lane.begin()
    controllers = [lane.other_controller(name) for name in ("left", "right")]
    running = [lane.start(controller=controller) for controller in controllers]
    ends = [each.finish(LIMIT_SECONDS) for each in running]
    return judged_pair(lane, ends) + lane.violations() + lane.unfinished()


def judged_pair(lane: Lane, ends: list[Finished]) -> list[str]:
    """Return what is wrong with the ends of two coordinators."""
    winners = [end for end in ends if end.exit_code == 0]
    losers = [end for end in ends if end.exit_code != 0]
    if len(winners) != 1:
        return [f"{len(winners)} of two coordinators have worked to the end"]
    found = RUN.search(winners[0].screen)
    if found is None:
        return ["the winner does not name its run"]
    problems = [] if found.group(1) in losers[0].screen else [f"the loser does not name the winner {found.group(1)}"]
    strangers = {event["guid"] for event in lane.events() if event["event"] == "node_session_opened"}
    if any(not guid.startswith(found.group(1)) for guid in strangers):
        problems.append("the loser has opened a node session")
    return problems


def used_wrongly(lane: Lane, use: WrongUse) -> list[str]:
    """Run a play that would work on several nodes at once; it may refuse or succeed, but never are two nodes out of service."""
    lane.begin()
    run = lane.play(lane.stage.write_playbook(use.plays()), *use.arguments)
    silent = [] if use.says in run.screen else [f"the screen does not say '{use.says}'"]
    out = [f"{name} is {node['state']} at the end" for name, node in lane.nodes().items() if node["state"] != "up"]
    # Tasks that somebody picks out by tags may well leave out the one that releases.
    return silent + out + lane.violations(may_not_finish=True, may_leave_lock=use.has_tasks)


def two_limits(lane: Lane, *, has_role: bool = False) -> list[str]:
    """Start two jobs for different nodes of one cluster at the same moment."""
    lane.begin()
    path = lane.stage.write_playbook(role_play()) if has_role else PLAYBOOK
    controllers = [lane.other_controller(name) for name in ("left", "right")]
    running = [lane.start(path, "--limit", limit, controller=each) for each, limit in zip(controllers, LIMITS, strict=True)]
    ends = [each.finish(LIMIT_SECONDS) for each in running]
    left = [text for text in lane.unfinished() if "lacks" not in text]
    return judged_pair(lane, ends) + lane.violations(may_not_finish=True) + left
