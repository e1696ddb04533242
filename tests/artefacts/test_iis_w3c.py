"""IIS rows without header are named as the header would have named them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.artefacts.makers import source_of

from tocsin.artefacts import iis_w3c
from tocsin.artefacts.registry import identify
from tocsin.evidence.web_rows import web_name
from tocsin.model.records import Record

DEFAULT = (
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) "
    "sc-status sc-substatus sc-win32-status time-taken"
)
ALL = (
    "date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip "
    "cs-version cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status "
    "sc-bytes cs-bytes time-taken"
)
LAYOUTS = [
    DEFAULT,
    ALL,
    DEFAULT.replace("time-taken", "sc-bytes cs-bytes time-taken"),
    DEFAULT.replace("s-ip", "s-computername s-ip", 1),
    DEFAULT.replace("cs(Referer) ", ""),
    DEFAULT.replace("cs(Referer)", "cs(Referer) cs-host"),
    DEFAULT.replace("s-ip ", ""),
    DEFAULT + " X-Forwarded-For",
]
WORD = st.text("abcXYZ019_.%+=&;<>@-", min_size=2, max_size=12).filter(lambda text: text.strip("-"))
IPS = st.sampled_from(["192.0.2.1", "2001:db8::1", "fe80::1%3", "::1", "10.7x.xx.2x"])
NUMBER = st.integers(0, 2**32).map(str)
VALUES = {
    "date": st.dates(date(1990, 1, 1), date(2089, 12, 31)).map(str),
    "time": st.times().map(lambda clock: clock.strftime("%H:%M:%S")),
    "s-sitename": st.integers(1, 99).map(lambda number: f"W3SVC{number}"),
    "s-computername": st.sampled_from(["EX01", "MACHINE-NAME", "ex-02"]),
    "s-ip": IPS,
    "cs-method": st.sampled_from(["GET", "POST", "RPC_IN_DATA", "M-POST", "OPTIONS"]),
    "cs-uri-stem": WORD.map(lambda text: "/" + text),
    "cs-uri-query": st.just("-") | WORD.map(lambda text: "q=" + text),
    "s-port": st.sampled_from(["80", "443", "444", "8443"]),
    "cs-username": st.just("-") | WORD.map(lambda text: "CONTOSO\\" + text),
    "c-ip": IPS,
    "cs-version": st.just("HTTP/1.1"),
    "cs(User-Agent)": st.just("-") | WORD.map(lambda text: "Agent/1.0+" + text),
    "cs(Cookie)": st.just("-") | WORD.map(lambda text: "a=" + text),
    "cs(Referer)": st.just("-") | WORD.map(lambda text: "https://contoso.example/" + text),
    "cs-host": st.just("mail.contoso.example"),
    "sc-status": st.sampled_from(["200", "302", "401", "241", "503"]),
    "X-Forwarded-For": st.sampled_from(
        ["203.0.113.9", "203.0.113.9,198.51.100.1", "203.0.113.9,+198.51.100.1"]
    ),
}


def _records(text: str) -> list[Record]:
    items = list(iis_w3c.parse(source_of(text.encode())))
    return [item for item in items if isinstance(item, Record)]


@settings(max_examples=60)
@pytest.mark.parametrize("layout", LAYOUTS, ids=range(len(LAYOUTS)))
@given(data=st.data())
def test_shape_says_what_the_header_says(layout: str, data: st.DataObject) -> None:
    row = " ".join(data.draw(VALUES.get(name, NUMBER)) for name in layout.split())
    (told,) = _records(f"#Fields: {layout}\n{row}\n")
    (inferred,) = _records(row)
    assert inferred.fields == told.fields
    assert inferred.time == told.time
    assert not told.weak
    assert inferred.weak
    assert inferred.raw == row


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("cs(User-Agent)", "cs-user-agent"),
        ("csUser-Agent", "cs-user-agent"),
        ("cs(Referer)", "cs-referer"),
        ("CS(COOKIE)", "cs-cookie"),
        ("cs(Host)", "cs-host"),
        ("X-Forwarded-For", "x-forwarded-for"),
        ("cs(X-Forwarded-For)", "x-forwarded-for"),
        ("csUriStem", "cs-uri-stem"),
        ("sc(Content-Type)", "sc-content-type"),
        ("X-Own", "x-own"),
    ],
)
def test_web_name(name: str, known: str) -> None:
    assert web_name(name) == known


def test_a_plus_in_the_agent_is_a_space() -> None:
    rows = _records(
        f"#Fields: {DEFAULT}\n2021-03-03 00:00:00 - GET /a+b q=a+b 443 - - A/1.0+(x;+y) - 200 0 0 1\n"
    )
    assert rows[0].fields["cs-user-agent"] == "A/1.0 (x; y)"
    assert rows[0].fields["cs-uri-stem"] == "/a+b"
    assert rows[0].fields["cs-uri-query"] == "q=a+b"


def test_a_changed_header_counts_from_its_line() -> None:
    rows = _records(
        "#Fields: date time c-ip\n2021-03-03 00:00:00 a\n#Fields: date time s-ip\n2021-03-03 00:00:00 b\n"
    )
    assert [set(row.fields) for row in rows] == [{"date", "time", "c-ip"}, {"date", "time", "s-ip"}]


@pytest.mark.parametrize(
    ("header", "agent", "status"),
    [
        (DEFAULT.removesuffix(" time-taken"), "A/1.0", "200"),
        (DEFAULT.removesuffix(" sc-win32-status time-taken"), "A/1.0", "200"),
        (DEFAULT, "A/1.0 (x; y)", "200"),
    ],
)
def test_a_row_longer_than_its_header_keeps_its_status(header: str, agent: str, status: str) -> None:
    row = f"2021-03-03 00:00:00 192.0.2.10 GET /a.aspx - 443 - 192.0.2.1 {agent} - {status} 0 0 92"
    (record,) = _records(f"#Fields: {header}\n{row}\n")
    assert record.weak
    assert {name: record.fields[name] for name in ("sc-status", "cs-user-agent", "cs-referer")} == {
        "sc-status": status,
        "cs-user-agent": agent,
        "cs-referer": None,
    }


@pytest.mark.parametrize(
    "before",
    [
        "",
        "> ",
        "    ",
        "u_ex210303.log:",
        r"C:\inetpub\logs\LogFiles\W3SVC1\u_ex210303.log:118:",
        "Mar  3 06:50:01 EX01 iis: ",
    ],
)
def test_a_row_is_known_behind_what_another_tool_put_before_it(before: str) -> None:
    row = "2021-03-03 06:49:42 10.0.0.5 GET /owa/auth/x.aspx - 443 - 192.0.2.1 Mozilla/5.0 - 200 0 0 5"
    source = source_of(f"{before}{row}\n".encode(), where="collected/hits.txt")
    module = identify(source)
    assert module is not None
    assert module.KIND == "iis.w3c"
    (item,) = module.parse(source)
    assert isinstance(item, Record)
    assert item.weak
    assert (item.fields["cs-uri-stem"], item.fields["c-ip"]) == ("/owa/auth/x.aspx", "192.0.2.1")
    assert item.time is not None
    assert item.time.isoformat() == "2021-03-03T06:49:42+00:00"
