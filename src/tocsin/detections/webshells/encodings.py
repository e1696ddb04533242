"""Base64, hexadecimal, percent marks, compression and the like, for ``folding``."""

from __future__ import annotations

import base64
import re
import zlib
from urllib.parse import unquote_to_bytes

from tocsin.detections.webshells.pure import LONGEST, Known, bounded, octets, text, whole


def from_base64(value: Known, *_rest: Known) -> bytes:
    """Decode Base64 as tolerantly as the servers do."""
    source = re.sub(r"[^A-Za-z0-9+/]", "", text(value).replace("-", "+").replace("_", "/"))
    bounded(len(source))
    return base64.b64decode(source + "=" * (-len(source) % 4))


def to_base64(value: Known, *_rest: Known) -> str:
    """Encode to Base64."""
    source = octets(value)
    bounded(len(source) * 2)
    return base64.b64encode(source).decode("ascii")


def from_hex_text(value: Known) -> bytes:
    """``hex2bin``."""
    return bytes.fromhex(text(value))


def to_hex_text(value: Known) -> str:
    """``bin2hex``."""
    return octets(value).hex()


def inflated(value: Known, *_rest: Known) -> bytes:
    """``gzinflate``, ``gzuncompress``, ``gzdecode``: whichever form it has."""
    source = octets(value)
    for form in (-15, 15, 31):
        try:
            return zlib.decompressobj(form).decompress(source, LONGEST)
        except zlib.error:
            continue
    raise ValueError


def unquoted(value: Known, *_rest: Known) -> str:
    """``unescape``, ``urldecode``: ``%41`` and ``%u0041``."""
    source = re.sub(r"%u([0-9A-Fa-f]{4})", lambda hole: chr(int(hole[1], 16)), text(value))
    return re.sub(r"%([0-9A-Fa-f]{2})", lambda hole: chr(int(hole[1], 16)), source)


def unquoted_utf8(value: Known, *_rest: Known) -> str:
    """``decodeURIComponent``, ``UrlDecode``."""
    return unquote_to_bytes(text(value)).decode("utf-8", "replace")


_ROT13 = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "NOPQRSTUVWXYZABCDEFGHIJKLMnopqrstuvwxyzabcdefghijklm",
)


def rotated(value: Known) -> str:
    """``str_rot13``."""
    return text(value).translate(_ROT13)


def packed(pattern: Known, *given: Known) -> Known:
    """``pack("H*", …)``, ``pack("C*", …)``."""
    kind = text(pattern)
    if kind.startswith("H"):
        return bytes.fromhex(text(given[0]))
    if kind.rstrip("*0123456789") in {"C", "c", "CC"}:
        return bytes(whole(one) & 0xFF for one in given)
    raise ValueError


def spoken(value: Known, *_rest: Known) -> str:
    """``GetString`` of an encoding, ``new String(bytes)``: UTF-8 if it is, else byte for byte."""
    source = octets(value)
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError:
        return source.decode("latin-1")


def spoken_wide(value: Known, *_rest: Known) -> str:
    """``Encoding.Unicode.GetString``."""
    return octets(value).decode("utf-16-le", "replace")


def written(value: Known, *_rest: Known) -> bytes:
    """``GetBytes`` of an encoding."""
    source = text(value)
    bounded(len(source) * 3)
    return source.encode("utf-8", "replace")


def unslashed(value: Known) -> str:
    """``stripslashes``."""
    return re.sub(r"\\(.)", r"\1", text(value))
