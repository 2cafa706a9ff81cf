# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host says about one of its classes.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class PropertyDefinition:
    """A property; `type` is a CIM type name, "instance" or "reference"."""

    name: str
    type: str
    is_array: bool = False
    is_key: bool = False
    embedded_class: str | None = None


@dataclass(frozen=True)
class ParameterDefinition:
    """A method parameter; `is_stream` marks an out array that arrives element by element."""

    name: str
    type: str
    is_array: bool = False
    is_in: bool = True
    is_out: bool = False
    is_stream: bool = False
    embedded_class: str | None = None


@dataclass(frozen=True)
class MethodDefinition:
    """A method; `returns` is a CIM type name, None for a void method."""

    name: str
    returns: str | None
    parameters: Mapping[str, ParameterDefinition]


@dataclass(frozen=True)
class ClassDefinition:
    """A class with its inherited members, by name as the repository spells it."""

    name: str
    superclass: str | None
    properties: Mapping[str, PropertyDefinition]
    methods: Mapping[str, MethodDefinition]

    def has_parameter(self, method: str, parameter: str) -> bool:
        """Return whether the method exists and takes or gives that parameter."""
        definition = self.methods.get(method)
        return definition is not None and parameter in definition.parameters
