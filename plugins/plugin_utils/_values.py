# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plain values: Ansible's tagged values on the way in, records on the way out, and no secret in either.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Set
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum

from ansible.module_utils.common.parameters import remove_values

AnyValue: t.TypeAlias = t.Any
"""What Ansible hands over, or what a result is made of."""


def plain(value: AnyValue) -> AnyValue:  # noqa: PLR0911 - one line per kind of value
    """Return the same value of builtin types only, all the way down.

    Ansible's tagged values are subclasses of the builtin ones (ansible-mechanics.md 5); times become ISO 8601 text, intervals
    seconds, enumerations their lower-case name, records dictionaries, and sets sorted lists.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return str(value.value) if isinstance(value, str) else value.name.lower()
    for builtin in (str, int, float):
        if isinstance(value, builtin):
            return builtin(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, Set):
        return sorted(plain(item) for item in value)
    if isinstance(value, Iterable) and not isinstance(value, bytes | bytearray):
        return [plain(item) for item in value]
    return str(value)


def scrubbed(value: AnyValue, secrets: Iterable[str]) -> AnyValue:
    """Return the value with every secret in it replaced, as Ansible does for options that are not to be logged.

    Args:
        value: a plain value.
        secrets: passwords and the like; empty ones are passed over.
    """
    real = {secret for secret in secrets if secret}
    return remove_values(value, real) if real else value


def one_line(text: str) -> str:
    """Return a text without line breaks and control characters: what a node says must not write on the user's terminal."""
    return "".join(character if character.isprintable() else " " for character in text).strip()
