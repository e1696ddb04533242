"""Attributes of tags and directives, read as forgivingly as servers do."""

from __future__ import annotations

import re

_ATTRIBUTE = re.compile(
    r"([\w:.-]{1,60})\s{0,20}=\s{0,20}(?:\\?\"([^\"]{0,2000})\"|\\?'([^']{0,2000})'|([^\s\"'>%]{1,500}))|([A-Za-z]\w{1,40})(?=[\s>/%]|\Z)"
)
_MOST = 60
_LONGEST = 8000


def attributes_of(inside: str) -> dict[str, str]:
    """Give the attributes of a tag's or directive's inside; names in lower case, the first one wins."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(inside[:_LONGEST]):
        name, double, single, bare, alone = match.groups()
        value = next((part for part in (double, single, bare) if part is not None), "")
        found.setdefault((name or alone).lower(), value.rstrip("\\").strip())
        if len(found) >= _MOST:
            break
    return found
