"""Which web shells look alike, across servers and owners. Alike is all that is said: never whose hand it was.

Copies of one shell, and rewritings of it, are told by the hash of the content, by the sketch of the code
(`detections.webshells.sketch`), by a name that nobody would choose by chance, and by a name's pattern
together with what the shell can do. Each pair is joined for a reason in words, and what is joined by several
steps is one cluster. Names and tools are shared, sold and copied: a cluster says where to look, not who it
was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from tocsin.detections.webshells.sketch import ALIKE, BINS, likeness

CONTENT, CODE, NAME, PATTERN = "same content", "code alike", "same unusual name", "same kind of name and code"
WIDTH = 2
"""Bins of a sketch in one band. Sketches that are alike by half share one of 32 bands nearly always."""

_BIN = 4
_PLAIN = frozenset(
    {
        "backup",
        "config",
        "content",
        "default",
        "download",
        "errorpage",
        "global",
        "handler",
        "latest",
        "logoff",
        "redirect",
        "request",
        "session",
        "signin",
        "system",
        "upload",
        "webshell",
    }
)
"""Names that many choose; a name of fewer than six letters is plain as well."""
_SHORTEST = 6


class Trait(Struct, frozen=True, kw_only=True):
    """One thing by which a shell may be found to be like another.

    Attributes:
        value: equal for those that may be alike.
        why: what is said of them.
        sketch: if not empty, they are alike only if their sketches are (`alike`).
    """

    value: str
    why: str
    sketch: str = ""


def traits(*, sha256: str, sketch: str, family: str, key: str) -> list[Trait]:
    """Give the traits of a web shell; none for one of which only the server is known.

    Args:
        sha256: of its content, or an empty text.
        sketch: of its code, or an empty text.
        family: by what it can do, or an empty text.
        key: as `cases_identity.key_of` gives it.
    """
    found = [Trait(value=f"content:{sha256.lower()}", why=CONTENT)] if sha256 else []
    name = key.rpartition("/")[2]
    stem = name.partition(".")[0]
    if is_unusual(stem):
        found.append(Trait(value=f"name:{name}"[:120], why=NAME))
        if family:
            found.append(Trait(value=f"pattern:{family}:{pattern_of(key)}"[:120], why=PATTERN))
    return [*found, *_bands(sketch)]


def alike(first: str, second: str) -> bool:
    """Tell whether two sketches are alike."""
    return likeness(first, second) >= ALIKE


def is_unusual(stem: str) -> bool:
    """Tell whether a file's name is one that two people would hardly choose by themselves.

    A name of random letters is another one on every server: that joins nothing, but its pattern may.
    """
    return len(stem) >= _SHORTEST and stem not in _PLAIN


def pattern_of(key: str) -> str:
    """Give the kind of a path: its folder, and its name with letters, digits and their number alone."""
    folder, _, name = key.rpartition("/")
    stem, dot, ending = name.partition(".")
    shape = re.sub(r"[a-z]+|\d+", lambda found: "0" if found[0].isdigit() else f"a{len(found[0])}", stem)
    return f"{folder}/{shape}{dot}{ending}"


def _bands(sketch: str) -> Iterator[Trait]:
    if len(sketch) != BINS * _BIN:
        return
    step = WIDTH * _BIN
    for at in range(0, len(sketch), step):
        band = sketch[at : at + step]
        if "-" not in band:
            yield Trait(value=f"code:{at // step}:{band}", why=CODE, sketch=sketch)
