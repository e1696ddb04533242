"""Versions as text: PowerShell's list, table, CSV and JSON output about files or servers.

For instance ``Get-Command ExSetup | ForEach {$_.FileVersionInfo} | Format-List`` or
``Get-ExchangeServer | Export-Csv``. AdminDisplayVersion shows the cumulative update, never the
security update. A table cuts what does not fit; such a row gives a weak record.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from tocsin.errors import ArtefactError
from tocsin.evidence.heads import head_lines, is_text
from tocsin.evidence.lines import Line, decode
from tocsin.evidence.source import Source
from tocsin.evidence.versions import KIND, build_of, version_record
from tocsin.model.places import Locator
from tocsin.model.records import Item, Record
from tocsin.model.words import Confidence

LINES = False
FOUND_AT = (
    "**/*exsetup*",
    "**/*exchangeserver*",
    "**/*version*.txt",
    "**/*version*.csv",
    "**/*version*.json",
)

__all__ = ["FOUND_AT", "KIND", "LINES", "parse", "recognise"]

_LONGEST = 1 << 25
_MOST_LINES = 1 << 20
_NAMES = {
    name.lower(): name
    for name in (
        "FileVersion", "ProductVersion", "FileVersionRaw", "AdminDisplayVersion", "FileName",
        "OriginalFilename", "Name", "Fqdn", "Server", "Identity", "VersionInfo", "FullName", "Path",
    )
}  # fmt: skip
_TELLING = {"FileVersion", "ProductVersion", "FileVersionRaw", "AdminDisplayVersion"}
_PAIR = re.compile(r"^\s{0,40}([A-Za-z]\w{1,40})\s{0,40}:(?:\s|$)(.*)$")
_RULE = re.compile(r"-{2,}(?:\s+-{2,})*\s*")
_HEAD = re.compile(
    r"(?:FileVersion|ProductVersion|AdminDisplayVersion)\b(?s:.{0,2000}?)"
    r"(?:\b\d{1,2}\.\d{1,2}\.\d{3,4}\.\d{1,3}\b|\(Build \d{2,5}\.\d{1,3}\)|\"Build\"\s*:\s*\d)"
)
_FOREIGN = re.compile(
    r"VirtualDirectory|ExternalUrl|^#Fields|^\s*(?:function|param)\b|<Objs |<html",
    re.MULTILINE | re.IGNORECASE,
)


def recognise(source: Source) -> Confidence:
    """SHAPE for text that names a version property and a version; scripts and other dumps are none."""
    if not is_text(source.head) or source.name.endswith(
        (".ps1", ".psm1", ".log", ".xml", ".aspx", ".config")
    ):
        return Confidence.NO
    head = "\n".join(head_lines(source.head))
    return Confidence.SHAPE if _HEAD.search(head) and not _FOREIGN.search(head) else Confidence.NO


def parse(source: Source) -> Iterator[Item]:
    """Yield one record for every file or server.

    Raises:
        ArtefactError: no version is found, or the file is too long.
    """
    found = False
    for record in _records(source):
        found = True
        yield record
    if not found:
        raise ArtefactError("no version could be read from this export", where=source.path)


def _records(source: Source) -> Iterator[Record]:
    head = "".join(head_lines(source.head)).lstrip("\ufeff \t")
    if head[:1] in {"{", "["}:
        yield from _from_json(source)
        return
    lines = list(_bounded(source))
    for row_line, row, weak in (*_csv_rows(lines), *_list_rows(lines), *_table_rows(lines)):
        record = _record(Locator(path=source.path, line=row_line), row, weak=weak)
        if record is not None:
            yield record


def _bounded(source: Source) -> Iterator[Line]:
    """Yield the lines; they are held in memory, and no export about versions is long."""
    size = 0
    for line in source.lines():
        size += len(line.text)
        if size > _LONGEST or line.number > _MOST_LINES:
            raise ArtefactError(
                f"longer than {_LONGEST:,} characters or {_MOST_LINES:,} lines, the bounds for an export",
                where=source.path,
                remedy="Look at this file by hand.",
            )
        yield line


def _record(locator: Locator, row: Mapping[str, str], *, weak: bool) -> Record | None:
    values = {_NAMES[name.lower()]: text for name, text in row.items() if name.lower() in _NAMES}
    if build_of(values.get("AdminDisplayVersion")):
        return version_record(
            locator,
            weak=weak,
            File=None,
            Server=_first(values, "Fqdn", "Name", "Server", "Identity"),
            AdminDisplayVersion=values["AdminDisplayVersion"],
            Source="AdminDisplayVersion",
        )
    texts = [values.get(name) for name in ("FileVersionRaw", "FileVersion", "ProductVersion")]
    build = next(filter(None, map(build_of, texts)), None)
    if build is None:
        return None
    return version_record(
        locator,
        weak=weak,
        File=_first(values, "FileName", "FullName", "OriginalFilename", "Name"),
        FileVersion=values.get("FileVersion"),
        ProductVersion=values.get("ProductVersion"),
        Build=build,
        OriginalFilename=values.get("OriginalFilename"),
        Source="FileVersionInfo",
    )


def _first(values: Mapping[str, str], *names: str) -> str | None:
    return next((values[name] for name in names if values.get(name)), None)


def _csv_rows(lines: list[Line]) -> Iterator[tuple[int, dict[str, str], bool]]:
    """Read from the first line that is a row of known names, as Export-Csv writes it."""
    for index, line in enumerate(lines[:64]):
        mark = next((mark for mark in ",;\t|" if mark in line.text), None)
        names = [name.strip('" \ufeff').lower() for name in line.text.split(mark)] if mark else []
        if _telling(names) and len(names) > 1:
            reader = csv.reader((later.text for later in lines[index + 1 :]), delimiter=mark or ",")
            for row in _tolerant(reader):
                yield line.number + reader.line_num, dict(zip(names, row, strict=False)), False
            return


def _tolerant(rows: Iterable[list[str]]) -> Iterator[list[str]]:
    try:
        yield from rows
    except csv.Error:
        return


def _list_rows(lines: list[Line]) -> Iterator[tuple[int, dict[str, str], bool]]:
    """Read Format-List: a block ends at a blank line or where a name comes again."""
    row: dict[str, str] = {}
    start = 0
    for line in lines:
        pair = _PAIR.match(line.text[:4096])
        if row and (not line.text.strip() or (pair and pair[1] in row)):
            yield start, row, False
            row = {}
        if pair:
            start = start if row else line.number
            row[pair[1]] = pair[2].strip()
    if row:
        yield start, row, False


def _table_rows(lines: list[Line]) -> Iterator[tuple[int, dict[str, str], bool]]:
    """Read Format-Table: the dashes under the names say where the columns are."""
    columns: list[tuple[str, int, int | None]] = []
    for above, line in pairwise(lines):
        text = line.text
        if _RULE.fullmatch(text.strip()):
            starts = [match.start() for match in re.finditer(r"-+", text)]
            ends = [*starts[1:], None]
            named = [
                (above.text[start:end].strip(), start, end) for start, end in zip(starts, ends, strict=True)
            ]
            columns = named if _telling(name.lower() for name, _, _ in named) else []
        elif columns and text.strip():
            row = {name: text[start:end].strip() for name, start, end in columns}
            cut = any(value.endswith(("...", "\u2026")) for value in row.values())
            yield line.number, row, cut
        else:
            columns = columns if text.strip() else []


def _telling(names: Iterable[str]) -> bool:
    return any(_NAMES.get(name) in _TELLING for name in names)


def _from_json(source: Source) -> Iterator[Record]:
    try:
        given = json.loads(_text(source.read(_LONGEST)), strict=False)
    except (ValueError, RecursionError) as fault:
        raise ArtefactError(f"not valid JSON: {fault}", where=source.path) from fault
    pending = [given]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            row = {name: _plain(part) for name, part in value.items()}
            record = _record(Locator(path=source.path), row, weak=False)
            if record is not None:
                yield record
        if isinstance(value, dict | list):
            parts = list(value.values()) if isinstance(value, dict) else value
            pending.extend(reversed(parts))


def _text(data: bytes) -> str:
    for encoding in ("utf-8-sig", "utf-16") if data[:2] not in {b"\xff\xfe", b"\xfe\xff"} else ("utf-16",):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return decode(data)


def _plain(value: object) -> str:
    """Give a value as text; a version object (Major, Minor, Build, Revision) in dotted form."""
    if isinstance(value, dict):
        parts = [value.get(name) for name in ("Major", "Minor", "Build", "Revision")]
        return ".".join(str(part) for part in parts) if all(isinstance(part, int) for part in parts) else ""
    return value if isinstance(value, str) else ""
