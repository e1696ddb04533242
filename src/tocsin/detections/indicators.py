"""Indicators of a pack against records: exact values by dictionary, texts in one combined scan.

A value proves little alone: shared addresses, common file names. A weak indicator is context; a
file name in a request shows that it was asked for, not that the file is there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network

from tocsin.detections.conditions import address
from tocsin.detections.findings import finding_of, shown
from tocsin.detections.prefilter import Scan
from tocsin.detections.values import views
from tocsin.evidence.web_roots import url_of
from tocsin.model.findings import Finding
from tocsin.model.records import Record
from tocsin.model.words import Means
from tocsin.packs.logsources import TEXT, WEB_FILE, WEB_KINDS
from tocsin.packs.regexes import LONGEST_VALUE, compiled
from tocsin.packs.schema import IndicatorRow

ADDRESS_FIELDS = ("c-ip", "ClientIpAddress", "SourceIp", "IpAddress", "DestinationIp", "x-forwarded-for")
AGENT_FIELDS = ("cs-user-agent", "UserAgent")
PATH_FIELDS = ("Path", "TargetFilename", "File", "SourceFile", "Image", "cs-uri-stem")
COMMAND_FIELDS = frozenset({"CommandLine", "ParentCommandLine", "ScriptBlockText", "Data", "Text"})
SERVICE_FIELDS = ("ServiceName", "Service_Name")
HASH_FIELDS = ("Sha256", "Sha1", "Md5", "Hashes")

_ASKED_FOR = frozenset({"filename", "filepath", "path_regex", "file_ext"})
_ANY_TEXT = frozenset({"domain", "url", "string"})
_HASHES = frozenset({"sha256", "sha1", "md5"})
_WORD = re.compile(r"[0-9A-Za-z][\w.:-]*")
_ADDRESS_LIST = re.compile(r"[\s,;]+")
_SHORTEST_VALUE = 4
Rows = list[IndicatorRow]


class IndicatorMatcher:
    """All indicators of one pack that were not withdrawn."""

    def __init__(self, pack: str, rows: Iterable[IndicatorRow]) -> None:
        """Sort the rows by how they are looked up."""
        self.pack = pack
        live = [row for row in rows if not row.withdrawn]
        self._addresses = _index(live, "ipv4", lambda row: str(address(row.value)))
        self._networks = [(ip_network(row.value), row) for row in live if row.type == "cidr"]
        self._hashes = _merged(_index(live, kind, lambda row: row.value.lower()) for kind in _HASHES)
        self._agents = _index(live, "user_agent", lambda row: _agent(row.value))
        self._names = _index(live, "filename", lambda row: row.value.lower())
        self._paths = _index(live, "filepath", lambda row: _path(row.value).rpartition("/")[2])
        self._uris = _index(live, "probe_uri", lambda row: row.value.lower())
        self._services = _index(live, "service_name", lambda row: row.value.lower())
        self._extensions = _index(live, "file_ext", lambda row: row.value.lower())
        self._magics = [row for row in live if row.type == "file_magic"]
        self._regexes = [(compiled(row.value, "i"), row) for row in live if row.type == "path_regex"]
        self._texts = [row for row in live if row.type in _ANY_TEXT or row.type == "cmdline_substr"]
        self._scan = Scan(_masks(self._texts))

    def observe(self, record: Record) -> Iterator[Finding]:
        """Yield a finding for every indicator that the record holds on a day on which it counts."""
        for row in dict.fromkeys(self._rows(record)):
            if _counts(row, record):
                yield _finding(self.pack, row, record)

    def _rows(self, record: Record) -> Iterator[IndicatorRow]:
        fields = record.fields
        if self._addresses or self._networks:
            yield from self._by_address(fields)
        if self._agents:
            for value in _values(fields, AGENT_FIELDS):
                yield from self._agents.get(_agent(value), ())
        yield from self._by_path(fields)
        if self._texts:
            yield from self._by_text(fields)
        if record.kind in WEB_KINDS:
            yield from self._by_uri(fields)
        elif record.kind == TEXT:
            yield from self._by_words(fields.get("Text") or "")
        else:
            yield from self._by_file(record)

    def _by_address(self, fields: Mapping[str, str | None]) -> Iterator[IndicatorRow]:
        for value in _values(fields, ADDRESS_FIELDS):
            for part in _ADDRESS_LIST.split(value):
                yield from self._of_address(part)

    def _of_address(self, text: str) -> Iterator[IndicatorRow]:
        found = address(_without_port(text))
        if found is None:
            return
        yield from self._addresses.get(str(found), ())
        for network, row in self._networks:
            if _inside(network, str(found)):
                yield row

    def _by_path(self, fields: Mapping[str, str | None]) -> Iterator[IndicatorRow]:
        if not (self._names or self._paths or self._regexes):
            return
        for value in _values(fields, PATH_FIELDS):
            path = _path(value)
            name = path.rpartition("/")[2]
            yield from self._names.get(name, ())
            for row in self._paths.get(name, ()):
                if _same_file(_path(row.value), path):
                    yield row
            for pattern, row in self._regexes:
                if pattern.search("\\" + path.replace("/", "\\"), 0, LONGEST_VALUE):
                    yield row

    def _by_uri(self, fields: Mapping[str, str | None]) -> Iterator[IndicatorRow]:
        stem = fields.get("cs-uri-stem")
        for view in views("cs-uri-stem", stem) if stem and self._uris else ():
            yield from self._uris.get(view.lower(), ())

    def _by_text(self, fields: Mapping[str, str | None]) -> Iterator[IndicatorRow]:
        for name, value in fields.items():
            if value is None or len(value) < _SHORTEST_VALUE:
                continue
            mask = self._scan.mask(name, value)
            for at, row in enumerate(self._texts) if mask else ():
                if mask >> at & 1 and _really_holds(row, name, value):
                    yield row

    def _by_words(self, text: str) -> Iterator[IndicatorRow]:
        for word in dict.fromkeys(found.group().lower() for found in _WORD.finditer(text, 0, LONGEST_VALUE)):
            yield from self._hashes.get(word, ())
            yield from self._names.get(word, ())
            if word[0].isdigit():
                yield from self._of_address(word)

    def _by_file(self, record: Record) -> Iterator[IndicatorRow]:
        fields = record.fields
        for value in _values(fields, HASH_FIELDS) if self._hashes else ():
            for word in re.split(r"[=,;\s]+", value.lower()):
                yield from self._hashes.get(word, ())
        for value in _values(fields, SERVICE_FIELDS) if self._services else ():
            yield from self._services.get(value.lower(), ())
        for value in _values(fields, ("Path", "TargetFilename")) if self._extensions else ():
            yield from self._extensions.get("." + value.lower().rpartition(".")[2], ())
        content = fields.get("Content") or ""
        yield from (row for row in self._magics if record.kind == WEB_FILE and content.startswith(row.value))


def _index(rows: Iterable[IndicatorRow], kind: str, key: Callable[[IndicatorRow], str]) -> dict[str, Rows]:
    found: dict[str, Rows] = defaultdict(list)
    for row in rows:
        if row.type == kind:
            found[key(row)].append(row)
    return dict(found)


def _merged(parts: Iterable[dict[str, Rows]]) -> dict[str, Rows]:
    return {key: rows for part in parts for key, rows in part.items()}


def _masks(rows: Rows) -> dict[str, int]:
    masks: dict[str, int] = defaultdict(int)
    for at, row in enumerate(rows):
        masks[row.value.lower()] |= 1 << at
    return dict(masks)


def _values(fields: Mapping[str, str | None], names: Iterable[str]) -> Iterator[str]:
    for name in names:
        value = fields.get(name)
        if value:
            yield value


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


def _inside(network: IPv4Network | IPv6Network, text: str) -> bool:
    found = address(text)
    return found is not None and found.version == network.version and found in network


def _really_holds(row: IndicatorRow, name: str, value: str) -> bool:
    """A command in a command line; a domain as a whole, not the middle of another name."""
    if row.type == "cmdline_substr":
        return name in COMMAND_FIELDS
    if row.type != "domain":
        return True
    whole = re.compile(rf"(?<![\w-]){re.escape(row.value)}(?![\w-])(?!\.[\w-])", re.IGNORECASE)
    return any(whole.search(view) for view in views(name, value))


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
