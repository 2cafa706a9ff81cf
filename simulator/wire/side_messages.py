# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages about a running robust operation, sent on another connection (wsman-cim.md 7.3)."""

from __future__ import annotations

from . import names
from .message import Message
from .names import MS_WSMAN
from .node_state import NodeState
from .xml import find, text_of

_ACTIONS = ("End", "Cancel", "KeepAlive", "Acknowledge")


def side_action(action: str) -> str | None:
    """Return the name of a side message, None when the action is something else; Windows spells Keepalive in two ways."""
    if not action.startswith(names.SIDE_BASE):
        return None
    name = action[len(names.SIDE_BASE) :].casefold()
    return next((known for known in _ACTIONS if known.casefold() == name), None)


def carry_out(name: str, message: Message, node: NodeState, user: str) -> None:
    """Do what a side message asks; one about an unknown operation changes nothing."""
    operation = node.operations.find(message.operation_id or "", user)
    if operation is None:
        return
    if name == "Cancel":
        operation.stop("client")
    elif name == "End":
        node.operations.forget(operation)
    elif name == "Acknowledge":
        text = (text_of(find(message.body, MS_WSMAN, "LastSequenceIdReceived")) or "").strip()
        if text.isascii() and text.isdigit():
            operation.acknowledge(int(text[:12]))
