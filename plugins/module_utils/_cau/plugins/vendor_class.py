# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which classes a plug-in of a user's own may call: a vendor's, and none of Windows itself.

Windows has classes that start processes (Win32_Process), tasks of its scheduler and event consumers, and those by which this collection
drains, installs and restarts under its own checks. None of them may be reached by a name that a user gives.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import re

from ..._errors import Outcome
from ..errors import WindowsClassError

_NAMESPACE = re.compile(r"root(/[a-z0-9_\-]+)*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

# Of Windows, with everything below them.
_WINDOWS_TREES = (
    "root/microsoft",
    "root/mscluster",
    "root/virtualization",
    "root/standardcimv2",
    "root/subscription",
    "root/default",
    "root/rsop",
    "root/policy",
)
# Vendors have classes in root/cimv2 and root/wmi too, so that the names decide there and everywhere.
_WINDOWS_PREFIXES = ("win32_", "win32provider", "cim_", "msft_", "mscluster_", "msvm_", "msi_", "ps_", "stdregprov", "__")


def require_vendor_class(namespace: str, class_name: str, method: str, node: str) -> None:
    """Refuse a class of Windows itself, and what is no name of a class, before anything is sent.

    Args:
        namespace: its namespace, with slashes or backslashes.
        class_name: its name.
        method: the method that is to be called.
        node: for the error.

    Raises:
        WindowsClassError: it is one of Windows, or one of the names cannot be one.
    """
    plain = namespace.replace("\\", "/").strip("/").lower()
    if not _NAMESPACE.fullmatch(plain):
        raise _refused(f"{namespace!r} is no namespace", node)
    for name in (class_name, method):
        if not _NAME.fullmatch(name):
            raise _refused(f"{name!r} is no name of a class or a method", node)
    is_below = any(plain == tree or plain.startswith(f"{tree}/") for tree in _WINDOWS_TREES)
    if plain == "root" or is_below or class_name.lower().startswith(_WINDOWS_PREFIXES):
        raise _refused(f"{class_name} in {plain} is a class of Windows itself, and only a vendor's may be called", node)


def _refused(message: str, node: str) -> WindowsClassError:
    return WindowsClassError(
        message,
        node=node,
        operation="install",
        remedy="Name a class of the vendor; what belongs to Windows is done by the tasks of this collection",
        outcome=Outcome.NOT_DONE,
    )
