# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A last look at one hotfix before its installer is started, as hours may lie between the check of the whole folder and that moment.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from ..._smb.records import AceType
from . import rights
from .errors import HotfixFolderError
from .folder import Hotfix
from .tree import ShareReader


def require_unchanged(share: ShareReader, hotfix: Hotfix, *, checks_permissions: bool) -> None:
    """Make sure that a hotfix can still be read, and that still nobody else may write to it.

    Args:
        share: where the root folder is.
        hotfix: the file.
        checks_permissions: whether permissions are looked at at all.

    Raises:
        HotfixFolderError: somebody else may write to it by now.
        OperationError: it cannot be read any more.
    """
    share.require_readable(hotfix.path)
    if not checks_permissions:
        return
    dacl = share.security(hotfix.path).dacl
    if dacl is None or any(ace.type is AceType.ALLOW and rights.is_writing(ace) for ace in dacl):
        raise HotfixFolderError(
            f"the permissions of {hotfix.update_path} have changed since the folder was checked, and others may write to it now",
            operation="install",
            remedy="Find out who changed them, see that the file is the right one, then run again",
        )
