# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""StdRegProv: the registry below HKEY_LOCAL_MACHINE.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

if t.TYPE_CHECKING:
    from .._wsman.client import Client


class Registry:
    """The registry of one node; paths are below HKEY_LOCAL_MACHINE."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def create_key(self, path: str) -> None:
        """Create a key and its parents."""
        raise NotImplementedError

    def delete_key(self, path: str) -> bool:
        """Delete a key without subkeys; False when it was not there."""
        raise NotImplementedError

    def delete_tree(self, path: str) -> bool:
        """Delete a key with everything below it."""
        raise NotImplementedError

    def subkeys(self, path: str) -> list[str] | None:
        """Return the names of the subkeys, None when the key is missing."""
        raise NotImplementedError

    def value_names(self, path: str) -> list[str] | None:
        """Return the names of the values, None when the key is missing."""
        raise NotImplementedError

    def text(self, path: str, name: str) -> str | None:
        """Read a REG_SZ, None when it is missing."""
        raise NotImplementedError

    def set_text(self, path: str, name: str, value: str) -> None:
        """Write a REG_SZ."""
        raise NotImplementedError

    def number(self, path: str, name: str) -> int | None:
        """Read a REG_DWORD, None when it is missing."""
        raise NotImplementedError

    def set_number(self, path: str, name: str, value: int) -> None:
        """Write a REG_DWORD."""
        raise NotImplementedError

    def texts(self, path: str, name: str) -> list[str] | None:
        """Read a REG_MULTI_SZ, None when it is missing."""
        raise NotImplementedError

    def set_texts(self, path: str, name: str, value: Sequence[str]) -> None:
        """Write a REG_MULTI_SZ."""
        raise NotImplementedError

    def delete_value(self, path: str, name: str) -> bool:
        """Delete a value; False when it was not there."""
        raise NotImplementedError
