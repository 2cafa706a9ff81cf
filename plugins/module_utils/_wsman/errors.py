# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that can go wrong between this client and a WS-Management service, each with what it means and its remedy.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from .._errors import OperationError, Outcome
from .faults import Fault
from .kinds import Kind


def outcome_of_loss(kind: Kind) -> Outcome:
    """Return what is known after an answer was lost: a read may be repeated, anything else may have happened."""
    return Outcome.NOT_DONE if kind is Kind.READ else Outcome.UNKNOWN


class WsmanError(OperationError):
    """Root of everything that the WS-Management layer raises."""


class RequestRefusedError(WsmanError):
    """The request was never sent: it holds something that cannot or must not travel."""

    def __init__(self, message: str, *, node: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message, node=node, remedy=remedy, outcome=Outcome.FAILED)


class NotReachableError(WsmanError):
    """No connection came about, so nothing was sent."""

    def __init__(self, message: str, *, node: str | None = None, remedy: str | None = None, is_worth_another_try: bool = True) -> None:
        super().__init__(message, node=node, remedy=remedy, outcome=Outcome.NOT_DONE)
        self.is_worth_another_try = is_worth_another_try


class ConnectionLostError(WsmanError):
    """The connection ended or fell silent after the request may have reached the host."""

    def __init__(self, message: str, *, kind: Kind, node: str | None = None, remedy: str | None = None, is_silence: bool = False) -> None:
        super().__init__(message, node=node, remedy=remedy, outcome=outcome_of_loss(kind))
        self.is_silence = is_silence


class TimeLimitError(WsmanError):
    """The answer was still coming when the caller's time limit was over."""

    def __init__(self, message: str, *, kind: Kind, node: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message, node=node, remedy=remedy, outcome=outcome_of_loss(kind))


class TlsError(WsmanError):
    """TLS could not be set up: certificate, name, protocol version or the CA file."""

    def __init__(self, message: str, *, node: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message, node=node, remedy=remedy, outcome=Outcome.FAILED)


class AuthenticationError(WsmanError):
    """The host or the ticket service did not accept who we are."""

    def __init__(self, message: str, *, node: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message, node=node, remedy=remedy, outcome=Outcome.FAILED)


class HttpStatusError(WsmanError):
    """The host answered with an HTTP status and no SOAP fault."""

    def __init__(self, status: int, message: str, *, outcome: Outcome, node: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message, node=node, remedy=remedy, outcome=outcome)
        self.status = status


class AnswerError(WsmanError):
    """The host's answer cannot be understood or goes beyond sense: garbled, too big, too deep, endless, wrong type."""

    def __init__(self, message: str, *, kind: Kind = Kind.READ, node: str | None = None, remedy: str | None = None) -> None:
        outcome = Outcome.FAILED if kind is Kind.READ else Outcome.UNKNOWN
        super().__init__(message, node=node, remedy=remedy, outcome=outcome)


class StreamLossError(WsmanError):
    """A message of a streamed answer is missing, so its result would be incomplete (wsman-cim.md 7.2)."""

    def __init__(self, message: str, *, kind: Kind, node: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message, node=node, remedy=remedy, outcome=outcome_of_loss(kind))


class FaultError(WsmanError):
    """The host answered with a SOAP fault.

    Args:
        fault: the evidence.
        kind: what was asked, which decides what a fault of the host's own making means.
        node: name of the host as the user knows it.
        is_reconnected: the fault came on a connection that took up a lost operation, so it may speak of the taking up alone.

    Attributes:
        is_unsure: something other than a read had begun when the fault came, so that its code, whatever it means before the start, does
            not say what was done.
    """

    def __init__(self, fault: Fault, *, kind: Kind, node: str | None = None, is_reconnected: bool = False) -> None:
        is_unsure = kind is not Kind.READ and (is_reconnected or fault.is_after_the_start)
        outcome = Outcome.UNKNOWN if is_unsure else _outcome_of_fault(fault, kind)
        super().__init__(fault.describe(), node=node, code=fault.code, remedy=_LOOK_FIRST if is_unsure else _remedy(fault), outcome=outcome)
        self.fault = fault
        self.is_unsure = is_unsure

    @property
    def wsman_code(self) -> int | None:
        """Code of the innermost WSManFault."""
        return self.fault.wsman_code

    @property
    def cim_status(self) -> int | None:
        """CIM status of an MSFT_WmiError."""
        return self.fault.cim_status

    @property
    def error_code(self) -> int | None:
        """HRESULT of an MSFT_WmiError."""
        return self.fault.error_code

    @property
    def subcode(self) -> str | None:
        """Local name of the subcode."""
        return self.fault.subcode

    @property
    def reason(self) -> str:
        """The host's text, in the host's language."""
        return self.fault.reason

    @property
    def is_not_found(self) -> bool:
        """The instance does not exist (or, from WS-Man's own code, its class or namespace)."""
        return self.fault.is_not_found

    @property
    def is_class_missing(self) -> bool:
        """The class or namespace does not exist on this host."""
        return self.fault.is_class_missing

    @property
    def is_already_exists(self) -> bool:
        """Create met an instance that is there."""
        return self.fault.is_already_exists

    @property
    def is_access_denied(self) -> bool:
        """The user lacks a right."""
        return self.fault.is_access_denied

    @property
    def is_timeout(self) -> bool:
        """The host ended the operation by its time limit; the method may still be running."""
        return self.fault.is_timeout

    @property
    def is_quota(self) -> bool:
        """The host was too busy to start the operation."""
        return self.fault.is_quota


def _outcome_of_fault(fault: Fault, kind: Kind) -> Outcome:
    """Classify a fault that came before the answer had begun (wsman-cim.md 12, point 4)."""
    if fault.is_quota or (fault.is_stale_enumeration and kind is Kind.READ):
        return Outcome.NOT_DONE
    if fault.is_timeout:
        return outcome_of_loss(kind)
    if fault.is_sender or fault.is_refusal or kind is Kind.READ:
        return Outcome.FAILED
    return Outcome.UNKNOWN


_LOOK_FIRST = "What was asked may have happened all the same; look at the host's state before trying again"


def _remedy(fault: Fault) -> str | None:
    if fault.is_access_denied:
        return (
            "Use an account that is an administrator of the host; for a local account that is not the built-in one, "
            "LocalAccountTokenFilterPolicy must be 1"
        )
    if fault.is_quota:
        return "Close other WS-Management sessions of this user, or raise MaxConcurrentOperationsPerUser of the host's WinRM service"
    if fault.is_timeout:
        return "The host's MaxTimeoutms ended the wait, not the work; look at the host's state before trying again"
    if fault.is_stale_enumeration:
        return "Run it again"
    return None
