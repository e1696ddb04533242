"""Regular expressions of packs: which are too dangerous to run over an intruder's bytes.

Evidence is hostile, and Python's engine backtracks: ``(a+)+`` takes time without bound, and every
further ``.*`` multiplies it by the value's length. pySigma has already refused look-around and
back-references (it checks with RE2), so a plain scan of the pattern suffices.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocsin.model import expressions

MOST_REPEATS = 3
"""Unbounded repeats that one pattern may have, one after another."""

LONGEST_VALUE = 65_536
"""Characters of a value that a regular expression looks at."""

_TOKEN = re.compile(
    r"""
      \\(?:x\{[0-9A-Fa-f]+\}|x[0-9A-Fa-f]{2}|[0-7]{1,3}|.)   # an escape
    | \[\^?\]?(?:\\.|[^\]\\])*\]           # a class
    | \((?:\?(?:P?<[^>]*>|[a-zA-Z-]*:|[a-zA-Z]+\)))?   # a group, or flags alone
    | \)
    | \|
    | (?:[*+?]|\{\d*(?:,\d*)?\})[?+]?      # a repeat
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_REPEAT = re.compile(r"[*+?]|\{(\d*)(,?)(\d*)\}")
_LARGE = 256
"""A repeat beyond this counts as unbounded."""


def compiled(pattern: str, flags: str = "") -> re.Pattern[str]:
    """Compile for matching over evidence; letters and digits are those of ASCII, as in RE2.

    Raises:
        re.error: the pattern is none.
    """
    value = re.ASCII
    for flag in flags:
        value |= {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}[flag]
    return expressions.compiled(pattern, value)


def danger(pattern: str) -> str | None:
    """Say why the pattern must not run over evidence, or None."""
    try:
        compiled(pattern)
    except re.error as error:
        return f"is none that Python knows: {error}"
    if _gives_nothing_back(pattern):
        return "holds a possessive repeat or an atomic group, which RE2 does not know"
    found = _scan(pattern)
    if found < 0:
        return "repeats a repeat or alternatives without bound"
    if found > MOST_REPEATS:
        return f"holds more than {MOST_REPEATS} unbounded repeats in a row"
    return None


def _gives_nothing_back(pattern: str) -> bool:
    """Tell of ``a++`` and ``(?>…)``; up to 3.13.0, Python may raise ``SystemError`` of them (gh-101955)."""
    found = list(pieces(pattern))
    repeats = (len(piece) > 1 and piece[0] in "*+?{" and piece[-1] == "+" for piece in found)
    return any(repeats) or any(found[at : at + 3] == ["(", "?", ">"] for at in range(len(found)))


class _Level:
    """One group while it is open: the repeats of the branch, and of the worst branch so far.

    ``ambiguous``: it can match one text in more ways than one, as far as a plain scan tells.
    """

    def __init__(self) -> None:
        self.branch = 0
        self.worst = 0
        self.ambiguous = False

    def alternate(self) -> None:
        self.worst = max(self.worst, self.branch)
        self.branch = 0
        self.ambiguous = True

    def close(self) -> int:
        return max(self.worst, self.branch)


def _scan(pattern: str) -> int:
    """Give the most unbounded repeats on one path; -1 when one is nested in another."""
    stack, group = [_Level()], _Level()
    for match in _TOKEN.finditer(pattern):
        piece = match.group()
        most = _most(piece)
        if most:
            if (group.close() and most > 1) or (group.ambiguous and most > _LARGE):
                return -1
            stack[-1].branch += most > _LARGE
            stack[-1].ambiguous = True
        group = _Level()
        if _opens(piece):
            stack.append(_Level())
        elif piece == ")" and len(stack) > 1:
            group = stack.pop()
            stack[-1].branch += group.close()
            stack[-1].ambiguous |= group.ambiguous
        elif piece == "|":
            stack[-1].alternate()
    return stack[0].close()


def _most(piece: str) -> int:
    """How often a repeat repeats at most; 0 for a piece that is no repeat."""
    match = _REPEAT.match(piece)
    if match is None:
        return 0
    if piece[0] in "*+":
        return _LARGE + 1
    if piece[0] == "?":
        return 1
    least, comma, most = match.groups()
    return int(most or (_LARGE + 1 if comma else least or 0))


def pieces(pattern: str) -> Iterator[str]:
    """Yield the smallest parts: an escape, a class, the opening of a group, a repeat, a character."""
    yield from (match.group() for match in _TOKEN.finditer(pattern))


def repeat_of(piece: str) -> tuple[int, int | None] | None:
    """Give how often a repeat repeats, at least and at most (None: without bound).

    None stands for a piece that is no repeat.
    """
    match = _REPEAT.match(piece)
    if match is None:
        return None
    if piece[0] in "*+?":
        return int(piece[0] == "+"), 1 if piece[0] == "?" else None
    least, comma, most = match.groups()
    return int(least or 0), int(most) if most else None if comma else int(least or 0)


def required_text(pattern: str) -> str:
    """Give the longest ASCII text that every match holds, as it stands in the pattern, or "".

    Only plain characters outside groups and classes count, and none in a pattern with a top-level
    alternative: too little is sound, too much would lose matches.
    """
    runs, depth = [""], 0
    for match in _TOKEN.finditer(pattern):
        piece = match.group()
        depth += _opens(piece) - (piece == ")")
        if depth == 0 and piece == "|":
            return ""
        if _most(piece) or _REPEAT.match(piece):
            runs[-1] = runs[-1][:-1]
            runs.append("")
        elif depth == 0 and (character := _plain_character(piece)):
            runs[-1] += character
        else:
            runs.append("")
    return max(runs, key=len)


def _opens(piece: str) -> bool:
    return piece.startswith("(") and not piece.endswith(")")


def _plain_character(piece: str) -> str:
    """The character that the piece stands for, or "" when it stands for more than one."""
    if len(piece) == 2 and piece[0] == "\\" and not piece[1].isalnum():  # noqa: PLR2004
        piece = piece[1]
        return piece if piece.isascii() else ""
    return piece if len(piece) == 1 and piece.isascii() and piece not in ".^$()[]{}|*+?\\" else ""
