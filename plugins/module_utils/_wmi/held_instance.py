# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two instances that mark a node as taken: MSFT_CAURun and MSFT_CAUNode (cau.md 1.4).

Creating one takes it, deleting it gives it back; there is at most one of each class on a node, keyed by the GUID of whoever holds it.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from .._errors import OperationError, Outcome
from .._wsman.errors import FaultError
from .errors import InstanceHeldError, ProviderMissingError, WmiError
from .guid import plain_guid
from .remote_class import RemoteClass

KEY = "OrchestratorGuid"


class HeldInstance:
    """The one instance of a class that stands for "this node is taken".

    Args:
        remote: MSFT_CAURun or MSFT_CAUNode of one node.
        label: what a user calls the instance ("run lock", "node session").
    """

    def __init__(self, remote: RemoteClass, label: str) -> None:
        self._remote = remote
        self._label = label
        # How this node spells a GUID that we gave it: with or without braces, in which case, is not documented (cau.md 1.4).
        self._spelling: dict[str, str] = {}

    def keys(self, guid: str) -> dict[str, str]:
        """Return the selectors for the instance of this GUID, in the node's spelling where that is known."""
        plain = plain_guid(guid)
        return {KEY: self._spelling.get(plain, plain)}

    def holder(self) -> str | None:
        """Return the GUID that holds the instance, None when nobody does."""
        found = self._remote.enumerate()
        if not found:
            return None
        if len(found) > 1:
            message = f"the {self._label} of the node is held {len(found)} times over, which its provider should never allow"
            remedy = "Restart the WMI provider host of the node, then look again"
            raise WmiError(message, node=self._remote.client.name, remedy=remedy)
        return self._learn(found[0].require_text(KEY))

    def touch(self, guid: str) -> bool:
        """Read the instance by its key, which also counts as activity of its owner (cau.md 1.4).

        Returns:
            False when this GUID does not hold it.
        """
        plain = plain_guid(guid)
        if self._is_there(plain):
            return True
        # The key may be stored in a spelling that we have not seen; the list tells, and only then is the lock really lost.
        known = self.keys(plain)
        return self.holder() == plain and (self.keys(plain) == known or self._is_there(plain))

    def take(self, guid: str) -> None:
        """Create the instance for this GUID; taking what this GUID already holds succeeds.

        The fault for a conflict is not documented (cau.md 1.4), so after any failure the node is asked who holds it.

        Raises:
            InstanceHeldError: another GUID holds it.
            OperationError: it was not created for another reason, or nobody knows.
        """
        plain = plain_guid(guid)
        try:
            keys = self._remote.create({KEY: plain})
        except ProviderMissingError:
            raise
        except OperationError as error:
            if error.outcome is Outcome.NOT_DONE:
                raise
            self._after_failed_create(plain, error)
            return
        created = next((value for name, value in keys.items() if name.lower() == KEY.lower()), plain)
        if self._learn(created) != plain:
            raise self._held(plain_guid(created), None)

    def give_back(self, guid: str) -> bool:
        """Delete the instance of this GUID, never anybody else's.

        Returns:
            False when this GUID did not hold it.
        """
        plain = plain_guid(guid)
        if not self.touch(plain):
            return False
        try:
            self._remote.delete(self.keys(plain))
        except OperationError as error:
            if error.outcome is Outcome.NOT_DONE or self._holder_after(error) == plain:
                raise
        return True

    def _learn(self, spelled: str) -> str:
        plain = plain_guid(spelled)
        self._spelling = {plain: spelled}
        return plain

    def _is_there(self, plain: str) -> bool:
        try:
            found = self._remote.get(self.keys(plain))
        except FaultError as fault:
            if fault.is_not_found:
                return False
            raise
        # A provider of a singleton may answer with the one instance it has, whatever key was asked for.
        return plain_guid(found.require_text(KEY)) == plain

    def _holder_after(self, error: OperationError) -> str | None:
        try:
            return self.holder()
        except OperationError:
            raise error from None

    def _after_failed_create(self, plain: str, error: OperationError) -> None:
        holder = self._holder_after(error)
        if holder == plain:
            return
        if holder is not None or (isinstance(error, FaultError) and error.is_already_exists and not error.is_unsure):
            raise self._held(holder, error) from error
        raise error

    def _held(self, holder: str | None, error: OperationError | None) -> InstanceHeldError:
        by = f"by {holder}" if holder is not None else "by another, which has gone since"
        return InstanceHeldError(
            f"the {self._label} is held {by}",
            holder=holder,
            node=self._remote.client.name,
            code=error.code if error else None,
            remedy="Wait until that run has ended; the node itself drops a lock that nobody touched for an hour",
        )
