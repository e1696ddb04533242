"""Indicators of a pack against records: exact values by dictionary, texts in one combined scan.

A value proves little alone: shared addresses, common file names. A weak indicator is context; a
file name in a request shows that it was asked for, not that the file is there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Address, ip_network

from msgspec import Struct

from tocsin.detections.conditions import address
from tocsin.detections.findings import finding_of, shown
from tocsin.detections.memory import Memory
from tocsin.detections.values import views
from tocsin.evidence.web_roots import url_of
from tocsin.model.findings import Finding
from tocsin.model.records import Record
from tocsin.model.words import Means
from tocsin.packs.logsources import TEXT, WEB_KINDS
from tocsin.packs.regexes import LONGEST_VALUE, compiled
from tocsin.packs.schema import IndicatorRow

ADDRESS_FIELDS = ("c-ip", "ClientIpAddress", "SourceIp", "IpAddress", "DestinationIp", "x-forwarded-for")
AGENT_FIELDS = ("cs-user-agent", "UserAgent")
PATH_FIELDS = ("Path", "TargetFilename", "File", "SourceFile", "Image", "cs-uri-stem")
FILE_FIELDS = ("Path", "TargetFilename")
COMMAND_FIELDS = ("CommandLine", "ParentCommandLine", "ScriptBlockText", "Data", "Text")
SERVICE_FIELDS = ("ServiceName", "Service_Name")
HASH_FIELDS = ("Sha256", "Sha1", "Md5", "Hashes")

_ASKED_FOR = frozenset({"filename", "filepath", "path_regex", "file_ext"})
_ANY_TEXT = frozenset({"domain", "url", "string"})
_HASHES = frozenset({"sha256", "sha1", "md5"})
_WORD = re.compile(r"[0-9A-Za-z](?:[\w.:-]*\w)?")
_ADDRESS_LIST = re.compile(r"[\s,;]+")
_HASH_LIST = re.compile(r"[=,;\s]+")
Rows = list[IndicatorRow]
Lookup = Callable[[str], Rows]
Texts = Callable[[Rows], list[str] | None]
"""Gives the texts, lower case, one of which a value holds that is met; None where none can be told."""
_NONE: Rows = []


class Clues(Struct, frozen=True, kw_only=True):
    """What a record must hold for any indicator to be met in it: one thing of all of these.

    Attributes:
        fields: names of fields whose values are looked up.
        texts: lower case; looked for in the values of all fields, and in what ``DECODED`` ones decode to.
        files: lower case; as ``texts``, but in the values of ``PATH_FIELDS`` alone.
        ends: lower case; the value of one of these ends with it.
        paths: regular expressions that a path meets, whichever slashes it has, and however many; the
            expression may count on one slash more before it.
        spanning: those of ``texts`` that are looked for in the values of every field.
    """

    fields: frozenset[str]
    texts: frozenset[str]
    files: frozenset[str] = frozenset()
    ends: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()
    spanning: frozenset[str] = frozenset()


class IndicatorMatcher:
    """The indicators of one pack that were not withdrawn, sorted by how they are looked up."""

    def __init__(self, pack: str, rows: Iterable[IndicatorRow]) -> None:
        """Build the dictionaries; what a field's value meets is remembered."""
        self.pack = pack
        live = [row for row in rows if not row.withdrawn]
        self._lookups = {name: Memory(_joined(found)) for name, found in _lookups(live).items()}
        self._texts = [(row, _pattern(row)) for row in live if row.type in _ANY_TEXT]
        self._any_text = re.compile("|".join(re.escape(row.value.lower()) for row, _ in self._texts))
        self._clues = _clues(live)

    def observe(self, record: Record) -> Iterator[Finding]:
        """Yield a finding for every indicator that the record holds on a day on which it counts."""
        rows = self._rows(record)
        for row in dict.fromkeys(rows) if rows else ():
            if _counts(row, record):
                yield _finding(self.pack, row, record)

    def clues(self) -> Clues:
        """Give what a record must hold for any of these indicators to be met in it."""
        return self._clues

    def _rows(self, record: Record) -> Rows:
        found: Rows = []
        given = record.fields.get
        for name, lookup in self._lookups.items():
            value = given(name)
            if value:
                found += lookup(value)
        return found + self._by_text(record) if self._texts else found

    def _by_text(self, record: Record) -> Rows:
        """One scan over all values and what they decode to; only a hit asks the rows one by one."""
        text = "\n".join(filter(None, record.fields.values()))
        if "%" in text:
            given = ((name, value) for name, value in record.fields.items() if value and "%" in value)
            text = "\n".join((text, *(form for name, value in given for form in views(name, value))))
        if not self._any_text.search(text.lower()):
            return []
        return [
            row
            for name, value in record.fields.items()
            if value
            for row, pattern in self._texts
            if any(pattern.search(form.lower()) for form in views(name, value))
        ]


def joined_clues(found: Iterable[Clues]) -> Clues:
    """Give what a record must hold for any indicator of several packs."""
    every = list(found)
    return Clues(
        **{
            name: frozenset().union(*(getattr(one, name) for one in every))
            for name in Clues.__struct_fields__
        }
    )


def _lookups(rows: Rows) -> dict[str, list[Lookup]]:
    """Give for every field the ways in which its value is looked up; none for fields nobody lists."""
    found: dict[str, list[Lookup]] = defaultdict(list)
    for names, way, _ in _WAYS:
        lookup = way(rows)
        if lookup is not None:
            for name in names:
                found[name].append(lookup)
    return found


def _clues(rows: Rows) -> Clues:
    """Give the fields whose mere presence calls for a look, and what others' values must hold."""
    by_name: set[str] = set()
    spanning = frozenset(row.value.lower() for row in rows if row.type in _ANY_TEXT)
    by_value = set(spanning)
    for names, way, texts_of in _WAYS:
        texts = texts_of(rows) if way(rows) is not None else []
        if texts is None:
            by_name.update(names)
        else:
            by_value.update(texts)
    return Clues(
        fields=frozenset(by_name),
        texts=frozenset(by_value),
        files=frozenset(_last(_path(row.value)) for row in rows if row.type in {"filename", "filepath"}),
        ends=frozenset(row.value.lower() for row in rows if row.type == "file_ext"),
        paths=frozenset(row.value for row in rows if row.type == "path_regex"),
        spanning=spanning,
    )


def _index(rows: Rows, kind: str, key: Callable[[IndicatorRow], str]) -> dict[str, Rows]:
    found: dict[str, Rows] = defaultdict(list)
    for row in rows:
        if row.type == kind:
            found[key(row)].append(row)
    return dict(found)


def _joined(lookups: list[Lookup]) -> Callable[[str | None], Rows]:
    return lambda value: [row for lookup in lookups for row in lookup(value or "")]


def _exactly(rows: Rows, kind: str, form: Callable[[str], str]) -> Lookup | None:
    index = _index(rows, kind, lambda row: form(row.value))
    return (lambda value: index.get(form(value), _NONE)) if index else None


def _agents(rows: Rows) -> Lookup | None:
    return _exactly(rows, "user_agent", _agent)


def _services(rows: Rows) -> Lookup | None:
    return _exactly(rows, "service_name", str.lower)


def _addresses(rows: Rows) -> Lookup | None:
    index = _index(rows, "ipv4", lambda row: str(address(row.value)))
    networks = [(ip_network(row.value), row) for row in rows if row.type == "cidr"]

    def lookup(value: str) -> Rows:
        found: Rows = []
        for part in _ADDRESS_LIST.split(value):
            one = address(_without_port(part))
            if one is not None:
                found += index.get(str(one), _NONE)
                found += [row for net, row in networks if one.version == net.version and one in net]
        return found

    return lookup if index or networks else None


def _names(rows: Rows) -> Lookup | None:
    index = _index(rows, "filename", lambda row: row.value.lower())
    return (lambda value: index.get(_last(_path(value)), _NONE)) if index else None


def _paths(rows: Rows) -> Lookup | None:
    index = _index(rows, "filepath", lambda row: _last(_path(row.value)))

    def lookup(value: str) -> Rows:
        path = _path(value)
        return [row for row in index.get(_last(path), _NONE) if _same_file(_path(row.value), path)]

    return lookup if index else None


def _path_patterns(rows: Rows) -> Lookup | None:
    patterns = [(compiled(row.value, "i"), row) for row in rows if row.type == "path_regex"]

    def lookup(value: str) -> Rows:
        path = "\\" + _path(value).replace("/", "\\")
        return [row for pattern, row in patterns if pattern.search(path, 0, LONGEST_VALUE)]

    return lookup if patterns else None


def _uris(rows: Rows) -> Lookup | None:
    index = _index(rows, "probe_uri", lambda row: row.value.lower())

    def lookup(value: str) -> Rows:
        return [row for view in views("cs-uri-stem", value) for row in index.get(view.lower(), _NONE)]

    return lookup if index else None


def _hashes(rows: Rows) -> Lookup | None:
    index: dict[str, Rows] = defaultdict(list)
    for row in rows:
        if row.type in _HASHES:
            index[row.value.lower()].append(row)

    def lookup(value: str) -> Rows:
        return [row for word in _HASH_LIST.split(value.lower()) for row in index.get(word, _NONE)]

    return lookup if index else None


def _extensions(rows: Rows) -> Lookup | None:
    index = _index(rows, "file_ext", lambda row: row.value.lower())
    return (lambda value: index.get("." + value.lower().rpartition(".")[2], _NONE)) if index else None


def _commands(rows: Rows) -> Lookup | None:
    texts = [(row.value.lower(), row) for row in rows if row.type == "cmdline_substr"]

    def lookup(value: str) -> Rows:
        lower = value.lower()
        return [row for text, row in texts if text in lower]

    return lookup if texts else None


def _magics(rows: Rows) -> Lookup | None:
    magics = [row for row in rows if row.type == "file_magic"]
    return (lambda value: [row for row in magics if value.startswith(row.value)]) if magics else None


def _words(rows: Rows) -> Lookup | None:
    """Words of a line of text that are addresses, hashes or file names on the list."""
    parts = [part for part in (_addresses(rows), _hashes(rows), _names(rows)) if part]

    def lookup(value: str) -> Rows:
        words = dict.fromkeys(found.group() for found in _WORD.finditer(value, 0, LONGEST_VALUE))
        return [row for word in words for part in parts for row in part(word)]

    return lookup if parts else None


def _by_name_alone(_: Rows) -> None:
    """Say that nothing can be told of the values."""


def _address_texts(rows: Rows) -> list[str] | None:
    """An address of IPv4 stands as its digits, or within one of IPv6 after ``ffff:``."""
    found = [address(row.value) for row in rows if row.type == "ipv4"]
    if any(row.type == "cidr" for row in rows) or not all(isinstance(one, IPv4Address) for one in found):
        return None
    return ["ffff:", *map(str, found)]


def _texts_of(*types: str) -> Texts:
    return lambda rows: [row.value.lower() for row in rows if row.type in types]


def _by_clues_of_their_own(_: Rows) -> list[str]:
    """Say that ``Clues`` has a member for what the values must be like."""
    return []


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _agent(value: str) -> str:
    """IIS writes a user agent's blanks as plus signs; HttpProxy does not."""
    return value.replace("+", " ").lower()


def _path(value: str) -> str:
    """A path in lower case, forward slashes, without drive or leading variable."""
    plain = re.sub(r"[\\/]+", "/", value.lower())
    return re.sub(r"^(?:[a-z]:|%[^%/]+%)/?", "", plain)


def _same_file(wanted: str, path: str) -> bool:
    """The paths' ends agree, or the request's path is the URL of the wanted file."""
    if f"/{path}".endswith("/" + wanted.lstrip("/")):
        return True
    return url_of("/" + wanted) == path if path.startswith("/") else False


def _without_port(text: str) -> str:
    return text.partition(":")[0] if text.count(":") == 1 else text


def _pattern(row: IndicatorRow) -> re.Pattern[str]:
    """A domain stands as a whole, not in the middle of another name; a subdomain is its own."""
    word = re.escape(row.value.lower())
    return re.compile(rf"(?<![\w-]){word}(?![\w-])(?!\.[\w-])" if row.type == "domain" else word)


def _counts(row: IndicatorRow, record: Record) -> bool:
    if record.time is None:
        return True
    day = record.time.date()
    return (row.valid_from is None or row.valid_from <= day) and (
        row.valid_until is None or day <= row.valid_until
    )


def _finding(pack: str, row: IndicatorRow, record: Record) -> Finding:
    bounded = row.valid_from is not None or row.valid_until is not None
    means = _means(row, record)
    details = {
        "indicator": row.value,
        "type": row.type,
        "strength": row.strength,
        "actor": row.actor,
        "note": row.note,
    }
    return finding_of(
        record,
        pack=pack,
        rule=f"indicator: {row.type} {row.value}",
        author=row.source,
        means=means,
        weak=record.weak or (bounded and record.time is None) or record.kind == TEXT,
        rung=(row.rung or None) if means is not Means.CONTEXT else None,
        summary=f"{row.type} {shown(row.value, 200)}, listed by {shown(row.source, 200)}",
        details={name: value for name, value in details.items() if value},
    )


def _means(row: IndicatorRow, record: Record) -> Means:
    asked_for = row.type in _ASKED_FOR and record.kind in WEB_KINDS
    if row.strength == "weak" or asked_for or record.kind == TEXT:
        return Means.CONTEXT
    return Means(row.means)


_WAYS: tuple[tuple[tuple[str, ...], Callable[[Rows], Lookup | None], Texts], ...] = (
    (ADDRESS_FIELDS, _addresses, _address_texts),
    (AGENT_FIELDS, _agents, _by_name_alone),
    (PATH_FIELDS, _names, _by_clues_of_their_own),
    (PATH_FIELDS, _paths, _by_clues_of_their_own),
    (PATH_FIELDS, _path_patterns, _by_clues_of_their_own),
    (("cs-uri-stem",), _uris, _by_name_alone),
    (HASH_FIELDS, _hashes, _texts_of(*_HASHES)),
    (SERVICE_FIELDS, _services, _texts_of("service_name")),
    (FILE_FIELDS, _extensions, _by_clues_of_their_own),
    (COMMAND_FIELDS, _commands, _texts_of("cmdline_substr")),
    (("Content",), _magics, _by_name_alone),
    (("Text",), _words, _by_name_alone),
)
"""Which fields are looked up in which way, and what a value must hold to be met in that way."""
