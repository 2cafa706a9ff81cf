# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The URIs of the protocol (wsman-cim.md 1), and the rules for names that become part of one.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import re

from .errors import RequestRefusedError

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
MICROSOFT = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
CIM = "http://schemas.dmtf.org/wbem/wscim/1/common"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
IDENTITY = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"

ANONYMOUS = f"{ADDRESSING}/role/anonymous"
WQL_DIALECT = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
CONFIG_URI = "http://schemas.microsoft.com/wbem/wsman/1/config"
CLASS_METADATA_URI = "http://schemas.dmtf.org/wbem/cim-xml/2/cim-schema/2/*"
DMTF_CLASS_URI = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"
WMI_URI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"

_NAMESPACE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(/[A-Za-z0-9_]+)*")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def require_identifier(name: str, what: str) -> str:
    """Return `name` unchanged when it can be a CIM class, method, property or parameter name.

    Raises:
        RequestRefusedError: it cannot.
    """
    if not _IDENTIFIER.fullmatch(name):
        raise RequestRefusedError(f"{name!r} is no valid name of a {what}")
    return name


def namespace_uri(namespace: str) -> str:
    """Return the resource URI of a WMI namespace, without a slash at its end.

    Raises:
        RequestRefusedError: the namespace is not of the form "root/mscluster".
    """
    if not _NAMESPACE.fullmatch(namespace):
        raise RequestRefusedError(f"{namespace!r} is no valid namespace; write it with slashes, as in root/mscluster")
    return WMI_URI + namespace


def class_uri(namespace: str, class_name: str) -> str:
    """Return the resource URI of a WMI class (wsman-cim.md 1.2).

    Raises:
        RequestRefusedError: the namespace or the class name is malformed.
    """
    return f"{namespace_uri(namespace)}/{require_identifier(class_name, 'class')}"


def split_class_uri(uri: str) -> tuple[str | None, str]:
    """Return namespace (lower case, None when the URI names none) and class of a resource URI."""
    head, _unused, class_name = uri.rpartition("/")
    if head[: len(WMI_URI)].lower() == WMI_URI:
        return head[len(WMI_URI) :].lower(), class_name
    return None, class_name


def is_class_uri(uri: str) -> bool:
    """Return whether a namespace URI is that of a class, in WMI's or in DMTF's scheme (wsman-cim.md 1.2)."""
    return uri.lower().startswith((WMI_URI, DMTF_CLASS_URI))


def local_name(tag: str) -> str:
    """Return the part of an ElementTree tag after its namespace."""
    return tag.rpartition("}")[2]


def namespace_of(tag: str) -> str:
    """Return the namespace URI of an ElementTree tag, empty when it has none."""
    return tag[1:].partition("}")[0] if tag.startswith("{") else ""
