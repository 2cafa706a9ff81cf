# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The torture: `python -m tools.torture` kills, breaks and races runs at every point, and prints what was tried and what held."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from pathlib import Path

from tests.harness.processes import CHECKOUT
from tests.torture.case import Tried
from tests.torture.cases import Player, all_cases, chosen, key
from tests.torture.past import Past
from tests.torture.scenes import TWO_ROUNDS
from tools.show import duration, print_table, run_in, shown_path

DIRECTORY = CHECKOUT / "build" / "torture"

LANES = 3
"""On two cores: a run waits for twin time about half of its life."""

PROGRESS = 25


def main(arguments: list[str]) -> int:
    """Try all cases; returns 0 when every one of them held."""
    parser = argparse.ArgumentParser(prog="python -m tools.torture", description=__doc__)
    parser.add_argument("--only", default="", help="regular expression: only cases whose name has a match")
    parser.add_argument("--lanes", type=int, default=LANES, help="cases at the same time")
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="where its files go")
    parser.add_argument("--list", action="store_true", help="name the cases and try none")
    options = parser.parse_args(arguments)
    directory = options.directory.resolve()
    return run_in(directory, lambda: torture(directory, options.only, options.lanes, is_list=options.list))


def torture(directory: Path, pattern: str, lanes: int, *, is_list: bool) -> int:
    """Play a run, then try everything that can happen to it."""
    began = time.monotonic()
    past = Past.play(TWO_ROUNDS, directory / "past")
    cases = all_cases(past)
    numbers = [cases.index(case) for case in chosen(cases, pattern)]
    if is_list:
        print("\n".join(key(cases[number]) for number in numbers))
        return 0
    print(f"{len(numbers)} cases, {lanes} at a time; the logs of those that do not hold stay in {shown_path(directory)}.", flush=True)
    tried = try_all(directory, numbers, lanes)
    families = list(dict.fromkeys(case.family for case in cases))
    return report(tried, families, time.monotonic() - began)


def try_all(directory: Path, numbers: Sequence[int], lanes: int) -> list[Tried]:
    """Try the cases of these numbers, in several processes."""
    found: list[Tried] = []
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(lanes, mp_context=context, initializer=begin_worker, initargs=(directory,))
    try:
        futures: list[Future[Tried]] = [pool.submit(try_one, number) for number in numbers]
        for future in as_completed(futures):
            tried = future.result()
            found.append(tried)
            if tried.problems:
                print(f"\n{tried.family}: {tried.name}", *(f"    {problem}" for problem in tried.problems), sep="\n", flush=True)
            if len(found) % PROGRESS == 0:
                print(f"  {len(found)} of {len(numbers)} tried", flush=True)
    finally:
        pool.shutdown(cancel_futures=True)
    return found


class _Worker:
    """What a process of the pool keeps between its cases; its twins end with it."""

    player: Player
    past: Past


def begin_worker(directory: Path) -> None:
    """Prepare a process of the pool."""
    _Worker.past = Past(directory / "past")
    _Worker.player = Player(directory / f"lane-{multiprocessing.current_process().name.rpartition('-')[2]}")


def try_one(number: int) -> Tried:
    """Try one case."""
    return _Worker.player.play(all_cases(_Worker.past)[number])


def report(tried: Sequence[Tried], families: Sequence[str], seconds: float) -> int:
    """Print the table of tried and held; returns the exit code."""
    rows = [["what happens to the run", "tried", "held", "seconds each"]]
    for family in families:
        own = [each for each in tried if each.family == family]
        if own:
            held = sum(not each.problems for each in own)
            rows.append([family, str(len(own)), str(held), f"{sum(each.seconds for each in own) / len(own):.1f}"])
    broken = [each for each in tried if each.problems]
    rows.append(["all", str(len(tried)), str(len(tried) - len(broken)), ""])
    print()
    print_table(rows)
    print(f"\n{len(tried)} cases tried in {duration(seconds)}, {sum(len(each.problems) for each in broken)} broken invariants.")
    return int(bool(broken) or not tried)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
