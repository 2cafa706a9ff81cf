# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""StdRegProv: static methods only; every answer is a Win32 code in the return value (wmi-classes.yml)."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

from ..cim import Reply, Value
from ..model import registry
from ..model.state import RegistryData, RegistryKey
from .base import Arguments, ClassProvider, Context, Keys, Method, number_of, text_of


def _key(context: Context, arguments: Arguments) -> tuple[RegistryKey | None, int]:
    if number_of(arguments, "hDefKey", registry.HKLM) != registry.HKLM:
        # The twin keeps no other hive; an unknown handle is what a host says of a wrong number.
        return None, registry.INVALID_HANDLE
    found = registry.find(context.node.registry, text_of(arguments, "sSubKeyName"))
    return found, registry.SUCCESS if found else registry.NOT_FOUND


def _has_hive(arguments: Arguments) -> bool:
    return number_of(arguments, "hDefKey", registry.HKLM) == registry.HKLM


def _create_key(context: Context, _keys: Keys, arguments: Arguments) -> Reply:
    if not _has_hive(arguments):
        return Reply({}, registry.INVALID_HANDLE)
    return Reply({}, registry.create_key(context.model, context.cluster.name, context.node, text_of(arguments, "sSubKeyName")))


def _delete_key(context: Context, _keys: Keys, arguments: Arguments) -> Reply:
    if not _has_hive(arguments):
        return Reply({}, registry.INVALID_HANDLE)
    return Reply({}, registry.delete_key(context.model, context.cluster.name, context.node, text_of(arguments, "sSubKeyName")))


def _delete_value(context: Context, _keys: Keys, arguments: Arguments) -> Reply:
    if not _has_hive(arguments):
        return Reply({}, registry.INVALID_HANDLE)
    path, name = text_of(arguments, "sSubKeyName"), text_of(arguments, "sValueName")
    return Reply({}, registry.delete_value(context.model, context.cluster.name, context.node, path, name))


def _enum_key(context: Context, _keys: Keys, arguments: Arguments) -> Reply:
    key, code = _key(context, arguments)
    return Reply({"sNames": [child.name for child in key.keys.values()]} if key and key.keys else {}, code)


def _enum_values(context: Context, _keys: Keys, arguments: Arguments) -> Reply:
    key, code = _key(context, arguments)
    if key is None or not key.values:
        # A key without values gives null arrays, not empty ones.
        return Reply({}, code)
    values = list(key.values.values())
    return Reply({"sNames": [value.name for value in values], "Types": [value.kind for value in values]}, code)


def _check_access(context: Context, _keys: Keys, arguments: Arguments) -> Reply:
    key, code = _key(context, arguments)
    return Reply({"bGranted": key is not None}, code)


def _getter(kind: int, output: str) -> Method:
    def get(context: Context, _keys: Keys, arguments: Arguments) -> Reply:
        key, code = _key(context, arguments)
        if key is None:
            return Reply({}, code)
        value = key.values.get(text_of(arguments, "sValueName").lower())
        if value is None or value.kind != kind:
            # A value of another type: the return code of real hosts is not in the papers; not found is the strict reading.
            return Reply({}, registry.NOT_FOUND)
        return Reply({output: _output(value.data)}, registry.SUCCESS)

    return get


def _output(data: RegistryData) -> Value:
    return data


def _setter(kind: int, parameter: str) -> Method:
    def put(context: Context, _keys: Keys, arguments: Arguments) -> Reply:
        if not _has_hive(arguments):
            return Reply({}, registry.INVALID_HANDLE)
        data = _input(kind, arguments.get(parameter))
        path, name = text_of(arguments, "sSubKeyName"), text_of(arguments, "sValueName")
        return Reply({}, registry.set_value(context.model, context.cluster.name, context.node, path, name, kind, data))

    return put


def _input(kind: int, value: Value) -> RegistryData:
    if kind in {registry.REG_MULTI_SZ, registry.REG_BINARY}:
        items = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []
        return [str(item) for item in items] if kind == registry.REG_MULTI_SZ else [int(str(item)) for item in items]
    if kind in {registry.REG_DWORD, registry.REG_QWORD}:
        return value if isinstance(value, int) else 0
    return "" if value is None else str(value)


class StdRegProv(ClassProvider):
    """The registry provider."""

    methods: t.ClassVar[Mapping[str, Method]] = {
        "CreateKey": _create_key,
        "DeleteKey": _delete_key,
        "DeleteValue": _delete_value,
        "EnumKey": _enum_key,
        "EnumValues": _enum_values,
        "CheckAccess": _check_access,
        "GetDWORDValue": _getter(registry.REG_DWORD, "uValue"),
        "GetQWORDValue": _getter(registry.REG_QWORD, "uValue"),
        "GetStringValue": _getter(registry.REG_SZ, "sValue"),
        "GetExpandedStringValue": _getter(registry.REG_EXPAND_SZ, "sValue"),
        "GetMultiStringValue": _getter(registry.REG_MULTI_SZ, "sValue"),
        "GetBinaryValue": _getter(registry.REG_BINARY, "uValue"),
        "SetDWORDValue": _setter(registry.REG_DWORD, "uValue"),
        "SetQWORDValue": _setter(registry.REG_QWORD, "uValue"),
        "SetStringValue": _setter(registry.REG_SZ, "sValue"),
        "SetExpandedStringValue": _setter(registry.REG_EXPAND_SZ, "sValue"),
        "SetMultiStringValue": _setter(registry.REG_MULTI_SZ, "sValue"),
        "SetBinaryValue": _setter(registry.REG_BINARY, "uValue"),
    }


PROVIDERS: dict[str, ClassProvider] = {"StdRegProv": StdRegProv()}
