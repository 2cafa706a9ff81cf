# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every class provider has in common."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..cim import Caller, CimFault, ClassSchema, FaultStyle, Instance, Job, Reply, Value
from ..model.engine import Model
from ..model.state import Cluster, Node

Values = dict[str, Value]
Keys = Mapping[str, str]
Arguments = Mapping[str, Value]

RESOURCE_NOT_FOUND = 2150858752
INSUFFICIENT_KEYS = 2150859002
PROVIDER_NOT_CAPABLE = 2150859010
INVALID_METHOD_PARAMETERS = 0x8004102F


@dataclass(frozen=True)
class Context:
    """One call: the node that answers, its cluster, who asks, and how errors look here."""

    model: Model
    cluster: Cluster
    node: Node
    caller: Caller
    style: FaultStyle
    embed: Callable[[str, dict[str, t.Any]], Instance]

    def not_found(self, what: str) -> CimFault:
        """Return the fault for an instance that does not exist."""
        text = f"The WS-Management service cannot process the request because the WMI object {what} could not be found. "
        if self.style is FaultStyle.WMI_ERROR:
            return CimFault(0x80041002, "Not found ", style=FaultStyle.WMI_ERROR, cim_status=6)
        return CimFault(RESOURCE_NOT_FOUND, text, subcode="a:DestinationUnreachable")

    def not_capable(self) -> CimFault:
        """Return the fault for an operation that the provider does not have."""
        if self.style is FaultStyle.WMI_ERROR:
            return CimFault(0x8004100C, "Not supported ", style=FaultStyle.WMI_ERROR, cim_status=7)
        return CimFault(PROVIDER_NOT_CAPABLE, "The WMI provider cannot perform the requested operation. ")

    def bad_parameters(self, text: str = "Invalid method Parameter(s) ") -> CimFault:
        """Return the fault for arguments that a method does not take."""
        status = 4 if self.style is FaultStyle.WMI_ERROR else None
        return CimFault(INVALID_METHOD_PARAMETERS, text, style=self.style, cim_status=status)


Method = Callable[[Context, Keys, Arguments], "Reply | Job"]


class ClassProvider:
    """A class without instances; the others override what they have."""

    methods: t.ClassVar[Mapping[str, Method]] = {}

    def rows(self, context: Context) -> list[Values]:
        """Return the values of all instances."""
        del context
        return []

    def get(self, context: Context, schema: ClassSchema, keys: Keys) -> Values:
        """Return one instance.

        Raises:
            CimFault: none has these keys, or keys are missing.
        """
        if not keys and not schema.is_singleton:
            raise CimFault(INSUFFICIENT_KEYS, f"The URI names no key of {schema.name}, and the class is no singleton. ")
        for row in self.rows(context):
            if has_keys(row, keys):
                return row
        raise context.not_found(schema.name)

    def create(self, context: Context, values: Arguments) -> dict[str, str]:
        """Create an instance and return its keys."""
        del values
        raise context.not_capable()

    def put(self, context: Context, keys: Keys, values: Arguments) -> None:
        """Change an instance."""
        del keys, values
        raise context.not_capable()

    def delete(self, context: Context, keys: Keys) -> None:
        """Delete an instance."""
        del keys
        raise context.not_capable()

    def invoke(self, context: Context, schema: ClassSchema, keys: Keys, name: str, arguments: Arguments) -> Reply | Job:
        """Call a method; of an instance only when that exists."""
        method = self.methods.get(name)
        if method is None:
            raise context.not_capable()
        declared = schema.method(name)
        if declared is not None and not declared.is_static:
            self.check_instance(context, schema, keys)
        return method(context, keys, arguments)

    def check_instance(self, context: Context, schema: ClassSchema, keys: Keys) -> None:
        """Raise a fault unless the instance whose method is called exists."""
        self.get(context, schema, keys)


def has_keys(row: Values, keys: Keys) -> bool:
    """Return whether an instance has these keys; WMI compares text without case."""
    folded = {name.casefold(): value for name, value in row.items()}
    return all(_key_text(folded.get(name.casefold())) == text.casefold() for name, text in keys.items())


def _key_text(value: Value) -> str | None:
    if value is None:
        return None
    return str(value).casefold()


def text_of(arguments: Arguments, name: str, default: str = "") -> str:
    """Return a text argument."""
    value = arguments.get(name)
    return default if value is None else str(value)


def number_of(arguments: Arguments, name: str, default: int = 0) -> int:
    """Return a number argument."""
    value = arguments.get(name)
    return value if isinstance(value, int) else default
