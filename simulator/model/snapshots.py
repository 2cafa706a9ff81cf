# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots of the whole state as bytes, which another twin of the same scenario can go on from."""

from __future__ import annotations

import io
import pickle
import typing as t

from .state import World

_STATE = frozenset({f"{__package__}.{name}" for name in ("state", "settings", "criteria")})
_OTHERS = frozenset(
    {("datetime", "datetime"), ("datetime", "timedelta"), ("datetime", "timezone"), ("random", "Random"), ("builtins", "set")}
)


class SnapshotError(Exception):
    """The bytes are no snapshot of a twin."""


class _Unpickler(pickle.Unpickler):
    """Makes plain data of the model and nothing else: a file must not be able to run code."""

    def find_class(self, module_name: str, global_name: str) -> t.Any:  # noqa: ANN401 - as the base class has it
        # A dotted name would reach what the module has imported.
        is_state = module_name in _STATE and "." not in global_name and global_name[:1].isupper()
        if is_state or (module_name, global_name) in _OTHERS:
            return super().find_class(module_name, global_name)
        raise SnapshotError(f"a snapshot holds no {module_name}.{global_name}")


def freeze(world: World) -> bytes:
    """Return the whole state as bytes."""
    return pickle.dumps(world)


def thaw(data: bytes) -> World:
    """Return the state of a snapshot.

    Raises:
        SnapshotError: these bytes are none.
    """
    try:
        world = _Unpickler(io.BytesIO(data)).load()
    except (pickle.UnpicklingError, EOFError, ValueError, AttributeError, IndexError, KeyError, TypeError) as error:
        raise SnapshotError(f"this is no snapshot: {error}") from None
    if not isinstance(world, World):
        raise SnapshotError("this is no snapshot of a twin")
    return world
