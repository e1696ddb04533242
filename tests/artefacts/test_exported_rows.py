"""Rows that other programs took apart and wrote out again are read as what they were, weakly."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.artefacts.makers import source_of

from tocsin.artefacts import event_table, text_unknown, web_json
from tocsin.artefacts.registry import identify
from tocsin.evidence.exported_rows import request_of_object
from tocsin.model.places import Locator
from tocsin.model.records import Blank, Header, Item, Record, Unreadable

HEAD = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status"
ROW = "2021-03-03 06:49:42 10.0.0.5 POST /owa/auth/x.aspx a=1 443 - 192.0.2.1 Agent/1.0+(x) 200"
NAMES, VALUES = HEAD.split(), ROW.split()
AT = datetime(2021, 3, 3, 6, 49, 42, tzinfo=UTC)
HERE = Locator(path="a.json", line=1)

SPLUNK = {"result": {name.replace("-", "_"): value for name, value in zip(NAMES, VALUES, strict=True)}}
SENTINEL = {
    "TimeGenerated": "2021-03-03T06:49:42Z", "csMethod": "POST", "csUriStem": "/owa/auth/x.aspx",
    "csUriQuery": "a=1", "cIP": "192.0.2.1", "csUserName": "-", "csUserAgent": "Agent/1.0+(x)",
    "scStatus": "200",
}  # fmt: skip
SCHEMA = {
    "_source": {
        "@timestamp": "2021-03-03T06:49:42.000Z",
        "http": {"request": {"method": "POST"}, "response": {"status_code": 200}},
        "url": {"path": "/owa/auth/x.aspx", "query": "a=1"},
        "source": {"ip": "192.0.2.1"},
        "user_agent": {"original": "Agent/1.0 (x)"},
    }
}
FLAT = {
    "@timestamp": "2021-03-03T06:49:42Z",
    "url.original": "/owa/auth/x.aspx?a=1",
    "source.ip": "192.0.2.1",
    "http.request.method": "POST",
    "http.response.status_code": 200,
    "user_agent.original": "Agent/1.0 (x)",
}
WHOLE = {"message": ROW, "host": {"name": "EX01"}}
PRINTED = "\n".join(f"{name:<16}: {value}" for name, value in zip(NAMES, VALUES, strict=True))


def read(module: object, data: bytes | str, where: str = "collected/out.txt") -> list[Item]:
    source = source_of(data.encode() if isinstance(data, str) else data, where=where)
    assert identify(source) is module
    return list(identify(source).parse(source))  # type: ignore[union-attr]  # just asserted


def the_request(record: Record) -> tuple[str | None, ...]:
    names = ("cs-method", "cs-uri-stem", "cs-uri-query", "c-ip", "cs-user-agent", "sc-status")
    assert record.weak
    assert record.time == AT
    return tuple(record.fields.get(name) for name in names)


ASKED = ("POST", "/owa/auth/x.aspx", "a=1", "192.0.2.1", "Agent/1.0 (x)", "200")


@pytest.mark.parametrize("given_", [SPLUNK, SENTINEL, SCHEMA, FLAT, WHOLE])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_request_in_json(given_: dict[str, object], indent: int | None) -> None:
    text = json.dumps([given_, given_] if indent else given_, indent=indent) + "\n"
    records = [item for item in read(web_json, text) if isinstance(item, Record)]
    assert [the_request(record) for record in records] == [ASKED] * (2 if indent else 1)
    assert {record.kind for record in records} == {"iis.w3c"}


@pytest.mark.parametrize(
    "given_",
    [
        {"url": {"path": "/x"}, "name": "a configuration"},
        {"csUriStem": "/x", "scStatus": "abc"},
        {"url": "https://www.contoso.example/", "title": "bookmark"},
        {"request": [1, 2, {"cs-uri-stem": "/x"}]},
    ],
)
def test_what_is_no_request_is_none(given_: dict[str, object]) -> None:
    assert request_of_object(given_, HERE, "raw") is None


def test_an_object_without_request_is_still_searched() -> None:
    first, second = read(web_json, json.dumps(FLAT) + '\n{"url": "marker"}\n')
    assert isinstance(first, Record)
    assert isinstance(second, Unreadable)
    assert "marker" in second.text


def test_a_proxy_row_in_json_keeps_its_kind() -> None:
    row = {
        "DateTime": "2021-03-03T06:49:42Z",
        "AnchorMailbox": "ServerInfo~a/b",
        "UrlStem": "/ecp/y.js",
        "HttpStatus": 241,
    }
    (record,) = read(web_json, json.dumps(row))
    assert isinstance(record, Record)
    assert (record.kind, record.fields["sc-status"], record.time) == ("exchange.httpproxy", "241", AT)


def test_objects_printed_as_lists() -> None:
    items = read(text_unknown, f"PS C:\\> $rows | fl\n\n{PRINTED}\n\n{PRINTED}\n\nthe end\n")
    records = [item for item in items if isinstance(item, Record)]
    assert [record.kind for record in records] == ["text.unknown", "iis.w3c", "iis.w3c", "text.unknown"]
    assert the_request(records[1]) == ASKED
    assert records[1].locator.line == 3
    assert len(items) == 2 + len(NAMES) + 1 + len(NAMES) + 2


def test_objects_printed_as_a_table() -> None:
    columns = ["DateTime", "ClientIpAddress", "AnchorMailbox", "UrlStem", "HttpStatus"]
    values = ["2021-03-03T06:49:42.000Z", "192.0.2.1", "ServerInfo~ex01/ecp/proxyLo...", "/ecp/y.js", "241"]
    widths = [max(map(len, pair)) + 1 for pair in zip(columns, values, strict=True)]
    lines = [
        " ".join(part.ljust(width) for part, width in zip(row, widths, strict=True))
        for row in (columns, ["-" * len(name) for name in columns], values)
    ]
    items = read(text_unknown, "\n" + "\n".join(lines) + "\n\nafterwards\n")
    record = items[3]
    assert isinstance(record, Record)
    assert (record.kind, record.fields["cs-uri-stem"], record.time) == ("exchange.httpproxy", "/ecp/y.js", AT)
    assert isinstance(items[5], Record)
    assert items[5].kind == "text.unknown"


@pytest.mark.parametrize(
    "text",
    [
        "Name : a\nSize : 4\nPath : C:\\x\n",
        "Subject: hello\nFrom: ann@contoso.example\nTo: bo@contoso.example\n\nSee you.\n",
        "one  two  three\n---  ---  -----\n1    2    3\n",
        "a: b\na: c\n   d\n",
    ],
)
def test_other_lists_and_tables_stay_text(text: str) -> None:
    items = read(text_unknown, text)
    assert {item.kind for item in items} == {"text.unknown"}
    assert not any(isinstance(item, Header) for item in items)


LONG_AGO = "\n".join(f"line {number} of an incident report" for number in range(600))


def test_rows_late_in_a_report_are_read() -> None:
    ecp = (
        "2021-03-03T06:59:18.042Z,EX01,ECP.Request,"
        "S:CMD=Set-OabVirtualDirectory.ExternalUrl='x'.Identity='y';S:URL=/ecp/"
    )
    kinds = [
        item.kind for item in read(text_unknown, f"{LONG_AGO}\n{ROW}\n{ecp}\n") if isinstance(item, Record)
    ]
    assert kinds[-2:] == ["iis.w3c", "exchange.ecp-server"]


def table(*rows: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue()


EXCHANGE = ["MSExchange CmdletLogs", "MSExchange Management", "EX01"]
PARAMETERS = '-Identity "a" -ForwardingSmtpAddress "smtp:b@contoso.example"'
PAYLOAD = json.dumps({"EventData": {"Data": f"Set-Mailbox, {PARAMETERS}"}})
CSV = {
    "Get-WinEvent": "#TYPE System.Diagnostics.Eventing.Reader.EventLogRecord\r\n"
    + table(
        ["Message", "Id", "ProviderName", "LogName", "MachineName"],
        [f"Cmdlet succeeded. Cmdlet Set-Mailbox, parameters {PARAMETERS}.", "1", *EXCHANGE],
    ),
    "EvtxECmd": table(
        [
            "TimeCreated",
            "EventId",
            "Provider",
            "Channel",
            "Computer",
            "ChunkNumber",
            "MapDescription",
            "Payload",
        ],
        ["2021-03-03 06:49:42.0000000", "1", *EXCHANGE, "0", "", PAYLOAD],
    ),
}
SYSMON = "Process Create:\r\nImage: C:\\cmd.exe\r\nCommandLine: cmd /c whoami\r\nParentImage: C:\\w3wp.exe"
SECURITY = (
    "A process.\r\n\r\n\tNew Process Name:\tC:\\a.exe\r\n\tCreator Process Name:\tC:\\b.exe\r\n"
    "\tProcess Command Line:\ta -x"
)
RENDERED = table(
    ["TimeCreated", "Id", "ProviderName", "LogName", "Message"],
    ["3/3/2021 6:49:42 AM", "1", "Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon/Operational", SYSMON],
    ["3/3/2021 6:49:43 AM", "4688", "Microsoft-Windows-Security-Auditing", "Security", SECURITY],
)


@pytest.mark.parametrize("program", CSV)
def test_cmdlets_in_tables_of_events(program: str) -> None:
    head, record = read(event_table, CSV[program])
    assert isinstance(head, Header)
    assert isinstance(record, Record)
    assert record.kind == "event.msexchange-management"
    assert record.weak
    assert record.fields["Cmdlet"] == "Set-Mailbox"
    assert (record.fields["Parameters"] or "").startswith('-Identity "a" -ForwardingSmtpAddress')
    assert record.time == (AT if program == "EvtxECmd" else None)


def test_rendered_texts_over_many_lines() -> None:
    _, sysmon, security = read(event_table, RENDERED)
    assert isinstance(sysmon, Record)
    assert isinstance(security, Record)
    assert sysmon.fields["CommandLine"] == "cmd /c whoami"
    assert sysmon.fields["ParentImage"] == "C:\\w3wp.exe"
    assert security.locator.line == 6
    assert [security.fields[name] for name in ("Image", "ParentImage", "CommandLine")] == [
        "C:\\a.exe",
        "C:\\b.exe",
        "a -x",
    ]


@given(st.binary(max_size=800))
def test_arbitrary_bytes_raise_nothing(data: bytes) -> None:
    for module in (web_json, event_table, text_unknown):
        for item in module.parse(source_of(b'"Id","Source","Message"\n' + data)):
            assert isinstance(item, Record | Header | Unreadable | Blank)


@given(st.text('{}[]":,\n-ab 1/', max_size=300))
def test_what_looks_like_these_formats_raises_nothing(text: str) -> None:
    source = source_of(text.encode())
    lines = list(source.lines())
    assert len(list(text_unknown.parse(source))) == len(lines)
    assert all(item.kind for module in (web_json, event_table) for item in module.parse(source))
