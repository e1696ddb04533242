"""Text logs: what the assessor's own parsers read back is what the story told."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.exercise.workshops import BUILDS, items_of, label, run, scenario, workshop

from tocsin.exercise.rolling import Rolling, cell, day_of, spoken_version
from tocsin.exercise.scenario import BuildSpan, Scenario, Server
from tocsin.exercise.story import Command, FileWritten, Refused, Request, Trace
from tocsin.exercise.workshop import LabelledRow, Tree, Writer
from tocsin.exercise.writers.cmdletinfra import CmdletInfra
from tocsin.exercise.writers.ecp import EcpActivity, EcpServer
from tocsin.exercise.writers.ews import FIELDS as EWS_FIELDS
from tocsin.exercise.writers.ews import Ews
from tocsin.exercise.writers.httperr import HttpErr
from tocsin.exercise.writers.httpproxy import FIELDS, OLD_FIELDS, HttpProxy
from tocsin.exercise.writers.iis import Iis
from tocsin.exercise.writers.oabgenerator import OabGenerator
from tocsin.model.records import Header, Record

AT = datetime(2021, 3, 3, 6, 49, 42, 162_000, UTC)
LOGS = "C/Program Files/Microsoft/Exchange Server/V15/Logging"
REQUEST = Request(
    at=AT,
    protocol="Mapi",
    method="POST",
    stem="/mapi/emsmdb/",
    query="MailboxId=a@contoso.example",
    client="192.0.2.60",
    agent="Microsoft Office/16.0 (Windows NT 10.0, Microsoft Outlook 16.0.1; Pro)",
    status=200,
    host="mail.contoso.example",
    user="CONTOSO\\user001",
    backend=True,
    ident="5e58f5e5-1ddc-48d3-82c6-0199bc121640",
    label=label("benign"),
)
CALL = replace(REQUEST, protocol="Ews", stem="/EWS/Exchange.asmx", query="", action="FindItem")
SCRIPT = 'http://f/<script language="JScript" runat="server">/* it\'s; inert, */</script>'
COMMAND = Command(
    at=AT,
    cmdlet="Set-OabVirtualDirectory",
    parameters=(("ExternalUrl", SCRIPT), ("Force", True), ("InternalUrl", None)),
    user="contoso.example/Users/Administrator",
    url="/ecp/DDI/DDIService.svc/SetObject",
    canary="abc.",
    label=label(),
)


def written(
    root: Path, writer: type[Writer], traces: Sequence[Trace], given_scenario: Scenario | None = None
) -> tuple[dict[str, list[Record]], list[LabelledRow]]:
    """Write traces; give the records by path, all parsed, and the labelled rows."""
    shop = workshop(root, given_scenario)
    run(shop, writer, traces)
    items = items_of(root)
    records = {
        path: [item for item in found if isinstance(item, Record)] for path, found in sorted(items.items())
    }
    strays = [item for found in items.values() for item in found if not isinstance(item, Record | Header)]
    assert not strays
    return records, shop.ledger.rows


def the_record(records: dict[str, list[Record]]) -> Record:
    (record,) = [record for found in records.values() for record in found]
    return record


def test_a_request_stands_in_the_front_end_log_with_what_exchange_adds(tmp_path: Path) -> None:
    records, rows = written(tmp_path, Iis, [replace(REQUEST, backend=False)])
    record = the_record(records)
    assert record.fields["cs-uri-query"] == (
        "MailboxId=a@contoso.example&CorrelationID=<empty>;&cafeReqId=5e58f5e5-1ddc-48d3-82c6-0199bc121640;"
    )
    assert record.fields["cs-user-agent"] == REQUEST.agent
    assert record.time == AT.replace(microsecond=0)
    assert [(row.path, row.line) for row in rows] == [("C/inetpub/logs/LogFiles/W3SVC1/u_ex210303.log", 5)]


def test_outlook_on_the_web_adds_an_encoding_and_pages_outside_exchange_nothing(tmp_path: Path) -> None:
    owa = replace(REQUEST, protocol="Owa", query="", backend=False)
    records, _ = written(tmp_path, Iis, [owa, replace(owa, stem="/robots.txt", proxied=False, user="")])
    queries = [record.fields["cs-uri-query"] for found in records.values() for record in found]
    assert queries[0] is not None
    assert queries[0].startswith("&CorrelationID=<empty>;&cafeReqId=")
    assert queries[0].endswith(";&encoding=;")
    assert queries[1] is None


def test_the_back_end_sees_its_own_address_and_its_own_query(tmp_path: Path) -> None:
    forged = replace(REQUEST, stem="/ecp/y.js", backend_stem="/ecp/proxyLogon.ecp", backend_query="a=b")
    records, rows = written(tmp_path, Iis, [replace(forged, status=241, backend_status=241)])
    back = records["C/inetpub/logs/LogFiles/W3SVC2/u_ex210303.log"][0].fields
    wanted = {
        "cs-uri-stem": "/ecp/proxyLogon.ecp",
        "cs-uri-query": "a=b",
        "s-port": "444",
        "sc-status": "241",
    }
    assert {name: back[name] for name in wanted} == wanted
    assert back["c-ip"] == back["s-ip"]
    assert str(back["c-ip"]).startswith("fe80::")
    assert len(rows) == 2


def test_a_probe_of_the_back_end_leaves_nothing_at_the_front_end(tmp_path: Path) -> None:
    probe = replace(REQUEST, front=False, proxied=False, client="::1")
    records, _ = written(tmp_path, Iis, [probe])
    assert list(records) == ["C/inetpub/logs/LogFiles/W3SVC2/u_ex210303.log"]
    assert the_record(records).fields["c-ip"] == "::1"
    proxy = tmp_path / "proxy"
    proxy.mkdir()
    run(workshop(proxy), HttpProxy, [probe])
    assert list(proxy.iterdir()) == []


def test_behind_a_proxy_the_client_stands_in_its_own_column(tmp_path: Path) -> None:
    server = Server(builds=BUILDS, reverse_proxy="192.0.2.5")
    seen = replace(REQUEST, client="192.0.2.5", forwarded="198.51.100.9", backend=False)
    records, _ = written(tmp_path, Iis, [seen], scenario(server=server))
    fields = the_record(records).fields
    assert (fields["c-ip"], fields["x-forwarded-for"]) == ("192.0.2.5", "198.51.100.9")


def test_iis_logs_begin_on_the_first_day_and_anew_every_day(tmp_path: Path) -> None:
    moments = [AT - timedelta(days=2), AT - timedelta(days=1), AT]
    records, _ = written(tmp_path, Iis, [replace(REQUEST, at=at, backend=False) for at in moments])
    names = [path.rpartition("/")[2] for path in records]
    assert names == ["u_ex210302.log", "u_ex210303.log"]


def test_headers_come_again_within_a_day(tmp_path: Path) -> None:
    day = datetime(2021, 3, 2, tzinfo=UTC)
    requests = [replace(REQUEST, at=day + timedelta(minutes=10 * step), label=None) for step in range(400)]
    written(tmp_path, Iis, requests)
    logs = sorted((tmp_path / "C/inetpub/logs/LogFiles/W3SVC1").iterdir())
    counts = [log.read_text().count("#Fields:") for log in logs]
    assert min(counts) >= 1
    assert max(counts) >= 2


@pytest.mark.parametrize(("build", "columns"), [("15.1.2106.2", 74), ("15.2.721.2", 74), ("15.0.1497.2", 54)])
def test_httpproxy_has_the_columns_of_its_build(tmp_path: Path, build: str, columns: int) -> None:
    server = Server(builds=(BuildSpan(build=build, since=date(2020, 1, 1)),))
    refused = replace(REQUEST, status=401, user="", backend=False)
    failed = replace(REQUEST, backend_status=403, error="")
    records, rows = written(tmp_path, HttpProxy, [REQUEST, refused, failed], scenario(server=server))
    path = f"{LOGS}/HttpProxy/Mapi/HttpProxy_2021030306-1.LOG"
    lines = (tmp_path / path).read_text("utf-8").splitlines()
    assert f"#Version: {spoken_version(build)}" in lines
    assert [len(row) for row in csv.reader(lines[-3:])] == [columns] * 3
    assert [record.fields["HttpStatus"] for record in records[path]] == ["200", "401", "200"]
    assert records[path][0].fields["AuthenticatedUser"] == "CONTOSO\\user001"
    assert records[path][0].fields["UserAgent"] == REQUEST.agent.replace(",", " ")
    assert records[path][0].time == AT
    assert [lines[(row.line or 0) - 1] for row in rows] == lines[-3:]


def test_the_number_of_columns_is_that_of_the_samples() -> None:
    assert len(FIELDS.split(",")) == 74
    assert OLD_FIELDS.split(",").count("") == 1


def test_a_server_side_request_keeps_its_anchor(tmp_path: Path) -> None:
    anchor = 'ServerInfo~a]@mail01.contoso.example:444/ecp/proxyLogon.ecp?a,"b"#'
    forged = replace(REQUEST, protocol="Ecp", user="", anchor=anchor, routing_hint="X-BEResource-Cookie")
    records, _ = written(tmp_path, HttpProxy, [forged])
    fields = the_record(records).fields
    assert (fields["AnchorMailbox"], fields["RoutingHint"]) == (anchor, "X-BEResource-Cookie")
    assert fields["TargetServer"] == "a]@mail01.contoso.example"


def test_httpproxy_begins_a_file_each_hour_and_forgets_what_is_past_retention(tmp_path: Path) -> None:
    moments = [AT - timedelta(days=2), AT, AT + timedelta(minutes=5), AT + timedelta(hours=1)]
    short = Server(builds=BUILDS, retention_days=3)
    records, _ = written(
        tmp_path, HttpProxy, [replace(REQUEST, at=at) for at in moments], scenario(server=short)
    )
    assert [(path[-16:], len(found)) for path, found in records.items()] == [
        ("2021030306-1.LOG", 2),
        ("2021030307-1.LOG", 1),
    ]


def test_the_build_column_follows_the_update(tmp_path: Path) -> None:
    moments = [AT, AT + timedelta(days=1)]
    records, _ = written(tmp_path, HttpProxy, [replace(REQUEST, at=at) for at in moments])
    revisions = [record.fields["RevisionVersion"] for found in records.values() for record in found]
    assert revisions == ["2", "13"]


def test_logs_name_the_libraries_that_run_and_not_what_setup_says(tmp_path: Path) -> None:
    span = BuildSpan(build="15.1.2176.9", since=date(2021, 3, 1), dlls="15.1.2176.2")
    given_scenario = scenario(server=Server(builds=(span,)))
    shell = replace(COMMAND, via="powershell")
    for writer, trace in ((HttpProxy, REQUEST), (Ews, CALL), (CmdletInfra, shell)):
        root = tmp_path / writer.__name__
        root.mkdir()
        records, _ = written(root, writer, [trace], given_scenario)
        assert the_record(records).fields["RevisionVersion"] == "2"
        assert "#Version: 15.01.2176.002" in (root / next(iter(records))).read_text("utf-8")
    panel = tmp_path / "panel"
    panel.mkdir()
    records, _ = written(panel, EcpServer, [COMMAND], given_scenario)
    assert the_record(records).fields["BLD"] == "15.1.2176.2"


def test_a_call_of_the_web_services_names_who_calls_and_what(tmp_path: Path) -> None:
    records, rows = written(tmp_path, Ews, [CALL])
    (path,) = records
    fields = the_record(records).fields
    wanted = {
        "AuthenticatedUser": "user001@contoso.example",
        "ImpersonatedUser": "user001@contoso.example",
        "ActAsUser": None,
        "FrontEndServer": "MAIL01.CONTOSO.EXAMPLE",
        "ClientIpAddress": "192.0.2.60",
        "SoapAction": "FindItem",
        "HttpStatus": "200",
        "ResponseSize": None,
        "UserAgent": REQUEST.agent.replace(",", " "),
    }
    assert {name: fields[name] for name in wanted} == wanted
    assert path == f"{LOGS}/Ews/Ews_2021030306-1.LOG"
    assert [(row.kind, row.path, row.line) for row in rows] == [("exchange.ews", path, 6)]
    assert the_record(records).time == AT - timedelta(milliseconds=1)


def test_a_forged_call_comes_from_the_server_and_names_the_mailbox(tmp_path: Path) -> None:
    forged = replace(
        CALL,
        stem="/ecp/y.js",
        backend_stem="/EWS/Exchange.asmx",
        user="",
        mailbox="anna@contoso.example",
        anchor="ServerInfo~a]@mail01.contoso.example:444/EWS/Exchange.asmx?#",
    )
    records, _ = written(tmp_path, Ews, [forged])
    fields = the_record(records).fields
    assert fields["AuthenticatedUser"] == "CONTOSO\\MAIL01$"
    assert fields["ImpersonatedUser"] == fields["ActAsUser"] == "anna@contoso.example"


def test_a_probe_of_the_web_services_does_not_come_by_the_front_end(tmp_path: Path) -> None:
    probe = replace(CALL, front=False, proxied=False, client="::1", action="", user="CONTOSO\\HealthMailbox0")
    records, _ = written(tmp_path, Ews, [probe, replace(probe, method="GET", stem="/api/v1.0/Users")])
    fields = the_record(records).fields
    assert (fields["FrontEndServer"], fields["SoapAction"]) == (None, "GetFolder")
    assert the_record(records).time == AT


@pytest.mark.parametrize(("build", "columns"), [("15.2.792.3", 92), ("15.0.1497.2", 72)])
def test_the_web_services_log_has_the_columns_of_its_build(tmp_path: Path, build: str, columns: int) -> None:
    server = Server(builds=(BuildSpan(build=build, since=date(2020, 1, 1)),))
    at = AT.replace(minute=0, second=0, microsecond=0)
    records, _ = written(tmp_path, Ews, [replace(CALL, at=at)], scenario(server=server))
    (path,) = records
    assert path.endswith("Ews_2021030306-1.LOG")
    last = (tmp_path / path).read_text("utf-8").splitlines()[-1]
    assert len(next(csv.reader([last]))) == columns
    assert set(the_record(records).fields) <= set(EWS_FIELDS.split(","))
    assert the_record(records).fields["RevisionVersion"] == build.rpartition(".")[2]


def test_the_control_panel_logs_a_cmdlet_with_its_values(tmp_path: Path) -> None:
    records, rows = written(tmp_path, EcpServer, [COMMAND, replace(COMMAND, via="powershell")])
    fields = the_record(records).fields
    assert fields["Cmdlet"] == "Set-OabVirtualDirectory"
    assert fields["Parameters"] is not None
    assert "ExternalUrl='http://f/<script" in fields["Parameters"]
    assert "Force=$true" in fields["Parameters"]
    assert "InternalUrl=$null" in fields["Parameters"]
    assert fields["BLD"] == "15.1.2106.2"
    assert fields["URL"] == "/ecp/DDI/DDIService.svc/SetObject?msExchEcpCanary=abc."
    assert [(row.kind, row.line) for row in rows] == [("exchange.ecp-server", 6)]


def test_control_panel_requests_stand_in_its_activity_log(tmp_path: Path) -> None:
    panel = replace(REQUEST, protocol="Ecp", stem="/ecp/y.js", backend_stem="/ecp/proxyLogon.ecp")
    records, _ = written(tmp_path, EcpActivity, [REQUEST, panel])
    url = the_record(records).fields["URL"]
    assert url is not None
    assert url.startswith("https://mail01.contoso.example:444/ecp/proxyLogon.ecp?")


def test_remote_powershell_logs_a_cmdlet_in_67_columns(tmp_path: Path) -> None:
    shell = replace(COMMAND, via="powershell", user="CONTOSO\\Administrator", error="It failed, badly.")
    records, _ = written(tmp_path, CmdletInfra, [COMMAND, shell])
    (path,) = records
    last = (tmp_path / path).read_text("utf-8").splitlines()[-1]
    assert len(next(csv.reader([last]))) == 67
    fields = the_record(records).fields
    assert fields["Cmdlet"] == "Set-OabVirtualDirectory"
    assert fields["AuthenticatedUser"] == "Administrator"
    assert fields["Parameters"] == f'-ExternalUrl "{SCRIPT}" -Force -InternalUrl "$null"'
    assert fields["GenericErrors"] == "It failed, badly."


def test_refused_requests_stand_in_httperr(tmp_path: Path) -> None:
    refused = Refused(
        at=AT,
        client="198.51.100.9",
        method="GET",
        url="/ecp/default.flt",
        status="503",
        reason="Disabled",
        queue="MSExchangeECPAppPool",
        label=label("targeted"),
    )
    idle = Refused(
        at=AT, client="198.51.100.9", method="-", url="-", status="-", reason="Timer_ConnectionIdle"
    )
    records, rows = written(tmp_path, HttpErr, [refused, idle])
    (found,) = records.values()
    assert [record.fields["s-reason"] for record in found] == ["Disabled", "Timer_ConnectionIdle"]
    assert found[0].fields["s-queuename"] == "MSExchangeECPAppPool"
    assert [row.line for row in rows] == [5]


def test_the_address_book_generator_runs_and_leaves_what_it_was_told_to(tmp_path: Path) -> None:
    page = "C:\\inetpub\\wwwroot\\aspnet_client\\k.aspx"
    image = "C:\\Program Files\\Microsoft\\Exchange Server\\V15\\Bin\\MSExchangeMailboxAssistants.exe"
    left = FileWritten(at=AT, path=page, image=image, content=b"", label=label("targeted"))
    later = replace(REQUEST, at=AT + timedelta(hours=9), label=None)
    records, rows = written(tmp_path, OabGenerator, [left, later])
    messages = [str(record.fields["Message"]) for found in records.values() for record in found]
    assert f"Download failed and temporary file '{page}' needs to be removed" in messages[2]
    assert len(messages) == 5
    assert [row.line for row in rows] == [8]


def test_a_large_file_is_followed_by_another(tmp_path: Path) -> None:
    log = Rolling(Tree(tmp_path), lambda key, number: f"{key}-{number}.log", lambda _: ("#head",), largest=30)
    places = [log.line(AT, day_of(AT), "x" * 20) for _ in range(5)]
    log.close()
    assert places == [
        ("20210303-1.log", 2),
        ("20210303-1.log", 3),
        ("20210303-2.log", 2),
        ("20210303-2.log", 3),
        ("20210303-3.log", 2),
    ]


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=40), min_size=2, max_size=6))
def test_cells_come_back_as_they_were_written(values: list[str]) -> None:
    (row,) = csv.reader([",".join(map(cell, values))])
    assert row == [value.replace("\r", " ").replace("\n", " ") for value in values]
