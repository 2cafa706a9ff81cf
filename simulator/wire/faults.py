# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SOAP faults as Windows words them (wsman-cim.md 6.1, 6.2)."""

from __future__ import annotations

from collections.abc import Mapping

from ..cim import CimFault, FaultStyle
from . import names
from .names import (
    ADDRESSING,
    BINDING,
    CIM,
    DMTF_BASE,
    ENUMERATION,
    FAULT_DETAIL,
    SOAP,
    TRANSFER,
    WSMAN,
    WSMAN_FAULT,
    XSI,
    qualified,
)
from .xml import Element, child

_PREFIXES: Mapping[str, str] = {"a": ADDRESSING, "n": ENUMERATION, "w": WSMAN, "x": TRANSFER, "s": SOAP}

_SUBCODES: Mapping[int, tuple[str, str | None]] = {
    5: ("w:AccessDenied", None),
    0x80070005: ("w:AccessDenied", None),
    names.RESOURCE_NOT_FOUND: ("a:DestinationUnreachable", "InvalidResourceURI"),
    2150858753: ("a:ActionNotSupported", None),
    names.INVALID_MESSAGE_INFORMATION_HEADER: ("a:InvalidMessageInformationHeader", None),
    names.MESSAGE_INFORMATION_HEADER_REQUIRED: ("a:MessageInformationHeaderRequired", None),
    names.DESTINATION_UNREACHABLE: ("a:DestinationUnreachable", None),
    names.ACTION_NOT_SUPPORTED: ("a:ActionNotSupported", None),
    names.CANNOT_PROCESS_FILTER: ("n:CannotProcessFilter", None),
    names.INVALID_ENUMERATION_CONTEXT: ("n:InvalidEnumerationContext", None),
    names.OPERATION_TIMEDOUT: ("w:TimedOut", None),
    2150858803: ("w:AlreadyExists", None),
    names.ENCODING_LIMIT: ("w:EncodingLimit", None),
    2150858809: ("w:InvalidOptions", None),
    2150858810: ("w:InvalidParameter", None),
    87: ("w:InvalidParameter", "InvalidValue"),
    2150858813: ("w:InvalidSelectors", None),
    names.INSUFFICIENT_SELECTORS: ("w:InvalidSelectors", "InsufficientSelectors"),
    names.UNEXPECTED_SELECTORS: ("w:InvalidSelectors", "UnexpectedSelectors"),
    2150858844: ("w:InvalidSelectors", "TypeMismatch"),
    names.DUPLICATE_SELECTORS: ("w:InvalidSelectors", "DuplicateSelectors"),
    2150858815: ("w:QuotaLimit", None),
    names.SCHEMA_VALIDATION_ERROR: ("w:SchemaValidationError", None),
    names.UNSUPPORTED_FEATURE: ("w:UnsupportedFeature", None),
    2150858838: ("w:SchemaValidationError", "InvalidValues"),
    2150858839: ("w:SchemaValidationError", "MissingValues"),
    names.INVALID_XML_NAMESPACE: ("w:SchemaValidationError", "InvalidNamespace"),
    names.MUSTUNDERSTAND_ON_LOCALE: ("w:UnsupportedFeature", "Locale"),
    names.URI_WMI_SINGLETON: ("a:DestinationUnreachable", "InvalidResourceURI"),
    names.URI_WMI_ENUM_WQL: ("a:DestinationUnreachable", "InvalidResourceURI"),
    2150859012: ("w:AccessDenied", None),
    2150859013: ("w:AccessDenied", None),
    2150859014: ("w:AccessDenied", None),
    2150859173: ("w:QuotaLimit", None),
}
_FALLBACK = "w:InternalError"

# MI_Result by HRESULT (wsman-cim.md 6.2), for errors whose author gave only one of the two.
_CIM_STATUS: Mapping[int, int] = {
    0x80041001: 1,
    0x80041002: 6,
    0x80041003: 2,
    0x80070005: 2,
    0x80041008: 4,
    0x8004100C: 7,
    0x8004100E: 3,
    0x80041010: 5,
    0x80041017: 15,
    0x80041019: 11,
    0x8004102E: 16,
    0x8004102F: 4,
}


class ProtocolFault(CimFault):
    """A fault that the protocol layer itself finds.

    Args:
        code: decimal WSManFault code.
        message: its text.
        subcode: None lets the code choose.
        detail: last part of the w:FaultDetail URI; None lets the code choose.
        sender: True blames the request.
        not_understood: {namespace}name of the header that nobody understands.
    """

    def __init__(
        self,
        code: int,
        message: str,
        *,
        subcode: str | None = None,
        detail: str | None = None,
        sender: bool = True,
        not_understood: str | None = None,
    ) -> None:
        super().__init__(code, message, subcode=subcode, sender=sender)
        self.detail = detail
        self.not_understood = not_understood


def subcode_of(fault: CimFault) -> str:
    """Return the prefixed subcode of a fault."""
    return fault.subcode or _SUBCODES.get(fault.code, (_FALLBACK, None))[0]


def fault_action(fault: CimFault) -> str:
    """Return the a:Action of the fault's envelope."""
    prefix = subcode_of(fault).partition(":")[0]
    actions = {"a": names.ADDRESSING_FAULT_ACTION, "n": names.ENUMERATION_FAULT_ACTION, "x": names.TRANSFER_FAULT_ACTION}
    return actions.get(prefix, names.WSMAN_FAULT_ACTION)


def append_fault(body: Element, fault: CimFault, *, machine: str, language: str) -> None:
    """Append the s:Fault element."""
    node = child(body, SOAP, "Fault")
    code = child(node, SOAP, "Code")
    subcode = subcode_of(fault)
    if subcode == "s:MustUnderstand":
        child(code, SOAP, "Value", subcode)
    else:
        child(code, SOAP, "Value", "s:Sender" if fault.sender else "s:Receiver")
        prefix = subcode.partition(":")[0]
        value = child(child(code, SOAP, "Subcode"), SOAP, "Value", nsmap={prefix: _PREFIXES.get(prefix, WSMAN)})
        value.text = subcode
    # Windows ends its texts with a space (wsman-cim.md 6.1).
    text = f"{fault.message.rstrip()} "
    child(child(node, SOAP, "Reason"), SOAP, "Text", text).set(qualified(names.XML, "lang"), language)
    detail = child(node, SOAP, "Detail")
    if fault.style is FaultStyle.WMI_ERROR:
        _append_wmi_error(detail, fault, text)
    else:
        _append_wsman_fault(detail, fault, text, machine)


def _append_wsman_fault(detail: Element, fault: CimFault, text: str, machine: str) -> None:
    name = fault.detail if isinstance(fault, ProtocolFault) and fault.detail else _SUBCODES.get(fault.code, (None, None))[1]
    if name:
        child(detail, WSMAN, "FaultDetail", FAULT_DETAIL + name)
    outer = child(detail, WSMAN_FAULT, "WSManFault", nsmap={"f": WSMAN_FAULT})
    outer.set("Code", str(fault.code))
    outer.set("Machine", machine)
    message = child(outer, WSMAN_FAULT, "Message")
    if isinstance(fault, ProtocolFault):
        message.text = text
        return
    provider = child(message, WSMAN_FAULT, "ProviderFault")
    provider.set("provider", "WMI Provider")
    provider.set("path", "%systemroot%\\system32\\WsmWmiPl.dll")
    inner = child(provider, WSMAN_FAULT, "WSManFault")
    inner.set("Code", str(fault.code))
    inner.set("Machine", machine)
    child(inner, WSMAN_FAULT, "Message", text)
    _append_extended_status(child(provider, WSMAN_FAULT, "ExtendedError"))


def _append_extended_status(parent: Element) -> None:
    space = f"{DMTF_BASE}__ExtendedStatus"
    status = child(parent, space, "__ExtendedStatus", nsmap={"p": space, "cim": CIM, "xsi": XSI})
    status.set(qualified(XSI, "type"), "p:__ExtendedStatus_Type")
    for name, kind in (("Description", "cimString"), ("Operation", "cimString"), ("StatusCode", "cimUnsignedInt")):
        node = child(status, space, name)
        node.set(qualified(XSI, "nil"), "true")
        node.set(qualified(XSI, "type"), f"cim:{kind}")


def _append_wmi_error(detail: Element, fault: CimFault, text: str) -> None:
    space = f"{DMTF_BASE}MSFT_WmiError"
    error = child(detail, space, "MSFT_WmiError", nsmap={"p": space, "b": BINDING, "cim": CIM, "xsi": XSI})
    error.set(qualified(BINDING, "IsCIM_Error"), "true")
    error.set(qualified(XSI, "type"), "p:MSFT_WmiError_Type")
    status = fault.cim_status if fault.cim_status is not None else _CIM_STATUS.get(fault.code, 1)
    values: tuple[tuple[str, str, str | None], ...] = (
        ("CIMStatusCode", "cimUnsignedInt", str(status)),
        ("CIMStatusCodeDescription", "cimString", None),
        ("ErrorSource", "cimString", None),
        ("ErrorSourceFormat", "cimUnsignedShort", "0"),
        ("ErrorType", "cimUnsignedShort", "0"),
        ("Message", "cimString", text),
        ("MessageID", "cimString", f"HRESULT 0x{fault.code:08x}"),
        ("OtherErrorSourceFormat", "cimString", None),
        ("OtherErrorType", "cimString", None),
        ("OwningEntity", "cimString", None),
        ("PerceivedSeverity", "cimUnsignedShort", "0"),
        ("ProbableCause", "cimUnsignedShort", "0"),
        ("ProbableCauseDescription", "cimString", None),
        ("error_Category", "cimUnsignedShort", "0"),
        ("error_Code", "cimUnsignedInt", str(fault.code)),
        ("error_Type", "cimString", "HRESULT"),
        ("error_WindowsErrorMessage", "cimString", text),
    )
    for name, kind, value in values:
        node = child(error, space, name, value)
        if value is None:
            node.set(qualified(XSI, "nil"), "true")
        node.set(qualified(XSI, "type"), f"cim:{kind}")
