# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The arguments of a plug-in, as CAU writes them: a text of name=value pairs, or a table (cau.md 5.9).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..errors import PluginError, QueryError
from ..query import validate


def parse_arguments(text: str) -> dict[str, str]:
    """Return the arguments in a text such as `Name1=Value1;Name2="Value with spaces"`, names as they are written.

    Args:
        text: pairs that are split at semicolons outside double quotes, each at its first equals sign (cau.md 5.9).

    Raises:
        PluginError: the text is not written like that, or names an argument twice.
    """
    found: dict[str, str] = {}
    for pair in _pairs(text):
        name, equals, value = pair.partition("=")
        name, value = name.strip(), value.strip()
        if not equals or not name:
            raise PluginError(f"the plug-in arguments have {pair.strip()!r} where Name=Value is expected", remedy=_HOW)
        if name.casefold() in {known.casefold() for known in found}:
            raise PluginError(f"the plug-in arguments name {name} twice")
        found[name] = _unquoted(name, value)
    return found


_HOW = 'Write pairs such as Name1=Value1;Name2="Value with spaces"'


def _pairs(text: str) -> Iterator[str]:
    """Give the parts between semicolons that are not inside double quotes; empty ones are passed over."""
    part = ""
    is_quoted = False
    for character in text:
        if character == '"':
            is_quoted = not is_quoted
        if character == ";" and not is_quoted:
            if part.strip():
                yield part
            part = ""
        else:
            part += character
    if is_quoted:
        raise PluginError("the plug-in arguments have a double quote that is not closed", remedy=_HOW)
    if part.strip():
        yield part


def _unquoted(name: str, value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    if '"' in value:
        # CAU documents no way to write one, so any reading of it would be a guess.
        raise PluginError(f"the value of the plug-in argument {name} has a double quote in it", remedy=_HOW)
    return value


def given_arguments(plugin: str, arguments: object) -> dict[str, object]:
    """Return the arguments of a plug-in as a table, however they are given.

    Args:
        plugin: name of the plug-in, for errors.
        arguments: a table, a text in CAU's syntax, or None.

    Raises:
        PluginError: they are neither, or cannot be read.
    """
    if arguments is None:
        return {}
    if isinstance(arguments, str):
        return dict(parse_arguments(arguments))
    if not isinstance(arguments, Mapping):
        raise PluginError(f"the arguments of {plugin} are neither a table of names and values nor a text", remedy=_HOW)
    names = [str(name) for name in arguments]
    twice = [name for name in names if sum(name.casefold() == other.casefold() for other in names) > 1]
    if twice:
        raise PluginError(f"the plug-in arguments name {twice[0]} twice")
    return {str(name): value for name, value in arguments.items()}


def folded_quotes(query: str) -> str:
    """Return a query with one single quote on each side of its texts, where a saved self-updating configuration has two (cau.md 5.9).

    Args:
        query: a query string; `UpdateID=''guid''` becomes `UpdateID='guid'`. One that is right as it is, or wrong in both readings, stays.
    """
    folded = re.sub("''([^']+)''", r"'\1'", query)
    return folded if not _is_right(query) and _is_right(folded) else query


def _is_right(query: str) -> bool:
    try:
        validate(query)
    except QueryError:
        return False
    return True
