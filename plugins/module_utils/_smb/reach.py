# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way to a root folder: the file server of its path, or where a DFS namespace leads.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from . import library
from .dfs import referral_targets
from .errors import DfsError, ShareError, ShareNotFoundError
from .link import SUCCESS, LinkSettings, ServerLink, open_link
from .path_statuses import NOT_FOUND, PATH_NOT_COVERED, path_failure_of_status
from .unc import UncPath

READ_ATTRIBUTES = 0x00000080
_HOPS_LIMIT = 8


@dataclass(frozen=True)
class Reached:
    """Where a root folder really is.

    Args:
        link: connection to its file server.
        tree: the library's tree of its share.
        path: of the folder there.
        is_dfs: whether the path that was given lies in a DFS namespace.
    """

    link: ServerLink
    tree: t.Any
    path: UncPath
    is_dfs: bool


def reach(path: UncPath, settings: LinkSettings, seen: frozenset[str] = frozenset()) -> Reached:
    """Connect to where a path leads, through DFS namespaces where it lies in one.

    Args:
        path: of a folder.
        settings: how and as whom.
        seen: paths, in lower case, that led here.

    Raises:
        ShareError: the folder cannot be reached, or is none.
    """
    link = open_link(path.server, settings)
    try:
        tree, targets = _enter(link, path)
        if tree is not None and not targets:
            return Reached(link, tree, path, bool(tree.is_dfs_share) or bool(seen))
    except BaseException:
        link.close()
        raise
    link.close()
    return _follow(path, targets, settings, seen | {str(path).lower()})


def _enter(link: ServerLink, path: UncPath) -> tuple[t.Any, list[UncPath]]:
    """Return the tree of a path that is really there, or the places that stand for it."""
    try:
        tree = link.enter(path.share)
    except ShareNotFoundError as error:
        # The server can know the namespace without having a share of its name, as each domain controller does.
        return None, _targets(link, path, error)
    create = create_request(open_below(tree, path), READ_ATTRIBUTES, library.CreateOptions.FILE_DIRECTORY_FILE)
    created, _ignored = link.exchange(tree, [create, open_below(tree, path).close(send=False)[0]], path)
    if created.status == SUCCESS:
        return tree, []
    failure = path_failure_of_status(created.status, path)
    # Samba says of a link that it does not exist where Windows says that it is elsewhere.
    if not tree.is_dfs_share or created.status not in {*NOT_FOUND, PATH_NOT_COVERED}:
        raise failure
    return tree, _targets(link, path, failure)


def _targets(link: ServerLink, path: UncPath, failure: ShareError) -> list[UncPath]:
    if not link.knows_dfs:
        raise failure
    try:
        targets = referral_targets(link, path)
    except ShareError:
        raise failure from None
    targets = [target for target in targets if str(target).lower() != str(path).lower()]
    if not targets:
        raise failure
    return targets


def _follow(path: UncPath, targets: list[UncPath], settings: LinkSettings, seen: frozenset[str]) -> Reached:
    """Reach the first target that can be."""
    failure: ShareError = DfsError(f"{path} leads in a circle of DFS links", remedy="Mend the links of the DFS namespace")
    if len(seen) > _HOPS_LIMIT:
        raise failure
    for target in targets:
        if str(target).lower() in seen:
            continue
        is_elsewhere = target.server.lower() not in {path.server.lower(), (settings.host or "").lower()}
        if is_elsewhere and settings.host is not None:
            failure = DfsError(
                f"{path} leads to {target}, which is not followed while an address is set for the file server by hand",
                remedy="Give the path of that share, or make the names of all file servers known to the controller's DNS",
            )
            continue
        try:
            return replace(reach(target, settings, seen), is_dfs=True)
        except ShareError as error:
            failure = error
    raise failure


def open_below(tree: t.Any, path: UncPath) -> t.Any:  # noqa: ANN401
    """Return the library's structure for a file or folder, not yet open.

    Args:
        tree: of `Reached`.
        path: of the file or folder.
    """
    # In a DFS namespace a file is named with server and share (MS-SMB2 3.2.4.3).
    return library.Open(tree, str(path)[2:] if tree.is_dfs_share else path.path)


def create_request(opened: t.Any, access: int, options: int) -> t.Any:  # noqa: ANN401
    """Return the message that opens a file or folder which exists, and keeps nobody else from it.

    Args:
        opened: of `open_below`.
        access: mask of the rights that are asked for (MS-SMB2 2.2.13.1).
        options: the library's CreateOptions.
    """
    share_access = library.ShareAccess
    request, _ignored = opened.create(
        library.ImpersonationLevel.Impersonation,
        access,
        0,
        share_access.FILE_SHARE_READ | share_access.FILE_SHARE_WRITE | share_access.FILE_SHARE_DELETE,
        library.CreateDisposition.FILE_OPEN,
        options,
        send=False,
    )
    return request
