"""Tables of organisations, read by layouts that are data (`data/imports/*.yaml`): a new one is one file.

Rows of one organisation are put together; a value that is none is refused with its line, and the rest of the
row stands.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path

import msgspec
import yaml

from tocsin.errors import UsageFault
from tocsin.hub.rules.claims import sound_claim
from tocsin.hub.rules.reach import sound_contact
from tocsin.hub.rules.sectors import UNKNOWN, sector_of
from tocsin.hub.rules.words import Channel, ClaimKind, ContactRole

FOLDER = Path(__file__).parent / "data" / "imports"
MOST_ROWS = 500_000
MOST_VALUES = 10_000
LONGEST = 300
YES, NO = frozenset({"yes", "true", "1"}), frozenset({"", "no", "false", "0"})
SEVERAL = re.compile(r"[;\n]")


class ClaimColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column that holds claims of one kind."""

    kind: ClaimKind
    column: str


class ContactColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column that holds contacts of one role and channel."""

    role: ContactRole
    channel: Channel
    column: str


class Layout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a table names what the hub wants to know; ``identity``: columns that tell organisations apart."""

    title: str
    provenance: str
    recognise: tuple[str, ...]
    identity: tuple[str, ...]
    parent_identity: tuple[str, ...] = ()
    columns: dict[str, tuple[str, ...]]
    constants: dict[str, str] = {}
    claims: tuple[ClaimColumn, ...] = ()
    contacts: tuple[ContactColumn, ...] = ()


class Listed(msgspec.Struct, kw_only=True):
    """One organisation as a file lists it. ``identity`` stays the same from file to file.

    ``verified`` names contacts (role, channel, value) of which somebody made sure, and the day; None where
    the file does not say on which.
    """

    identity: str
    name: str
    sector: str = UNKNOWN
    country: str = ""
    region: str = ""
    parent: str = ""
    claims: set[tuple[str, str]] = msgspec.field(default_factory=set)
    contacts: set[tuple[str, str, str, str, str]] = msgspec.field(default_factory=set)
    verified: dict[tuple[str, str, str], date | None] = msgspec.field(default_factory=dict)


class Refusal(msgspec.Struct, frozen=True):
    """A row or a value that could not be taken, and why."""

    line: int
    why: str


class Listing(msgspec.Struct, kw_only=True):
    """What a file holds: organisations by identity, and what was refused."""

    layout: str
    provenance: str
    organisations: dict[str, Listed] = msgspec.field(default_factory=dict)
    refusals: list[Refusal] = msgspec.field(default_factory=list)
    rows: int = 0


@cache
def layouts() -> dict[str, Layout]:
    """Every layout by name; the more columns one asks for, the earlier it is tried."""
    found = {path.stem: _layout(path) for path in FOLDER.glob("*.yaml")}
    return dict(sorted(found.items(), key=lambda pair: (-len(pair[1].recognise), pair[0])))


def _layout(path: Path) -> Layout:
    return msgspec.convert(yaml.safe_load(path.read_text("utf-8")), Layout)


def mapped(mapping: Mapping[str, str]) -> Layout:
    """The generic layout with other names of columns, given as ``our name: their name``.

    Raises:
        UsageFault: one of our names is none.
    """
    generic = layouts()["generic"]
    ours = {column for columns in generic.columns.values() for column in columns} | set(generic.identity)
    ours |= {entry.column for entry in generic.claims} | {entry.column for entry in generic.contacts}
    unknown = sorted(set(mapping) - ours)
    if unknown:
        raise UsageFault(
            f"no such column: {', '.join(unknown)}", remedy=f"There are: {', '.join(sorted(ours))}."
        )

    def of(name: str) -> str:
        return mapping.get(name, name)

    return msgspec.structs.replace(
        generic,
        recognise=(of("name"),),
        identity=tuple(of(name) for name in generic.identity),
        columns={field: tuple(of(name) for name in names) for field, names in generic.columns.items()},
        claims=tuple(ClaimColumn(entry.kind, of(entry.column)) for entry in generic.claims),
        contacts=tuple(
            ContactColumn(entry.role, entry.channel, of(entry.column)) for entry in generic.contacts
        ),
    )


def read_table(text: str, layout: Layout | None = None) -> Listing:
    """Read a CSV table by a layout, or by the one that its header fits.

    Raises:
        UsageFault: no layout fits, or the table is too long.
    """
    csv.field_size_limit(1_000_000)
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), dialect=_dialect(text))
    header = [str(name) for name in _header(reader)]
    name, chosen = ("mapped", layout) if layout else _recognised(header)
    if missing := set(chosen.recognise) - set(header):
        raise UsageFault(f"the table lacks the columns {', '.join(sorted(missing))}")
    listing = Listing(layout=name, provenance=chosen.provenance)
    try:
        for row in reader:
            _take(
                listing,
                {key: value or "" for key, value in row.items() if isinstance(key, str)},
                chosen,
                reader.line_num,
            )
    except csv.Error as error:
        listing.refusals.append(Refusal(reader.line_num, f"the rest cannot be read: {error}"))
    return listing


def _header(reader: csv.DictReader[str]) -> list[str]:
    try:
        return list(reader.fieldnames or [])
    except csv.Error as error:
        raise UsageFault(f"this is no table: {error}") from error


def _dialect(text: str) -> type[csv.Dialect]:
    """Comma, semicolon or tab: whichever the header has most of."""
    first = text.split("\n", 1)[0]

    class Found(csv.excel):
        delimiter = max(",;\t", key=first.count)

    return Found


def _recognised(header: Iterable[str]) -> tuple[str, Layout]:
    names = set(header)
    for name, layout in layouts().items():
        if names.issuperset(layout.recognise):
            return name, layout
    wanted = "; ".join(f"{name}: {', '.join(layout.recognise)}" for name, layout in layouts().items())
    raise UsageFault(
        "no layout fits the header of this table", remedy=f"Map its columns, or use one of {wanted}."
    )


def _take(listing: Listing, row: dict[str, str], layout: Layout, line: int) -> None:
    listing.rows += 1
    if listing.rows > MOST_ROWS:
        raise UsageFault(f"more than {MOST_ROWS} rows", remedy="Split the table.")
    name = _first(row, layout.columns["name"])
    if not name:
        listing.refusals.append(Refusal(line, "no name"))
        return
    parent = _parent(listing, row, layout, name)
    identity = _identity(row, layout.identity)
    listed = listing.organisations.get(identity) or _listed(row, layout, identity, name)
    listed.parent = listed.parent or parent
    listing.organisations[identity] = listed
    _add_claims(listing, listed, ((entry.kind, row.get(entry.column, "")) for entry in layout.claims), line)
    _add_contacts(listing, listed, (row, layout), line)


def _add_contacts(listing: Listing, listed: Listed, given: tuple[dict[str, str], Layout], line: int) -> None:
    row, layout = given
    language = _field(row, layout, "language") or "en"
    person = _field(row, layout, "contact_name")
    checked, day = _verified(listing, _field(row, layout, "verified"), line)
    for entry in layout.contacts:
        for value in _values(row.get(entry.column, "")):
            kept = add_contact(listing, listed, (entry.role, entry.channel, value, person, language), line)
            if kept and checked:
                listed.verified[kept] = max(filter(None, (listed.verified.get(kept), day)), default=None)


def _verified(listing: Listing, text: str, line: int) -> tuple[bool, date | None]:
    """Whether somebody made sure of a row's contacts, and on which day, if the row says."""
    word = text.casefold()
    if word in YES | NO:
        return word in YES, None
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        listing.refusals.append(
            Refusal(line, f"verified: {text[:40]!r} is neither a day such as 2021-02-17, nor yes or no")
        )
        return False, None
    return True, day


def _parent(listing: Listing, row: dict[str, str], layout: Layout, name: str) -> str:
    """The identity of the organisation above; made where the file never lists it by itself."""
    above = _field(row, layout, "parent")
    if not above or above == name:
        return ""
    identity = _identity(row, layout.parent_identity) if layout.parent_identity else f"{above}|||"
    identity = identity.casefold()
    if identity not in listing.organisations:
        sector, country = sector_of(_field(row, layout, "sector")), _field(row, layout, "country")
        listing.organisations[identity] = Listed(
            identity=identity, name=above, sector=sector, country=country[:2].upper()
        )
    return identity


def _listed(row: dict[str, str], layout: Layout, identity: str, name: str) -> Listed:
    return Listed(
        identity=identity,
        name=name,
        sector=sector_of(_field(row, layout, "sector")),
        country=_field(row, layout, "country")[:2].upper(),
        region=_field(row, layout, "region")[:100],
    )


def _add_claims(listing: Listing, listed: Listed, cells: Iterable[tuple[str, str]], line: int) -> None:
    for kind, cell in cells:
        for value in _values(cell):
            add_claim(listing, listed, kind, value, line)


def add_claim(listing: Listing, listed: Listed, kind: str, value: str, line: int) -> None:
    """Add a claim to an organisation, or a refusal to the listing."""
    try:
        listed.claims.add((str(kind), sound_claim(kind, value)))
    except UsageFault as fault:
        listing.refusals.append(Refusal(line, fault.what))


def add_contact(
    listing: Listing, listed: Listed, contact: tuple[str, str, str, str, str], line: int
) -> tuple[str, str, str] | None:
    """Add a contact (role, channel, value, name, language), or a refusal; gives what names a sound one."""
    role, channel, value, name, language = contact
    try:
        sound = sound_contact(channel, value)
    except UsageFault as fault:
        listing.refusals.append(Refusal(line, fault.what))
        return None
    listed.contacts.add((str(role), str(channel), sound, name[:200], language[:10]))
    return str(role), str(channel), sound


def _identity(row: Mapping[str, str], columns: Iterable[str]) -> str:
    cells = (" ".join((row.get(column) or "").split()) for column in columns)
    return "|".join(cells).casefold()


def _field(row: Mapping[str, str], layout: Layout, name: str) -> str:
    return _first(row, layout.columns.get(name, ())) or layout.constants.get(name, "")


def _first(row: Mapping[str, str], columns: Iterable[str]) -> str:
    cells = (" ".join((row.get(column) or "").replace("\0", "").split()) for column in columns)
    return next((cell for cell in cells if cell), "")[:LONGEST]


def _values(cell: str) -> Iterator[str]:
    parts = (part.strip() for part in SEVERAL.split(cell)[:MOST_VALUES])
    return (part for part in parts if part)
