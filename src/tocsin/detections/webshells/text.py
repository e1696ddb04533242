"""A page's bytes as the server's compiler reads them, with a way back to the bytes.

IIS serves pages in UTF-16 and in code pages, ASP pages may be encoded with the Script Encoder, JSP
pages may hide behind Java's Unicode escapes: decoded first, they are all one page. Every position is
a character of ``Text.text``; ``Text.byte_span`` leads back into the file.
"""

from __future__ import annotations

import base64
import bisect
import re
from collections.abc import Callable
from functools import cached_property

from tocsin.detections.webshells.charsets import SINGLE, Charset, charset_of, errors_of
from tocsin.detections.webshells.script_encoder import ENCODED, decoded_script

PICTURES = re.compile(rb"GIF8[79]a|\x89PNG\r?\n|\xff\xd8\xff|BM.{4}\0\0\0\0|%PDF-", re.DOTALL)
_JAVA_PAGE = re.compile(
    r"<%@\s*(?:page|taglib|include)\b|<jsp:|java\.(?:io|lang|util)\b|<%[!=]?\s*\\u", re.IGNORECASE
)
_NET_PAGE = re.compile(r"<%@[^>]{0,200}\blanguage\s*=\s*[\"']?\s*(?:c#|cs|vb|jscript)", re.IGNORECASE)
_JAVA_ESCAPE = re.compile(r"\\u+00([0-7][0-9A-Fa-f])")
_XML_PAGE = re.compile(r"http://java\.sun\.com/JSP/Page|http://xmlns\.jcp\.org/JSP/Page", re.IGNORECASE)
_XML_ESCAPE = re.compile(r"&(?:#(\d{1,7})|#[xX]([0-9A-Fa-f]{1,6})|(lt|gt|amp|quot|apos));|<!\[CDATA\[|\]\]>")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_SHIFTED_PAGE = re.compile(r"<%@[^>]{0,200}\bcodepage\s*=\s*[\"']?\s*65000\b", re.IGNORECASE)
_BEGINNING = 4_096
_SHIFTED = re.compile(r"\+([A-Za-z0-9+/]*)-?")
_LONE = re.compile("[\ud800-\udfff]")
_STRIDE = 2_048
_LINE_END = re.compile(r"\r\n|\r|\n")
_BARE_RETURN = re.compile(r"\r(?!\n)")


class Layer:
    """One rewriting of the text: what was replaced, and where it stands before and after."""

    def __init__(self, kind: str, places: list[tuple[int, int, int, int]]) -> None:
        """Take ``(start before, end before, start after, end after)`` of every replaced stretch."""
        self.kind = kind
        self.places = places
        self._starts = [place[2] for place in places]
        self._befores = [place[0] for place in places]

    def before(self, at: int) -> int:
        """Give the position before the rewriting; inside a replaced stretch that is its start."""
        return self._back(at)[0]

    def after(self, at: int) -> int:
        """Give the position after the rewriting; inside a replaced stretch that is its start."""
        found = bisect.bisect_right(self._befores, at) - 1
        if found < 0:
            return at
        _, stop, start_after, stop_after = self.places[found]
        return start_after if at < stop else stop_after + (at - stop)

    def end_before(self, last: int) -> int:
        """Give the position before the rewriting that ends the character ``last``."""
        return self._back(last)[1]

    def _back(self, at: int) -> tuple[int, int]:
        found = bisect.bisect_right(self._starts, at) - 1
        if found < 0:
            return at, at + 1
        start, stop, _, stop_after = self.places[found]
        if at < stop_after:
            return start, stop
        return stop + (at - stop_after), stop + (at - stop_after) + 1


class Text:
    """A decoded page.

    Attributes:
        text: what the server's compiler reads.
        encoding: Python's name of the encoding, such as ``utf-8``, ``utf-16-le`` or ``gb18030``.
        kinds: what was peeled off besides, of ``picture``, ``script-encoder``, ``java-escapes``, ``xml``.
    """

    def __init__(self, raw: str, charset: Charset, *, picture: bool = False) -> None:
        """Take the decoded bytes and how they were decoded."""
        self.encoding = charset.name
        self._raw = raw
        self._mark = charset.mark
        self._plain = charset.plain
        self._layers: list[Layer] = []
        self.text = self._peeled(_with_line_feeds(raw if raw.isascii() else _LONE.sub("\ufffd", raw)))
        self.kinds = (("picture",) if picture else ()) + tuple(layer.kind for layer in self._layers)

    def byte_span(self, start: int, end: int) -> tuple[int, int]:
        """Give the bytes of the file that hold the characters ``start`` to ``end``."""
        end = max(start, end)
        for layer in reversed(self._layers):
            start, end = layer.before(start), layer.end_before(end - 1) if end > start else layer.before(end)
        return self._byte(start), self._byte(max(start, min(end, len(self._raw))))

    def character_at(self, byte: int) -> int:
        """Give the character that a byte of the file is part of: the way back of ``byte_span``."""
        at = self._character(byte)
        for layer in self._layers:
            at = layer.after(at)
        return min(at, len(self.text))

    def line_of(self, at: int) -> int:
        """Give the 1-based line; LF, CRLF and a CR alone end one."""
        return bisect.bisect_right(self._lines, at) + 1

    def line_span(self, line: int) -> tuple[int, int]:
        """Give the characters of a 1-based line, without its end."""
        start = 0 if line == 1 else self._lines[line - 2]
        end = self._lines[line - 1] if line <= len(self._lines) else len(self.text)
        return start, start + len(self.text[start:end].rstrip("\r\n"))

    @cached_property
    def _lines(self) -> list[int]:
        return [match.end() for match in _LINE_END.finditer(self.text)]

    def _character(self, byte: int) -> int:
        rest = max(byte - self._mark, 0)
        if self.encoding in SINGLE:
            return rest
        at = max(bisect.bisect_right(self._bytes, rest) - 1, 0)
        left = rest - self._bytes[at]
        for number, character in enumerate(self._raw[at * _STRIDE : (at + 1) * _STRIDE], at * _STRIDE):
            left -= self._width(character, number)
            if left < 0:
                return number
        return len(self._raw)

    @cached_property
    def _bytes(self) -> list[int]:
        """How many bytes stand before every so many characters."""
        before = [0]
        for start in range(0, len(self._raw), _STRIDE):
            plain = self._raw[start : max(min(start + _STRIDE, self._plain), start)]
            coded = self._raw[start + len(plain) : start + _STRIDE]
            size = len(coded.encode(self.encoding, errors_of(self.encoding)))
            before.append(before[-1] + len(plain) + size)
        return before

    def _width(self, character: str, number: int) -> int:
        if number < self._plain:
            return 1
        return len(character.encode(self.encoding, errors_of(self.encoding)))

    def _byte(self, at: int) -> int:
        if self.encoding in SINGLE:
            return at + self._mark
        head = self._raw[:at]
        plain = head[: self._plain]
        return (
            self._mark + len(plain) + len(head[len(plain) :].encode(self.encoding, errors_of(self.encoding)))
        )

    def _peeled(self, text: str) -> str:
        if self.encoding == "utf-7" or _SHIFTED_PAGE.search(text, 0, _BEGINNING):
            text = self._rewritten("utf-7", _SHIFTED, text, _from_shifted)
        if "#@~^" in text:
            text = self._rewritten("script-encoder", ENCODED, text, decoded_script)
        if "&" in text and _XML_PAGE.search(text):
            text = self._rewritten("xml", _XML_ESCAPE, text, _from_xml)
        if "\\u" in text and _JAVA_PAGE.search(text) and not _NET_PAGE.search(text):
            text = self._rewritten("java-escapes", _JAVA_ESCAPE, text, _from_java)
        return text

    def _rewritten(
        self, kind: str, pattern: re.Pattern[str], text: str, change: Callable[[re.Match[str]], str]
    ) -> str:
        parts: list[str] = []
        places: list[tuple[int, int, int, int]] = []
        copied = length = 0
        for match in pattern.finditer(text):
            new = change(match)
            if new == match.group():
                continue
            parts += (text[copied : match.start()], new)
            length += match.start() - copied
            places.append((match.start(), match.end(), length, length + len(new)))
            length += len(new)
            copied = match.end()
        if not places:
            return text
        self._layers.append(Layer(kind, places))
        return "".join((*parts, text[copied:]))


def read_text(data: bytes) -> Text:
    """Decode a file's bytes; every input gives a text, bytes that fit no encoding become characters too."""
    charset = charset_of(data)
    return Text(charset.decode(data[charset.mark :]), charset, picture=bool(PICTURES.match(data)))


def _with_line_feeds(text: str) -> str:
    """Compilers take a carriage return alone for the end of a line; ``^`` and ``$`` of expressions do not."""
    if text.count("\r") == text.count("\r\n"):
        return text
    return _BARE_RETURN.sub("\n", text)


def _from_shifted(match: re.Match[str]) -> str:
    coded = match.group(1)
    if not coded:
        return "+"
    try:
        units = base64.b64decode(coded + "=" * (-len(coded) % 4))
    except ValueError:
        return match.group()
    return units[: len(units) & ~1].decode("utf-16-be", "replace")


def _from_java(match: re.Match[str]) -> str:
    return chr(int(match.group(1), 16))


def _from_xml(match: re.Match[str]) -> str:
    decimal, hexadecimal, name = match.groups()
    if name:
        return _NAMED[name]
    if decimal or hexadecimal:
        code = int(decimal) if decimal else int(hexadecimal, 16)
        return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else match.group()  # noqa: PLR2004 - Unicode's own bounds
    return ""
