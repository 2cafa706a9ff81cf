# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stops a run before anything was changed, because the hotfix root folder is not as it must be.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from ..._errors import Outcome
from ..errors import CauError, Context

if t.TYPE_CHECKING:  # pragma: no cover
    from .findings import Finding

_SHOWN = 8
"""Sentences that one message quotes; the attribute holds them all."""


class HotfixError(CauError):
    """The hotfix root folder cannot be used; nothing has been changed on any node."""

    def __init__(self, message: str, **context: t.Unpack[Context]) -> None:
        context.setdefault("outcome", Outcome.NOT_DONE)
        super().__init__(message, **context)


class HotfixConfigError(HotfixError):
    """The configuration file says something that cannot be meant.

    Args:
        file_name: the file.
        line: where, from 1; None when the whole file is meant.
        reason: what is wrong there.
        context: see OperationError.
    """

    def __init__(self, file_name: str, line: int | None, reason: str, **context: t.Unpack[Context]) -> None:
        where = file_name if line is None else f"{file_name}, line {line}"
        context.setdefault("remedy", "Correct the file; the guide page Hotfixes describes it and the collection ships a sample")
        super().__init__(f"{where}: {reason}", **context)
        self.file_name = file_name
        self.line = line
        self.reason = reason


class HotfixFolderError(HotfixError):
    """The folder is not laid out so that its hotfixes could be applied.

    Args:
        message: what is wrong.
        problems: every reason, one sentence each without a full stop; empty when the message says it all.
        context: see OperationError.
    """

    def __init__(self, message: str, *, problems: Sequence[str] = (), **context: t.Unpack[Context]) -> None:
        super().__init__(_with_list(message, problems), **context)
        self.problems = tuple(problems)


class HotfixPermissionError(HotfixError):
    """Somebody may write who must not, or Users may not read.

    Args:
        root: the root folder, as the user gave it.
        findings: everything that was found, the warnings too.
        context: see OperationError.
    """

    def __init__(self, root: str, findings: Sequence[Finding], **context: t.Unpack[Context]) -> None:
        errors = [finding for finding in findings if finding.is_error]
        context.setdefault(
            "remedy",
            "Run these commands on Windows as an administrator of the file server, or disable the ACL checks if something else protects it",
        )
        message = f"the permissions of {root} are not those that a hotfix root folder must have"
        super().__init__(_with_list(message, [finding.sentence().rstrip(".") for finding in errors]), **context)
        self.findings = tuple(findings)


def _with_list(message: str, sentences: Sequence[str]) -> str:
    if not sentences:
        return message
    more = f"; and {len(sentences) - _SHOWN} more like these" if len(sentences) > _SHOWN else ""
    return f"{message}: {'; '.join(sentences[:_SHOWN])}{more}"
