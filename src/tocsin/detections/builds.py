"""Every place in the evidence that names the server's build, ranked, with the conflicts between them.

1. file versions: the patched DLL, then ExSetup.exe (if they disagree, the patch is incomplete);
2. Exchange logs: the ``#Version`` header and the build columns of every request, which make a
   timeline of updates out of logs;
3. version folders and URLs (``owa/prem/15.1.2375.7``, ``/ecp/15.1.2375.7/``), and the user agent of
   the server's own probes;
4. the setup log: what was installed or only tried;
5. registry and AdminDisplayVersion: the cumulative update, never the update on top of it;
6. anything second-hand: excerpts, retyped rows, logs without their header. Such a build may accuse
   (an old one), it never acquits.

What looks like a build and is none: ``#Version: 15.0.0.0`` of generic log writers,
``TargetServerVersion`` and ``TargetServer`` columns (another server's, without its update),
``ExchangeVersion: 0.10 (14.0.100.0)`` (the schema of a directory object).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from msgspec import Struct

from tocsin.detections.build_conflicts import DISPLAY, FILE_RANK, PATCH_INCOMPLETE, SETUP, conflicts
from tocsin.detections.build_exposure import LOG_RANK, SECOND_HAND_RANK
from tocsin.evidence.source import Source
from tocsin.model.places import Locator
from tocsin.model.records import Header, Item, Record
from tocsin.model.times import parse_utc
from tocsin.model.verdicts import BuildSeen, Conflict
from tocsin.packs.products import Product
from tocsin.packs.versions import is_full, key, normalise

MOST_BUILDS = 10_000
"""Distinct sightings that are kept: URLs are a stranger's to choose."""
ASKED_FIELDS = frozenset({"MajorVersion", "BLD", "Bld", "cs-uri-stem", "AdminDisplayVersion"})
"""Fields that may name a build, whatever kind of record holds them."""

_LOG = (2, "Exchange logs")
_PATH = (3, "version folders and URLs")
_PROBE = (3, "user agent of the server's own probes")
_SETUP = (4, SETUP)
_DISPLAY = (5, DISPLAY)
_SECOND_HAND = (SECOND_HAND_RANK, "second-hand excerpts")

_COLUMNS = ("MajorVersion", "MinorVersion", "BuildVersion", "RevisionVersion")
IN_PATH = r"/(?:owa(?:/prem|/auth)?|ecp)/(1[45]\.\d{1,2}\.\d{1,5}(?:\.\d{1,5})?)(?:/|$)"
"""Of a request's path that names the build."""
PROBE_AGENT = r"AM_?Probe.{0,40}?ExchangeServicesClient/([0-9.]{7,20})"
"""Of the user agent of the server's own probes."""
PROBE_WORD = "ExchangeServicesClient/"
"""Stands in every agent that ``PROBE_AGENT`` describes, and in few others."""
_IN_PATH = re.compile(IN_PATH, re.IGNORECASE)
_PROBE_AGENT = re.compile(PROBE_AGENT)
_DISPLAYED = re.compile(r"AdminDisplayVersion\W{1,60}(Version \d+\.\d+ \(Build \d+\.\d+\)|1[45][0-9.]{5,18})")
_SETUP_VERSION = re.compile(
    r"(?:Setup version|locally installed version is)\W{1,3}([0-9]{1,2}\.[0-9.]{5,18}[0-9])", re.IGNORECASE
)
_SETUP_DONE = "setup operation completed successfully"
_SERVED = frozenset({"200", "304", "206"})
_LOCAL = frozenset({"127.0.0.1", "::1", None})
_STAGED = ("$patchcache$", "/temp/", "/setup/", "/exchangesetup/")

_Kind = tuple[int, str]
_Place = tuple[bool, tuple[str, int]]
T = TypeVar("T")


class BuildEvidence(Struct, frozen=True, kw_only=True):
    """What the evidence says of the server's build.

    Attributes:
        seen: strongest rank first, then in the order of time and number.
        conflicts: what does not agree, and which was followed.
        patch_incomplete: the patched file and ExSetup.exe state different builds.
    """

    seen: tuple[BuildSeen, ...]
    conflicts: tuple[Conflict, ...]
    patch_incomplete: bool


class _Sighting:
    """One build in one kind of source: from when to when, and its first place."""

    __slots__ = ("end", "first", "locator", "start")

    def __init__(self, moment: datetime | None, locator: Locator) -> None:
        self.start = self.end = moment
        self.locator = locator
        self.first = _first(moment, locator)

    def widen(self, moment: datetime | None, locator: Locator) -> None:
        if moment and self.start and self.end and self.start < moment:
            self.end = max(self.end, moment)
            return
        if moment is not None:
            self.start = moment if self.start is None else min(self.start, moment)
            self.end = moment if self.end is None else max(self.end, moment)
        place = _first(moment, locator)
        if place < self.first:
            self.first, self.locator = place, locator

    def join(self, other: _Sighting) -> None:
        self.start = min((one for one in (self.start, other.start) if one), default=None)
        self.end = max((one for one in (self.end, other.end) if one), default=None)
        if other.first < self.first:
            self.first, self.locator = other.first, other.locator


def _first(moment: datetime | None, locator: Locator) -> tuple[bool, datetime, tuple[str, int]]:
    return (moment is None, moment or datetime.max.replace(tzinfo=UTC), locator.order)


class BuildCollector:
    """Takes what one pass over the evidence yields; the order in which it comes never matters."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._seen: dict[tuple[_Kind, str], _Sighting] = {}
        self._files: dict[tuple[str, str], tuple[_Place, Locator]] = {}
        self._versions: dict[str, set[tuple[int, str]]] = defaultdict(set)
        self._dates: dict[str, set[tuple[int, datetime]]] = defaultdict(set)
        self._setup_runs: dict[str, set[tuple[int, str]]] = defaultdict(set)
        self._setup_done: dict[str, set[int]] = defaultdict(set)
        self._columns: dict[tuple[str | None, ...], str | None] = {}
        self._last_path = ""

    def see(self, source: Source) -> None:
        """Take a file's place alone; needed only for files that yield no items."""
        self._in_path(f"/{source.where}", None, Locator(path=source.path))

    def observe(self, item: Item, source: Source) -> None:
        """Take one item of a file."""
        if source.path != self._last_path:
            self._last_path = source.path
            self.see(source)
        if isinstance(item, Record):
            self._record(item, source)
        elif isinstance(item, Header) and item.text.startswith(("#Version", "#Date")):
            self._header(item)

    def merge(self, other: BuildCollector) -> None:
        """Add what was seen elsewhere."""
        for name, sighting in other._seen.items():
            if name in self._seen:
                self._seen[name].join(sighting)
            elif len(self._seen) < MOST_BUILDS:
                self._seen[name] = sighting
        for file, found in other._files.items():
            known = self._files.get(file)
            if known is not None or len(self._files) < MOST_BUILDS:
                self._files[file] = found if known is None or found[0] < known[0] else known
        _join(self._versions, other._versions)
        _join(self._dates, other._dates)
        _join(self._setup_runs, other._setup_runs)
        _join(self._setup_done, other._setup_done)

    def result(self, product: Product) -> BuildEvidence:
        """Give what was seen, as far as it is a build of the product."""
        seen = tuple(_ranked(self._all(product)))
        found = tuple(conflicts(product, seen))
        return BuildEvidence(
            seen=seen,
            conflicts=found,
            patch_incomplete=any(one.what.startswith(PATCH_INCOMPLETE) for one in found),
        )

    @staticmethod
    def named_by(stem: str, status: str | None) -> str | None:
        """Give the build that an answered request for a path names, as the path spells it."""
        found = _IN_PATH.search(stem) if status in _SERVED else None
        return found.group(1) if found else None

    @staticmethod
    def probed_by(agent: str, client: str | None, server: str | None) -> str | None:
        """Give the build that the agent of the server's own probe names, as it spells it."""
        found = _PROBE_AGENT.search(agent) if client in _LOCAL or client == server else None
        return found.group(1) if found else None

    # --- taking -------------------------------------------------------------------------------

    def _record(self, record: Record, source: Source) -> None:
        fields = record.fields
        if fields.get("MajorVersion") is not None:
            self._columned(record)
        if (build := fields.get("BLD") or fields.get("Bld")) is not None:
            self._add(_rank(_LOG, record), build, record.time, record.locator)
        if (stem := fields.get("cs-uri-stem")) is not None:
            self._request(record, stem)
        elif record.kind in _READERS:
            _READERS[record.kind](self, record, source)
        if (shown := fields.get("AdminDisplayVersion")) is not None:
            self._add(_rank(_DISPLAY, record), shown, record.time, record.locator)

    def _columned(self, record: Record) -> None:
        parts = tuple(map(record.fields.get, _COLUMNS))
        if parts not in self._columns and len(self._columns) < MOST_BUILDS:
            self._columns[parts] = normalise(".".join(part or "-" for part in parts))
        if build := self._columns.get(parts):
            self._keep(_rank(_LOG, record), build, record.time, record.locator)

    def _request(self, record: Record, stem: str) -> None:
        agent = record.fields.get("cs-user-agent")
        if agent and "Probe" in agent and (match := _PROBE_AGENT.search(agent)):
            client = record.fields.get("c-ip")
            if client in _LOCAL or client == record.fields.get("s-ip"):
                self._add(_rank(_PROBE, record), match.group(1), record.time, record.locator)
        if record.fields.get("sc-status") in _SERVED:
            self._in_path(stem, record.time, record.locator)

    def _in_path(self, path: str, moment: datetime | None, locator: Locator) -> None:
        if ("/owa/" in path or "/ecp/" in path) and (match := _IN_PATH.search(path)):
            self._add(_PATH, match.group(1), moment, locator)

    def _file_version(self, record: Record, source: Source) -> None:
        if source.shadow_copy:
            return  # an older disk has older files: no conflict, and not what runs
        fields = record.fields
        name = (fields.get("File") or source.name).replace("\\", "/").lower()
        place = name if "/" in name else f"{source.where.rpartition('/')[0]}/{name}"
        for text in (fields.get("Build"), fields.get("FileVersion"), fields.get("ProductVersion")):
            if text and (build := normalise(text)):
                self._file(name.rpartition("/")[2], build, f"/{place}", record.locator)
                return

    def _file(self, name: str, build: str, place: str, locator: Locator) -> None:
        """Keep the place of the file that runs; copies that installers keep are of no account."""
        if any(part in place for part in _STAGED):
            return
        order = ("/bin/" not in place, locator.order)
        known = self._files.get((name, build))
        if known is None and len(self._files) >= MOST_BUILDS:
            return
        if known is None or order < known[0]:
            self._files[name, build] = (order, locator)

    def _setup_line(self, record: Record, _: Source) -> None:
        message = record.fields.get("Message") or ""
        place = record.locator
        if match := _SETUP_VERSION.search(message):
            if build := normalise(match.group(1)):
                self._add(_SETUP, build, record.time, place)
                _note(self._setup_runs[place.path], (place.line or 0, build))
        elif _SETUP_DONE in message:
            _note(self._setup_done[place.path], place.line or 0)

    def _text(self, record: Record, _: Source) -> None:
        text = record.fields.get("Text")
        if text and "AdminDisplayVersion" in text and (match := _DISPLAYED.search(text)):
            self._add(_DISPLAY, match.group(1), None, record.locator)

    def _location(self, record: Record, _: Source) -> None:
        if record.fields.get("Element") == "location":
            self._in_path(f"/{record.fields.get('Name') or ''}", None, record.locator)

    def _header(self, header: Header) -> None:
        name, _, value = header.text.partition(":")
        line = header.locator.line or 0
        if name == "#Version" and (build := normalise(value)):
            _note(self._versions[header.locator.path], (line, build))
        elif name == "#Date" and (moment := parse_utc(value.strip())):
            _note(self._dates[header.locator.path], (line, moment))

    def _add(self, kind: _Kind, text: str, moment: datetime | None, locator: Locator) -> None:
        if build := normalise(text):
            self._keep(kind, build, moment, locator)

    def _keep(self, kind: _Kind, build: str, moment: datetime | None, locator: Locator) -> None:
        if sighting := self._seen.get((kind, build)):
            sighting.widen(moment, locator)
        elif len(self._seen) < MOST_BUILDS:
            self._seen[kind, build] = _Sighting(moment, locator)

    # --- giving -------------------------------------------------------------------------------

    def _all(self, product: Product) -> Iterator[BuildSeen]:
        yield from self._file_builds(product)
        done = self._completed()
        for (kind, build), sighting in self._with_headers().items():
            if product.line_of(build) is None or _rounded(product, kind, build):
                continue
            yield BuildSeen(
                build=build,
                start=sighting.start,
                end=sighting.end,
                source=kind[1],
                rank=kind[0],
                locator=sighting.locator,
                product=product.line_of(build) or "",
                label=product.label(build) + _remark(kind, build, done),
            )

    def _with_headers(self) -> dict[tuple[_Kind, str], _Sighting]:
        merged = {name: _copy(sighting) for name, sighting in self._seen.items()}
        for path, versions in self._versions.items():
            for line, build, moment in _dated(sorted(versions), sorted(self._dates.get(path, ()))):
                locator = Locator(path=path, line=line or None)
                if (_LOG, build) in merged:
                    merged[_LOG, build].widen(moment, locator)
                else:
                    merged[_LOG, build] = _Sighting(moment, locator)
        return merged

    def _file_builds(self, product: Product) -> Iterator[BuildSeen]:
        names = [*product.file.patched_files, product.file.setup_file]
        for (name, build), (_, locator) in self._files.items():
            match = next((one for one in names if one.lower() == name), None)
            if match and product.line_of(build):
                yield BuildSeen(
                    build=build,
                    start=None,
                    end=None,
                    source=f"file version of {match}",
                    rank=FILE_RANK,
                    locator=locator,
                    product=product.line_of(build) or "",
                    label=product.label(build),
                )

    def _completed(self) -> frozenset[str]:
        """Give the builds whose setup ended well: the run before says which one each success is of."""
        done: set[str] = set()
        for path, ends in self._setup_done.items():
            runs = sorted(self._setup_runs.get(path, ()))
            starts = [line for line, _ in runs]
            before = (bisect_left(starts, line) for line in ends)
            done |= {runs[at - 1][1] for at in before if at}
        return frozenset(done)


_READERS = {
    "exchange.file-version": BuildCollector._file_version,  # noqa: SLF001 - the class's own table of readers
    "exchange.setup-log": BuildCollector._setup_line,  # noqa: SLF001 - as above
    "text.unknown": BuildCollector._text,  # noqa: SLF001 - as above
    "iis.config": BuildCollector._location,  # noqa: SLF001 - as above
}


def _remark(kind: _Kind, build: str, done: frozenset[str]) -> str:
    if kind == _DISPLAY:
        return " (shows the cumulative update, never the update on top of it)"
    if kind != _SETUP:
        return ""
    return " (installed)" if build in done else " (setup not shown to have completed)"


def _dated(
    versions: Sequence[tuple[int, str]], dates: Sequence[tuple[int, datetime]]
) -> Iterator[tuple[int, str, datetime | None]]:
    """Give every version of one file with the first date below it and above the next version."""
    lines = [line for line, _ in dates]
    for at, (line, build) in enumerate(versions):
        end = versions[at + 1][0] if at + 1 < len(versions) else None
        place = bisect_right(lines, line)
        inside = place < len(dates) and (end is None or lines[place] < end)
        yield line, build, dates[place][1] if inside else None


def _note(kept: set[T], value: T) -> None:
    """Keep what one file says, within a bound: a stranger may have written it."""
    if len(kept) < MOST_BUILDS:
        kept.add(value)


def _join(kept: dict[str, set[T]], more: Mapping[str, set[T]]) -> None:
    for path, values in more.items():
        for value in values:
            _note(kept[path], value)


def _rank(kind: _Kind, record: Record) -> _Kind:
    return _SECOND_HAND if record.weak else kind


def _copy(sighting: _Sighting) -> _Sighting:
    twin = _Sighting(sighting.start, sighting.locator)
    twin.end, twin.first = sighting.end, sighting.first
    return twin


def _rounded(product: Product, kind: _Kind, build: str) -> bool:
    """Log writers round to the cumulative update (15.1.2375.0); that is no build of its own."""
    return kind[0] == LOG_RANK and (build.endswith(".0") or not is_full(build)) and not product.row(build)


def _ranked(seen: Iterable[BuildSeen]) -> list[BuildSeen]:
    return sorted(
        seen,
        key=lambda one: (
            one.rank,
            one.source.lower().endswith(".exe"),
            one.source,
            one.start is None,
            one.start or datetime.max.replace(tzinfo=UTC),
            key(one.build),
        ),
    )
