# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CIM type names: their ranges, MI_Type numbers and names on the wire (wsman-cim.md 4, 7.2)."""

from __future__ import annotations

from collections.abc import Mapping

INTEGER_RANGES: Mapping[str, tuple[int, int]] = {
    "uint8": (0, 2**8 - 1),
    "sint8": (-(2**7), 2**7 - 1),
    "uint16": (0, 2**16 - 1),
    "sint16": (-(2**15), 2**15 - 1),
    "uint32": (0, 2**32 - 1),
    "sint32": (-(2**31), 2**31 - 1),
    "uint64": (0, 2**64 - 1),
    "sint64": (-(2**63), 2**63 - 1),
    "char16": (0, 2**16 - 1),
}
REALS = frozenset({"real32", "real64"})

MI_TYPES: Mapping[str, int] = {
    "boolean": 0,
    "uint8": 1,
    "sint8": 2,
    "uint16": 3,
    "sint16": 4,
    "uint32": 5,
    "sint32": 6,
    "uint64": 7,
    "sint64": 8,
    "real32": 9,
    "real64": 10,
    "char16": 11,
    "datetime": 12,
    "interval": 12,
    "string": 13,
    "reference": 14,
    "instance": 15,
}
"""MI_Type numbers; arrays have 16 more."""

XSI_TYPES: Mapping[str, str] = {
    "boolean": "cimBoolean",
    "uint8": "cimUnsignedByte",
    "sint8": "cimByte",
    "uint16": "cimUnsignedShort",
    "sint16": "cimShort",
    "uint32": "cimUnsignedInt",
    "sint32": "cimInt",
    "uint64": "cimUnsignedLong",
    "sint64": "cimLong",
    "real32": "cimFloat",
    "real64": "cimDouble",
    "char16": "cimChar16",
    "datetime": "cimDateTime",
    "interval": "cimDateTime",
    "string": "cimString",
    "reference": "cimReference",
}
"""Names for xsi:type="cim:..."."""
