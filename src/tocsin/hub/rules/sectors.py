"""The vocabulary of sectors, and the sectors of others in its words (`data/sectors.yaml`)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec
import yaml

UNKNOWN = "unknown"
FILE = Path(__file__).parent / "data" / "sectors.yaml"


class Sector(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One sector.

    Attributes:
        id: stands in the database and the API.
        name: stands on pages.
        naics: prefixes of NAICS codes that mean it; the longest match over all sectors wins.
        nis2: names in the annexes of NIS2 that mean it.
        dotgov: domain types of the .gov list that mean it.
    """

    id: str
    name: str
    naics: tuple[str, ...] = ()
    nis2: tuple[str, ...] = ()
    dotgov: tuple[str, ...] = ()


@cache
def sectors() -> dict[str, Sector]:
    """Every sector by id, in the order of pages."""
    rows = msgspec.convert(yaml.safe_load(FILE.read_text("utf-8")), list[Sector])
    return {row.id: row for row in rows}


@cache
def _naics() -> dict[str, str]:
    """Prefix to sector; where two name the same prefix, the first stands."""
    pairs = [(prefix, row.id) for row in sectors().values() for prefix in row.naics]
    return dict(reversed(pairs))


def sector_of_naics(code: str) -> str:
    """The sector of a NAICS code, such as ``221122``; ``unknown`` where there is none."""
    digits = code.strip()
    known = _naics()
    prefixes = (digits[:length] for length in range(min(len(digits), 6), 1, -1))
    return next((known[prefix] for prefix in prefixes if prefix in known), UNKNOWN)


@cache
def _names() -> dict[str, str]:
    """Every word that means a sector: its id and name, and what the NIS2 annexes and the .gov list say."""
    found: dict[str, str] = {}
    for row in sectors().values():
        for word in (row.id, row.name, *row.nis2, *row.dotgov):
            found.setdefault(word.casefold(), row.id)
    return found


def sector_of(word: str) -> str:
    """The sector that a word or a NAICS code means, without regard to case; else ``unknown``."""
    text = word.strip()
    if text.isascii() and text.isdigit():
        return sector_of_naics(text)
    return _names().get(text.casefold(), UNKNOWN)
