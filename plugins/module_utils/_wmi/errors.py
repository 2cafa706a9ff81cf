# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong above the protocol: a remote class is missing, or answers that it will not.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from .._errors import OperationError, Outcome


class WmiError(OperationError):
    """A remote class did not do, or did not say, what was asked of it."""


class MethodFailedError(WmiError):
    """A method ran and said no, by its return value or by a fault that carries the provider's own code.

    Args:
        message: what failed, with the code explained.
        return_value: the number that was returned, unsigned, a Win32 HRESULT reduced to its Win32 code; also the `code`.
        node: name of the node as the user knows it.
        operation: the method, as Class.Method.
        remedy: what the user should do next.
        outcome: what is known about the effect.
    """

    def __init__(
        self,
        message: str,
        *,
        return_value: int,
        node: str | None = None,
        operation: str | None = None,
        remedy: str | None = None,
        outcome: Outcome = Outcome.FAILED,
    ) -> None:
        super().__init__(message, node=node, operation=operation, code=return_value, remedy=remedy, outcome=outcome)
        self.return_value = return_value

    def sentence(self) -> str:
        """Return the one text a user reads; the message has the code already, with its meaning."""
        return super().sentence().replace(f" (0x{self.return_value:08X})", "", 1)


class InstanceHeldError(WmiError):
    """A run lock or node session was not created because another GUID holds it.

    Args:
        message: what was refused.
        holder: GUID that the node named as holder, None when it is gone by now or could not be read.
        node: name of the node as the user knows it.
        code: code of the refusal.
        remedy: what the user should do next.
    """

    def __init__(
        self, message: str, *, holder: str | None, node: str | None = None, code: int | None = None, remedy: str | None = None
    ) -> None:
        super().__init__(message, node=node, code=code, remedy=remedy)
        self.holder = holder


class NotAClusterNodeError(WmiError):
    """The machine has no failover cluster, or is no member of one."""


class ProviderMissingError(WmiError):
    """A namespace or class that the work needs does not exist on the machine."""


class SessionMissingError(WmiError):
    """A method of the node session was called although no session with that GUID stands on the node."""
