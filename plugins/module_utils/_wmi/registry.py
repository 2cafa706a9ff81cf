# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""StdRegProv: the registry below HKEY_LOCAL_MACHINE (wmi-classes.yml, root/cimv2).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .._wsman.client import Client
from .._wsman.errors import AnswerError
from .._wsman.instance import CimInstance
from .._wsman.kinds import Kind
from .._wsman.values import Argument
from .codes import win32_code
from .remote_class import RemoteClass, answer_decides

_HKEY_LOCAL_MACHINE = 0x80000002
_NOT_FOUND = 2

# Some versions say "invalid function" for a value that is not in an existing key; the list of values then decides.
_PERHAPS_NOT_FOUND = 1

_DEEPEST_TREE = 16


class Registry:
    """The registry of one node; paths are below HKEY_LOCAL_MACHINE, with backslashes, in the 64-bit view.

    All methods are static, so no keys are sent. A missing key or value is an answer (None or False), never an error.

    Args:
        client: the connection to the node.
    """

    def __init__(self, client: Client) -> None:
        self._provider = RemoteClass(client, "root/cimv2", "StdRegProv")

    def create_key(self, path: str) -> None:
        """Create a key and its parents; succeeds when it is there already."""
        self._write("CreateKey", path)

    def delete_key(self, path: str) -> bool:
        """Delete a key that has no subkeys; False when it was not there."""
        return self._write("DeleteKey", path, may_be_missing=True)

    def delete_tree(self, path: str) -> bool:
        """Delete a key with everything below it; False when it was not there."""
        return self._delete_below(path, depth=0)

    def subkeys(self, path: str) -> list[str] | None:
        """Return the names of the subkeys, None when the key is missing."""
        output = self._read("EnumKey", path)
        return None if output is None else output.texts("sNames")

    def value_names(self, path: str) -> list[str] | None:
        """Return the names of the values, None when the key is missing."""
        output = self._read("EnumValues", path)
        return None if output is None else output.texts("sNames")

    def text(self, path: str, name: str) -> str | None:
        """Read a REG_SZ value, None when it is missing."""
        output = self._read("GetStringValue", path, name)
        return None if output is None else output.text("sValue") or ""

    def set_text(self, path: str, name: str, value: str) -> None:
        """Write a REG_SZ value."""
        self._write("SetStringValue", path, name, {"sValue": value})

    def number(self, path: str, name: str) -> int | None:
        """Read a REG_DWORD value, None when it is missing."""
        output = self._read("GetDWORDValue", path, name)
        return None if output is None else output.require_integer("uValue")

    def set_number(self, path: str, name: str, value: int) -> None:
        """Write a REG_DWORD value, 0 to 4294967295."""
        self._write("SetDWORDValue", path, name, {"uValue": value})

    def texts(self, path: str, name: str) -> list[str] | None:
        """Read a REG_MULTI_SZ value, None when it is missing."""
        output = self._read("GetMultiStringValue", path, name)
        return None if output is None else output.texts("sValue")

    def set_texts(self, path: str, name: str, value: Sequence[str]) -> None:
        """Write a REG_MULTI_SZ value; an empty text would end it early (REG_MULTI_SZ ends at the first one) and is refused."""
        if "" in value:
            raise ValueError("a list of texts in the registry cannot hold an empty one")
        self._write("SetMultiStringValue", path, name, {"sValue": list(value)})

    def binary(self, path: str, name: str) -> bytes | None:
        """Read a REG_BINARY value, None when it is missing."""
        output = self._read("GetBinaryValue", path, name)
        return None if output is None else output.octets("uValue")

    def delete_value(self, path: str, name: str) -> bool:
        """Delete a value; False when it was not there."""
        return self._write("DeleteValue", path, name, may_be_missing=True)

    def _read(self, method: str, path: str, name: str | None = None) -> CimInstance | None:
        output = self._provider.call(method, _arguments(path, name), kind=Kind.READ)
        code = win32_code(output.require_integer("ReturnValue"))
        if code == _NOT_FOUND or (code == _PERHAPS_NOT_FOUND and name is not None and self._lacks_value(path, name)):
            return None
        if code:
            raise self._provider.refused(method, code)
        return output

    def _write(
        self,
        method: str,
        path: str,
        name: str | None = None,
        value: Mapping[str, Argument] | None = None,
        *,
        may_be_missing: bool = False,
    ) -> bool:
        arguments = {**_arguments(path, name), **(value or {})}
        output = self._provider.call(method, arguments, kind=Kind.IDEMPOTENT)
        with answer_decides(Kind.IDEMPOTENT):
            code = win32_code(output.require_integer("ReturnValue"))
        if may_be_missing and code == _NOT_FOUND:
            return False
        if code:
            raise self._provider.refused(method, code)
        return True

    def _delete_below(self, path: str, depth: int) -> bool:
        # A node that lists subkeys without end, or one without a name, must not lead us round in circles.
        names = self.subkeys(path) or []
        if depth > _DEEPEST_TREE or not all(names):
            raise AnswerError(f"the registry below {path} has no sensible shape", kind=Kind.IDEMPOTENT)
        for name in names:
            self._delete_below(f"{path}\\{name}", depth + 1)
        return self.delete_key(path)

    def _lacks_value(self, path: str, name: str) -> bool:
        names = self.value_names(path)
        return names is None or name.casefold() not in {each.casefold() for each in names}


def _arguments(path: str, name: str | None) -> dict[str, Argument]:
    arguments: dict[str, Argument] = {"hDefKey": _HKEY_LOCAL_MACHINE, "sSubKeyName": path}
    if name is not None:
        arguments["sValueName"] = name
    return arguments
