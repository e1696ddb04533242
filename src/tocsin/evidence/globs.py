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
    return len(where) <= _LONGEST and any(_compiled(pattern).fullmatch(where) for pattern in patterns)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    tokens = _TOKEN.findall(pattern)
    return re.compile("".join(_MEANS.get(token) or re.escape(token) for token in tokens), re.DOTALL)
