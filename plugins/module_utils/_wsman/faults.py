# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A SOAP fault of WS-Management: what it says, and what that means (wsman-cim.md 6).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element

# Names of sdk wsmerror.h for the codes of wsman-cim.md 6.2 that people meet.
CODE_NAMES = {
    5: "ACCESS_DENIED",
    0x80070005: "ACCESS_DENIED",
    0x80338000: "RESOURCE_NOT_FOUND",
    0x80338001: "INVALID_ACTIONURI",
    0x8033800F: "INVALID_MESSAGE_INFORMATION_HEADER",
    0x80338012: "DESTINATION_UNREACHABLE",
    0x80338013: "ACTION_NOT_SUPPORTED",
    0x8033801A: "ENUMERATE_CANNOT_PROCESS_FILTER",
    0x8033801B: "ENUMERATE_INVALID_ENUMERATION_CONTEXT",
    0x80338029: "OPERATION_TIMEDOUT",
    0x80338033: "ALREADY_EXISTS",
    0x80338035: "ENCODING_LIMIT",
    0x80338039: "INVALID_OPTIONS",
    0x8033803A: "INVALID_PARAMETER",
    0x8033803B: "INVALID_RESOURCE_URI",
    0x8033803D: "INVALID_SELECTORS",
    0x8033803F: "QUOTA_LIMIT",
    0x80338041: "SCHEMA_VALIDATION_ERROR",
    0x80338042: "UNSUPPORTED_FEATURE",
    0x80338054: "PARAMETER_TYPE_MISMATCH",
    0x80338055: "INVALID_PARAMETER_NAME",
    0x8033805A: "INSUFFCIENT_SELECTORS",
    0x8033805B: "UNEXPECTED_SELECTORS",
    0x803380FA: "INVALID_URI_WMI_SINGLETON",
    0x803380FB: "INVALID_URI_WMI_ENUM_WQL",
    0x80338102: "WMI_PROVIDER_NOT_CAPABLE",
    0x80338104: "WMI_SVC_ACCESS_DENIED",
    0x80338105: "WMI_PROVIDER_ACCESS_DENIED",
    0x80338106: "WMI_CANNOT_CONNECT_ACCESS_DENIED",
    0x8033811E: "WMI_PROVIDER_INVALID_PARAMETER",
    0x8033813B: "DIFFERENT_CIM_SELECTOR",
    0x803381A5: "QUOTA_MAX_SHELLS",
    0x803381A6: "QUOTA_MAX_OPERATIONS",
    0x803381A7: "QUOTA_USER",
    0x803381A8: "QUOTA_SYSTEM",
    0x803381E7: "QUOTA_MAX_PLUGINOPERATIONS_PPQ",
    0x803381E8: "QUOTA_MAX_OPERATIONS_USER_PPQ",
    0x80041001: "WBEM_E_FAILED",
    0x80041002: "WBEM_E_NOT_FOUND",
    0x80041003: "WBEM_E_ACCESS_DENIED",
    0x80041008: "WBEM_E_INVALID_PARAMETER",
    0x8004100C: "WBEM_E_NOT_SUPPORTED",
    0x8004100E: "WBEM_E_INVALID_NAMESPACE",
    0x80041010: "WBEM_E_INVALID_CLASS",
    0x80041017: "WBEM_E_INVALID_QUERY",
    0x80041019: "WBEM_E_ALREADY_EXISTS",
    0x8004101D: "WBEM_E_UNEXPECTED",
    0x8004102E: "WBEM_E_INVALID_METHOD",
    0x8004102F: "WBEM_E_INVALID_METHOD_PARAMETERS",
    0x80041032: "WBEM_E_CALL_CANCELLED",
    0x800706BA: "RPC_S_SERVER_UNAVAILABLE",
}


@dataclass(frozen=True)
class Fault:
    """The evidence in one fault, innermost codes first; numbers are unsigned, names are without prefix."""

    is_sender: bool = False
    subcode: str | None = None
    """Local name of the subcode: "TimedOut", "AccessDenied", "DestinationUnreachable"."""

    reason: str = ""
    """Text in the host's language; for people only (wsman-cim.md 4)."""

    detail: str | None = None
    """Last segment of the FaultDetail URI: "InvalidResourceURI"."""

    wsman_code: int | None = None
    """Code of the innermost WSManFault."""

    cim_status: int | None = None
    """CIMStatusCode of an MSFT_WmiError."""

    error_code: int | None = None
    """error_Code of an MSFT_WmiError, an HRESULT."""

    provider_text: str = ""
    """What the provider itself says, in the host's language; more to the point than the reason."""

    http_status: int = 500

    @property
    def code(self) -> int | None:
        """The most telling number, in the order of wsman-cim.md 6.1."""
        return self.error_code if self.error_code is not None else self.wsman_code

    def _says(self, statuses: frozenset[int], codes: frozenset[int], subcodes: frozenset[str] = frozenset()) -> bool:
        if self.cim_status is not None and self.cim_status in statuses:
            return True
        numbers = {number for number in (self.error_code, self.wsman_code) if number is not None}
        if numbers:
            return bool(numbers & codes)
        return self.cim_status is None and self.subcode in subcodes

    @property
    def is_not_found(self) -> bool:
        """The instance does not exist; from WS-Man's own code also: the class or the namespace does not."""
        return self._says(frozenset({6}), frozenset({0x80338000, 0x80041002}), frozenset({"DestinationUnreachable"}))

    @property
    def is_class_missing(self) -> bool:
        """The class or namespace does not exist on this host, and the host said so (a query on an unknown class: wsman-cim.md 6.2)."""
        return self._says(
            frozenset({3, 5}), frozenset({0x8004100E, 0x80041010, 0x80338000, 0x8033801A}), frozenset({"CannotProcessFilter"})
        )

    @property
    def is_already_exists(self) -> bool:
        """Create met an instance that is there."""
        return self._says(frozenset({11}), frozenset({0x80338033, 0x80041019}), frozenset({"AlreadyExists"}))

    @property
    def is_access_denied(self) -> bool:
        """The user lacks a right: WinRM's RootSDDL, the WMI namespace, or the provider's own check."""
        codes = frozenset({5, 0x80070005, 0x80041003, 0x80338104, 0x80338105, 0x80338106})
        return self._says(frozenset({2}), codes, frozenset({"AccessDenied"}))

    @property
    def is_timeout(self) -> bool:
        """The host ended the operation by its OperationTimeout; the method may still be running."""
        return self._says(frozenset(), frozenset({0x80338029}), frozenset({"TimedOut"}))

    @property
    def is_quota(self) -> bool:
        """The host is too busy for one more operation; nothing was started (wsman-cim.md 10)."""
        codes = frozenset({0x8033803F, 0x803381A5, 0x803381A6, 0x803381A7, 0x803381A8, 0x803381E7, 0x803381E8})
        return self._says(frozenset(), codes, frozenset({"QuotaLimit"}))

    @property
    def is_too_long(self) -> bool:
        """The answer does not fit into the envelope, so there is one: a method has run to its end (wsman-cim.md 7.4)."""
        return self._says(frozenset(), frozenset({0x80338035}), frozenset({"EncodingLimit"}))

    @property
    def is_after_the_start(self) -> bool:
        """The method may have been at work when the fault came.

        In an answer that has begun a fault can only arrive in HTTP 200, and a service that refuses a request does not begin one
        (wsman-cim.md 6.1). A plain method's answer begins when it is over.
        """
        return 200 <= self.http_status < 300 or self.is_too_long

    @property
    def is_stale_enumeration(self) -> bool:
        """The enumeration context is too old or unknown."""
        return self._says(frozenset(), frozenset({0x8033801B}), frozenset({"InvalidEnumerationContext"}))

    @property
    def is_refusal(self) -> bool:
        """A provider-side error that says the operation was refused as a whole, whoever is blamed for it.

        CIM statuses of sdk mi.h: access denied, invalid namespace, parameter, class, not found, not supported, already exists, no such
        property, type mismatch, bad query, method not available or not found.
        """
        if self.is_not_found or self.is_class_missing or self.is_already_exists or self.is_access_denied or self.is_quota:
            return True
        statuses = frozenset({2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15, 16, 17})
        codes = frozenset({0x80041008, 0x8004100C, 0x80041017, 0x8004102E, 0x8004102F, 0x80338102, 0x80338013, 0x80338041, 0x8033811E})
        return self._says(statuses, codes)

    def describe(self) -> str:
        """Return what the fault says in one phrase; never empty."""
        reason = " ".join((self.provider_text or self.reason).split()).rstrip(".")
        name = CODE_NAMES.get(self.code) if self.code is not None else None
        label = name or self.subcode
        if reason and name:
            return f"{reason} ({name})"
        return reason or (f"the host answered with the fault {label}" if label else "the host answered with a fault that says nothing more")


_HRESULT = re.compile(r"0x([0-9a-fA-F]{1,8})")


def parse_fault(element: Element, http_status: int) -> Fault:
    """Return the evidence in an s:Fault; every part may be missing (wsman-cim.md 6.1)."""
    code, subcode = _codes(element)
    inner = [part for part in element.iter() if _local(part) == "WSManFault" and _number(part.get("Code")) is not None]
    errors = [part for part in element.iter() if _local(part) == "MSFT_WmiError" or _has_child(part, "CIMStatusCode")]
    cim_status, error_code, error_text = _wmi_error(errors[0]) if errors else (None, None, "")
    detail = next((_text(part) for part in element.iter() if _local(part) == "FaultDetail"), "")
    return Fault(
        is_sender=code == "Sender",
        subcode=subcode,
        reason=next((text for text in (_text(part) for part in element.iter() if _local(part) == "Text") if text), ""),
        detail=detail.rpartition("/")[2] or None,
        wsman_code=_number(inner[-1].get("Code")) if inner else None,
        cim_status=cim_status,
        error_code=error_code,
        provider_text=error_text or _innermost_message(element),
        http_status=http_status,
    )


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(element: Element) -> str:
    return (element.text or "").strip()


def _has_child(element: Element, name: str) -> bool:
    return any(_local(child) == name for child in element)


def _codes(element: Element) -> tuple[str, str | None]:
    """Return the local names of code and subcode."""
    values = [_text(part).rpartition(":")[2] for part in element.iter() if _local(part) == "Value"]
    return (values[0] if values else "", values[1] if len(values) > 1 and values[1] else None)


def _number(text: str | None) -> int | None:
    """Return a code as an unsigned 32-bit number; decimal in all recordings, negative when somebody printed it signed."""
    if text is None or not re.fullmatch(r"\s*-?[0-9]{1,10}\s*", text):
        return None
    return int(text) & 0xFFFFFFFF


def _wmi_error(element: Element) -> tuple[int | None, int | None, str]:
    """Return CIM status, HRESULT and text of an MSFT_WmiError."""
    parts = {_local(child): _text(child) for child in element}
    cim_status = _number(parts.get("CIMStatusCode"))
    error_code = _number(parts.get("error_Code"))
    if error_code is None:
        written = _HRESULT.search(parts.get("MessageID", ""))
        error_code = int(written[1], 16) if written else None
    if parts.get("error_Type") == "MI":
        # The number is then an MI_Result, which is the CIM status by another name.
        cim_status, error_code = (cim_status if cim_status is not None else error_code), None
    return cim_status, error_code or None, parts.get("Message") or parts.get("error_WindowsErrorMessage") or ""


def _innermost_message(element: Element) -> str:
    """Return the text that stands deepest in f:Message or f:ProviderFault."""
    texts = [_text(part) for part in element.iter() if _local(part) in {"Message", "ProviderFault"}]
    return next((text for text in reversed(texts) if text), "")
