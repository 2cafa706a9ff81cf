# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of the hotfixes of a node, as records.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..._errors import OperationError
from ..errors import UpdatesFailedError
from ..waiting import names
from .folder import Hotfix
from .rules import HotfixState

_SUCCESS = frozenset({HotfixState.SUCCEEDED, HotfixState.SUCCEEDED_REBOOT_REQUIRED})


@dataclass(frozen=True)
class HotfixOptions:
    """How hotfixes are applied; all times in clock seconds.

    Args:
        timeout_seconds: how long one installer may take; the provider has no limit of its own (cau.md 1.2).
        settle_seconds: how long an installer that has passed its limit, or whose answer was lost, may still take to end.
        require_smb_encryption: whether the node may read the share only with SMB encryption.
    """

    timeout_seconds: float = 1800
    settle_seconds: float = 7200
    require_smb_encryption: bool = False


@dataclass(frozen=True)
class HotfixRecord:
    """What became of one hotfix.

    Args:
        path: below the hotfix root folder.
        state: what became of it.
        exit_code: of its installer, signed; None when there is none.
        launch_hresult: HRESULT of starting it, unsigned; 0 when it ran, None when the node gave no answer.
        reason: why it is not applied, or what is to be known about it.
    """

    path: str
    state: HotfixState
    exit_code: int | None = None
    launch_hresult: int | None = None
    reason: str = ""

    def sentence(self) -> str:
        """Return the record in words."""
        words = {
            HotfixState.SUCCEEDED: "succeeded",
            HotfixState.SUCCEEDED_REBOOT_REQUIRED: "succeeded, wants a restart",
            HotfixState.ALREADY_INSTALLED: "is installed already",
            HotfixState.NOT_APPLICABLE: "does not apply to this node",
            HotfixState.FAILED: f"FAILED {self.reason}",
            HotfixState.FAILED_REBOOT_REQUIRED: f"FAILED {self.reason}, and wants a restart",
            HotfixState.UNKNOWN: f"has an outcome that is NOT KNOWN: {self.reason}",
        }
        return f"{self.path} {words[self.state]}"


@dataclass(frozen=True)
class HotfixPlan:
    """What applying the hotfixes of a node means at this moment.

    Args:
        to_apply: the hotfixes to apply, in order.
        done_before: those that this run has dealt with on the node already.
        reboot_required: whether a restart is due before anything is applied, or although nothing is left to apply.
        was_restarted: whether this run has restarted the node since it last installed something there.
        signs: the names of the signs that ask for a restart.
    """

    to_apply: tuple[Hotfix, ...]
    done_before: tuple[Hotfix, ...] = ()
    reboot_required: bool = False
    was_restarted: bool = False
    signs: tuple[str, ...] = ()

    @property
    def is_restart_first(self) -> bool:
        """Whether a restart has to come before the first installer, as installing on pending servicing ends half-way (cau.md 3.3)."""
        return bool(self.to_apply) and self.reboot_required


@dataclass(frozen=True)
class HotfixOutcome:
    """What became of the hotfixes in one round.

    Args:
        plan: what was to be done.
        records: per hotfix that was tried, in order.
        reboot_required: whether a restart is due.
        is_stay_over: whether the node has to serve again, and be drained again, before the restart.
        broken_off: the error that left hotfixes untried; None when all were tried.
        is_restart_left: whether a restart is due that may not be made in this stay out of service, so that nothing more is done in it.
    """

    plan: HotfixPlan
    records: tuple[HotfixRecord, ...]
    reboot_required: bool
    is_stay_over: bool = False
    broken_off: OperationError | None = None
    is_restart_left: bool = False

    @property
    def applied(self) -> tuple[HotfixRecord, ...]:
        """The hotfixes that were applied; one that was installed already or does not apply is no work (cau.md 6.2)."""
        return tuple(record for record in self.records if record.state in _SUCCESS)

    @property
    def failed(self) -> tuple[HotfixRecord, ...]:
        """The hotfixes that failed, or whose outcome is not known."""
        return tuple(record for record in self.records if record.state.is_failure)

    @property
    def another_round(self) -> bool:
        """Whether the node has to be looked at again, after its restart if it needs one."""
        return not self.is_restart_left and (self.reboot_required or bool(self.applied))

    def failure(self, node: str) -> OperationError | None:
        """Return the error of a round in which something went wrong, None when nothing did."""
        if self.broken_off is not None:
            return self.broken_off
        if not self.failed:
            return None
        first = self.failed[0]
        count = len(self.failed)
        return UpdatesFailedError(
            f"{count} hotfix{'' if count == 1 else 'es'} not applied: {names((record.sentence() for record in self.failed), most=20)}",
            results=self.failed,
            node=node,
            operation="install",
            code=first.launch_hresult or first.exit_code or None,
            remedy="Mend what is named, or take the file out of the hotfix root folder, then run it again",
        )
