# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plain data of what the client understood, ready for JSON."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Callable

from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman import answers, cim_xml, names
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.envelope import Envelope, parse_envelope
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import FaultError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.instance import CimInstance, instance_from_element
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.schema import ClassDefinition
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.xml_stream import DocumentSplitter

Plain: t.TypeAlias = "dict[str, t.Any]"


def show_instance(instance: CimInstance) -> Plain:
    """Return an instance with its class."""
    return {"class": instance.class_name, "namespace": instance.namespace, "properties": instance.untyped()}


def show_class(definition: ClassDefinition) -> Plain:
    """Return a class definition."""
    return dataclasses.asdict(definition)


def show_recording(data: bytes) -> list[Plain]:
    """Return what the client understands of each envelope in a recording.

    Raises:
        ValueError: the recording holds something that the client refuses.
    """
    splitter = DocumentSplitter()
    # A recording has no HTTP status: a fault that stands alone comes with 500, one after other messages in an answer that has begun.
    shown = [show_envelope(parse_envelope(root, 200 if number else 500)) for number, root in enumerate(splitter.feed(data))]
    splitter.finish()
    if not shown:
        raise ValueError("it holds no envelope")
    return shown


def show_envelope(envelope: Envelope) -> Plain:
    """Return one message: its headers that count, what sort of message it is, and its content."""
    kind, content = _content(envelope)
    header = {
        "action": envelope.action,
        "relates_to": envelope.relates_to,
        "operation_id": envelope.operation_id,
        "sequence_id": envelope.sequence_id,
    }
    return {**{name: value for name, value in header.items() if value is not None}, "kind": kind, "content": content}


def _content(envelope: Envelope) -> tuple[str, object]:
    if envelope.fault is not None:
        return "fault", _fault(envelope)
    event = envelope.interactive_event
    if event is not None:
        return "event", instance_from_element(event).untyped()
    element = envelope.content
    if element is None:
        return "keep-alive" if envelope.is_keep_alive else "empty", None
    definition = cim_xml.find_class(element)
    if definition is not None:
        return "class", show_class(definition)
    name = names.local_name(element.tag)
    reader = _READERS.get(name)
    if reader is not None:
        return reader[0], reader[1](envelope)
    return "output" if name.upper().endswith("_OUTPUT") else "instance", show_instance(instance_from_element(element))


def _fault(envelope: Envelope) -> Plain:
    fault = envelope.fault
    if fault is None:
        return {}
    properties = ("is_not_found", "is_class_missing", "is_already_exists", "is_access_denied", "is_timeout", "is_quota")
    return {
        **dataclasses.asdict(fault),
        "code": fault.code,
        "says": [name for name in properties if getattr(fault, name)],
        "outcome": {kind.value: FaultError(fault, kind=kind).outcome.value for kind in Kind},
        "sentence": str(FaultError(fault, kind=Kind.ONCE_ONLY)),
    }


def _batch(envelope: Envelope) -> Plain:
    batch = answers.read_batch(envelope)
    return {"instances": [show_instance(instance) for instance in batch.instances], "context": batch.context}


_READERS: dict[str, tuple[str, Callable[[Envelope], object]]] = {
    "IdentifyResponse": ("identity", lambda envelope: dataclasses.asdict(answers.read_identity(envelope))),
    "EnumerateResponse": ("enumeration", _batch),
    "PullResponse": ("enumeration", _batch),
    "ResourceCreated": ("created", answers.read_created),
    "Config": ("configuration", lambda envelope: dataclasses.asdict(answers.read_configuration(envelope))),
}
