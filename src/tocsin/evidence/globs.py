"""Globs over ``Source.where``: ``*`` and ``?`` stay within a name, ``**/`` is any folders or none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

_LONGEST = 4096
"""A longer place fits no glob: no disk has one, and matching must stay cheap for hostile names."""

_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|[^*?]+")
_MEANS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def fits(where: str, patterns: Iterable[str]) -> bool:
    """Tell whether a place (lower case, forward slashes) fits any of the globs."""
    if len(where) > _LONGEST:
        return False
    return any(text in where and glob.fullmatch(where) for text, glob in _all_compiled(tuple(patterns)))


@cache
def _all_compiled(patterns: tuple[str, ...]) -> list[tuple[str, re.Pattern[str]]]:
    """Give every glob with the longest text that a place must hold to fit it, which is soon looked for."""
    return [(_plain_text(pattern), _compiled(pattern)) for pattern in patterns]


def _plain_text(pattern: str) -> str:
    return max((token for token in _TOKEN.findall(pattern) if token not in _MEANS), key=len, default="")


def _compiled(pattern: str) -> re.Pattern[str]:
    tokens = _TOKEN.findall(pattern)
    return re.compile("".join(_MEANS.get(token) or re.escape(token) for token in tokens), re.DOTALL)
