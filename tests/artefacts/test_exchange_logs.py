"""Exchange logs: names lead, shape stands in for them, and pairs survive what their values hold."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.artefacts.makers import source_of

from tocsin.artefacts import exchange_ecp, exchange_httpproxy, exchange_setup_log
from tocsin.artefacts.registry import ArtefactModule, identify
from tocsin.evidence.event_data import command_parts, event_pairs
from tocsin.evidence.proxy_rows import COLUMNS
from tocsin.model.records import Header, Item, Record

WORD = st.text("abcXYZ019 .%;&<>@-'\"", max_size=12)
DRAWN = {
    "DateTime": st.datetimes().map(
        lambda moment: moment.replace(year=2021).isoformat(timespec="milliseconds") + "Z"
    ),
    "RequestId": st.uuids().map(str),
    "MajorVersion": st.just("15"),
    "MinorVersion": st.sampled_from(["0", "1", "2"]),
    "BuildVersion": st.sampled_from(["1497", "2106"]),
    "RevisionVersion": st.sampled_from(["2", "13"]),
    "UrlHost": st.just("mail.contoso.example"),
    "UrlStem": WORD.map(lambda text: "/" + text),
    "IsAuthenticated": st.sampled_from(["true", "False"]),
    "AnchorMailbox": st.just("") | WORD.map(lambda text: "ServerInfo~" + text),
    "UserAgent": st.just("") | WORD.map(lambda text: "Agent/1.0 " + text),
    "ClientIpAddress": st.sampled_from(["198.51.100.7", "fe80::1%3"]),
    "HttpStatus": st.sampled_from(["200", "241", "401"]),
    "BackEndStatus": st.sampled_from(["", "200"]),
    "Method": st.sampled_from(["GET", "POST"]),
    "RequestBytes": st.sampled_from(["", "0", "70"]),
    "ResponseBytes": st.sampled_from(["", "132"]),
    "UrlQuery": st.just("") | WORD.map(lambda text: "?" + text),
}


def _items(module: ArtefactModule, text: str) -> list[Item]:
    return list(module.parse(source_of(text.encode())))


def _records(module: ArtefactModule, text: str) -> list[Record]:
    return [item for item in _items(module, text) if isinstance(item, Record)]


@settings(max_examples=100)
@given(st.fixed_dictionaries(DRAWN), st.sampled_from([70, 74]))
def test_a_row_without_header_says_what_the_header_says(drawn: dict[str, str], width: int) -> None:
    names = COLUMNS[:width]
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([drawn.get(name, "") for name in names])
    (told,) = _records(exchange_httpproxy, f"#Fields: {','.join(names)}\r\n{out.getvalue()}\r\n")
    (inferred,) = _records(exchange_httpproxy, out.getvalue())
    assert inferred.fields == told.fields
    assert inferred.time == told.time
    assert not told.weak
    assert inferred.weak


@pytest.mark.parametrize(
    "names", ["DateTime,BackendStatus", "datetime,backendstatus", "DateTime, Back-End Status"]
)
def test_columns_go_by_normalised_name(names: str) -> None:
    (row,) = _records(exchange_httpproxy, f"#Fields: {names}\n2021-03-03T06:49:46.210Z,200\n")
    assert row.fields["BackEndStatus"] == "200"


def test_a_bare_header_beside_fields_takes_nothing_from_a_row() -> None:
    names = "DateTime,UrlStem,HttpStatus"
    row = "2021-03-03T06:49:46.210Z,/a,200"
    items = _items(exchange_httpproxy, f"{names}\n#Fields: {names}\n{names}\n{row}\n{names}\n{row}\n")
    assert [isinstance(item, Header) for item in items] == [True, True, True, False, True, False]
    assert not any(item.weak for item in items if isinstance(item, Record))


def test_a_query_stands_without_question_mark() -> None:
    text = "#Fields: DateTime,UrlStem,UrlQuery\n2021-03-03T06:49:46Z,/a,?b=1\n2021-03-03T06:49:46Z,/a,b=1\n"
    rows = _records(exchange_httpproxy, text)
    assert [row.fields["cs-uri-query"] for row in rows] == ["b=1", "b=1"]
    assert rows[0].fields["UrlQuery"] == "?b=1"


def test_a_proxy_row_of_another_product_is_not_claimed() -> None:
    """A wrong guess would be a sign of Exchange where there is none."""
    row = b"2021-03-03T06:49:46.210Z,198.51.100.7,/index.html,200,GET\n"
    chosen = identify(source_of(row, where="proxy/access.csv"))
    assert chosen
    assert chosen.KIND == "text.unknown"


KEYS = st.text("ABCdef.[]", min_size=1, max_size=6)
VALUES = st.text(alphabet="ab;,'=<>(). ", max_size=16).filter(lambda text: not text.endswith(";"))


@given(
    st.lists(st.tuples(st.sampled_from(["S", "I32", "Dbl", "F", "Dt"]), KEYS, VALUES), min_size=1, max_size=6)
)
def test_pairs_survive_what_values_hold(pairs: list[tuple[str, str, str]]) -> None:
    read = event_pairs(";".join(f"{kind}:{key}={value}" for kind, key, value in pairs))
    expected: dict[str, str] = {}
    for _, key, value in pairs:
        expected.setdefault(key.upper(), value)
    assert read == expected


@given(VALUES, VALUES)
def test_a_retyped_pair_is_unwrapped(first: str, second: str) -> None:
    quoted = [
        f"'S:{key}={value}'".replace("'", "''")[1:-1] for key, value in (("CMD", first), ("EX", second))
    ]
    assert event_pairs(";;".join(quoted)) == {"CMD": first, "EX": second}


@given(st.text())
def test_any_text_is_harmless(text: str) -> None:
    event_pairs(text)
    command_parts(text)


@pytest.mark.parametrize(
    ("command", "parts"),
    [
        (
            "Set-OabVirtualDirectory.ExternalUrl='x'.Identity='y'",
            ("Set-OabVirtualDirectory", "ExternalUrl='x'.Identity='y'"),
        ),
        ("Get-InboxRule", ("Get-InboxRule", None)),
        ("Pipeline.1|Get-MailboxRegionalConfiguration", ("Get-MailboxRegionalConfiguration", None)),
        ("no cmdlet", None),
    ],
)
def test_command_parts(command: str, parts: tuple[str, str | None] | None) -> None:
    assert command_parts(command) == parts


def test_a_cut_command_is_kept() -> None:
    (row,) = _records(
        exchange_ecp, "2021-03-03T06:49:46Z,S:CMD=New-OabVirtualDirectory.Path='C:\\Program Fi..."
    )
    assert row.fields["Cmdlet"] == "New-OabVirtualDirectory"
    assert row.fields["Parameters"] == "Path='C:\\Program Fi..."


def test_a_stated_zone_holds_for_lines_before_it() -> None:
    text = "[03/03/2021 00:00:00.0001] [0] Starting Microsoft Exchange Server 2016 Setup\n"
    zone = "[03/03/2021 00:00:00.0002] [0] Local time zone: (UTC+01:00) Somewhere.\n"
    assert [str(row.time)[:19] for row in _records(exchange_setup_log, text + zone)] == [
        "2021-03-02 23:00:00"
    ] * 2
    assert [row.time for row in _records(exchange_setup_log, text)] == [None]
