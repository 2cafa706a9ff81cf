# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks an endpoint what the documents leave open, and writes the answers down for a bug report."""

from __future__ import annotations

import contextlib
import json
import typing as t
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from ..module_utils._cau.errors import CauError
from ..module_utils._cau.verify.anonymous import Anonymiser
from ..module_utils._cau.verify.questions import ASKED_ON_REQUEST, NOT_ASKED, QUESTIONS, Result, Verdict, ask_all
from ..module_utils._errors import OperationError, Outcome
from ..module_utils._wmi.node_client import NodeClient
from ..module_utils._wsman.client import Client
from ..module_utils._wsman.endpoint import Endpoint
from ..module_utils._wsman.recording import Recorder
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._task import TaskRun
from ..plugin_utils._verify import changed_and_undone, left_error

FORMAT = 1
"""Of the file."""


class FileNotWrittenError(CauError):
    """The answers could not be written down."""


class ActionModule(UpdatingAction):
    """The task verify_endpoint."""

    TASK = "verify_endpoint"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Ask everything, take the names out, and write the file."""
        endpoint = task.peers.endpoint(task.host)
        with contextlib.closing(task.peers.opener(task.host)()) as me:
            names = list(_names(me, endpoint, task.host))
        recorder = Recorder()
        is_changing = task.arguments["changing"] and not task.is_check
        left: list[str] = []
        with Client(endpoint, task.clock, open_channel=recorder.open_channel) as client:
            results = ask_all(client, recorder, QUESTIONS, task.stop.check)
            if is_changing:
                more, left = changed_and_undone(task, client, recorder)
                results += more
        for result in results:
            task.progress.say(task.host, "verify", f"{result.question.name}: {result.answer.verdict.value}: {result.answer.text}")
        answers = Anonymiser(names).clean_all([_plain(result) for result in results])
        written = _written(task, answers, dict(NOT_ASKED) | ({} if is_changing else dict(ASKED_ON_REQUEST)))
        if left:
            raise left_error(task, left)
        return written | {"undone": True if is_changing else None}


def _written(task: TaskRun, answers: list[dict[str, t.Any]], not_asked: dict[str, str]) -> dict[str, t.Any]:
    """Write the file and return the result."""
    counts = Counter(str(answer["verdict"]) for answer in answers)
    told = ", ".join(f"{counts[verdict.value]} {verdict.value.replace('_', ' ')}" for verdict in Verdict)
    path = Path(task.arguments["dest"]).expanduser()
    if not task.is_check:
        _write(path, {"format": FORMAT, "answers": answers, "not_asked": not_asked})
        task.progress.say(task.host, "verify", f"{told}; written to {path}")
    return {
        "changed": not task.is_check,
        "dest": str(path),
        "counts": {verdict.value: counts[verdict.value] for verdict in Verdict},
        "answers": [{key: value for key, value in answer.items() if key != "exchanges"} for answer in answers],
        "not_asked": not_asked,
    }


def _names(me: NodeClient, endpoint: Endpoint, host: str) -> Iterator[tuple[str, str]]:
    """Return what the file must not hold, as far as it can be known, and what stands there in its place."""
    yield from ((name, "NODE") for name in (host, urlsplit(endpoint.url).hostname or "", me.system.computer_name()))
    user = (endpoint.username or "").replace("\\", "@").split("@")
    yield from ((part, "ACCOUNT") for part in (endpoint.username or "", *user))
    yield endpoint.password or "", "PASSWORD"
    # A host that is in no cluster can be verified as well.
    with contextlib.suppress(OperationError):
        info = me.cluster.info()
        yield info.name, "CLUSTER"
        yield (info.fqdn or "").partition(".")[2], "example.test"
        yield from ((member.name, f"NODE{number}") for number, member in enumerate(me.cluster.nodes(), 1))


def _plain(result: Result) -> dict[str, t.Any]:
    question = result.question
    return {
        "name": question.name,
        "source": question.source,
        "question": question.asks,
        "expected": question.expects,
        "answer": result.answer.text,
        "verdict": result.answer.verdict.value,
        "exchanges": [vars(exchange) for exchange in result.exchanges],
    }


def _write(path: Path, report: dict[str, t.Any]) -> None:
    try:
        path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise FileNotWrittenError(
            f"the answers could not be written to {path}: {error.strerror or error}",
            operation="verify",
            remedy="Name a file in a folder of the controller that exists and that you may write to",
            outcome=Outcome.FAILED,
        ) from error
