# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Building answer envelopes as Windows writes them (wsman-cim.md 2, 13)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from ..cim import CimFault
from . import names
from .faults import ProtocolFault, append_fault, fault_action
from .names import ADDRESSING, ENUMERATION, MS_WSMAN, SOAP, TRANSFER, WSMAN, XML, qualified
from .xml import Element, child, element, serialize

_NSMAP: Mapping[str | None, str] = {"s": SOAP, "a": ADDRESSING, "w": WSMAN, "p": MS_WSMAN}
_EXTRA: Mapping[str, tuple[str, str]] = {"transfer": ("x", TRANSFER), "enumeration": ("n", ENUMERATION)}


def upper_guid() -> str:
    """Return a new id as Windows prints it."""
    return f"uuid:{str(uuid.uuid4()).upper()}"


class Answer:
    """One envelope under construction.

    Args:
        action: its a:Action.
        relates_to: MessageID of the request, empty when the request had none.
        language: of the host, for xml:lang.
        operation_id: echoed in robust answers.
        sequence_id: number of the message in a robust answer.
    """

    def __init__(
        self, action: str, relates_to: str, language: str, *, operation_id: str | None = None, sequence_id: int | None = None
    ) -> None:
        nsmap = dict(_NSMAP)
        for part, (prefix, namespace) in _EXTRA.items():
            if f"/{part}/" in action:
                nsmap[prefix] = namespace
        self._root = element(qualified(SOAP, "Envelope"), nsmap)
        self._root.set(qualified(XML, "lang"), language)
        self._language = language
        self.header: Element = child(self._root, SOAP, "Header")
        child(self.header, ADDRESSING, "Action", action)
        child(self.header, ADDRESSING, "MessageID", upper_guid())
        if operation_id is not None:
            child(self.header, MS_WSMAN, "OperationID", operation_id).set(qualified(SOAP, "mustUnderstand"), "false")
        if sequence_id is not None:
            child(self.header, MS_WSMAN, "SequenceId", str(sequence_id))
        child(self.header, ADDRESSING, "To", names.ANONYMOUS)
        if relates_to:
            child(self.header, ADDRESSING, "RelatesTo", relates_to)
        self.body: Element = child(self._root, SOAP, "Body")

    def to_bytes(self) -> bytes:
        """Return the envelope."""
        return serialize(self._root)


def fault_answer(
    fault: CimFault, relates_to: str, *, machine: str, language: str, operation_id: str | None = None, sequence_id: int | None = None
) -> bytes:
    """Return a whole fault envelope."""
    answer = Answer(fault_action(fault), relates_to, language, operation_id=operation_id, sequence_id=sequence_id)
    if isinstance(fault, ProtocolFault) and fault.not_understood:
        namespace, _unused, name = fault.not_understood.lstrip("{").rpartition("}")
        node = child(answer.header, SOAP, "NotUnderstood", nsmap={"u": namespace} if namespace else None)
        node.set("qname", f"u:{name}" if namespace else name)
    append_fault(answer.body, fault, machine=machine, language=language)
    return answer.to_bytes()
