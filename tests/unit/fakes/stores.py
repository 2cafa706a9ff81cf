# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Registry and storage of a FakeMachine, with the signatures of the real clients."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import MethodFailedError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.registry import Registry
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.storage import (
    Health,
    PhysicalDisk,
    Storage,
    StorageJob,
    SubSystem,
    VirtualDisk,
)
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind

from .world import FakeMachine


class FakeRegistry(Registry):
    """HKEY_LOCAL_MACHINE, with names that ignore case, as Windows has them."""

    def __init__(self, machine: FakeMachine) -> None:
        self.machine = machine
        self.world = machine.world

    @property
    def _keys(self) -> dict[str, dict[str, object]]:
        return self.machine.registry

    def _find(self, path: str) -> str | None:
        return next((key for key in self._keys if key.casefold() == path.casefold()), None)

    def create_key(self, path: str) -> None:
        with self.world.operation(self.machine, "create_key", path, kind=Kind.IDEMPOTENT):
            parts = path.split("\\")
            for depth in range(1, len(parts) + 1):
                above = "\\".join(parts[:depth])
                if self._find(above) is None:
                    self._keys[above] = {}

    def _below(self, path: str) -> list[str]:
        return [key for key in self._keys if key.casefold().startswith(path.casefold() + "\\")]

    def delete_key(self, path: str) -> bool:
        with self.world.operation(self.machine, "delete_key", path, kind=Kind.IDEMPOTENT):
            found = self._find(path)
            if found is None:
                return False
            if self._below(path):
                raise MethodFailedError("the key has subkeys", return_value=5, node=self.machine.name)
            del self._keys[found]
            return True

    def delete_tree(self, path: str) -> bool:
        with self.world.operation(self.machine, "delete_tree", path, kind=Kind.IDEMPOTENT):
            found = self._find(path)
            for key in self._below(path):
                del self._keys[key]
            if found is not None:
                del self._keys[found]
            return found is not None

    def subkeys(self, path: str) -> list[str] | None:
        with self.world.operation(self.machine, "subkeys", path):
            if self._find(path) is None:
                return None
            depth = path.count("\\") + 1
            return [key.split("\\")[depth] for key in self._below(path) if key.count("\\") == depth]

    def value_names(self, path: str) -> list[str] | None:
        with self.world.operation(self.machine, "value_names", path):
            found = self._find(path)
            return None if found is None else list(self._keys[found])

    def _get(self, path: str, name: str) -> object:
        found = self._find(path)
        return None if found is None else {key.casefold(): value for key, value in self._keys[found].items()}.get(name.casefold())

    def _set(self, path: str, name: str, value: object) -> None:
        found = self._find(path)
        if found is None:
            raise MethodFailedError("the key does not exist", return_value=2, node=self.machine.name)
        self._keys[found][name] = value

    def text(self, path: str, name: str) -> str | None:
        with self.world.operation(self.machine, "text", path, name):
            value = self._get(path, name)
            return value if isinstance(value, str) else None

    def set_text(self, path: str, name: str, value: str) -> None:
        with self.world.operation(self.machine, "set_text", path, name, value, kind=Kind.IDEMPOTENT):
            self._set(path, name, value)

    def number(self, path: str, name: str) -> int | None:
        with self.world.operation(self.machine, "number", path, name):
            value = self._get(path, name)
            return value if isinstance(value, int) else None

    def set_number(self, path: str, name: str, value: int) -> None:
        with self.world.operation(self.machine, "set_number", path, name, value, kind=Kind.IDEMPOTENT):
            self._set(path, name, value)

    def texts(self, path: str, name: str) -> list[str] | None:
        with self.world.operation(self.machine, "texts", path, name):
            value = self._get(path, name)
            return list(value) if isinstance(value, list) else None

    def set_texts(self, path: str, name: str, value: Sequence[str]) -> None:
        with self.world.operation(self.machine, "set_texts", path, name, tuple(value), kind=Kind.IDEMPOTENT):
            self._set(path, name, list(value))

    def binary(self, path: str, name: str) -> bytes | None:
        with self.world.operation(self.machine, "binary", path, name):
            value = self._get(path, name)
            return value if isinstance(value, bytes) else None

    def delete_value(self, path: str, name: str) -> bool:
        with self.world.operation(self.machine, "delete_value", path, name, kind=Kind.IDEMPOTENT):
            found = self._find(path)
            return found is not None and self._keys[found].pop(name, None) is not None


class FakeStorage(Storage):
    """Storage health, the same from every node."""

    def __init__(self, machine: FakeMachine) -> None:
        self.machine = machine
        self.world = machine.world

    def virtual_disks(self) -> list[VirtualDisk]:
        with self.world.operation(self.machine, "virtual_disks"):
            return list(self.world.virtual_disks)

    def jobs(self) -> list[StorageJob]:
        with self.world.operation(self.machine, "jobs"):
            return list(self.world.storage_jobs)

    def open_jobs(self) -> list[StorageJob]:
        return self.jobs()

    def physical_disks(self) -> list[PhysicalDisk]:
        with self.world.operation(self.machine, "physical_disks"):
            return list(self.world.physical_disks)

    def unhealthy_physical_disks(self) -> list[PhysicalDisk]:
        return [disk for disk in self.physical_disks() if disk.health is not Health.HEALTHY]

    def unhealthy_subsystems(self) -> list[SubSystem]:
        return [system for system in self.subsystems() if system.health is not Health.HEALTHY]

    def subsystems(self) -> list[SubSystem]:
        with self.world.operation(self.machine, "subsystems"):
            return list(self.world.subsystems)
