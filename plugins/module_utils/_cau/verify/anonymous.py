# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes names, addresses and ids out of a text, so that it can be shown to strangers.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable, Iterable, Mapping, Sequence

Plain: t.TypeAlias = t.Any
"""A value as JSON has it."""

_GUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])", re.IGNORECASE)
_SID = re.compile(r"S-1-5-21(?:-\d+){3,}")
_IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_IPV6 = re.compile(r"(?<![0-9a-f:])(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}(?![0-9a-f:])", re.IGNORECASE)

_SHORTEST = 2


class Anonymiser:
    """Replaces the same thing by the same placeholder everywhere, so that what belongs together still does.

    Args:
        names: what must not be seen, and what takes its place; compared without case and as whole words. Of two that overlap, the longer
            one is replaced.
    """

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        self._names = {name.casefold(): place for name, place in names if len(name) >= _SHORTEST}
        words = "|".join(re.escape(name) for name in sorted(self._names, key=len, reverse=True))
        self._word = re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.IGNORECASE) if words else None
        self._seen: dict[str, str] = {}

    def clean(self, text: str) -> str:
        """Return the text without names, addresses, GUIDs and account SIDs."""
        if self._word is not None:
            text = self._word.sub(lambda match: self._names[match.group().casefold()], text)
        text = _GUID.sub(self._numbered("guid", "00000000-0000-4000-8000-{:012x}"), text)
        text = _SID.sub(self._numbered("sid", "S-1-5-21-0-0-0-{}"), text)
        # The addresses of RFC 5737 and RFC 3849, which are nobody's.
        text = _IPV4.sub(self._numbered("ipv4", "192.0.2.{}"), text)
        return _IPV6.sub(self._numbered("ipv6", "2001:db8::{:x}"), text)

    def clean_all(self, value: Plain) -> Plain:
        """Return the same value with every text in it cleaned, the keys of mappings excepted."""
        if isinstance(value, str):
            return self.clean(value)
        if isinstance(value, Mapping):
            return {key: self.clean_all(item) for key, item in value.items()}
        if isinstance(value, Sequence):
            return [self.clean_all(item) for item in value]
        return value

    def _numbered(self, kind: str, form: str) -> Callable[[re.Match[str]], str]:
        def replace(match: re.Match[str]) -> str:
            key = f"{kind} {match.group().casefold()}"
            if key not in self._seen:
                number = 1 + sum(known.startswith(f"{kind} ") for known in self._seen)
                self._seen[key] = form.format(number)
            return self._seen[key]

        return replace
