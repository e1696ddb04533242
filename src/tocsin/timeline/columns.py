"""The columns of a timeline: their names, their types, what they hold. Fixed; new ones come last.

``docs/reference/timeline.md`` is generated from this.
"""

from __future__ import annotations

from msgspec import Struct

SCHEMA = "tocsin/timeline/1"


class Column(Struct, frozen=True, kw_only=True):
    """One column.

    Attributes:
        name: as SQL and JSON have it.
        type: in the SQL of DuckDB.
        meaning: for the reader, in one sentence.
        fields: the fields of a record that it is taken from, the first that has a value.
    """

    name: str
    type: str
    meaning: str
    fields: tuple[str, ...] = ()


_TEXT = "VARCHAR"

COLUMNS: tuple[Column, ...] = (
    Column(
        name="time", type="TIMESTAMP", meaning="When, in UTC, to the microsecond; null where no time is told."
    ),
    Column(
        name="item",
        type=_TEXT,
        meaning="`record`; `unreadable`, a line that could not be parsed; `lost`, entries that were.",
    ),
    Column(name="kind", type=_TEXT, meaning="The kind of record, as in [fields](fields.md)."),
    Column(name="path", type=_TEXT, meaning="The file in the evidence."),
    Column(name="line", type="BIGINT", meaning="Its line, from 1."),
    Column(name="record", type="BIGINT", meaning="The number of the record, in event logs."),
    Column(name="byte_offset", type="BIGINT", meaning="The byte at which it stands, in binary files."),
    Column(
        name="host",
        type=_TEXT,
        meaning="The server that wrote it.",
        fields=("Computer", "s-computername", "ServerHostName", "ServerName"),
    ),
    Column(
        name="client",
        type=_TEXT,
        meaning="The address that asked.",
        fields=("c-ip", "ClientIpAddress", "ClientIp", "IpAddress", "SourceIp"),
    ),
    Column(
        name="username",
        type=_TEXT,
        meaning="Who asked, as the log names them.",
        fields=("cs-username", "AuthenticatedUser", "User", "TargetUserName", "SubjectUserName"),
    ),
    Column(name="method", type=_TEXT, meaning="The method of a request.", fields=("cs-method", "Method")),
    Column(
        name="url",
        type=_TEXT,
        meaning="The path asked for, without host and query.",
        fields=("cs-uri-stem", "UrlStem", "cs-uri", "Url", "VirtualPath", "URL"),
    ),
    Column(
        name="query",
        type=_TEXT,
        meaning="What followed the `?`, without it.",
        fields=("cs-uri-query", "UrlQuery"),
    ),
    Column(
        name="status",
        type="INTEGER",
        meaning="The status of the answer.",
        fields=("sc-status", "HttpStatus"),
    ),
    Column(
        name="bytes",
        type="BIGINT",
        meaning="Bytes of the answer.",
        fields=("sc-bytes", "ResponseBytes"),
    ),
    Column(
        name="user_agent",
        type=_TEXT,
        meaning="What the client called itself.",
        fields=("cs-user-agent", "UserAgent"),
    ),
    Column(
        name="anchor",
        type=_TEXT,
        meaning="The mailbox or server that a request to Exchange named.",
        fields=("AnchorMailbox",),
    ),
    Column(name="event_id", type="INTEGER", meaning="The number of a Windows event.", fields=("EventID",)),
    Column(name="channel", type=_TEXT, meaning="The event log.", fields=("Channel",)),
    Column(name="provider", type=_TEXT, meaning="What wrote the event.", fields=("Provider_Name",)),
    Column(name="message", type=_TEXT, meaning="One line that says what the row is."),
    Column(
        name="weak",
        type="BOOLEAN",
        meaning="Whether it comes second-hand: an excerpt, a retyped line, a row without its header.",
    ),
    Column(
        name="raw",
        type=_TEXT,
        meaning="The text as it was written, of second-hand records (4,096 characters) and unreadable lines.",
    ),
    Column(
        name="fields",
        type="JSON",
        meaning="Every other field under its own name: `fields->>'RoutingHint'`. One that the log leaves "
        "empty is null; one that the log does not have is absent.",
    ),
    Column(
        name="rules",
        type="VARCHAR[]",
        meaning="With `--findings`: the rules whose findings point at the row.",
    ),
    Column(name="means", type=_TEXT, meaning="With `--findings`: the gravest meaning of those findings."),
)

NAMES = tuple(column.name for column in COLUMNS)
