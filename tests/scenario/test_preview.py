# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Previews: what a run would do, per node; the event log shows that nothing was changed and nothing is left."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Callable, Iterable

from tests.harness.controller import Finished
from tests.harness.record import Entry
from tests.harness.stage import Stage

from . import clusters
from .hotfixes import FOLDER_RULE, HotfixShare, sample_config
from .plays import nodes_of

Open = Callable[..., Stage]

PREVIEW = "cluster_aware.updating.preview"
FOREIGN = "11111111-2222-4333-8444-555555555555"
HARMLESS = {"node_session_opened", "node_session_touched", "node_session_closed", "scan"}
"""What a scan does: a session for its moment, and nothing that stays."""

LICENCE: clusters.Data = {"key": "licence", "title": "Something with a licence (KB5000009)", "licence": True}


def blocks(run: Finished) -> dict[str, str]:
    """Return what was shown for each node: the heading and the indented lines below it."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in run.screen.splitlines():
        if "] " in line and " preview " in line:
            current = found.setdefault(line[1:].partition("]")[0], [])
            current.append(line)
        elif line.startswith("    ") and current:
            current.append(line)
        else:
            current = []
    return {name: "\n".join(lines) for name, lines in found.items()}


def is_untouched(events: Iterable[Entry]) -> bool:
    """Return whether clients did nothing but scans, and gave every session back."""
    done = [str(event["event"]) for event in events if event["actor"] == "client"]
    return set(done) <= HARMLESS and done.count("node_session_opened") == done.count("node_session_closed")


def test_each_node_has_a_block_and_nothing_is_changed_or_left(opened: Open) -> None:
    updates = [clusters.UPDATE, clusters.QUIET_UPDATE, LICENCE]
    groups = [{"name": f"VM{number}", "owner": "MIN01-N1"} for number in range(3)]
    stage = opened(clusters.cluster(size=3, updates=updates, groups=groups))
    run = stage.playbook(PREVIEW, "-e", json.dumps({"rolling_update_reject": [".NET"]}))
    assert run.exit_code == 0, run.screen
    shown = blocks(run)
    assert sorted(shown) == ["MIN01-N1", "MIN01-N2", "MIN01-N3"], run.screen
    assert all("would be taken out of service (first pass only: " in text for text in shown.values())
    assert all("updates     1. KB5000001  2026-01 Cumulative Update" in text for text in shown.values())
    assert all(
        "left out    KB5000002  2026-01 Cumulative Update for .NET Framework 4.8 (KB5000002): in the list reject (.NET)" in text
        for text in shown.values()
    )
    assert all("restart     possible: " in text for text in shown.values())
    assert all("KB5000009" not in text and "updates that want a licence accepted" in text for text in shown.values())
    assert [f"turn        {number} of 3" in shown[f"MIN01-N{node}"] for node, number in ((1, 3), (2, 1), (3, 2))] == [True] * 3
    events = stage.twin.events()
    assert sorted(nodes_of(events, "scan")) == ["MIN01-N1", "MIN01-N2", "MIN01-N3"]
    assert is_untouched(events)
    assert stage.verdict(is_check_mode=True) == []


def test_nodes_that_differ_are_told_apart(opened: Open) -> None:
    nodes: list[t.Any] = ["MIN01-N1", {"name": "MIN01-N2", "pending_restart": ["cbs"]}, {"name": "MIN01-N3", "state": "paused"}]
    update = clusters.UPDATE | {"installed_on": ["MIN01-N1"]}
    stage = opened(clusters.cluster(size=3, nodes=nodes, updates=[update], groups=[]))
    run = stage.playbook(PREVIEW)
    assert run.exit_code == 0, run.screen
    shown = blocks(run)
    assert "would be left alone: nothing to install (first pass only" in shown["MIN01-N1"]
    assert "restart     none: nothing is installed" in shown["MIN01-N1"]
    assert "restart     certain: one is pending (" in shown["MIN01-N2"]
    assert all("in the way  MIN01-N3 is paused" in text for text in shown.values())
    assert is_untouched(stage.twin.events())


def test_hotfixes_are_shown_with_their_rules_and_what_is_ignored(opened: Open, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu", "CAUHotfix_All/readme.txt", "MIN01-N2/FolderRule1/b.exe", config=sample_config(FOLDER_RULE))
    stage = opened(share.cluster())
    run = stage.playbook(PREVIEW, *share.variables())
    assert run.exit_code == 0, run.screen
    shown = blocks(run)
    assert all(r"hotfixes    1. CAUHotfix_All\a.msu (extension rule " in text for text in shown.values()), run.screen
    assert r"2. MIN01-N2\FolderRule1\b.exe (folder rule FolderRule1)" in shown["MIN01-N2"]
    assert r"restart     certain: the rule of MIN01-N2\FolderRule1\b.exe asks for one" in shown["MIN01-N2"]
    assert "restart     possible: " in shown["MIN01-N1"]
    assert all("updates     not asked for" in text and r"CAUHotfix_All\readme.txt: " in text for text in shown.values())
    assert not [event for event in stage.twin.events() if event["actor"] == "client"]


def test_cluster_that_somebody_updates_is_not_disturbed(opened: Open) -> None:
    nodes = [{"name": f"MIN01-N{number}", "run_lock": FOREIGN} for number in (1, 2)]
    stage = opened(clusters.cluster(nodes=nodes))
    run = stage.playbook(PREVIEW)
    assert run.exit_code == 2, run.screen
    assert FOREIGN in run.screen
    assert not [event for event in stage.twin.events() if event["actor"] == "client"]
