# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The twin's own XML: a parser that knows neither DTDs nor entities nor the network, and a compact writer."""

from __future__ import annotations

import re
import typing as t

from lxml import etree

Element: t.TypeAlias = t.Any
"""An lxml element: lxml ships without types."""

# XML 1.0 allows tab, LF and CR only below 0x20; lone surrogates, U+FFFE and U+FFFF are forbidden too.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class NotXmlError(ValueError):
    """The bytes are no well-formed XML document, or one that Windows refuses to look at."""


def parse(data: bytes) -> Element:
    """Return the root element of a document.

    Raises:
        NotXmlError: malformed, too deep or too large for the parser, or with a document type declaration.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotXmlError(str(error)) from None
    if root is None or root.getroottree().docinfo.internalDTD is not None:
        raise NotXmlError("document type declarations are not accepted")
    return root


def serialize(element: Element) -> bytes:
    """Return an element as compact UTF-8 without XML declaration (wsman-cim.md 2)."""
    return t.cast(bytes, etree.tostring(element, encoding="utf-8", xml_declaration=False, with_tail=False))


def printable(text: str) -> str:
    """Return text with every character that XML forbids replaced by a question mark (wsman-cim.md 4)."""
    return _FORBIDDEN.sub("?", text)


def element(tag: str, nsmap: t.Mapping[str | None, str] | None = None) -> Element:
    """Return a new element."""
    return etree.Element(tag, nsmap=dict(nsmap) if nsmap else None)


def child(
    parent: Element, namespace: str | None, name: str, text: str | None = None, *, nsmap: t.Mapping[str | None, str] | None = None
) -> Element:
    """Append a child element, with text when given."""
    node = etree.SubElement(parent, f"{{{namespace}}}{name}" if namespace else name, nsmap=dict(nsmap) if nsmap else None)
    if text is not None:
        node.text = printable(text)
    return node


def local_name(node: Element) -> str:
    """Return the name of an element without its namespace."""
    return t.cast(str, etree.QName(node).localname)


def namespace_of(node: Element) -> str:
    """Return the namespace of an element, empty when it has none."""
    return t.cast("str | None", etree.QName(node).namespace) or ""


def find(node: Element, namespace: str, name: str) -> Element | None:
    """Return the first child of that name."""
    return node.find(f"{{{namespace}}}{name}")


def text_of(node: Element | None) -> str | None:
    """Return the whole text of an element, None when there is no such element."""
    return None if node is None else "".join(node.itertext())
