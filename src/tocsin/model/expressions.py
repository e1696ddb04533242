"""Regular expressions whose repeats and groups give nothing back, on every Python that Tocsin runs on.

Possessive repeats (``a++``, ``a{2,9}+``) and atomic groups (``(?>…)``) keep hostile input linear. Before
Python 3.11.5 (Debian 12 has 3.11.2), the standard library's engine matches such repeats wrongly where
something in them may be tried in two ways: it finds too much, or raises ``SystemError`` (CPython gh-100061
and gh-106052). There, the package ``regex`` matches instead (ADR 0044). A group that captures within such a
repeat stays wrong up to 3.12.7 and in 3.13.0 (gh-101955): write none.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from importlib import import_module
from typing import Any, overload

SOUND = sys.version_info >= (3, 11, 5)
"""Whether this Python's own engine is right about such expressions."""

_GIVES_NOTHING_BACK = re.compile(r"\(\?>|[*+?}]\+")
"""At least every such construct; ``\\++`` as well, which the other engine matches as well."""
_NAMES = ("ASCII", "DOTALL", "IGNORECASE", "LOCALE", "MULTILINE", "UNICODE", "VERBOSE")
_WORD, _BLANK = r"\p{L}\p{N}_", r"\s\x1c-\x1f"
_INSIDE = {r"\w": _WORD, r"\s": _BLANK}
_ALONE = {  # outside of a class, or a whole class
    r"\w": f"[{_WORD}]",
    r"\W": f"[^{_WORD}]",
    r"\s": f"[{_BLANK}]",
    r"\S": f"[^{_BLANK}]",
    r"\b": f"(?:(?<=[{_WORD}])(?![{_WORD}])|(?<![{_WORD}])(?=[{_WORD}]))",
    r"\B": f"(?:(?<=[{_WORD}])(?=[{_WORD}])|(?<![{_WORD}])(?![{_WORD}]))",
    r"[^\W\d]": r"[\p{L}\p{Nl}\p{No}_]",
}
"""What ``re`` means by these; ``regex`` has marks and joiners among letters, 1C to 1F not among blanks."""
_CLASS_OR_ESCAPE = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]|\\.", re.DOTALL)
_ESCAPE = re.compile(r"\\.", re.DOTALL)
_REMEMBERED = 512
"""Expressions, as many as ``re`` remembers."""


@overload
def compiled(pattern: str, flags: int = 0, *, sound: bool = SOUND) -> re.Pattern[str]: ...
@overload
def compiled(pattern: bytes, flags: int = 0, *, sound: bool = SOUND) -> re.Pattern[bytes]: ...
def compiled(pattern: str | bytes, flags: int = 0, *, sound: bool = SOUND) -> re.Pattern[Any]:
    """Give what ``re.compile`` does, in an engine that matches it as Python documents.

    Args:
        pattern: in the syntax of ``re``.
        flags: of ``re``.
        sound: whether ``re`` is to be trusted; tests say no.

    Returns:
        The standard library's pattern, or one of ``regex`` that has the same methods and gives matches
        with the same methods. It is no instance of ``re.Pattern``, its ``flags`` and ``pattern`` are
        others, ``pos`` must not lie behind ``endpos``, and without case ``i`` is not the Turkish dotless one.

    Raises:
        re.error: the pattern is none.
    """
    if sound:
        return re.compile(pattern, flags)
    return _elsewhere(pattern, flags)


@lru_cache(_REMEMBERED)
def _elsewhere(pattern: str | bytes, flags: int) -> re.Pattern[Any]:
    """Compile with ``regex`` what needs it; ``re`` has then said that the pattern is one, and its flags."""
    own = re.compile(pattern, flags)
    shown = pattern if isinstance(pattern, str) else pattern.decode("latin-1")
    if not _GIVES_NOTHING_BACK.search(shown):
        return own
    engine = import_module("regex")
    value = engine.VERSION0
    for name in _NAMES:
        if own.flags & getattr(re, name):
            value |= getattr(engine, name)
    spelt = _spelt_out(pattern) if isinstance(pattern, str) and own.flags & re.UNICODE else pattern
    try:
        found: re.Pattern[Any] = engine.compile(spelt, value)
    except engine.error as fault:
        raise re.error(str(fault)) from fault
    return found


def _spelt_out(pattern: str) -> str:
    """Write classes of characters so that ``regex`` reads them as ``re`` does."""
    return _CLASS_OR_ESCAPE.sub(_spelt, pattern)


def _spelt(found: re.Match[str]) -> str:
    piece = found[0]
    if piece[0] == "[" and piece not in _ALONE:
        return _ESCAPE.sub(lambda escape: _INSIDE.get(escape[0], escape[0]), piece)
    return _ALONE.get(piece, piece)
