# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong in a run, by what the user has to do about it.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

from .._errors import OperationError, Outcome


class Context(t.TypedDict, total=False):
    """The keyword arguments that every error passes on to OperationError."""

    node: str | None
    operation: str | None
    code: int | None
    remedy: str | None
    outcome: Outcome


class CauError(OperationError):
    """A step of a run was refused, failed, or ended without a known outcome."""


class MembershipError(CauError):
    """The inventory and the cluster do not name the same nodes.

    Args:
        message: what does not fit.
        missing: cluster nodes that no inventory host is.
        no_answer: inventory hosts that could not be asked, each with the reason. Not called unreachable: Ansible would take the host of
            the task for that.
        cluster: name of the cluster, empty when it is not known.
        hosts: the inventory host of each node that was found.
        context: see OperationError.
    """

    def __init__(
        self,
        message: str,
        *,
        missing: Sequence[str] = (),
        no_answer: Mapping[str, str] | None = None,
        cluster: str = "",
        hosts: Mapping[str, str] | None = None,
        **context: t.Unpack[Context],
    ) -> None:
        super().__init__(message, **context)
        self.missing = tuple(missing)
        self.no_answer = dict(no_answer or {})
        self.cluster = cluster
        self.hosts = dict(hosts or {})


class RunLockHeldError(CauError):
    """The run lock could not be taken because somebody else holds it, or may hold it.

    Args:
        message: who holds it, and where.
        holder: the run id that was read, None when it could not be read.
        is_ours_dead: whether the holder is a run of this collection that shows no sign of life any more.
        description: the holder in words, with everything that its journal tells.
        may_be_left: nodes where our own lock may still stand because roll-back got no answer.
        context: see OperationError.
    """

    def __init__(
        self,
        message: str,
        *,
        holder: str | None = None,
        is_ours_dead: bool = False,
        description: str = "",
        may_be_left: Sequence[str] = (),
        **context: t.Unpack[Context],
    ) -> None:
        super().__init__(message, **context)
        self.holder = holder
        self.is_ours_dead = is_ours_dead
        self.description = description
        self.may_be_left = tuple(may_be_left)


class PersonNeededError(CauError):
    """What an earlier run left behind is nothing that a new one may decide by itself.

    Args:
        message: what a person has to decide.
        questions: one sentence each.
        context: see OperationError.
    """

    def __init__(self, message: str, *, questions: Sequence[str] = (), **context: t.Unpack[Context]) -> None:
        super().__init__(message, **context)
        self.questions = tuple(questions)


class RunStoppedError(CauError):
    """Somebody asked the run to stop at its next safe point, and it has."""


class RunLockFailedError(CauError):
    """The run lock could not be taken or released on every node, although nobody else holds it.

    Args:
        message: what failed.
        may_be_left: nodes where our own lock may still stand.
        context: see OperationError.
    """

    def __init__(self, message: str, *, may_be_left: Sequence[str] = (), **context: t.Unpack[Context]) -> None:
        super().__init__(message, **context)
        self.may_be_left = tuple(may_be_left)


class RunLockLostError(CauError):
    """This run no longer holds its lock, so it may change nothing.

    Args:
        message: what was found instead.
        nodes: the nodes without our lock.
        holders: the other run id found on a node, where there was one.
        context: see OperationError.
    """

    def __init__(
        self, message: str, *, nodes: Sequence[str] = (), holders: Mapping[str, str] | None = None, **context: t.Unpack[Context]
    ) -> None:
        super().__init__(message, **context)
        self.nodes = tuple(nodes)
        self.holders = dict(holders or {})


class RunLockUnreadableError(CauError):
    """Whether this run still holds its lock could not be read, which counts as not holding it.

    Args:
        message: which nodes gave no answer.
        nodes: those nodes.
        context: see OperationError.
    """

    def __init__(self, message: str, *, nodes: Sequence[str] = (), **context: t.Unpack[Context]) -> None:
        super().__init__(message, **context)
        self.nodes = tuple(nodes)


class TurnTakenError(CauError):
    """Another node of the cluster has a node session, so this one may not be drained.

    Args:
        message: which node has it.
        holder: that node.
        run_id: the run id of its session.
        context: see OperationError.
    """

    def __init__(self, message: str, *, holder: str, run_id: str | None = None, **context: t.Unpack[Context]) -> None:
        super().__init__(message, **context)
        self.holder = holder
        self.run_id = run_id


class TurnLostError(CauError):
    """The node's own node session is gone or belongs to somebody else."""


class TurnUnreadableError(CauError):
    """Whether another node has a node session could not be read, which counts as if it had one."""


class NodeSessionHeldError(CauError):
    """Another coordinator has the node session of this node.

    Args:
        message: who has it.
        holder: the run id that was read, None when it could not be read.
        context: see OperationError.
    """

    def __init__(self, message: str, *, holder: str | None = None, **context: t.Unpack[Context]) -> None:
        super().__init__(message, **context)
        self.holder = holder


class JournalError(CauError):
    """The journal could not be read, understood or written; nothing that needs it was done."""


class GateRefusedError(CauError):
    """The cluster is not in a state in which a node may be taken out of service.

    Args:
        message: the short form.
        findings: every reason, one sentence each.
        context: see OperationError.
    """

    def __init__(self, message: str, *, findings: Sequence[str] = (), **context: t.Unpack[Context]) -> None:
        super().__init__(message, **context)
        self.findings = tuple(findings)


class DrainFailedError(CauError):
    """The roles did not leave the node; it was resumed unless the message says otherwise.

    Args:
        message: what happened.
        groups_left: clustered groups that stayed, or that were online before and are not now.
        context: see OperationError.
    """

    def __init__(self, message: str, *, groups_left: Sequence[str] = (), **context: t.Unpack[Context]) -> None:
        super().__init__(message, **context)
        self.groups_left = tuple(groups_left)


class ResumeFailedError(CauError):
    """The node could not be brought back into service."""


class StorageNotRepairedError(CauError):
    """The node serves again, and the storage was not repaired in the time that it had."""


class RestartFailedError(CauError):
    """The node was not restarted, or did not come back as it should."""


class RestartNotAllowedError(CauError):
    """A restart is needed first, and the node may not be restarted in this stay out of service."""


class UpdatesFailedError(CauError):
    """Updates failed or were cancelled on a node.

    Args:
        message: which ones and why.
        results: the results as the node gave them.
        context: see OperationError.
    """

    def __init__(self, message: str, *, results: Sequence[object] = (), **context: t.Unpack[Context]) -> None:
        super().__init__(message, **context)
        self.results = tuple(results)


class OutcomeUnknownError(CauError):
    """A once-only operation got no answer and the evidence does not tell whether it happened."""

    def __init__(self, message: str, **context: t.Unpack[Context]) -> None:
        context.setdefault("outcome", Outcome.UNKNOWN)
        super().__init__(message, **context)


class OfferedAgainError(CauError):
    """An update that was installed with success is offered again.

    Args:
        message: which ones.
        updates: their update ids.
        context: see OperationError.
    """

    def __init__(self, message: str, *, updates: Sequence[str] = (), **context: t.Unpack[Context]) -> None:
        super().__init__(message, **context)
        self.updates = tuple(updates)


class QueryError(CauError):
    """A search query is not in the language of the Windows Update Agent.

    Args:
        position: index of the first character that is wrong, from 0.
        message: what is wrong there.
        context: see OperationError.
    """

    def __init__(self, position: int, message: str, **context: t.Unpack[Context]) -> None:
        super().__init__(message, **context)
        self.position = position


class SelectionError(CauError):
    """The accept or reject lists or the select expression cannot be applied."""


class TimeLimitError(CauError):
    """Something that was waited for did not happen in its time.

    Args:
        message: what was waited for.
        limit_seconds: how long, in clock seconds.
        context: see OperationError.
    """

    def __init__(self, message: str, *, limit_seconds: float | None = None, **context: t.Unpack[Context]) -> None:
        super().__init__(message, **context)
        self.limit_seconds = limit_seconds


class NotOurPauseError(CauError):
    """The node is paused, or was resumed, by somebody else: it is theirs."""


class PluginError(CauError):
    """A plug-in, or an argument of one, that a run is told to use cannot be used; nothing was sent to any node."""

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message, operation="plug-ins", remedy=remedy, outcome=Outcome.NOT_DONE)


class PluginShapeError(CauError):
    """What a plug-in of a user's own says is not in the shape that it must have, so that nothing of it is believed."""


class WindowsClassError(CauError):
    """A plug-in of a user's own would call a class of Windows itself."""


class HookFailedError(CauError):
    """Tasks of the user's failed that belong to a node.

    Args:
        message: which ones, and why.
        errors: the kind of the error, so that one which ends the run still does.
        context: see OperationError.
    """

    def __init__(self, message: str, *, errors: Sequence[str] = (), **context: t.Unpack[Context]) -> None:
        super().__init__(message, **context)
        self.errors = tuple(errors)


class BlockedError(HookFailedError):
    """A blocker kept the node in service for as long as it was tried."""


class PreNodeTasksError(HookFailedError):
    """The tasks before the node failed, so that it was not touched."""


class PostNodeTasksError(HookFailedError):
    """The tasks after the node failed; it serves."""
