"""What the languages' libraries give from a request and can do with it: the tables in ``apis/``, compiled.

A pattern is ``Type.Member`` (the last words of what is called, whatever stands before), ``*.Member`` (on
anything), or one
word (a function of that name; for ``new`` the last word of the type). ``com:progid`` names a COM object in
``uses``.
Letter case is told apart nowhere but in the names of sources, and only in the languages under ``exact``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
import yaml
from msgspec import Struct, field

from tocsin.model.expressions import compiled

_FOLDER = Path(__file__).with_name("apis")


class Condition(Struct, frozen=True, forbid_unknown_fields=True):
    """What an argument must hold for a row to count."""

    position: int
    matches: str


class SinkEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """One row of ``sinks``: patterns that do the same, and which arguments count.

    Attributes:
        call: functions and methods.
        new: constructors.
        set: properties; what is assigned counts.
        receiver: methods that count when what they are called on comes from the request.
        arguments: positions that count, ``all`` or ``last``.
        languages: only in these; empty for all of the table.
        types: for ``*.name`` patterns: only on values of these types (``""`` for an unknown one).
        when: only if the text of the argument at ``position`` has a match of ``matches``.
    """

    call: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    set: list[str] = field(default_factory=list)
    receiver: list[str] = field(default_factory=list)
    arguments: list[int] | str = "all"
    languages: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    when: Condition | None = None


class SourceEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """One row of ``sources``: where values of a request come from.

    Attributes:
        names: variables and members that hold the request, or give a value of it.
        types: declared types of variables that do.
        calls: functions that give one.
        files: beginnings of file names that stand for one.
        members: members of a control on the page (``Text``).
        except_: members that the client does not choose.
        keys: only these keys of the collection (``HTTP_*``).
        attributes: attributes of a function whose parameters come from the request.
        functions: names of functions that the server calls with what the client sent.
    """

    names: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    except_: list[str] = field(default_factory=list, name="except")
    keys: list[str] = field(default_factory=list)
    attributes: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)


class Table(Struct, frozen=True, forbid_unknown_fields=True):
    """One file of ``apis/`` as it is written."""

    languages: list[str]
    exact: list[str] = field(default_factory=list)
    sources: dict[str, SourceEntry] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    factories: list[str] = field(default_factory=list)
    classes: dict[str, str] = field(default_factory=dict)
    sinks: dict[str, dict[str, list[SinkEntry]]] = field(default_factory=dict)
    uses: dict[str, list[str]] = field(default_factory=dict)
    absorbs: list[str] = field(default_factory=list)
    fills: dict[str, int] = field(default_factory=dict)
    spills: list[str] = field(default_factory=list)
    stops: list[str] = field(default_factory=list)
    decoders: list[str] = field(default_factory=list)


class Sink(Struct, frozen=True):
    """A compiled row: what it can do, in which role its arguments stand, and which of them count."""

    capability: str
    role: str
    pattern: str
    arguments: list[int] | str
    types: frozenset[str]
    on_receiver: bool = False
    position: int = 0
    matches: re.Pattern[str] | None = None


Answer = TypeVar("Answer")
_REMEMBERED = 20_000
"""Answers kept by a table, for pages call the same things again and again."""


class Patterns(Generic[Answer]):
    """Finds the rows whose pattern fits the words of what is called."""

    __slots__ = ("_by_last", "_found")

    def __init__(self, rows: Iterable[tuple[str, Answer]]) -> None:
        """Sort the rows by their last word."""
        self._by_last: dict[str, list[tuple[str, Answer]]] = {}
        self._found: dict[tuple[str, ...], tuple[Answer, ...]] = {}
        for pattern, answer in rows:
            whole = pattern.lower()
            self._by_last.setdefault(whole.rsplit(".", 1)[-1], []).append((whole, answer))

    def find(self, *paths: str) -> tuple[Answer, ...]:
        """Give the answers of the rows that fit one of the dotted lower-case paths, each once."""
        found = self._found.get(paths)
        if found is None:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            found = self._found[paths] = tuple(self._fitting(paths))
        return found

    def _fitting(self, paths: tuple[str, ...]) -> Iterator[Answer]:
        for index, path in enumerate(paths):
            for pattern, answer in self._by_last.get(path.rsplit(".", 1)[-1], ()):
                if _fits(pattern, path) and not any(_fits(pattern, before) for before in paths[:index]):
                    yield answer

    def first(self, *paths: str) -> Answer | None:
        """Give the first answer, if any."""
        found = self.find(*paths)
        return found[0] if found else None


def _fits(pattern: str, path: str) -> bool:
    if pattern.startswith("*."):
        return path.endswith(pattern[1:])
    return path == pattern or ("." in pattern and path.endswith("." + pattern))


class Api:
    """All rows that hold for one language."""

    def __init__(self, language: str, tables: Iterable[Table]) -> None:
        """Compile the tables of the language."""
        self.language = language
        held = [table for table in tables if language in table.languages]
        self.exact = any(language in table.exact for table in held)
        self.calls = Patterns(_sink_rows(held, language, "call"))
        self.receivers = Patterns(_sink_rows(held, language, "receiver"))
        self.news = Patterns(_sink_rows(held, language, "new"))
        self.sets = Patterns(_sink_rows(held, language, "set"))
        self.types = Patterns(
            (key, short_type(value)) for table in held for key, value in table.types.items()
        )
        self.factories = Patterns((name, True) for table in held for name in table.factories)
        self.classes = {key.lower(): value.lower() for table in held for key, value in table.classes.items()}
        self.uses = Patterns(
            (word, use) for table in held for use, words in table.uses.items() for word in words
        )
        self.sources = [(kind, entry) for table in held for kind, entry in table.sources.items()]
        self.absorbs = _words(table.absorbs for table in held)
        self.stops = _words(table.stops for table in held)
        self.decoders = _words(table.decoders for table in held)
        self.spills = _words(table.spills for table in held)
        self.fills = {key.lower(): value for table in held for key, value in table.fills.items()}
        self._index_sources()

    def _index_sources(self) -> None:
        case = str if self.exact else str.lower
        self.source_names: dict[str, list[tuple[str, str, SourceEntry]]] = {}
        self.source_types: dict[str, tuple[str, SourceEntry]] = {}
        self.source_calls: dict[str, tuple[str, SourceEntry]] = {}
        self.source_files: list[tuple[str, str, SourceEntry]] = []
        self.controls: dict[str, tuple[str, SourceEntry]] = {}
        self.source_attributes: dict[str, tuple[str, SourceEntry]] = {}
        for kind, entry in self.sources:
            for name in map(case, entry.names):
                self.source_names.setdefault(name.rsplit(".", 1)[-1], []).append((name, kind, entry))
            self.source_types |= {name.lower(): (kind, entry) for name in entry.types}
            self.source_calls |= {name.lower(): (kind, entry) for name in entry.calls}
            self.source_files += [(name.lower(), kind, entry) for name in entry.files]
            self.controls |= {name.lower(): (kind, entry) for name in entry.members}
            self.source_attributes |= {name.lower(): (kind, entry) for name in entry.attributes}
            self.source_attributes |= {f"·{name.lower()}": (kind, entry) for name in entry.functions}


def _sink_rows(tables: Iterable[Table], language: str, form: str) -> Iterator[tuple[str, Sink]]:
    for table in tables:
        for capability, roles in table.sinks.items():
            for role, entries in roles.items():
                for entry in entries:
                    if not entry.languages or language in entry.languages:
                        yield from _rows_of(entry, form, capability, role)


def _rows_of(entry: SinkEntry, form: str, capability: str, role: str) -> Iterator[tuple[str, Sink]]:
    types = frozenset(name.lower() for name in entry.types)
    names: list[str] = getattr(entry, form)
    place = entry.when.position if entry.when else 0
    matches = compiled(entry.when.matches, re.IGNORECASE | re.DOTALL) if entry.when else None
    for name in names:
        yield name, Sink(capability, role, name, entry.arguments, types, form == "receiver", place, matches)


def _words(lists: Iterable[Iterable[str]]) -> frozenset[str]:
    return frozenset(word.lower() for words in lists for word in words)


def short_type(name: str) -> str:
    """Give the last word of a type in lower case, without brackets: ``a.b.List<c>[]`` is ``list``."""
    return name.split("<", 1)[0].split("[", 1)[0].split("(", 1)[0].rsplit(".", 1)[-1].strip("?*&\\ ").lower()


@cache
def tables() -> Mapping[str, Table]:
    """Give every file of ``apis/`` by its name without ending."""
    return {
        path.stem: msgspec.convert(yaml.safe_load(path.read_text("utf-8")), Table)
        for path in sorted(_FOLDER.glob("*.yaml"))
    }


@cache
def api(language: str) -> Api:
    """Give the compiled rows for a language of ``code.Unit`` (``csharp jscript java php vbscript vbnet``)."""
    return Api(language, tables().values())
