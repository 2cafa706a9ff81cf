# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Renews the samples in the RETURN blocks of the modules from a real run of their examples: `python -m tools.examples`.

It replaces those alone that are nothing that the run gave back. Look at the difference before you commit it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

import yaml

from tools.environment import CHECKOUT
from tools.show import run_in

from .pages import ModulePage, read_pages
from .returned import OF_THE_MACHINE, Value, untrue_samples
from .stage import Outcome, run_examples

DIRECTORY = CHECKOUT / "build" / "examples"
WIDTH = 140
STEP = 2


def shortened(values: Sequence[Value]) -> Value:
    """Return a sample: the first of some values, of a list of mappings the last one.

    Args:
        values: what a run gave back.
    """
    first = values[0]
    return first[-1:] if isinstance(first, list) and isinstance(first[-1], dict) else first


def with_sample(text: str, keys: Sequence[str], sample: Value) -> str:
    """Return a RETURN block with another sample.

    Args:
        text: the block.
        keys: those of the description.
        sample: the new one.
    """
    lines = text.splitlines()
    at = -1
    for depth, key in enumerate([*keys, "sample"]):
        wanted = re.compile(rf"{' ' * STEP * depth}{re.escape(key)}:")
        at = next(number for number in range(at + 1, len(lines)) if wanted.match(lines[number]))
    indent = " " * STEP * len(keys)
    end = at + 1
    while end < len(lines) and (not lines[end].strip() or lines[end].startswith(indent + " ")):
        end += 1
    return "\n".join([*lines[:at], *_written(sample, indent), *lines[end:]]) + "\n"


def _written(sample: Value, indent: str) -> list[str]:
    """Return the lines of a sample, as few as fit."""
    line = f"{indent}sample: {_flow(sample)}"
    if len(line) <= WIDTH:
        return [line]
    inner = indent + " " * STEP
    return [indent + "sample:", *(inner + each for each in _block(sample, WIDTH - len(inner)))]


def _block(value: Value, room: int) -> list[str]:
    """Return the lines of a value: one for each key or element where it fits, and a text is folded."""
    if isinstance(value, list):
        return [line for each in value for line in _led(_fitted(each, room - STEP), "- ")]
    if not isinstance(value, dict):
        return _flow(value, width=room - 20).splitlines()
    lines = []
    for key, each in value.items():
        line = f"{_flow(key)}: {_flow(each)}"
        if len(line) <= room:
            lines.append(line)
        else:
            lines += [f"{_flow(key)}:", *_led(_block(each, room - STEP), " " * STEP)]
    return lines


def _fitted(value: Value, room: int) -> list[str]:
    line = _flow(value)
    return [line] if len(line) <= room else _block(value, room)


def _led(lines: Sequence[str], lead: str) -> list[str]:
    return [(" " * len(lead) if number else lead) + line for number, line in enumerate(lines)]


def _flow(value: Value, width: int = 10_000) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=width, sort_keys=False, allow_unicode=True)
    return text.removesuffix("\n...\n").strip()


def renew(page: ModulePage, outcome: Outcome) -> list[str]:
    """Write a module's file anew with samples of a run, and return where there were others.

    Args:
        page: the module's.
        outcome: of the run.
    """
    untrue = untrue_samples(page.results(), outcome.of(page.name), is_shape_enough=page.name in OF_THE_MACHINE)
    text = page.returned
    for place, real in untrue:
        text = with_sample(text, place.keys, shortened(real))
    if untrue:
        source = page.path.read_text(encoding="utf-8")
        page.path.write_text(source.replace(page.returned, text), encoding="utf-8")
    return [place.path for place, _real in untrue]


def work() -> int:
    """Run the examples and renew the samples; returns 0 when the examples ran."""
    DIRECTORY.mkdir(parents=True)
    pages = read_pages()
    outcome = run_examples(pages.values(), DIRECTORY)
    if outcome.run.exit_code != 0:
        print(outcome.run.screen)
        return 1
    for page in pages.values():
        for path in renew(page, outcome):
            print(f"{page.name}: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(run_in(DIRECTORY, work))
