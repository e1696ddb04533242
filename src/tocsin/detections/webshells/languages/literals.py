"""What constants of the languages mean: numbers and texts, decoded."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

_SIMPLE = {
    "n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "a": "\a", "e": "\x1b", "\n": "",
    "\r\n": "",
}  # fmt: skip
_ESCAPE = re.compile(
    r"\\(?:u\{([0-9A-Fa-f]{1,6})\}|u+([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{1,4})|([0-7]{1,3})|(\r\n|.))",
    re.DOTALL,
)
_PHP_ESCAPE = re.compile(
    r"\\(?:u\{([0-9A-Fa-f]{1,6})\}|x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|([nrtvef\\$\"]))", re.DOTALL
)
_DIGITS = re.compile(
    r"(?P<hex>0[xX]|&[hH])(?P<sixteen>[0-9a-fA-F]+)|(?P<bin>0[bB])(?P<two>[01]+)"
    r"|&[oO]?(?P<eight>[0-7]+)|(?P<whole>\d+)(?P<part>\.\d+)?(?P<power>[eE][+-]?\d+)?|(?P<small>\.\d+(?:[eE][+-]?\d+)?)"
)
_LONGEST_NUMBER = 40


def number(word: str) -> int | float:
    """Read a number as the languages write it; suffixes are passed over, an unreadable one is 0."""
    found = _DIGITS.match(word[:_LONGEST_NUMBER].replace("_", ""))
    if found is None:
        return 0
    for group, base in (("sixteen", 16), ("two", 2), ("eight", 8)):
        if found[group]:
            return int(found[group], base)
    if found["whole"] and not found["part"] and not found["power"]:
        return int(found["whole"])
    return float(found[0])


def unescaped(inner: str) -> str:
    """Resolve the escapes of C#, Java and JScript."""
    return _ESCAPE.sub(_resolved, inner) if "\\" in inner else inner


def _resolved(found: re.Match[str]) -> str:
    digits = found[1] or found[2] or found[3] or found[4]
    if digits:
        return _chr(int(digits, 16))
    if found[5]:
        return _chr(int(found[5], 8))
    return _SIMPLE.get(found[6], found[6])


def unescaped_php(inner: str) -> str:
    """Resolve the escapes of PHP's double quotes; others keep their backslash."""
    return _PHP_ESCAPE.sub(_resolved_php, inner) if "\\" in inner else inner


def _resolved_php(found: re.Match[str]) -> str:
    if found[1] or found[2]:
        return _chr(int(found[1] or found[2], 16))
    if found[3]:
        return _chr(int(found[3], 8) & 0xFF)
    return _SIMPLE.get(found[4], found[4])


def single_quoted_php(inner: str) -> str:
    """Resolve the two escapes of PHP's single quotes."""
    return re.sub(r"\\([\\'])", r"\1", inner) if "\\" in inner else inner


def _chr(value: int) -> str:
    """The character; what is none (beyond Unicode) becomes the replacement character."""
    return chr(value) if value <= sys.maxunicode else "\ufffd"


def between(word: str, quote: str, unescape: Callable[[str], str] = unescaped) -> str:
    """Give a quoted word's content; the closing quote may be missing."""
    begin = len(quote)
    closed = len(word) >= 2 * begin and word.endswith(quote)
    return unescape(word[begin : len(word) - begin if closed else len(word)])


def doubled(word: str, quote: str = '"') -> str:
    """Give the content of a text in which a quote is written twice (Basic, C#'s ``@"…"``)."""
    inner = word[1:-1] if len(word) > 1 and word.endswith(quote) else word[1:]
    return inner.replace(quote * 2, quote)
