# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every error of this collection carries, whatever its layer.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum


class Outcome(enum.Enum):
    """What an error says about the operation that it ended."""

    NOT_DONE = "not_done"
    """It certainly did not happen, and trying it again is safe."""

    FAILED = "failed"
    """It was refused or failed for good; trying the same again gives the same answer."""

    UNKNOWN = "unknown"
    """It may have happened, or may still be happening: look at the evidence, never repeat blindly."""


class OperationError(Exception):
    """Something that was asked of a node did not go as it should.

    Args:
        message: what failed, one sentence without a full stop, without the node's name.
        node: name of the node as the user knows it, None when no single node is meant.
        operation: what was being done, in the user's words ("drain", "take the run lock").
        code: the number that the other side gave (HRESULT, WS-Man or Win32 code), unsigned.
        remedy: what the user should do next, one sentence.
        outcome: what is known about the operation's effect.
    """

    def __init__(
        self,
        message: str,
        *,
        node: str | None = None,
        operation: str | None = None,
        code: int | None = None,
        remedy: str | None = None,
        outcome: Outcome = Outcome.FAILED,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.node = node
        self.operation = operation
        self.code = code
        self.remedy = remedy
        self.outcome = outcome

    def sentence(self) -> str:
        """Return the one text a user reads: what failed, on which node, and how to mend it."""
        where = f"{self.node}: " if self.node else ""
        doing = f"{self.operation}: " if self.operation else ""
        code = f" (0x{self.code:08X})" if self.code is not None and f"{self.code:08X}" not in self.message.upper() else ""
        remedy = f" {self.remedy.rstrip('.')}." if self.remedy else ""
        return f"{where}{doing}{self.message.rstrip('.')}{code}.{remedy}"

    def __str__(self) -> str:
        return self.sentence()
