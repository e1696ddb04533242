"""What a layout's YAML file says.

``fields`` maps what the hub wants to know to where a row holds it: a column, or in JSON a path
(``location.country_code``); of several, the first that is not empty. In a path a list gives its first
element, ``names[]`` all of them, ``vulns{}`` the keys of an object, ``vulns{verified}`` the keys whose
value has a true ``verified``; ``^path`` begins at the line's own object when ``each`` walks a list in it.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

from msgspec import Struct

from tocsin.errors import CensusError, PackError
from tocsin.packs.yaml_text import converted, read_yaml

HERE = Path(__file__).parent
WANTED = (
    "ip",
    "port",
    "time",
    "hostname",
    "name",
    "fingerprint",
    "asn",
    "country",
    "region",
    "city",
    "product",
    "build",
    "status",
    "tags",
)
"""What ``fields`` may map."""


class About(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rows count, of a census that also holds others: one of the fields matches the pattern."""

    fields: tuple[str, ...]
    pattern: str


class Layout(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way in which censuses are written.

    Attributes:
        key: the file's name.
        title: what it is.
        form: ``csv`` (with a header) or ``jsonl``.
        source: key of the source that writes it, if only one does.
        source_name: and its name.
        group: sources of one group look alike and are not independent of each other.
        file: expression over the file's name; its group ``day``, if any, is the day.
        needs: columns, or paths in the first object, by which it is recognised.
        lists_all: every server of the kind is listed, not only vulnerable ones.
        window_days: how many days old a row may be.
        each: path of the list of which each element is a row of its own (JSON only).
        about: which rows count; all if missing.
        fields: where to find what is wanted.
        constants: what is so in every row.
        separator: between several tags in one value.
    """

    key: str
    title: str
    form: Literal["csv", "jsonl"]
    source: str = ""
    source_name: str = ""
    group: str = ""
    file: str = ""
    needs: tuple[str, ...] = ()
    lists_all: bool = False
    window_days: int = 0
    each: str = ""
    about: About | None = None
    fields: dict[str, str | tuple[str, ...]]
    constants: dict[str, str] = {}
    separator: str = ";"

    def places(self, wanted: str) -> tuple[str, ...]:
        """Give where something may stand, in order of preference."""
        found = self.fields.get(wanted, ())
        return (found,) if isinstance(found, str) else found


def read_layout(path: Path) -> Layout:
    """Read a layout's file.

    Raises:
        CensusError: it is no layout, at file:line.
    """
    try:
        layout = converted(read_yaml(path), Layout)
    except PackError as error:
        raise CensusError(error.what, where=error.where or str(path), remedy=error.remedy) from error
    if unknown := sorted({*layout.fields, *layout.constants} - set(WANTED)):
        raise CensusError(
            f"nobody wants {', '.join(unknown)}.", where=str(path), remedy=f"There are: {', '.join(WANTED)}."
        )
    if "ip" not in layout.fields:
        raise CensusError("it does not say where addresses stand.", where=str(path), remedy="Map `ip`.")
    return layout


@lru_cache(maxsize=1)
def all_layouts() -> tuple[Layout, ...]:
    """Give the layouts that came with the program, sorted by key."""
    return tuple(read_layout(path) for path in sorted(HERE.glob("*.yaml")))
