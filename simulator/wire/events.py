# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The envelopes of a robust answer: streamed output, progress, keep-alive, output and fault (wsman-cim.md 7.2, 7.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..cim import CimFault, ParameterSchema, ProgressReport, Reply, Streamed, Value
from . import names
from .answer import Answer, fault_answer
from .cim_types import MI_TYPES
from .faults import ProtocolFault
from .invoke import Call
from .message import PROGRESS_BIT
from .names import CIM, INTERACTIVE, WSMAN, XSI
from .xml import Element, child


class EventWriter:
    """Builds the messages of one operation."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._message = call.context.message
        self._endpoint = call.context.node.endpoint
        self._retrieval_seconds = call.context.node.limits["MaxPacketRetrievalTimeSeconds"]

    @property
    def reports_progress(self) -> bool:
        """True when the client registered for progress."""
        return bool(self._message.callback_bits & PROGRESS_BIT)

    def streamed(self, item: Streamed, sequence_id: int) -> bytes:
        """Return the event of one element of a streamed array."""
        answer = self._event(sequence_id)
        parameter = next(
            (p for p in self._call.outputs if p.name == item.parameter), ParameterSchema(item.parameter, "string", "out", is_array=True)
        )
        event = self._interactive(answer.body, "StreamingOutput")
        child(event, INTERACTIVE, "Name", item.parameter)
        child(event, INTERACTIVE, "Type", str(MI_TYPES.get(parameter.type, 13)))
        target = self._call.context.target
        space = target.class_uri(self._call.schema.namespace, self._call.schema.name)
        value = child(event, INTERACTIVE, "Value", nsmap={"p": space, "xsi": XSI, "cim": CIM})
        self._call.append_output_value(value, parameter, item.value)
        return answer.to_bytes()

    def progress(self, report: ProgressReport, sequence_id: int) -> bytes:
        """Return a progress event."""
        answer = self._event(sequence_id)
        event = self._interactive(answer.body, "Progress")
        child(event, INTERACTIVE, "Activity", report.activity)
        child(event, INTERACTIVE, "CurrentOperation", report.operation)
        child(event, INTERACTIVE, "StatusDescription", report.status)
        child(event, INTERACTIVE, "PercentComplete", str(report.percent))
        # The model does not estimate; MI providers report 0 then.
        child(event, INTERACTIVE, "SecondsRemaining", "0")
        return answer.to_bytes()

    def output(self, reply: Reply, collected: Mapping[str, Sequence[Value]], sequence_id: int) -> bytes:
        """Return the last message of a call that ended."""
        answer = self._answer(sequence_id)
        self._call.append_output(answer.body, reply, collected, leaves_streams_out=self._call.streams)
        data = answer.to_bytes()
        if len(data) > self._message.max_envelope:
            raise ProtocolFault(names.ENCODING_LIMIT, "The answer is larger than the envelope may be.", detail="MaxEnvelopeSize")
        return data

    def fault(self, fault: CimFault, sequence_id: int) -> bytes:
        """Return the last message of a call that failed."""
        return fault_answer(
            fault,
            self._message.message_id,
            machine=self._endpoint.node,
            language=self._endpoint.language,
            operation_id=self._message.operation_id,
            sequence_id=sequence_id,
        )

    def side_message(self, action: str, resource_uri: str) -> bytes:
        """Return a message without body, such as a keep-alive."""
        answer = Answer(action, self._message.message_id, self._endpoint.language, operation_id=self._message.operation_id)
        child(answer.header, WSMAN, "ResourceURI", resource_uri)
        return answer.to_bytes()

    def _event(self, sequence_id: int) -> Answer:
        answer = self._answer(sequence_id)
        # Only intermediate messages carry it (wsman-cim.md 7.2).
        child(answer.header, WSMAN, "OperationTimeout", f"PT{self._retrieval_seconds}.000S")
        return answer

    def _answer(self, sequence_id: int) -> Answer:
        return Answer(
            f"{self._message.action}Response",
            self._message.message_id,
            self._endpoint.language,
            operation_id=self._message.operation_id,
            sequence_id=sequence_id,
        )

    @staticmethod
    def _interactive(body: Element, kind: str) -> Element:
        event = child(body, INTERACTIVE, "InteractiveEvent", nsmap={"i": INTERACTIVE})
        child(event, INTERACTIVE, "EventType", kind)
        return event
