# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The results of MSFT_CAUNode's methods as records (cau.md 1.1 to 1.3).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable

if t.TYPE_CHECKING:
    from .._wsman.client import Client
    from .._wsman.events import Event

import enum
import re
from dataclasses import dataclass
from datetime import datetime

_KB = re.compile(r"\bKB[\s-]?(\d{5,8})\b", re.IGNORECASE)


class UpdateResultCode(enum.IntEnum):
    """CAU's own numbering (cau.md 1.3); WUA's OperationResultCode differs: there 2 is success."""

    SUCCEEDED = 0
    FAILED = 1
    CANCELED = 2


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


class ClusterUpdate:
    """The CAU provider of one node."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def run_lock(self) -> str | None:
        """Return the GUID that holds the run lock of this node, None when it is free."""
        raise NotImplementedError

    def touch_run_lock(self, guid: str) -> bool:
        """Read the run lock by this GUID; False when it does not hold it."""
        raise NotImplementedError

    def create_run_lock(self, guid: str) -> None:
        """Take the run lock; InstanceHeldError when another GUID holds it."""
        raise NotImplementedError

    def delete_run_lock(self, guid: str) -> bool:
        """Give the run lock back; False when this GUID did not hold it."""
        raise NotImplementedError

    def node_session(self) -> str | None:
        """Return the GUID that holds the node session."""
        raise NotImplementedError

    def touch_node_session(self, guid: str) -> bool:
        """Read the node session by this GUID."""
        raise NotImplementedError

    def create_node_session(self, guid: str) -> None:
        """Take the node session."""
        raise NotImplementedError

    def delete_node_session(self, guid: str) -> bool:
        """Give the node session back."""
        raise NotImplementedError

    def scan(self, guid: str, query: str, include_recommended: bool, *, deadline_seconds: float, on_event: Callable[[Event], None] | None = None, should_stop: Callable[[], None] | None = None) -> list[OfferedUpdate]:
        """Search for updates."""
        raise NotImplementedError

    def download(self, guid: str, query: str, include_recommended: bool, *, deadline_seconds: float, on_event: Callable[[Event], None] | None = None, should_stop: Callable[[], None] | None = None) -> list[UpdateResult]:
        """Download the matching updates."""
        raise NotImplementedError

    def install(self, guid: str, query: str, include_recommended: bool, *, deadline_seconds: float, on_event: Callable[[Event], None] | None = None, should_stop: Callable[[], None] | None = None) -> list[UpdateResult]:
        """Install the matching updates."""
        raise NotImplementedError

    def reboot_required(self, guid: str) -> bool:
        """Ask whether a restart is pending."""
        raise NotImplementedError

    def has_feature_updates_argument(self) -> bool:
        """Return whether the node knows FeatureUpdatesOnly."""
        raise NotImplementedError

    def run_update_installer(self, guid: str, program: str, parameters: str, update_path: str, require_smb_encryption: bool, *, deadline_seconds: float, on_event: Callable[[Event], None] | None = None, should_stop: Callable[[], None] | None = None) -> InstallerResult:
        """Run one installer."""
        raise NotImplementedError

    def report_ids(self, guid: str | None = None) -> list[datetime]:
        """Return the times of the reports stored on this node."""
        raise NotImplementedError

    def get_report(self, timestamp: datetime, chunk_size: int = 65536, guid: str | None = None) -> bytes:
        """Return one report."""
        raise NotImplementedError

    def put_report(self, timestamp: datetime, data: bytes, guid: str | None = None) -> None:
        """Store one report."""
        raise NotImplementedError
