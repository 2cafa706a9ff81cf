# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a plug-in of a user's own on a node: what is asked and written down before and after what it does by itself.

Its installation is one once-only operation. It stands in the journal before it begins and until the plug-in has said what became of it;
where nobody has said that, a scan of the plug-in decides, and until then the node stays as it is.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .. import pending, stay
from ..errors import JournalError, OfferedAgainError, OutcomeUnknownError, TimeLimitError, UpdatesFailedError
from ..fleet import NodeWork
from ..hotfix.open_installer import SHORT_LOOK_SECONDS, wait_for_open_installer
from ..journal_records import NodeEntry, Phase, installed_name
from ..node_session import session_for
from ..permission import entry_of, require_permission, require_run, require_standing
from ..quiet import wait_until_quiet
from ..waiting import names
from .shape import PluginRecord, PluginUpdate, ResultCode


@dataclass(frozen=True)
class PluginStart:
    """What installing with a plug-in means at this moment.

    Args:
        to_install: the updates that it is to install now.
        awaiting: those that it has installed in this run and that wait for a restart.
        reboot_required: whether a restart is due before anything is installed, or although nothing is left to install.
        signs: the names of the signs that ask for one.
    """

    to_install: tuple[PluginUpdate, ...]
    awaiting: tuple[PluginUpdate, ...] = ()
    reboot_required: bool = False
    signs: tuple[str, ...] = ()

    @property
    def is_begun(self) -> bool:
        """Whether the plug-in is to install now; a restart that is due comes first, and another round after it."""
        return bool(self.to_install) and not self.reboot_required


@dataclass(frozen=True)
class PluginRestart:
    """What becomes of a restart that a plug-in's updates ask for.

    Args:
        is_due: whether it is to be made; not where it has to be left undone.
        resume_first: whether the node has to serve again, and be drained again, before it.
    """

    is_due: bool = False
    resume_first: bool = False


def require_lock(work: NodeWork) -> None:
    """Make sure that this run holds the lock and is not to stop, before a plug-in looks at the node or stages there.

    Raises:
        RunLockLostError: this run does not hold the lock.
        RunStoppedError: somebody asked the run to stop.
    """
    work.safe_point()
    if work.ownership is not None:
        work.ownership.verify_lock()


def plan(work: NodeWork, plugin: str, found: Sequence[PluginUpdate], max_rounds: int) -> PluginStart:
    """Find out what a plug-in would install, through a node session that is held for the question alone where none stands.

    Raises:
        OfferedAgainError: an update that it has installed in this run is found again after its restart.
        UpdatesFailedError: it has installed as often as it may.
        OperationError: what waits for a restart could not be read.
    """
    entry = entry_of(work)
    with session_for(work, is_verified=work.ownership is not None) as session:
        signs = tuple(pending.blocking(pending.signals(work.client, session.guid)))
    awaiting = tuple(update for update in found if entry is not None and entry.has_installed(plugin, update.update_id))
    to_install = tuple(update for update in found if update not in awaiting)
    was_restarted = entry is not None and entry.phase is Phase.RESTARTED
    waits = bool(signs) or (entry is not None and entry.restart_due)
    if awaiting and (was_restarted or not waits):
        raise OfferedAgainError(
            f"{plugin} installed with success and finds again: {names(update.title for update in awaiting)}",
            updates=[update.update_id for update in awaiting],
            node=work.node,
            operation="install",
            remedy="Find out why the node does not keep it",
        )
    if to_install and entry is not None and entry.plugin_rounds.count(plugin) >= max_rounds:
        raise UpdatesFailedError(
            f"{plugin} still finds updates after it has installed {max_rounds} times: {names(update.title for update in to_install)}",
            node=work.node,
            operation="install",
            remedy="Look at what the plug-in does, or raise max_rounds",
        )
    # What this run has installed since the last restart shares its restart with what the plug-in installs.
    is_shared = bool(to_install) and entry is not None and entry.phase is Phase.INSTALLING
    return PluginStart(to_install, awaiting, waits and not was_restarted and not is_shared, signs)


def begin_install(work: NodeWork, plugin: str, found: Sequence[PluginUpdate], max_rounds: int) -> PluginStart:
    """Write down that a plug-in is about to install, where it may.

    Args:
        work: the node in work, paused by this run.
        plugin: name of the plug-in.
        found: the updates that its scan has just found.
        max_rounds: how often it may install on a node.

    Raises:
        CauError: lock, turn or pause refused it, or the outcome of something before it is not known; see plan for more.
    """
    _ownership, journal = require_run(work, "install")
    require_standing(work)
    wait_for_open_installer(work, "install")
    _refuse_open_batch(work)
    start = plan(work, plugin, found, max_rounds)
    if start.to_install and start.reboot_required:
        stay.refuse_restart_first(work)
        work.say("install", f"a restart is pending and has to come first ({names(start.signs)})")
    if not start.to_install:
        work.say("scan", f"{plugin} has nothing left to install")
    if not start.is_begun:
        return start
    work.heed()
    require_permission(work)
    before = entry_of(work) or NodeEntry(work.node)
    try:
        journal.write(
            work.node,
            phase=Phase.INSTALLING,
            plugin=plugin,
            plugin_updates=tuple(update.update_id for update in start.to_install),
            plugin_rounds=(*before.plugin_rounds, plugin),
        )
    except JournalError:
        journal.write_where_possible(
            work.node, phase=before.phase, plugin=None, plugin_updates=(), plugin_rounds=before.plugin_rounds
        )
        raise
    work.say("install", f"{plugin} installs {len(start.to_install)}: {names(update.title for update in start.to_install)}")
    return start


def _refuse_open_batch(work: NodeWork) -> None:
    entry = entry_of(work)
    if entry is not None and entry.batch:
        raise OutcomeUnknownError(
            f"the outcome of an installation is not known ({names(entry.batch)}), so nothing else is installed",
            node=work.node,
            operation="install",
            remedy="Run it again with Windows updates, which looks at the evidence",
        )


def end_install(work: NodeWork, plugin: str, records: Sequence[PluginRecord]) -> bool:
    """Write down what became of an installation, as the plug-in said it.

    Returns:
        Whether a restart is due.

    Raises:
        CauError: this run lost the lock meanwhile, so that what the plug-in did is left to be found out by the next one.
    """
    ownership, _journal = require_run(work, "install")
    ownership.verify_lock()
    ownership.verify_paused_by_us()
    for number, record in enumerate(records, start=1):
        work.say("install", f"{record.sentence()} ({number} of {len(records)})")
    asked = any(record.reboot_required for record in records)
    _close(work, plugin, records, is_due=asked)
    with session_for(work, is_verified=True) as session:
        return asked or pending.is_restart_due(work, session.guid, ())


def is_open(work: NodeWork, plugin: str) -> bool:
    """Return whether a plug-in's installation was begun and nobody has said what became of it.

    Raises:
        JournalError: what was done to the node could not be read.
    """
    entry = entry_of(work)
    return entry is not None and entry.plugin == plugin


def settle(work: NodeWork, plugin: str, found: Sequence[PluginUpdate], *, is_busy: bool) -> list[PluginRecord]:
    """Decide by a scan what became of an installation that nobody has told about; nothing is repeated.

    Args:
        work: the node in work.
        plugin: name of the plug-in.
        found: the updates that its scan has just found.
        is_busy: whether the plug-in says that an installation of its own still goes on.

    Returns:
        What is known of each update that was to be installed.

    Raises:
        OutcomeUnknownError: something may still be going on.
        CauError: lock, turn or pause refused it.
    """
    require_standing(work)
    entry = entry_of(work)
    if entry is None or entry.plugin != plugin:
        return []
    _wait_for_its_end(work, plugin, is_busy=is_busy)
    with session_for(work, is_verified=True) as session:
        signs = tuple(pending.blocking(pending.signals(work.client, session.guid)))
    offered = {update.update_id: update for update in found}
    records = [_by_evidence(update_id, offered.get(update_id), signs) for update_id in entry.plugin_updates]
    for record in records:
        work.say("install", record.sentence())
    _close(work, plugin, records, is_due=any(record.reboot_required for record in records))
    return records


def _by_evidence(update_id: str, offered: PluginUpdate | None, signs: Sequence[str]) -> PluginRecord:
    if offered is None:
        # Whether it takes effect with a restart only would have stood in the result, so it gets one: a restart that was not needed costs
        # minutes.
        update = PluginUpdate(update_id, update_id)
        return PluginRecord(update, ResultCode.SUCCEEDED, reboot_required=True, reason="the plug-in finds it no more")
    reason = f"it is still found, and a restart is pending ({names(signs)})" if signs else "the plug-in still finds it"
    return PluginRecord(offered, ResultCode.FAILED, reboot_required=bool(signs), reason=reason)


def _wait_for_its_end(work: NodeWork, plugin: str, *, is_busy: bool) -> None:
    problem = "it says that its installation still goes on" if is_busy else ""
    if not problem:
        try:
            wait_until_quiet(work, SHORT_LOOK_SECONDS)
        except TimeLimitError as error:
            problem = error.message
    if problem:
        raise OutcomeUnknownError(
            f"what {plugin} has begun may not have ended, so the node stays as it is: {problem}",
            node=work.node,
            operation="install",
            remedy="Wait until it has ended, then run the same playbook again",
        )


def _close(work: NodeWork, plugin: str, records: Sequence[PluginRecord], *, is_due: bool) -> None:
    _ownership, journal = require_run(work, "install")
    entry = entry_of(work) or NodeEntry(work.node)
    new = [installed_name(plugin, record.update.update_id) for record in records if record.result is ResultCode.SUCCEEDED]
    journal.write(
        work.node,
        plugin=None,
        plugin_updates=(),
        plugin_installed=tuple(dict.fromkeys((*entry.plugin_installed, *new))),
        restart_due=entry.restart_due or is_due,
    )


def restart_of(work: NodeWork, *, is_due: bool) -> PluginRestart:
    """Return what becomes of a restart that is due in this stay, and say so.

    Args:
        work: the node in work.
        is_due: whether one is due at all.
    """
    if stay.leaves_restart(work, is_due=is_due):
        return PluginRestart()
    return PluginRestart(is_due, stay.is_over_before_restart(work, is_due=is_due))
