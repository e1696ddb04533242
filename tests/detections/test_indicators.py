"""Indicators against records."""

from __future__ import annotations

from datetime import date

import pytest
from tests.detections.rule_makers import indicator, pack, record, run

from tocsin.model.findings import Finding
from tocsin.model.records import Record
from tocsin.model.words import Means
from tocsin.packs.schema import IndicatorRow

SHA = "ab" * 32


def met(row: IndicatorRow, *records: Record) -> tuple[Finding, ...]:
    return run(pack(indicators=[row]), records)["sample"].findings


@pytest.mark.parametrize(
    ("row", "on", "holds"),
    [
        (("ipv4", "192.0.2.7"), record(**{"c-ip": "192.0.2.7"}), True),
        (("ipv4", "192.0.2.7"), record(**{"c-ip": "192.0.2.77"}), False),
        (("ipv4", "192.0.2.7"), record(**{"c-ip": "::ffff:192.0.2.7"}), True),
        (("ipv4", "192.0.2.7"), record(**{"c-ip": "192.0.2.7:443"}), True),
        (("ipv4", "192.0.2.7"), record(**{"x-forwarded-for": "203.0.113.1, 192.0.2.7"}), True),
        (("ipv4", "192.0.2.7"), record("event.sysmon", DestinationIp="192.0.2.7"), True),
        (("ipv4", "192.0.2.7"), record("text.unknown", Text="seen 192.0.2.7, twice"), True),
        (("ipv4", "192.0.2.7"), record("text.unknown", Text="It came from 192.0.2.7."), True),
        (("ipv4", "192.0.2.7"), record("text.unknown", Text="seen 192.0.2.77"), False),
        (("cidr", "192.0.2.0/24"), record(**{"c-ip": "192.0.2.9"}), True),
        (("cidr", "192.0.2.0/24"), record(**{"c-ip": "192.0.3.9"}), False),
        (("cidr", "2001:db8::/32"), record(**{"c-ip": "192.0.2.9"}), False),
        (("domain", "bad.example"), record("event.sysmon", QueryName="a.bad.example"), True),
        (("domain", "bad.example"), record("event.sysmon", QueryName="BAD.example"), True),
        (("domain", "bad.example"), record("event.sysmon", QueryName="bad.example.org"), False),
        (("domain", "bad.example"), record("event.sysmon", CommandLine="curl http://bad.example/x"), True),
        (("domain", "bad.example"), record("event.sysmon", QueryName="notbad.example"), False),
        (
            ("url", "http://bad.example/x"),
            record("event.sysmon", CommandLine="get HTTP://bad.example/x"),
            True,
        ),
        (("string", "S3cret"), record("exchange.ews", Anything="as3cretb"), True),
        (("string", "S3cret"), record(**{"cs-uri-query": "a=%533cret"}), True),
        (("sha256", SHA), record("web.file", Sha256=SHA.upper()), True),
        (("sha256", SHA), record("event.sysmon", Hashes=f"MD5=00,SHA256={SHA}"), True),
        (("sha256", SHA), record("text.unknown", Text=f"{SHA}  x.aspx"), True),
        (("md5", "0" * 32), record("web.file", Md5="0" * 32), True),
        (("sha1", "1" * 40), record("web.file", Sha1="2" * 40), False),
        (("filename", "x.aspx"), record("web.file", Path=r"C:\inetpub\X.aspx"), True),
        (("filename", "x.aspx"), record("event.sysmon", TargetFilename=r"C:\a\x.aspx"), True),
        (("filename", "x.aspx"), record(**{"cs-uri-stem": "/owa/x.aspx"}), True),
        (("filename", "x.aspx"), record(**{"cs-uri-stem": "/owa/xx.aspx"}), False),
        (("filename", "x.aspx"), record("text.unknown", Text="found x.aspx here"), True),
        (("filepath", r"C:\inetpub\wwwroot\x.aspx"), record("web.file", Path="inetpub/wwwroot/x.aspx"), True),
        (
            ("filepath", r"C:\inetpub\wwwroot\x.aspx"),
            record("web.file", Path=r"D:\inetpub\wwwroot\x.aspx"),
            True,
        ),
        (("filepath", r"C:\inetpub\wwwroot\x.aspx"), record("web.file", Path=r"C:\wwwroot\x.aspx"), False),
        (("filepath", r"C:\inetpub\wwwroot\a\x.aspx"), record(**{"cs-uri-stem": "/a/x.aspx"}), True),
        (("filepath", r"C:\inetpub\wwwroot\a\x.aspx"), record(**{"cs-uri-stem": "/b/x.aspx"}), False),
        (
            ("filepath", r"%ExchangeInstallPath%FrontEnd\HttpProxy\owa\auth\x.aspx"),
            record("web.file", Path=r"C:\Exchange\V15\FrontEnd\HttpProxy\owa\auth\x.aspx"),
            True,
        ),
        (
            ("filepath", r"%ExchangeInstallPath%FrontEnd\HttpProxy\owa\auth\x.aspx"),
            record(**{"cs-uri-stem": "/owa/auth/x.aspx"}),
            True,
        ),
        (
            ("path_regex", r"\\aspnet_client\\[a-z]{8}\.aspx$"),
            record("web.file", Path="C:/aspnet_client/abcdefgh.ASPX"),
            True,
        ),
        (
            ("path_regex", r"\\aspnet_client\\[a-z]{8}\.aspx$"),
            record("web.file", Path="C:/aspnet_client/abc.aspx"),
            False,
        ),
        (("user_agent", "Agent+x/1"), record(**{"cs-user-agent": "agent x/1"}), True),
        (("user_agent", "Agent x/1"), record(**{"cs-user-agent": "agent+x/1"}), True),
        (("user_agent", "Agent x/1"), record(**{"cs-user-agent": "agent+x/12"}), False),
        (("cmdline_substr", "net group"), record("event.sysmon", CommandLine="cmd /c NET GROUP x"), True),
        (("cmdline_substr", "net group"), record("event.sysmon", Description="net group"), False),
        (("probe_uri", "/owa/auth/x.js"), record(**{"cs-uri-stem": "/OWA/auth/%78.js"}), True),
        (("probe_uri", "/owa/auth/x.js"), record(**{"cs-uri-stem": "/owa/auth/x.jsx"}), False),
        (("service_name", "msupdate"), record("event.system", ServiceName="MSUpdate"), True),
        (("service_name", "msupdate"), record("event.system", ServiceName="msupdate2"), False),
        (("file_ext", ".CRYPT"), record("web.file", Path=r"C:\a.crypt"), True),
        (("file_ext", ".CRYPT"), record("web.file", Path=r"C:\a.txt"), False),
        (("file_magic", "DEARCRY!"), record("web.file", Content="DEARCRY!rest"), True),
        (("file_magic", "DEARCRY!"), record("web.file", Content="a DEARCRY!"), False),
    ],
)
def test_every_type(row: tuple[str, str], on: Record, holds: bool) -> None:
    assert bool(met(indicator(*row), on)) is holds


def test_a_finding_whole() -> None:
    row = indicator(
        "ipv4", "192.0.2.7", "medium", rung="probe", actor="setone", note="shared", source="A list"
    )
    (one,) = met(row, record(line=3, **{"c-ip": "192.0.2.7", "cs-uri-stem": "/x"}))
    assert (one.rule, one.author, one.means, one.rung) == (
        "indicator: ipv4 192.0.2.7",
        "A list",
        Means.TARGETED,
        "probe",
    )
    assert one.summary == "ipv4 192.0.2.7, listed by A list"
    assert (one.source_ip, one.url, one.locator.line, one.weak) == ("192.0.2.7", "/x", 3, False)
    wanted = {
        "indicator": "192.0.2.7",
        "type": "ipv4",
        "strength": "medium",
        "actor": "setone",
        "note": "shared",
    }
    assert wanted.items() <= one.details.items()


@pytest.mark.parametrize(
    ("strength", "means", "expected", "rung"),
    [
        ("strong", "compromised", Means.COMPROMISED, "probe"),
        ("medium", "targeted", Means.TARGETED, "probe"),
        ("weak", "compromised", Means.CONTEXT, None),
    ],
)
def test_a_weak_indicator_is_context(strength: str, means: str, expected: Means, rung: str | None) -> None:
    (one,) = met(
        indicator("ipv4", "192.0.2.7", strength, means, rung="probe"), record(**{"c-ip": "192.0.2.7"})
    )
    assert (one.means, one.rung) == (expected, rung)


def test_a_name_that_is_asked_for_does_not_show_a_file() -> None:
    row = indicator("filename", "x.aspx", means="compromised")
    (asked,) = met(row, record(**{"cs-uri-stem": "/x.aspx"}))
    (there,) = met(row, record("web.file", Path="C:/x.aspx"))
    assert (asked.means, there.means) == (Means.CONTEXT, Means.COMPROMISED)


def test_a_line_of_text_is_context_and_weak() -> None:
    (one,) = met(indicator("ipv4", "192.0.2.7", rung="probe"), record("text.unknown", Text="192.0.2.7"))
    assert (one.means, one.weak, one.rung) == (Means.CONTEXT, True, None)


@pytest.mark.parametrize(
    ("start", "end", "holds"),
    [
        (None, None, True),
        (date(2021, 3, 3), date(2021, 3, 3), True),
        (date(2021, 3, 4), None, False),
        (None, date(2021, 3, 2), False),
    ],
)
def test_dates_bound_what_a_match_means(start: date | None, end: date | None, holds: bool) -> None:
    row = indicator("ipv4", "192.0.2.7", valid_from=start, valid_until=end)
    assert bool(met(row, record(**{"c-ip": "192.0.2.7"}))) is holds


def test_without_a_time_a_dated_indicator_is_weak() -> None:
    on = record(second=None, **{"c-ip": "192.0.2.7"})
    (dated,) = met(indicator("ipv4", "192.0.2.7", valid_from=date(2021, 3, 3)), on)
    (open_ended,) = met(indicator("ipv4", "192.0.2.7"), on)
    assert (dated.weak, open_ended.weak) == (True, False)


def test_a_withdrawn_indicator_never_matches() -> None:
    assert met(indicator("ipv4", "192.0.2.7", withdrawn=True), record(**{"c-ip": "192.0.2.7"})) == ()


def test_one_record_meets_an_indicator_once() -> None:
    on = record(**{"c-ip": "192.0.2.7", "x-forwarded-for": "192.0.2.7"})
    assert len(met(indicator("ipv4", "192.0.2.7"), on)) == 1


def test_a_second_hand_record_gives_a_weak_finding() -> None:
    (one,) = met(indicator("ipv4", "192.0.2.7"), record(weak=True, **{"c-ip": "192.0.2.7"}))
    assert one.weak
