"""The Safety Scanner's log: each file that it names, and whether it is gone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.artefacts.makers import source_of

from tocsin.artefacts import safety_scanner
from tocsin.artefacts.registry import identify
from tocsin.model.records import Blank, Header, Record

HEAD = "Microsoft Safety Scanner v1.333, (build 1.333.160.0)\r\nStarted On Mon Mar 08 10:00:01 2021\r\n\r\n"
THREAT = "Threat Detected: Backdoor:ASP/Example.A!dha and Removed!\r\n"
REMOVED = "  Action: Remove, Result: 0x00000000\r\n"
FILE = "    file://C:\\inetpub\\wwwroot\\aspnet_client\\k.aspx\r\n        SigSeq: 0x0000555DC2DD4FA5\r\n"


def records(text: str, encoding: str = "utf-16") -> list[Record]:
    source = source_of(text.encode(encoding), where="windows/debug/msert.log")
    module = identify(source)
    assert module is not None
    assert module.FOUND_AT == safety_scanner.FOUND_AT
    items = list(safety_scanner.parse(source))
    assert len(items) == len(list(source.lines()))
    return [item for item in items if isinstance(item, Record)]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
def test_a_removed_file(encoding: str) -> None:
    (record,) = records(HEAD + THREAT + REMOVED + FILE, encoding)
    assert record.kind == "event.defender"
    assert record.time is None
    assert record.locator.line == 6
    assert record.fields == {
        "EventID": "1117",
        "Provider_Name": "Microsoft Safety Scanner",
        "Threat Name": "Backdoor:ASP/Example.A!dha",
        "Path": "file:_C:\\inetpub\\wwwroot\\aspnet_client\\k.aspx",
        "Action Name": "Remove",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (THREAT + FILE, ["1117"]),
        (THREAT.replace(" and Removed!", "") + FILE, ["1116"]),
        (THREAT + REMOVED.replace("0x00000000", "0x80070005") + FILE, ["1116"]),
        (THREAT + REMOVED.replace("Remove", "Ignore") + FILE, ["1116"]),
        (THREAT + REMOVED + FILE + FILE, ["1117", "1117"]),
        (FILE, []),
        ("No infection found.\r\n", []),
    ],
)
def test_whether_it_is_gone(text: str, expected: list[str]) -> None:
    assert [record.fields["EventID"] for record in records(HEAD + text)] == expected


@given(st.binary(max_size=400))
def test_arbitrary_bytes_raise_nothing(data: bytes) -> None:
    source = source_of((HEAD + THREAT).encode() + data, where="windows/debug/msert.log")
    items = list(safety_scanner.parse(source))
    assert [item.locator.line for item in items] == [line.number for line in source.lines()]
    assert all(isinstance(item, Record | Header | Blank) or item.why for item in items)
