"""Which encoding a page is in: by its mark, its shape, what it says of itself, or its bytes."""

from __future__ import annotations

import codecs
import re

from msgspec import Struct

from tocsin.evidence.lines import encoding_of

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_STATED = re.compile(
    rb"(?:codepage\s*=\s*[\"']?\s*(\d{2,5})|(?:pageEncoding|encoding)\s*=\s*[\"']\s*([\w.:-]{2,20})\s*[\"'])",
    re.IGNORECASE,
)
_BY_NUMBER = {932: "cp932", 936: "gb18030", 949: "cp949", 950: "big5", 65000: "utf-7", 65001: "utf-8"}
_EBCDIC_HEADS = (b"\x4c\x6f\xa7\x94", b"\x4c\x6c", b"\x4c\x5a\x84\x96")
_HEAD = 4096
_PAIR = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]")
_HANZI = re.compile(rb"[\xa1-\xa9\xb0-\xf7][\xa1-\xfe]")
_KANA = re.compile(rb"[\x82\x83][\x40-\xfc]")
_RUN = re.compile(rb"[\xa1-\xfe]{4}")
"""Two Chinese characters in a row; letters with accents hardly ever stand so close."""
_HIGH = re.compile(rb"[\x80-\xff]")
_LARGE = 1 << 20
_SELDOM = 32
"""One byte in so many is zero in the least ASCII of pages in UTF-16."""
_CODE_LE = re.compile(rb"<\0[%?jJsS]\0")
_CODE_BE = re.compile(rb"\0<\0[%?jJsS]")


SINGLE = frozenset({"latin-1", "utf-7"})
"""A byte is a character; what UTF-7 shifts is decoded afterwards, as a layer."""


class Charset(Struct, frozen=True):
    """How bytes become characters.

    Attributes:
        name: Python's name of the codec.
        mark: bytes of the byte-order mark.
        plain: bytes at the beginning that are ASCII whatever the codec (the directive that names it).
    """

    name: str
    mark: int = 0
    plain: int = 0

    def decode(self, body: bytes) -> str:
        """Decode what follows the mark; bytes that do not fit become characters, one each where possible."""
        if self.name in SINGLE:
            return body.decode("latin-1")
        head = body[: self.plain].decode("latin-1")
        return head + body[self.plain :].decode(self.name, errors_of(self.name))


def errors_of(name: str) -> str:
    """Give the error handler that keeps bytes that do not fit, so that positions lead back to them."""
    return (
        "replace"
        if name.startswith("utf-16") or name in {"utf-32-le", "utf-32-be", "utf-7"}
        else "surrogateescape"
    )


def charset_of(data: bytes) -> Charset:
    """Give the encoding of a page."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return Charset(name, len(mark))
    shape, _ = encoding_of(data)
    if shape != "utf-8":
        return Charset(shape)
    return _wide(data) or _foreign(data) or _by_bytes(data)


def _wide(data: bytes) -> Charset | None:
    """UTF-16 without a mark, most of whose characters are not ASCII: its line ends and marks of code tell."""
    sample = data[: _LARGE & ~1]
    empty = sample.count(0)
    if empty * _SELDOM < len(sample):
        return None
    high = sample[1::2].count(0)
    for name, zeros, marks in (("utf-16-le", high, _CODE_LE), ("utf-16-be", empty - high, _CODE_BE)):
        if zeros * 20 >= empty * 19 and any(found.start() % 2 == 0 for found in marks.finditer(sample)):
            return Charset(name)
    return None


def _foreign(data: bytes) -> Charset | None:
    """An encoding that is not a superset of ASCII: only the page itself, or an EBCDIC head, tells it."""
    if data.startswith(_EBCDIC_HEADS):
        return Charset("cp037")
    for stated in _STATED.finditer(data[:_HEAD]):
        name = _named(stated)
        if name and not _like_ascii(name):
            end = data.find(b">", stated.end())
            return Charset(name, plain=end + 1 if end >= 0 else stated.end())
    return None


def _by_bytes(data: bytes) -> Charset:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return Charset(_stated_or_guessed(data))
    return Charset("utf-8")


def _stated_or_guessed(data: bytes) -> str:
    stated = _STATED.search(data[:_HEAD])
    name = _named(stated) if stated else None
    for candidate in (name, _guess(data[:_LARGE])):
        if candidate and candidate not in {"utf-8", "latin-1"} and _mostly(data, candidate):
            return candidate
    return "latin-1"


def _guess(data: bytes) -> str:
    high, hanzi, pairs = len(_HIGH.findall(data)), len(_HANZI.findall(data)), len(_PAIR.findall(data))
    if 2 * len(_KANA.findall(data)) > 0.3 * high:
        return "cp932"
    if 2 * hanzi >= 0.8 * high and hanzi >= 0.8 * pairs and _RUN.search(data):
        return "gb18030"
    return "latin-1"


def _mostly(data: bytes, name: str) -> bool:
    """Tell whether the bytes read well: at most one in a thousand is replaced."""
    try:
        return data[:_LARGE].decode(name, "replace").count("\ufffd") * 1000 <= len(data)
    except LookupError:
        return False


def _named(stated: re.Match[bytes]) -> str | None:
    number, word = stated.groups()
    name = _BY_NUMBER.get(int(number), f"cp{int(number)}") if number else word.decode("ascii", "replace")
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    return info.name if getattr(info, "_is_text_encoding", True) else None


def _like_ascii(name: str) -> bool:
    sample = '<%@ page="Az09"\r\n(){};&\\%>'
    try:
        return sample.encode(name) == sample.encode("ascii")
    except UnicodeError:
        return False
