# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""XML as it arrives: cut into documents by content, refused when it goes beyond sense (pywinrm-streaming.md 2).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import codecs
import re
import typing as t
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

try:
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser
except ImportError as missing:
    MISSING: str | None = str(missing)
else:
    MISSING = None

DOCUMENT_LIMIT = 4 * 1024 * 1024
"""Bytes of one envelope: eight times what a host sends by default (wsman-cim.md 10), so a raised limit still passes."""

DEPTH_LIMIT = 200

_DECLARATION = re.compile(rb"\s*<\?xml\b[^>]*?encoding\s*=\s*[\"']([^\"']*)[\"']")
_READABLE_ENCODINGS = frozenset({"utf-8", "utf8", "utf-16", "utf-16le", "utf-16be", "us-ascii", "ascii"})
_UTF8_MARK = codecs.BOM_UTF8
_SPACE = b" \t\r\n"


class XmlRefusedError(ValueError):
    """The bytes are no XML that this client reads; the message says why, without quoting them."""


class XmlBrokenOffError(XmlRefusedError):
    """The bytes end in the middle of a document."""


class _Parser(t.Protocol):
    """What is used of defusedxml's parser."""

    def feed(self, data: bytes) -> None: ...

    def close(self) -> Element: ...


class _Builder:
    """Builds one tree, counts depth, and turns xsi:type prefixes into namespaces while they are known."""

    TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"

    def __init__(self) -> None:
        self._tree = TreeBuilder()
        self._bindings: dict[str, list[str]] = {}
        self._depth = 0
        self.is_complete = False

    def start_ns(self, prefix: str, uri: str) -> None:
        self._bindings.setdefault(prefix or "", []).append(uri)

    def end_ns(self, prefix: str) -> None:
        self._bindings[prefix or ""].pop()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise XmlRefusedError(f"it is nested more than {DEPTH_LIMIT} levels deep")
        type_name = attributes.get(self.TYPE)
        if type_name is not None:
            prefix, _unused, local = type_name.strip().rpartition(":")
            bound = self._bindings.get(prefix)
            attributes[self.TYPE] = f"{{{bound[-1]}}}{local}" if bound else local
        self._tree.start(tag, attributes)

    def end(self, tag: str) -> None:
        self._tree.end(tag)
        self._depth -= 1
        self.is_complete = self._depth == 0

    def data(self, text: str) -> None:
        self._tree.data(text)

    def close(self) -> Element:
        return self._tree.close()


class DocumentSplitter:
    """Takes bytes in pieces of any cut and gives each XML document as soon as its last byte is there.

    Documents may follow each other directly; byte order marks, declarations and white space may stand between them. UTF-8 and
    UTF-16 are read, other encodings refused.

    Args:
        limit: bytes of one document.
    """

    def __init__(self, limit: int = DOCUMENT_LIMIT) -> None:
        self._limit = limit
        self._decoder: codecs.IncrementalDecoder | None = None
        self._is_encoding_known = False
        self._pending = b""
        self._size = 0
        self._parser: _Parser | None = None
        self._builder = _Builder()

    def feed(self, data: bytes) -> Iterator[Element]:
        """Yield the documents that these bytes complete.

        Raises:
            XmlRefusedError: the bytes are not well-formed, too many, too deep, or hold a DTD or entity.
        """
        text = self._as_utf8(data)
        self._pending += text
        start = 0
        try:
            while cut := self._pending.find(b">", start) + 1:
                piece, start = self._pending[start:cut], cut
                root = self._parse(piece)
                if root is not None:
                    yield root
        finally:
            self._pending = self._pending[start:]
        if self._size + len(self._pending) > self._limit:
            raise XmlRefusedError(f"it is longer than {self._limit} bytes")

    def finish(self) -> None:
        """Check that nothing incomplete is left.

        Raises:
            XmlBrokenOffError: the last document has no end.
        """
        if self._parser is not None or self._pending.strip(_SPACE + _UTF8_MARK):
            raise XmlBrokenOffError("it breaks off")

    def _as_utf8(self, data: bytes) -> bytes:
        if not self._is_encoding_known:
            self._pending += data
            head = self._pending.lstrip(_SPACE)
            if len(head) < 2:
                return b""
            self._is_encoding_known = True
            name = _wide_encoding(head[:2])
            data, self._pending = self._pending, b""
            if name:
                self._decoder = codecs.getincrementaldecoder(name)()
        if self._decoder is None:
            return data
        try:
            return self._decoder.decode(data).encode("utf-8")
        except UnicodeError:
            raise XmlRefusedError("it is not the UTF-16 that it begins as") from None

    def _parse(self, piece: bytes) -> Element | None:
        if self._parser is None:
            piece = _without_lead(piece)
            self._builder = _Builder()
            self._parser = _new_parser(self._builder, piece)
            self._size = 0
        self._size += len(piece)
        if self._size > self._limit:
            raise XmlRefusedError(f"it is longer than {self._limit} bytes")
        try:
            self._parser.feed(piece)
            if not self._builder.is_complete:
                return None
            root = self._parser.close()
        except ParseError as error:
            raise XmlRefusedError(f"it is not well-formed ({error})") from None
        except DefusedXmlException:
            raise XmlRefusedError("it holds a document type or entity definition") from None
        self._parser, self._size = None, 0
        return root


def _wide_encoding(head: bytes) -> str | None:
    """Return the codec for a document that begins with these two bytes, None for UTF-8."""
    if head in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        return "utf-16"
    if head == b"<\x00":
        return "utf-16-le"
    return "utf-16-be" if head == b"\x00<" else None


def _without_lead(piece: bytes) -> bytes:
    """Return the piece without what may stand between two documents; a declaration must be the first thing for expat."""
    while True:
        bare = piece.lstrip(_SPACE).removeprefix(_UTF8_MARK)
        if bare == piece:
            return bare
        piece = bare


def _new_parser(builder: _Builder, head: bytes) -> _Parser:
    declared = _DECLARATION.match(head)
    if declared and declared[1].decode("latin-1").lower() not in _READABLE_ENCODINGS:
        raise XmlRefusedError("it declares an encoding other than UTF-8 and UTF-16")
    # Bytes are UTF-8 here whatever the declaration says, hence the encoding.
    parser = DefusedXMLParser(target=builder, encoding="utf-8", forbid_dtd=True)
    defer = getattr(parser.parser, "SetReparseDeferralEnabled", None)
    if defer is not None:
        # Newer expat waits for more bytes after an unfinished token, which would hold back a finished envelope.
        defer(False)
    return t.cast(_Parser, parser)


def parse_document(data: bytes, limit: int = DOCUMENT_LIMIT) -> Element:
    """Return the one document that `data` holds.

    Raises:
        XmlRefusedError: it holds none, several, or one that DocumentSplitter refuses.
    """
    splitter = DocumentSplitter(limit)
    found = list(splitter.feed(data))
    splitter.finish()
    if len(found) != 1:
        raise XmlRefusedError("it holds no document" if not found else "it holds more than one document")
    return found[0]
