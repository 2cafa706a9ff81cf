# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Namespaces, actions and codes of the protocol (wsman-cim.md 1.1, 3, 6.2, 7.3)."""

from __future__ import annotations

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
MS_WSMAN = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
BINDING = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd"
CIM = "http://schemas.dmtf.org/wbem/wscim/1/common"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XML = "http://www.w3.org/XML/1998/namespace"
WSMAN_FAULT = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
CONFIG = "http://schemas.microsoft.com/wbem/wsman/1/config"
INTERACTIVE = "http://schemas.microsoft.com/wbem/wsman/1/cim/interactive.xsd"
IDENTITY = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"

ANONYMOUS = f"{ADDRESSING}/role/anonymous"
WMI_BASE = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"
DMTF_BASE = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"
DMTF_ALL = "http://schemas.dmtf.org/wbem/wscim/1/*"
CIM_XML_CLASSES = "http://schemas.dmtf.org/wbem/cim-xml/2/cim-schema/2/*"
CIM_XML = "http://schemas.dmtf.org/wbem/cim-xml/2/cim-schema/2"
DEFAULT_DMTF_NAMESPACE = "root/hardware"

GET = f"{TRANSFER}/Get"
PUT = f"{TRANSFER}/Put"
CREATE = f"{TRANSFER}/Create"
DELETE = f"{TRANSFER}/Delete"
ENUMERATE = f"{ENUMERATION}/Enumerate"
PULL = f"{ENUMERATION}/Pull"
RELEASE = f"{ENUMERATION}/Release"

SIDE_BASE = "http://schemas.microsoft.com/wbem/wsman/1/wsman/"
FULL_DUPLEX = f"{SIDE_BASE}FullDuplex"
ROBUST_CONNECTION = f"{SIDE_BASE}RobustConnection"
END = f"{SIDE_BASE}End"
CANCEL = f"{SIDE_BASE}Cancel"
KEEP_ALIVE = f"{SIDE_BASE}KeepAlive"
ACKNOWLEDGE = f"{SIDE_BASE}Acknowledge"
ACKNOWLEDGE_REQUEST = f"{SIDE_BASE}AcknowledgeRequest"

WQL_DIALECTS = frozenset({"http://schemas.microsoft.com/wbem/wsman/1/WQL", "http://schemas.dmtf.org/wbem/cql/1/dsp0202.pdf"})
SELECTOR_DIALECT = "http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter"
ASSOCIATION_DIALECT = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding/associationFilter"

FAULT_DETAIL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/"
WSMAN_FAULT_ACTION = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
ADDRESSING_FAULT_ACTION = f"{ADDRESSING}/fault"
ENUMERATION_FAULT_ACTION = f"{ENUMERATION}/fault"
TRANSFER_FAULT_ACTION = f"{TRANSFER}/fault"

# wsman-cim.md 6.2; the two not listed there are from the Windows SDK header wsmerror.h.
RESOURCE_NOT_FOUND = 2150858752
INVALID_MESSAGE_INFORMATION_HEADER = 2150858767
MUST_UNDERSTAND = 2150858768
MESSAGE_INFORMATION_HEADER_REQUIRED = 2150858769
DESTINATION_UNREACHABLE = 2150858770
ACTION_NOT_SUPPORTED = 2150858771
CANNOT_PROCESS_FILTER = 2150858778
INVALID_ENUMERATION_CONTEXT = 2150858779
OPERATION_TIMEDOUT = 2150858793
ENCODING_LIMIT = 2150858805
SCHEMA_VALIDATION_ERROR = 2150858817
UNSUPPORTED_FEATURE = 2150858818
INVALID_XML_NAMESPACE = 2150858840
INSUFFICIENT_SELECTORS = 2150858842
UNEXPECTED_SELECTORS = 2150858843
DUPLICATE_SELECTORS = 2150858847
MUSTUNDERSTAND_ON_LOCALE = 2150858887
URI_WMI_SINGLETON = 2150859002
URI_WMI_ENUM_WQL = 2150859003
ENUMERATE_WMI_INVALID_KEY = 2150859016
DIFFERENT_CIM_SELECTOR = 2150859067
QUOTA_MAX_OPERATIONS = 2150859174
MISSING_CLASSNAME = 2150859254
FAILED = 0x80004005
WBEM_INVALID_METHOD_PARAMETERS = 0x8004102F
WBEM_INVALID_CLASS = 0x80041010
WBEM_INVALID_NAMESPACE = 0x8004100E


def qualified(namespace: str, name: str) -> str:
    """Return the {namespace}name form of an element name."""
    return f"{{{namespace}}}{name}"
