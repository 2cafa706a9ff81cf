# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The XML of a configuration file, with the line of each element, refused when it holds more than plain elements.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import codecs
import re
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import ParseError

from .errors import HotfixConfigError

try:
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser
except ImportError as missing:
    MISSING: str | None = str(missing)
else:
    MISSING = None

DEPTH_LIMIT = 32

_DECLARATION = re.compile(r"\s*<\?xml\b[^>]*?encoding\s*=\s*[\"']([^\"']*)[\"']")
_READABLE_ENCODINGS = frozenset({"utf-8", "utf8", "utf-16", "utf-16le", "utf-16be", "us-ascii", "ascii"})
# Attributes of these belong to XML itself and to XML Schema, and say nothing about a rule.
_FOREIGN = ("{http://www.w3.org/XML/1998/namespace}", "{http://www.w3.org/2001/XMLSchema-instance}")


@dataclass
class XmlNode:
    """One element.

    Args:
        name: local name as written; the namespace of Microsoft's schema is not public (cau.md 6.2), so none is asked for.
        line: of its start tag, from 1.
        attributes: by lower-case local name, with blanks at both ends removed.
        text: all text directly in it.
        children: its elements.
    """

    name: str
    line: int
    attributes: dict[str, str]
    text: str = ""
    children: list[XmlNode] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The name as it is compared."""
        return self.name.casefold()

    def descendants(self) -> Iterator[XmlNode]:
        """Yield every element below this one, in the order of the file."""
        for child in self.children:
            yield child
            yield from child.descendants()


class _Target:
    """Takes the events of the parser and builds nodes."""

    def __init__(self, file_name: str) -> None:
        self._file_name = file_name
        self._open: list[XmlNode] = []
        self._roots: list[XmlNode] = []
        self.line: t.Callable[[], int] = lambda: 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        line = self.line()
        if len(self._open) >= DEPTH_LIMIT:
            raise HotfixConfigError(self._file_name, line, f"elements are nested more than {DEPTH_LIMIT} levels deep")
        node = XmlNode(_local(tag), line, {})
        for name, value in attributes.items():
            if name.startswith(_FOREIGN):
                continue
            key = _local(name).casefold()
            if key in node.attributes:
                raise HotfixConfigError(self._file_name, line, f"<{node.name}> has the attribute {_local(name)} twice")
            node.attributes[key] = value.strip()
        (self._open[-1].children if self._open else self._roots).append(node)
        self._open.append(node)

    def end(self, _tag: str) -> None:
        self._open.pop()

    def data(self, text: str) -> None:
        self._open[-1].text += text

    def close(self) -> XmlNode:
        return self._roots[0]


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def parse_xml(data: bytes, file_name: str) -> XmlNode:
    """Return the root element.

    Args:
        data: the file, as UTF-8 or UTF-16.
        file_name: for messages.

    Raises:
        HotfixConfigError: it is not well-formed, in another encoding, too deep, or holds a document type or an entity.
    """
    text = _decoded(data, file_name)
    declared = _DECLARATION.match(text)
    if declared and declared[1].lower() not in _READABLE_ENCODINGS:
        raise HotfixConfigError(file_name, 1, f"it declares the encoding {declared[1]}; save it as UTF-8 or UTF-16")
    target = _Target(file_name)
    # The bytes are UTF-8 here whatever the declaration says, hence the encoding.
    parser = DefusedXMLParser(target=target, encoding="utf-8", forbid_dtd=True)
    target.line = lambda: int(parser.parser.CurrentLineNumber)
    try:
        parser.feed(text.encode("utf-8"))
        return t.cast(XmlNode, parser.close())
    except ParseError as error:
        line, column = error.position
        reason = str(error).rpartition(": line ")[0]
        raise HotfixConfigError(file_name, line, f"it is not well-formed XML ({reason}, column {column + 1})") from None
    except DefusedXmlException:
        reason = "it holds a document type or an entity definition, which is never read"
        raise HotfixConfigError(file_name, int(parser.parser.CurrentLineNumber), reason) from None


def _decoded(data: bytes, file_name: str) -> str:
    head = data[:2]
    if head in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        encoding = "utf-16"
    elif head in {b"<\x00", b"\x00<"}:
        encoding = "utf-16-le" if head == b"<\x00" else "utf-16-be"
    else:
        encoding = "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        name = "UTF-16 that it begins as" if encoding.startswith("utf-16") else "UTF-8"
        raise HotfixConfigError(file_name, line, f"it is not the {name}; save it as UTF-8 or UTF-16") from None
