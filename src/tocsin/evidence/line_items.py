"""Items from lines, as every line-oriented module yields them."""

from __future__ import annotations

import re

from tocsin.evidence.lines import Line
from tocsin.model.places import Locator
from tocsin.model.records import Blank, Header, Unreadable

RAW = 4096
"""Characters of a line that a record or an account keeps."""

_RULE = re.compile(r"[-=_*~#+.:|\u2500-\u257f ]{3,}")


def is_rule(text: str) -> bool:
    """Tell whether a line only separates, like ``-----``."""
    return len(text) <= RAW and _RULE.fullmatch(text.strip()) is not None


def begins_with_digit(text: str) -> bool:
    """Tell whether a line begins as rows do, with a time, and no header does."""
    return text[:8].lstrip(" \"'|\t")[:1].isdigit()


def blank(kind: str, path: str, line: Line) -> Blank | Unreadable:
    """Account for a line without text: empty, or lost to NUL padding."""
    locator = Locator(path=path, line=line.number)
    if line.padded:
        return Unreadable(
            kind=kind,
            locator=locator,
            why="only NUL bytes, as a crash leaves them: what stood here is lost",
            text=line.text,
        )
    return Blank(kind=kind, locator=locator)


def header(kind: str, path: str, line: Line) -> Header:
    """Account for a header, comment or separating line."""
    return Header(kind=kind, locator=Locator(path=path, line=line.number), text=line.text[:RAW])


def unreadable(kind: str, path: str, line: Line, why: str) -> Unreadable:
    """Account for a line that could not be parsed, whole, so that it can still be searched."""
    return Unreadable(kind=kind, locator=Locator(path=path, line=line.number), why=why, text=line.text)
