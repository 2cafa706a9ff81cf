# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The node session: MSFT_CAUNode on one node, through which updates are scanned, downloaded and installed (cau.md 1.4).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import types
import typing as t
from collections.abc import Callable

from .._clock import Clock
from .._errors import OperationError, Outcome
from .._wmi.errors import InstanceHeldError
from .errors import NodeSessionHeldError, TurnLostError
from .fleet import NodeWork
from .idempotent import SETTLE_SECONDS
from .run_id import is_same_guid, normal_guid

if t.TYPE_CHECKING:
    from .._wmi.node_client import NodeClient


def _never() -> bool:
    return False


class NodeSession:
    """A node session around the work on one node; a context manager.

    Args:
        client: the node.
        guid: the run's id.
        clock: for the pause after a lost answer.
        node: what the cluster calls the node, for messages.
        is_kept_when_found: asked when a session of this run stood before: whether it stays when this one is left, as the turn's does.
        is_verified: the session of the turn was read just now, so that entering it need not look at it again; it stays.
    """

    def __init__(
        self,
        client: NodeClient,
        guid: str,
        clock: Clock,
        *,
        node: str | None = None,
        is_kept_when_found: Callable[[], bool] = _never,
        is_verified: bool = False,
    ) -> None:
        self.client = client
        self.guid = guid
        self.clock = clock
        self.node = node or client.name
        self._is_kept_when_found = is_kept_when_found
        self._is_verified = self._is_kept = is_verified

    def open(self) -> bool:
        """Open the session, or find it open.

        Returns:
            Whether it was created just now.

        Raises:
            NodeSessionHeldError: another GUID holds it.
            OperationError: the node did not open it.
        """
        update = self.client.cluster_update
        if update.touch_node_session(self.guid):
            self._is_kept = self._is_kept_when_found()
            return False
        for attempt in (1, 2):
            try:
                update.create_node_session(self.guid)
            except InstanceHeldError as error:
                raise self._held(error.holder) from error
            except OperationError as error:
                if error.outcome is Outcome.FAILED:
                    raise
                self.clock.sleep(SETTLE_SECONDS)
                # The answer was lost: what stands there decides, and only what is not there is created once more.
                holder = update.node_session()
                if holder is not None and not is_same_guid(holder, self.guid):
                    raise self._held(holder) from error
                if holder is None and attempt == 1:
                    continue
                if holder is None:
                    raise
            return True
        return True

    def touch(self) -> None:
        """Keep the session from ageing out.

        Raises:
            NodeSessionHeldError: another GUID holds it.
            TurnLostError: nobody holds it any more.
        """
        update = self.client.cluster_update
        if update.touch_node_session(self.guid):
            return
        holder = update.node_session()
        if holder is not None:
            raise self._held(holder)
        raise TurnLostError(
            "the node session of this run is gone",
            node=self.node,
            operation="node session",
            remedy="It was closed by somebody, or nobody used it for an hour; run again",
        )

    def close(self) -> bool:
        """Close the session if it is ours and return whether it was there; doing it again does nothing.

        Raises:
            OperationError: the node gave no answer, so the session may be left until it ages out.
        """
        update = self.client.cluster_update
        try:
            return update.delete_node_session(self.guid)
        except OperationError as error:
            if error.outcome is Outcome.FAILED:
                raise
            self.clock.sleep(SETTLE_SECONDS)
            update.delete_node_session(self.guid)
            return True

    def __enter__(self) -> t.Self:
        if not self._is_verified:
            self.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None) -> None:
        if self._is_kept:
            return
        try:
            self.close()
        except OperationError:
            # The error of the work itself says more than that its session could not be closed.
            if error is None:
                raise

    def _held(self, holder: str | None) -> NodeSessionHeldError:
        guid = normal_guid(holder)
        by = f"by {guid}" if guid else "by another coordinator, which has gone since"
        return NodeSessionHeldError(
            f"the node session is held {by}",
            holder=guid,
            node=self.node,
            operation="node session",
            remedy="Wait until that work has ended; the node drops a session that nobody used for an hour",
        )


def session_for(work: NodeWork, *, is_verified: bool = False) -> NodeSession:
    """Return the node session for a step of `work`; when the node holds the turn, leaving it keeps the turn's session.

    Args:
        work: the node in work.
        is_verified: whether the step has just read that the node holds the turn.
    """

    def holds_turn() -> bool:
        entry = work.journal.read(work.node) if work.journal is not None else None
        return entry is not None and entry.holds_turn

    return NodeSession(work.client, work.run_id, work.clock, node=work.node, is_kept_when_found=holds_turn, is_verified=is_verified)
