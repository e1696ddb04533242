"""What vendors' own tools wrote: runs, findings, outcomes; and no byte raises anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.artefacts.makers import source_of

from tocsin.artefacts import eomt, proxylogon_script, safety_scanner
from tocsin.artefacts.registry import ArtefactModule, identify
from tocsin.model.records import Item, Record

HEADS = {
    "x/eomtsummary.txt": b"Microsoft Safety Scanner and CVE-2021-26855 mitigation summary\r\n",
    "x/eomt.log": b"2021-03-16 09:00:00 Info: Starting EOMT.ps1 on EXCH01\r\n",
    "x/a-logagedays.csv": b'"Oabgen","Ecp","AutodProxy"\r\n"1","2","3"\r\n',
    "x/a-cve-2021-26857.csv": b'"TimeCreated","MachineName","Message"\r\n"1","2","',
    "x/a-cve-2021-26858.log": b"",
    "windows/debug/msert.log": b"Microsoft Safety Scanner v1.333\r\nFull Scan Results:\r\n",
}
AGES = '"Oabgen","Ecp","AutodProxy"\r\n"30.1","30.0",""\r\n'


def parsed(text: bytes, where: str) -> tuple[ArtefactModule, list[Item]]:
    source = source_of(text, where=where)
    module = identify(source)
    assert module is not None
    return module, list(module.parse(source))


def records(text: str, where: str) -> list[Record]:
    return [item for item in parsed(text.encode(), where)[1] if isinstance(item, Record)]


@pytest.mark.parametrize("where", ["x/exch01-logagedays.csv", "x/renamed.csv"])
def test_a_run_is_told_by_its_columns(where: str) -> None:
    (record,) = records(AGES, where)
    assert (record.kind, record.time, record.locator.line) == ("vendor.test-proxylogon", None, 2)
    assert record.fields == {
        "Tool": "Test-ProxyLogon",
        "What": "log-age",
        "Oabgen": "30.1",
        "Ecp": "30.0",
        "AutodProxy": None,
    }


def test_rows_of_front_end_logs_stay_what_they_are() -> None:
    row = {
        "DateTime": "2021-03-03T04:13:21.001Z",
        "RequestId": "8d0e1a1b-0000-4000-8000-000000000001",
        "ClientIPAddress": "198.51.100.7",
        "UrlHost": "mail.contoso.example",
        "UrlStem": "/ecp/y.js",
        "AnchorMailbox": "ServerInfo~a]@b:444/ecp/z",
        "HttpStatus": "241",
    }
    lines = [",".join(f'"{cell}"' for cell in cells) for cells in (row, row.values())]
    (record,) = records("\r\n".join(lines), "x/exch01-cve-2021-26855.csv")
    assert (record.kind, record.fields["AnchorMailbox"]) == (
        "exchange.httpproxy",
        "ServerInfo~a]@b:444/ecp/z",
    )


@pytest.mark.parametrize(
    ("where", "cve"),
    [
        ("x/exch01-cve-2021-26858-downloadpaths.log", "CVE-2021-26858"),
        ("x/exch01-cve-2021-27065.log", "CVE-2021-27065"),
    ],
)
def test_lists_of_paths(where: str, cve: str) -> None:
    (record,) = records("'C:\\inetpub\\wwwroot\\k.aspx'\r\n", where)
    assert (record.fields["Cve"], record.fields["Path"]) == (cve, "C:\\inetpub\\wwwroot\\k.aspx")


@pytest.mark.parametrize(
    ("more", "outcome"), [("", "finished"), (" This attempt was unsuccessful.", "unsuccessful")]
)
def test_how_the_mitigation_tool_ended(more: str, outcome: str) -> None:
    text = (
        "Microsoft Safety Scanner and CVE-2021-26855 mitigation summary\r\n"
        f"For more information on these vulnerabilities please visit x.{more}\r\n"
    )
    (record,) = records(text, "anywhere/summary.txt")
    assert record.fields == {"Tool": "EOMT", "What": "summary", "Outcome": outcome, "Cve": "CVE-2021-26855"}


@pytest.mark.parametrize(
    ("results", "mode"), [("Full Scan Results:", "Full"), ("Quick Scan Results:", "Quick"), ("", None)]
)
def test_a_scan_that_ran_to_its_end(results: str, mode: str | None) -> None:
    text = (
        f"Microsoft Safety Scanner v1.333, (build 1)\r\n{results}\r\n"
        "Microsoft Safety Scanner Finished On Fri Apr 02 03:12:58 2021\r\n"
    )
    (record,) = records(text, "windows/debug/msert.log")
    assert record.kind == "event.defender"
    assert record.fields == {
        "EventID": "1001",
        "Provider_Name": "Microsoft Safety Scanner",
        "Version": "v1.333",
        "Scan Parameters": mode and f"{mode} Scan",
        "Threats": "0",
        "LocalTime": "2021-04-02 03:12:58",
    }


def test_a_scan_that_was_not_finished_is_no_run() -> None:
    assert (
        records("Microsoft Safety Scanner v1.333\r\nFull Scan Results:\r\n", "windows/debug/msert.log") == []
    )


@pytest.mark.parametrize("when", ["Fr Apr 02 2021", "02.04.2021 03:12"])
def test_another_spelling_of_the_time_is_kept(when: str) -> None:
    assert safety_scanner.local_time(when) == when


@pytest.mark.parametrize("text", ["", "hello", "a,b,c\n1,2,3\n", "Oabgen is a log\n"])
def test_other_texts_are_left_to_others(text: str) -> None:
    source = source_of(text.encode(), where="x/a.csv")
    assert not proxylogon_script.recognise(source)
    assert not eomt.recognise(source)


@pytest.mark.parametrize("where", HEADS)
@given(data=st.binary(max_size=300) | st.text('",\n\r x:\\C', max_size=80).map(str.encode))
def test_every_line_is_accounted_for(where: str, data: bytes) -> None:
    modules = (eomt, proxylogon_script, safety_scanner)
    source = source_of(HEADS[where] + data, where=where)
    for module in modules:
        module.recognise(source)
        items = list(module.parse(source))
        assert [item.locator.line for item in items] == [line.number for line in source.lines()]
