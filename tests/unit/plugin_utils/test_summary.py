# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The summary at the end of a playbook, made of the results of its tasks."""

from __future__ import annotations

import typing as t

from ansible_collections.cluster_aware.updating.plugins.plugin_utils._summary import MOST_ROWS, WIDTH, RunSummary

RUN: dict[str, t.Any] = {
    "run_id": "5c1f0b0e-6a0c-4a53-9d3c-2f4cf5f6a1c7",
    "cluster": "HV01",
    "nodes": {f"node{n}": f"hv-{n}" for n in "1234"},
}


def outcome(number: str, state: str, **fields: t.Any) -> dict[str, t.Any]:  # noqa: ANN401
    return {"outcome": {"node": f"node{number}", "host": f"hv-{number}", "state": state, **fields}}


def made(*outcomes: dict[str, t.Any], run: dict[str, t.Any] | None = None) -> RunSummary:
    summary = RunSummary()
    summary.saw_lock({"run": run or RUN}, "acquired", is_failed=False)
    for each in outcomes:
        summary.saw_outcome(each)
    return summary


def texts(summary: RunSummary) -> list[str]:
    return [line.text for line in summary.lines()]


def test_each_node_has_a_line_and_failures_come_first() -> None:
    summary = made(
        outcome("3", "ok", updates=3, restarts=1, seconds=1260),
        outcome("1", "nothing_to_do", seconds=40),
        outcome("2", "failed", seconds=240, reason="install: KB1 failed with 0x80240016"),
    )
    assert texts(summary) == [
        "CLUSTER UPDATES",
        "HV01  run 5c1f0b0e: 1 FAILED, 1 ok, 1 nothing to do, 1 not worked on",
        "  node2  FAILED         in 4 min: install: KB1 failed with 0x80240016",
        "  node3  ok             3 updates 1 restart in 21 min",
        "  node1  nothing to do",
        "  node4  not worked on",
    ]
    assert [line.is_bad for line in summary.lines()] == [False, True, True, False, False, False]


def test_playbook_without_a_run_has_no_summary() -> None:
    assert texts(RunSummary()) == []
    assert texts(made()) == []


def test_lock_and_role_that_stay_are_told() -> None:
    summary = made(outcome("1", "ok"))
    summary.saw_lock({"host": "hv-1", "msg": "node2 gave no answer"}, "released", is_failed=True)
    summary.saw_lock({"run": RUN | {"cau_role_offline": "CAU1"}}, "released", is_failed=False)
    assert texts(summary)[-2:] == [
        "  the run lock was not given back: node2 gave no answer",
        "  the CAU role CAU1 stays offline, the next run brings it back",
    ]


def test_host_that_joined_no_run_is_told_with_its_reason() -> None:
    summary = RunSummary()
    summary.saw_lock({"host": "hv-9", "msg": "refused"}, "acquired", is_failed=True)
    summary.saw_outcome({"outcome": {"node": "hv-9", "host": "hv-9", "state": "failed", "reason": "the run lock is held by somebody"}})
    assert texts(summary)[1:] == ["No run: 1 FAILED", "  hv-9  FAILED  the run lock is held by somebody"]


def test_check_mode_tells_what_would_be_done() -> None:
    summary = made(outcome("1", "ok", updates=2, restarts=1), run=RUN | {"run_id": None, "nodes": {"node1": "hv-1"}})
    assert texts(summary)[1:] == ["HV01  check mode, nothing was changed: 1 ok", "  node1  ok  2 updates, 1 restart to come"]


def test_last_outcome_of_a_node_counts() -> None:
    assert texts(made(outcome("1", "failed"), outcome("1", "ok"), run=RUN | {"nodes": {"node1": "hv-1"}}))[1:] == [
        "HV01  run 5c1f0b0e: 1 ok",
        "  node1  ok",
    ]


def test_long_reason_is_wrapped_and_stays_on_the_screen() -> None:
    lines = texts(made(outcome("1", "left_out", reason="word " * 100)))
    assert max(map(len, lines)) <= WIDTH
    assert all(line.startswith("   ") for line in lines[3:-3])


def test_summary_of_a_large_cluster_fits_on_a_screen() -> None:
    nodes = {f"n{number:02d}": f"h{number:02d}" for number in range(64)}
    run = RUN | {"nodes": nodes}
    summary = made(*({"outcome": {"node": node, "host": host, "state": "ok"}} for node, host in nodes.items()), run=run)
    assert len(texts(summary)) == MOST_ROWS + 3
    assert texts(summary)[-1] == f"  and {64 - MOST_ROWS} more ok"
