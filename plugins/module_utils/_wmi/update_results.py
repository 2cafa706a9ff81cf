# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the update methods of MSFT_CAUNode give back, as records (cau.md 1.1 to 1.3).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import datetime

from .._wsman.errors import AnswerError
from .._wsman.instance import CimInstance
from .._wsman.kinds import Kind
from .codes import unsigned
from .guid import plain_guid
from .remote_class import answer_decides

_KB = re.compile(r"\bKB[\s-]?(\d{5,8})\b", re.IGNORECASE)


class UpdateResultCode(enum.IntEnum):
    """CAU's own numbering (cau.md 1.3); WUA's OperationResultCode differs: there 2 is success."""

    SUCCEEDED = 0
    FAILED = 1
    CANCELED = 2


_RESULT_CODES = frozenset(UpdateResultCode)


def kb_of_title(title: str) -> str | None:
    """Return the knowledge base number that an update's title names, as "KB5066136", None when it names none.

    WUA gives the number in the title only; of several, the last is the update's own, since titles put it in brackets at their end.
    """
    found = _KB.findall(title)
    return f"KB{found[-1]}" if found else None


@dataclass(frozen=True)
class OfferedUpdate:
    """One update that a scan found.

    Attributes:
        update_id: GUID, lower case without braces.
    """

    update_id: str
    title: str
    description: str = ""

    @property
    def kb(self) -> str | None:
        """Return the number from the title, such as "KB5066136"."""
        return kb_of_title(self.title)


@dataclass(frozen=True)
class UpdateResult:
    """What became of one update that was downloaded or installed.

    Attributes:
        update_id: GUID, lower case without braces.
        result: CAU's result code; a number that is not documented is read as FAILED.
        error_code: HRESULT, unsigned, 0 when fine.
        timestamp: aware UTC, None when the node gave none.
        reboot_required: the update needs a restart; always False for a download.
        long_reboot_hint: the restart may be slow.
        commit_required: newest systems only, None elsewhere.
    """

    update_id: str
    title: str
    description: str
    result: UpdateResultCode
    error_code: int
    timestamp: datetime | None = None
    reboot_required: bool = False
    long_reboot_hint: bool = False
    commit_required: bool | None = None

    @property
    def kb(self) -> str | None:
        """Return the number from the title, such as "KB5066136"."""
        return kb_of_title(self.title)


@dataclass(frozen=True)
class InstallerResult:
    """What RunUpdateInstaller says about an installer.

    Attributes:
        launch_hresult: HRESULT of starting it, unsigned; 0 when it ran.
        return_code: its exit code, signed 32 bit as hotfix rules write it (cau.md 6.2); None when it did not start.
    """

    launch_hresult: int
    return_code: int | None


def offered_update(info: CimInstance) -> OfferedUpdate:
    """Read an MSFT_CAU_ScanUpdateInfo or one of its subclasses."""
    return OfferedUpdate(
        update_id=plain_guid(info.require_text("UpdateId")),
        title=info.text("UpdateTitle") or "",
        description=info.text("UpdateDesc") or "",
    )


def results_of(output: CimInstance, kind: Kind) -> list[UpdateResult]:
    """Return one result per update; of two for the same update, streamed and repeated at the end, a failure wins."""
    results: dict[str, UpdateResult] = {}
    with answer_decides(kind):
        for info in output.instances("Info"):
            result = _result(info)
            earlier = results.get(result.update_id)
            if earlier is None or earlier.result is UpdateResultCode.SUCCEEDED:
                results[result.update_id] = result
    return list(results.values())


def _result(info: CimInstance) -> UpdateResult:
    what = offered_update(info)
    code = info.require_integer("UpdateResultCode")
    return UpdateResult(
        update_id=what.update_id,
        title=what.title,
        description=what.description,
        result=UpdateResultCode(code) if code in _RESULT_CODES else UpdateResultCode.FAILED,
        error_code=unsigned(info.integer("UpdateErrorCode") or 0),
        timestamp=info.moment("UpdateTimestamp"),
        reboot_required=info.boolean("RebootRequired") or False,
        long_reboot_hint=info.boolean("LongRebootHint") or False,
        commit_required=info.boolean("CommitRequired"),
    )


def installer_result(output: CimInstance) -> InstallerResult:
    """Read the Result of RunUpdateInstaller."""
    result = output.instance("Result")
    if result is None:
        raise AnswerError("RunUpdateInstaller gave no Result", kind=Kind.ONCE_ONLY)
    launch = unsigned(result.require_integer("LaunchInstallerHResult"))
    if launch & 0x80000000:
        return InstallerResult(launch, None)
    return InstallerResult(launch, _signed(result.require_integer("ReturnCode")))


def _signed(number: int) -> int:
    return number - 0x100000000 if number > 0x7FFFFFFF else number
