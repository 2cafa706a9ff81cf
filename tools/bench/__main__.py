# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmark: `python -m tools.bench` counts messages, bytes and time of a four-node run and holds them against limits."""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from pathlib import Path

from tests.harness.processes import CHECKOUT
from tests.harness.record import moment
from tests.harness.stage import Stage
from tools.show import print_table, run_in, shown_path

from .counting import Count, Timeline, count_tasks, largest, read_marks, total

DIRECTORY = CHECKOUT / "build" / "bench"
SCENARIO = "hyperv-four-nodes"
PLAYBOOK = "cluster_aware.updating.rolling_update"
RATE = 100.0

POLL_BYTES = 5000
DRAIN_MESSAGES = 1
RUN_MESSAGES = 2000
ACTION_SECONDS = 0.1

REPEATS = 20


def main(arguments: list[str]) -> int:
    """Measure; returns 0 when every limit is kept."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--rate", type=float, default=RATE, help="twin seconds per real second")
    parser.add_argument("--operations", action="store_true", help="also show the messages by operation")
    options = parser.parse_args(arguments)
    return run_in(DIRECTORY, lambda: measure(options.rate, shows_operations=options.operations))


def measure(rate: float, *, shows_operations: bool) -> int:
    """Run the demonstration's playbook and the overhead play, and print what they cost."""
    marks = DIRECTORY / "marks.jsonl"
    with Stage(SCENARIO, DIRECTORY, rate=rate) as stage:
        overhead = measure_overhead(stage)
        first = len(stage.twin.requests())
        timeline = Timeline(time.time(), moment(stage.twin.now()), rate)
        begin = time.monotonic()
        run = stage.playbook(PLAYBOOK, extra=callback(marks), seconds=600)
        seconds = time.monotonic() - begin
    if run.exit_code:
        print(run.screen)
        print(f"The run itself failed with exit code {run.exit_code}; its figures say nothing.")
        return run.exit_code
    requests = stage.twin.requests()[first:]
    counts = count_tasks(read_marks(marks), requests, timeline)
    whole = total(requests, seconds)
    print_counts(counts, whole)
    if shows_operations:
        print_operations(whole)
    pauses = whole.operations.get("Invoke MSCluster_Node.Pause", 0)
    poll = largest(requests, "Get", "MSCluster_Node")
    return judge(
        [
            ("status poll, bytes of its one message", poll, POLL_BYTES, poll < POLL_BYTES),
            ("drain request, messages per node", pauses / len(stage.twin.nodes), DRAIN_MESSAGES, pauses == len(stage.twin.nodes)),
            ("four-node run, messages", whole.messages, RUN_MESSAGES, whole.messages < RUN_MESSAGES),
            ("an action beside an empty one, seconds", max(0.0, round(overhead, 3)), ACTION_SECONDS, overhead < ACTION_SECONDS),
        ],
        stage.twin.requests_file,
    )


def callback(marks: Path) -> dict[str, str]:
    """Return the environment that makes Ansible write marks."""
    folder = Path(__file__).parent / "callback"
    return {"ANSIBLE_CALLBACK_PLUGINS": str(folder), "ANSIBLE_CALLBACKS_ENABLED": "bench_marks", "BENCH_MARKS": str(marks)}


def measure_overhead(stage: Stage) -> float:
    """Return the real seconds by which an action of ours that asks its node nothing is slower than Ansible's own empty action."""
    tasks: list[dict[str, object]] = []
    empty = {"name": "Empty", "ansible.builtin.assert": {"that": [True], "quiet": True}}
    ours = {"name": "Ours", "cluster_aware.updating.run_lock": {"state": "released"}}
    for _number in range(REPEATS):
        tasks += [dict(empty), dict(ours)]
    play = {"hosts": stage.twin.nodes[0].node.lower(), "gather_facts": False, "tasks": tasks}
    marks = DIRECTORY / "overhead.jsonl"
    run = stage.playbook(stage.write_playbook([play], "overhead.yml"), extra=callback(marks))
    if run.exit_code:
        raise SystemExit(f"the overhead play failed:\n{run.screen}")
    lines = [mark for mark in read_marks(marks) if mark["kind"] in {"task", "end"}]
    spans: dict[str, list[float]] = {}
    for this, after in itertools.pairwise(lines):
        spans.setdefault(str(this["action"]), []).append(float(str(after["time"])) - float(str(this["time"])))
    # The first of each loads its plugin; the middle one is what every further task costs.
    middle = {action: sorted(values)[len(values) // 2] for action, values in spans.items()}
    return middle["cluster_aware.updating.run_lock"] - middle["ansible.builtin.assert"]


def print_counts(counts: dict[str, Count], whole: Count) -> None:
    """Print the table of the tasks."""
    rows = [["task", "runs", "messages", "per run", "kB sent", "kB received", "seconds"]]
    for name, count in [*sorted(counts.items()), ("whole run", whole)]:
        per_run = f"{count.messages / count.runs:.1f}" if count.runs else "-"
        sizes = [f"{size / 1000:.1f}" for size in (count.sent, count.received)]
        rows.append([name, str(count.runs), str(count.messages), per_run, *sizes, f"{count.seconds:.1f}"])
    print_table(rows)


def print_operations(whole: Count) -> None:
    """Print the messages by operation, the most frequent first."""
    print()
    rows = [["operation", "messages"]]
    rows += [[name, str(number)] for name, number in sorted(whole.operations.items(), key=lambda item: -item[1])]
    print_table(rows)


def judge(figures: list[tuple[str, float, float, bool]], log: Path) -> int:
    """Print the limits; returns 0 when all are kept."""
    print()
    print_table(
        [
            ["limit", "measured", "allowed", ""],
            *([name, f"{value:g}", f"{limit:g}", "ok" if ok else "TOO MUCH"] for name, value, limit, ok in figures),
        ]
    )
    print(f"\nRequest log: {shown_path(log)}")
    return 0 if all(ok for _name, _value, _limit, ok in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
