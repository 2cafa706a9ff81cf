# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells what stands between the controller and a node: versions, Kerberos, the endpoint, and how far a first contact comes."""

from __future__ import annotations

import typing as t
from dataclasses import fields
from urllib.parse import urlsplit, urlunsplit

from ..module_utils._errors import OperationError
from ..module_utils._wsman.endpoint import Endpoint
from ..plugin_utils import _controller_facts
from ..plugin_utils._action import UpdatingAction
from ..plugin_utils._first_contact import FAILED, FirstContact, Step
from ..plugin_utils._task import TaskRun


class ActionModule(UpdatingAction):
    """The task debug_connection."""

    TASK = "debug_connection"

    def perform(self, task: TaskRun) -> dict[str, t.Any]:
        """Read everything; a first contact that fails is part of the answer, not an error."""

        def report(step: Step) -> None:
            task.progress.say(task.host, "contact", f"{step.step} {step.state}: {step.text}")

        endpoint: Endpoint | None = None
        try:
            endpoint = task.peers.endpoint(task.host)
        except OperationError as error:
            steps = [Step("connection", FAILED, error.message, error.remedy)]
            report(steps[0])
        else:
            steps = FirstContact(endpoint, task.clock, report).run()
        failed = next((step for step in steps if step.state == FAILED), None)
        return {
            "controller": _controller_facts.programs(),
            "libraries": _controller_facts.libraries(endpoint.auth if endpoint else None),
            "kerberos": _controller_facts.kerberos(),
            "endpoint": shown(endpoint) if endpoint else None,
            "steps": steps,
            "failed_step": failed.step if failed else None,
            "msg": conclusion(failed, task.host),
        }


def conclusion(failed: Step | None, host: str) -> str:
    """Return the outcome in one or two sentences.

    Args:
        failed: the step that failed first.
        host: the inventory host.
    """
    if failed is None:
        return f"{host}: everything that a run needs of the connection is there."
    remedy = f" {failed.remedy.rstrip('.')}." if failed.remedy else ""
    return f"{host}: {failed.step}: {failed.text.rstrip('.')}.{remedy}"


def shown(endpoint: Endpoint) -> dict[str, t.Any]:
    """Return an endpoint without its password, and without the credentials of its proxy.

    Args:
        endpoint: of the host.
    """
    # Whatever may hold a secret is kept out of the endpoint's own representation.
    told = {part.name: getattr(endpoint, part.name) for part in fields(endpoint) if part.repr and part.name != "name"}
    return told | {
        "has_password": bool(endpoint.password),
        "proxy": without_credentials(endpoint.proxy) if endpoint.proxy else None,
        "seals_messages": endpoint.seals_messages,
    }


def without_credentials(url: str) -> str:
    """Return a URL without user and password.

    Args:
        url: of a proxy.
    """
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
