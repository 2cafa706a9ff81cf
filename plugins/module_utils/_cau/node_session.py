# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The node session: MSFT_CAUNode on one node, through which updates are scanned, downloaded and installed.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import types
import typing as t

from .fleet import NodeWork

if t.TYPE_CHECKING:
    from .._wmi.node_client import NodeClient


class NodeSession:
    """A node session around the work on one node; a context manager.

    Args:
        client: the node.
        guid: the run's id.
        is_kept_when_found: whether a session of this run that stood before stays when this one is left (the turn's).
    """

    def __init__(self, client: NodeClient, guid: str, *, is_kept_when_found: bool = False) -> None:
        self.client = client
        self.guid = guid
        self.is_kept_when_found = is_kept_when_found

    def open(self) -> bool:
        """Open the session and return whether it was created just now; NodeSessionHeldError when another GUID holds it."""
        raise NotImplementedError

    def touch(self) -> None:
        """Keep the session from ageing out; NodeSessionHeldError or TurnLostError when it is not ours any more."""
        raise NotImplementedError

    def close(self) -> bool:
        """Close the session if it is ours and return whether it was there."""
        raise NotImplementedError

    def __enter__(self) -> t.Self:
        self.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None) -> None:
        raise NotImplementedError


def session_for(work: NodeWork) -> NodeSession:
    """Return the node session for a step of `work`; when the node holds the turn, leaving it keeps the turn's session."""
    raise NotImplementedError
