# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports in the form of Microsoft's own CAU: reading them tolerantly, and writing one as far as its form is known.

The form is not documented (cau.md 5.6): the types are .NET data contracts, so that the members are read by their local names wherever they
stand. What is written here has that tree, and whether CAU's own cmdlets read it is not known.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree

from .files import Record
from .items import State, code_fields

try:
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring
except ImportError as missing:
    MISSING: str | None = str(missing)
else:
    MISSING = None

_CAU = "http://schemas.datacontract.org/2004/07/Microsoft.ClusterAwareUpdating"

# The names of results in CAU (cau.md 5.4) for ours.
_RUN_RESULTS = {"succeeded": "Succeeded", "ended": "Succeeded"}
_NODE_RESULTS = {"ok": "Succeeded", "nothing_to_do": "Succeeded", "left_alone": "Succeeded", "not_reached": "Canceled"}
_UPDATE_RESULTS = {State.INSTALLED: "Succeeded", State.CANCELED: "Canceled"}


def parse(data: bytes) -> dict[str, t.Any]:
    """Return what a native report says, as far as it is understood.

    Args:
        data: the report as the node keeps it.

    Raises:
        ValueError: it is no XML, the package that parses it safely is missing, or nothing in it is known; the message says which.
    """
    if MISSING:
        raise ValueError(f"it cannot be read without the Python package defusedxml ({MISSING})")
    try:
        root = fromstring(data, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException, ValueError, LookupError):
        raise ValueError("it is no XML") from None
    result = root if _name(root) == "ClusterResult" else _first(root, "ClusterResult")
    nodes = [_node(each) for each in root.iter() if _name(each) == "NodeResult"]
    if result is None and not nodes:
        raise ValueError("it holds neither a ClusterResult nor a NodeResult")
    top = result if result is not None else root
    error = _child(top, "ErrorRecordData")
    return {
        "status": _text(top, "Status"),
        "started_at": _text(top, "StartTimestamp"),
        "error": _deep_text(error, "FullyQualifiedErrorId") or _deep_text(error, "ExceptionData"),
        "nodes": nodes,
    }


def _node(element: ElementTree.Element) -> dict[str, t.Any]:
    node = _child(element, "Node")
    return {
        "node": _deep_text(node, "NodeName"),
        "status": _text(element, "Status"),
        "error": _deep_text(_child(element, "ErrorRecordData"), "ExceptionData"),
        "updates": [_update(each) for each in element.iter() if _name(each) == "UpdateInstallResult"],
    }


def _update(element: ElementTree.Element) -> dict[str, t.Any]:
    code = _text(element, "ErrorCode")
    is_number = code is not None and code.lstrip("-").isdecimal()
    return {
        "id": _text(element, "UpdateId"),
        "title": _text(element, "UpdateTitle"),
        "result": _text(element, "UpdateResultCode") or _text(element, "ResultCode"),
        **code_fields(int(code) if is_number and code is not None else None),
    }


def _name(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _child(element: ElementTree.Element, name: str) -> ElementTree.Element | None:
    return next((child for child in element if _name(child) == name), None)


def _first(element: ElementTree.Element, name: str) -> ElementTree.Element | None:
    return next((each for each in element.iter() if _name(each) == name), None)


def _text(element: ElementTree.Element, name: str) -> str | None:
    found = _child(element, name)
    return (found.text or "").strip() or None if found is not None else None


def _deep_text(element: ElementTree.Element | None, name: str) -> str | None:
    found = _first(element, name) if element is not None else None
    return (found.text or "").strip() or None if found is not None else None


def write(record: Record) -> bytes:
    """Return a record in the form of a native report.

    Args:
        record: the record of a run that has ended.
    """
    ElementTree.register_namespace("", _CAU)
    report = _element("CauReport")
    result = _add(report, "ClusterResult")
    _add(result, "ClusterName", record["run"]["cluster"])
    if record["run"]["reason"]:
        _add(_add(result, "ErrorRecordData"), "ExceptionData", record["run"]["reason"])
    nodes = _add(result, "NodeResults")
    for node in record["nodes"]:
        _add_node(nodes, node)
    _add(result, "RunId", record["run"]["run_id"])
    _add(result, "StartTimestamp", record["run"]["started_at"])
    some = any(node["counts"]["installed"] for node in record["nodes"])
    _add(result, "Status", _RUN_RESULTS.get(record["run"]["state"], "PartiallyFailed" if some else "Failed"))
    return bytes(ElementTree.tostring(report, encoding="utf-8", xml_declaration=True))


def _add_node(nodes: ElementTree.Element, node: dict[str, t.Any]) -> None:
    element = _add(nodes, "NodeResult")
    if node["reason"]:
        _add(_add(element, "ErrorRecordData"), "ExceptionData", node["reason"])
    results = _add(element, "InstallResults")
    for item in node["items"]:
        if not item["tries"]:
            continue
        update = _add(results, "UpdateInstallResult")
        _add(update, "ErrorCode", str(_signed(item["code"])))
        _add(update, "RebootRequired", str(bool(item["restart_required"])).lower())
        _add(update, "UpdateId", item["id"])
        _add(update, "UpdateResultCode", _UPDATE_RESULTS.get(item["state"], "Failed"))
        _add(update, "UpdateTitle", item["title"] or item["id"])
    _add(_add(element, "Node"), "NodeName", node["node"])
    _add(element, "Status", _NODE_RESULTS.get(node["state"], "PartiallyFailed" if node["counts"]["installed"] else "Failed"))


def _signed(code: str | None) -> int:
    """Return a code as CAU keeps it: an HRESULT as signed number, 0 when there is none (cau.md 1.3)."""
    number = int(code, 0) if code else 0
    return number - (1 << 32) if number >= 1 << 31 else number


def _element(name: str) -> ElementTree.Element:
    return ElementTree.Element(f"{{{_CAU}}}{name}")


def _add(parent: ElementTree.Element, name: str, text: str | None = None) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, f"{{{_CAU}}}{name}")
    # What XML forbids would make the whole report unreadable.
    element.text = None if text is None else "".join(sign if sign.isprintable() or sign in "\n\t" else " " for sign in text)
    return element
