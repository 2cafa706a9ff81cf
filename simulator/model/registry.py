# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A machine's registry, HKEY_LOCAL_MACHINE alone."""

from __future__ import annotations

import typing as t

from .engine import Model
from .state import Node, RegistryData, RegistryKey, RegistryValue

HKLM = 0x80000002
SUCCESS, NOT_FOUND, ACCESS_DENIED, INVALID_HANDLE, INVALID_PARAMETER = 0, 2, 5, 6, 87
REG_SZ, REG_EXPAND_SZ, REG_BINARY, REG_DWORD, REG_MULTI_SZ, REG_QWORD = 1, 2, 3, 4, 7, 11

SESSION_MANAGER = r"SYSTEM\CurrentControlSet\Control\Session Manager"
COMPONENT_SERVICING = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing"
AUTO_UPDATE = r"SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update"
SERVICES = r"SYSTEM\CurrentControlSet\Services"
RENAMES = "PendingFileRenameOperations"

PENDING_KEYS = {"cbs": COMPONENT_SERVICING + r"\RebootPending", "wu": AUTO_UPDATE + r"\RebootRequired"}
"""Keys whose mere existence says that a restart is pending (cau.md 3.3)."""


def _parts(path: str) -> list[str]:
    return [part for part in path.split("\\") if part]


def find(root: RegistryKey, path: str) -> RegistryKey | None:
    """Return the key at a path below HKLM, None when there is none."""
    key: RegistryKey | None = root
    for part in _parts(path):
        key = key.keys.get(part.lower()) if key else None
    return key


def make(root: RegistryKey, path: str) -> tuple[RegistryKey, bool]:
    """Return the key at a path, made with its parents if need be, and whether it is new."""
    key, is_new = root, False
    for part in _parts(path):
        if part.lower() not in key.keys:
            key.keys[part.lower()] = RegistryKey(part)
            is_new = True
        key = key.keys[part.lower()]
    return key, is_new


def put(root: RegistryKey, path: str, name: str, kind: int, data: RegistryData) -> None:
    """Set a value, for what the scenario and the machine itself write."""
    key, _is_new = make(root, path)
    key.values[name.lower()] = RegistryValue(name, kind, data)


def remove(root: RegistryKey, path: str) -> bool:
    """Delete a key with everything below it; False when it was not there."""
    parts = _parts(path)
    parent = find(root, "\\".join(parts[:-1])) if parts else None
    return parent is not None and parent.keys.pop(parts[-1].lower(), None) is not None


def flat(root: RegistryKey) -> dict[str, dict[str, t.Any]]:
    """Return every key that is a leaf or holds values, with its values."""
    found: dict[str, dict[str, t.Any]] = {}

    def walk(key: RegistryKey, path: str) -> None:
        if path and (key.values or not key.keys):
            found[path] = {value.name: value.data for value in key.values.values()}
        for child in key.keys.values():
            walk(child, f"{path}\\{child.name}" if path else f"HKLM\\{child.name}")

    walk(root, "")
    return found


def create_key(model: Model, cluster: str, node: Node, path: str) -> int:
    """Create a key and its missing parents; success as well when it exists (wmi-classes.yml, StdRegProv)."""
    if not _parts(path):
        return INVALID_PARAMETER
    _key, is_new = make(node.registry, path)
    if is_new:
        model.emit("registry_written", cluster, node.name, key=f"HKLM\\{path}", values={})
    return SUCCESS


def delete_key(model: Model, cluster: str, node: Node, path: str) -> int:
    """Delete a key that has no subkeys."""
    key = find(node.registry, path)
    if key is None or not _parts(path):
        return NOT_FOUND
    if key.keys:
        return ACCESS_DENIED
    remove(node.registry, path)
    names = [value.name for value in key.values.values()]
    model.emit("registry_deleted", cluster, node.name, key=f"HKLM\\{path}", values=names)
    return SUCCESS


def set_value(model: Model, cluster: str, node: Node, path: str, name: str, kind: int, data: RegistryData) -> int:
    """Set a value of a key that exists."""
    key = find(node.registry, path)
    if key is None:
        return NOT_FOUND
    key.values[name.lower()] = RegistryValue(name, kind, data)
    model.emit("registry_written", cluster, node.name, key=f"HKLM\\{path}", values={name: data})
    return SUCCESS


def delete_value(model: Model, cluster: str, node: Node, path: str, name: str) -> int:
    """Delete a value."""
    key = find(node.registry, path)
    if key is None or name.lower() not in key.values:
        return NOT_FOUND
    gone = key.values.pop(name.lower())
    model.emit("registry_deleted", cluster, node.name, key=f"HKLM\\{path}", values=[gone.name])
    return SUCCESS


def signal_pending(model: Model, cluster: str, node: Node, *signals: str) -> None:
    """Note that a restart is pending, with the keys by which it shows."""
    for signal in signals:
        node.pending_signals.add(signal)
        path = PENDING_KEYS.get(signal)
        if path is not None and make(node.registry, path)[1]:
            model.emit("registry_written", cluster, node.name, key=f"HKLM\\{path}", values={})


def clear_pending(model: Model, cluster: str, node: Node) -> None:
    """Remove every sign of a pending restart, as a restart does."""
    node.pending_signals.clear()
    for path in PENDING_KEYS.values():
        if remove(node.registry, path):
            model.emit("registry_deleted", cluster, node.name, key=f"HKLM\\{path}", values=[])
    manager = find(node.registry, SESSION_MANAGER)
    if manager is not None and manager.values.pop(RENAMES.lower(), None) is not None:
        model.emit("registry_deleted", cluster, node.name, key=f"HKLM\\{SESSION_MANAGER}", values=[RENAMES])
