"""The property list of an Exchange virtual directory, as ``Get-…VirtualDirectory`` prints it.

CVE-2021-27065 leaves one in a server page: resetting a virtual directory writes its properties to
a file of the intruder's choice, the script among them. The list is the trace even when the script
was taken out or has run; it also tells the build and when the directory was changed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.evidence.stamp_pairs import read_pairs
from tocsin.evidence.versions import build_of
from tocsin.model.places import Locator
from tocsin.model.records import Record

KIND = "exchange.vdir-dump"

_PROPERTIES = (
    "Name", "PollInterval", "OfflineAddressBooks", "RequireSSL", "BasicAuthentication",
    "WindowsAuthentication", "OAuthAuthentication", "DigestAuthentication", "FormsAuthentication",
    "MetabasePath", "Path", "WebSite", "ExtendedProtectionTokenChecking", "ExtendedProtectionFlags",
    "ExtendedProtectionSPNList", "AdminDisplayVersion", "Server", "InternalUrl",
    "InternalAuthenticationMethods", "ExternalUrl", "ExternalAuthenticationMethods", "AdminDisplayName",
    "ExchangeVersion", "DistinguishedName", "Identity", "Guid", "ObjectCategory", "ObjectClass",
    "WhenChanged", "WhenCreated", "WhenChangedUTC", "WhenCreatedUTC", "OrganizationId", "Id",
    "OriginatingServer", "IsValid", "RunspaceId", "DefaultDomain", "GzipLevel",
    "CertificateAuthentication", "LiveIdBasicAuthentication", "LiveIdFbaAuthentication",
    "AdfsAuthentication",
)  # fmt: skip
_KNOWN = frozenset(_PROPERTIES)
_TELLING = frozenset(
    {
        "PollInterval", "OfflineAddressBooks", "MetabasePath", "ExtendedProtectionTokenChecking",
        "ExternalUrl", "InternalUrl", "InternalAuthenticationMethods", "ExternalAuthenticationMethods",
        "ExtendedProtectionFlags", "ExtendedProtectionSPNList",
    }
)  # fmt: skip
_FEWEST = 3
_PAIR = re.compile(r"[\s>|#]{0,80}([A-Za-z][A-Za-z0-9]{1,60})\s{0,60}:(?:\s|$)\s?(.*)", re.DOTALL)
_INLINE = re.compile(
    r"(?<![\w.])(" + "|".join(sorted(_PROPERTIES, key=len, reverse=True)) + r")\s{1,60}:(?=\s)"
)
_BREAK = re.compile(r"<br\s*/?>|</?(?:pre|p|div|tr)\s*>", re.IGNORECASE)
_CLASS = re.compile(r"msExch\w{0,30}VirtualDirectory", re.IGNORECASE)
_PLAIN_URL = re.compile(r"https?://[\w.\-\[\]:*]{1,255}(?:/[\w.\-~/@+%?&=,*\[\]]*)?", re.IGNORECASE)
_CODED = re.compile(r"%3c|%3e|%22|%27|%7b|\\u003c", re.IGNORECASE)
_LONGEST_VALUE = 1 << 16


class VdirList(Struct, frozen=True, kw_only=True):
    """One property list in a text.

    Attributes:
        line: 1-based, of its first property.
        end: 1-based, of its last line.
        properties: name to value as printed; values over several lines joined by line feeds.
    """

    line: int
    end: int
    properties: dict[str, str]


def looks_like_list(text: str) -> bool:
    """Tell quickly whether a text can hold such a list."""
    return any(
        name in text for name in ("ExternalUrl", "InternalUrl", "PollInterval", "MetabasePath")
    ) and any(True for _ in find_lists(text))


def find_lists(text: str) -> Iterator[VdirList]:
    """Yield every property list in a text, with extra text, HTML escapes or a cut end allowed."""
    lines = text.split("\n")
    if "&lt;" in text or "&#" in text or "&quot;" in text:
        lines = [html.unescape(line) for line in lines]
    found = [vdir for vdir in _blocks(lines) if _is_vdir(vdir.properties)]
    yield from found or _inline_lists(lines)


def vdir_record(
    vdir: VdirList, path: str, *, not_after: datetime | None = None, weak: bool = False
) -> Record:
    """Give the record of a list. Its time is WhenChangedUTC where that can be read in one way.

    Args:
        vdir: the list.
        path: the file in the evidence.
        not_after: when the file was last changed, to settle the order of day and month.
        weak: the list was copied by someone.
    """
    given = vdir.properties
    fields: dict[str, str | None] = {name: value or None for name, value in given.items()}
    pairs = {
        f"{name}UTC": (given.get(name), given.get(f"{name}UTC")) for name in ("WhenCreated", "WhenChanged")
    }
    reading = read_pairs(pairs, rising=tuple(pairs), not_after=not_after)
    for name, moment in reading.utc.items():
        if name in given:
            fields[f"{name}_Text"] = given[name] or None
            fields[name] = moment.isoformat().replace("+00:00", "Z") if moment else None
    fields |= {
        "File": path,
        "DateOrder": reading.order if any(map(any, pairs.values())) else None,
        "UtcOffset": reading.offset,
        "HoursSinceCreation": _hours_since_creation(reading.utc),
        "Build": build_of(given.get("AdminDisplayVersion")),
        "ScriptPresent": "true" if has_script(given) else "false",
    }
    locator = Locator(path=path, line=vdir.line)
    return Record(kind=KIND, locator=locator, time=reading.utc["WhenChangedUTC"], fields=fields, weak=weak)


def _hours_since_creation(utc: Mapping[str, datetime | None]) -> str | None:
    created, changed = utc["WhenCreatedUTC"], utc["WhenChangedUTC"]
    return None if created is None or changed is None else str((changed - created) // timedelta(hours=1))


def has_script(properties: dict[str, str]) -> bool:
    """Tell whether a URL of the directory is anything but nothing or plain URLs."""
    for name in ("ExternalUrl", "InternalUrl"):
        value = html.unescape(properties.get(name, ""))
        parts = [part.strip(" ,{}") for part in value.split("\n")]
        if _CODED.search(value) or not all(_PLAIN_URL.fullmatch(part) for part in parts if part):
            return True
    return False


def _is_vdir(properties: dict[str, str]) -> bool:
    known = _KNOWN & set(properties)
    is_class = any(_CLASS.search(value) for value in properties.values())
    return len(known) >= _FEWEST and (is_class or len(known & _TELLING) >= _FEWEST - 1)


def _blocks(lines: list[str]) -> Iterator[VdirList]:
    """Group ``Name : value`` lines; an indented line without a name continues the value above."""
    row: dict[str, str] = {}
    start, end, last = 0, 0, ""
    for number, line in enumerate(lines, 1):
        for part in _BREAK.split(line[:_LONGEST_VALUE]):
            pair = _PAIR.match(part.rstrip())
            if pair and pair[1] in row and pair[1] in _KNOWN:
                yield VdirList(line=start, end=end, properties=row)
                row = {}
            if pair and (row or pair[1] in _KNOWN):
                start = start if row else number
                last, end = pair[1], number
                row.setdefault(last, pair[2].strip())
            elif row and part.strip() and part[0] in " \t":
                row[last], end = _continued(row[last], part.strip()), number
    if row:
        yield VdirList(line=start, end=end, properties=row)


def _continued(value: str, line: str) -> str:
    """Give the value with a further line; one that is long already grows no more."""
    return value if len(value) > _LONGEST_VALUE else f"{value}\n{line}".strip("\n")


def _inline_lists(lines: list[str]) -> Iterator[VdirList]:
    """Find a list whose line ends were lost, by the names of the properties."""
    for number, line in enumerate(lines, 1):
        names = list(_INLINE.finditer(line[:_LONGEST_VALUE]))
        if len(names) <= _FEWEST:
            continue
        ends = [*(name.start() for name in names[1:]), len(line)]
        row = {name[1]: line[name.end() : end].strip() for name, end in zip(names, ends, strict=True)}
        if _is_vdir(row):
            yield VdirList(line=number, end=number, properties=row)
