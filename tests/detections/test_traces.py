"""What a record adds to a finding: page, host, token, the file it names; and the small collectors."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.assessment.makers import finding

from tocsin.detections.disk import DiskState
from tocsin.detections.identity import IdentityCollector, ProductSigns
from tocsin.detections.pages import own_query, page_of
from tocsin.detections.tokens import decode_token, token_in
from tocsin.detections.traces import with_traces
from tocsin.evidence.server_pages import server_pages_in
from tocsin.evidence.web_roots import url_of
from tocsin.model.places import Locator
from tocsin.model.records import Record
from tocsin.packs.schema import Signs


def text(value: str) -> bytes:
    """A text with its length in one byte, as the token writes it."""
    return bytes([len(value)]) + value.encode()


TOKEN = (
    b"V\x01\x00T" + text("Windows") + b"C\x00A" + text("Kerberos") + b"L" + text("alice@contoso.example")
    + b"U" + text("S-1-5-21-1-2-3-500")
    + b"G\x01\x00\x00\x00\x07\x00\x00\x00" + text("S-1-5-32-544") + b"E\x00\x00\x00\x00"
)  # fmt: skip
ENCODED = base64.b64encode(TOKEN).decode()


def record(kind: str, **fields: str | None) -> Record:
    named = {name.replace("__", "(").replace("_", "-"): value for name, value in fields.items()}
    return Record(kind=kind, locator=Locator(path="a", line=1), time=None, fields=named)


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 40])
def test_token_names_whom_the_request_claimed_to_be(cut: int) -> None:
    token = token_in(f"a=x@y/powershell/?X-Rps-CAT={ENCODED[: len(ENCODED) - cut]}&PSVersion=5")
    assert token is not None
    assert (token.kind, token.authentication, token.logon) == ("Windows", "Kerberos", "alice@contoso.example")
    assert token.sid == ("" if cut == 40 else "S-1-5-21-1-2-3-500")
    if cut < 4:
        assert token.groups == ("S-1-5-32-544",)


def test_token_survives_percent_encoding_and_case() -> None:
    quoted = ENCODED.replace("+", "%2B").replace("=", "%3D").replace("/", "%2F")
    found = token_in(f"x-rps-cat={quoted}")
    assert found is not None
    assert found.logon == "alice@contoso.example"


@given(st.binary(max_size=300))
def test_any_bytes_decode_or_give_none(data: bytes) -> None:
    for raw in (data, b"V\x01\x00" + data):
        token = decode_token(base64.b64encode(raw).decode())
        assert token is None or isinstance(token.logon, str)


@given(st.text(max_size=300))
def test_any_text_decodes_or_gives_none(value: str) -> None:
    assert decode_token(value) is None or decode_token(value) is not None
    assert token_in(value) is None or "x-rps-cat=" in value.lower()


@pytest.mark.parametrize(
    ("stem", "page"),
    [
        ("/owa/auth/X.aspx", "/owa/auth/x.aspx"),
        ("/owa/auth/X.aspx/y/z", "/owa/auth/x.aspx"),
        ("/a%2Easpx", "/a.aspx"),
        ("/a%252Easpx", "/a.aspx"),
        ("/a.aspx.txt", None),
        ("/a.b.ashx", "/a.b.ashx"),
        ("/ecp/y.js", None),
        ("/", None),
        ("/x.php", "/x.php"),
    ],
)
def test_page_of(stem: str, page: str | None) -> None:
    assert page_of(stem) == page


@pytest.mark.parametrize(
    ("query", "own"),
    [
        (None, ""),
        ("-", "-"),
        ("&CorrelationID=<empty>;&cafeReqId=cde2-1;&encoding=;", ""),
        ("&CorrelationID=<empty>;&cafeReqId=cde2-1;", ""),
        ("?exec=whoami&CorrelationID=<empty>;&cafeReqId=cde2-1;&encoding=;", "exec=whoami"),
        ("a=1&b=2", "a=1&b=2"),
    ],
)
def test_own_query_drops_what_exchange_appends(query: str | None, own: str) -> None:
    assert own_query(query) == own


def test_request_details() -> None:
    row = record(
        "iis.w3c", cs_method="POST", cs_uri_stem="/owa/auth/X.aspx", cs_host="mail", sc_status="200"
    )  # fmt: skip
    details = with_traces(finding(rule="r"), row).details
    assert details == {
        "page": "/owa/auth/x.aspx", "host": "mail", "method": "POST", "status": "200", "tasked": "yes",
    }  # fmt: skip


def test_a_rules_own_details_win() -> None:
    row = record("iis.w3c", cs_uri_stem="/x.aspx", cs_host="mail")
    assert with_traces(finding(host="kept"), row).details["host"] == "kept"


def test_a_cmdlet_names_the_file_it_writes() -> None:
    path = r"\\127.0.0.1\C$\Program Files\Microsoft\Exchange Server\V15\FrontEnd\HttpProxy\owa\auth\Ab1.aspx"
    details = with_traces(
        finding(), record("exchange.cmdletinfra", Parameters=f'-FilePath "{path}" -Mailbox "a"')
    ).details
    assert details == {"shell_path": path, "shell_url": "/owa/auth/ab1.aspx"}


def test_a_line_with_a_token_names_the_user() -> None:
    details = with_traces(finding(), record("text.unknown", Text=f"query: X-Rps-CAT={ENCODED}&x=1")).details
    assert details["impersonated_user"] == "alice@contoso.example"
    assert details["impersonated_groups"] == "S-1-5-32-544"


def test_nothing_to_add_leaves_the_finding_alone() -> None:
    one = finding()
    assert with_traces(one, record("event.system", EventID="7")) is one


@pytest.mark.parametrize(
    ("path", "url"),
    [
        (r"C:\inetpub\wwwroot\aspnet_client\system_web\a.aspx", "/aspnet_client/system_web/a.aspx"),
        (r"D:\Exchange\V15\ClientAccess\ecp\x.aspx", "/ecp/x.aspx"),
        ("inetpub/wwwroot/x.asp", "/x.asp"),
        (r"C:\Program Files\Common Files\microsoft shared\Web Server Extensions\16\TEMPLATE\LAYOUTS\s.aspx",
         "/_layouts/s.aspx"),
        (r"C:\Windows\Temp\x.aspx", None),
    ],
)  # fmt: skip
def test_url_of(path: str, url: str | None) -> None:
    assert url_of(path) == url


def test_server_pages_in_a_text() -> None:
    line = r'copy "C:\a b\x.aspx" and C:\x.aspx.txt and \\srv\C$\y.ASHX; C:\a b\x.aspx'
    assert server_pages_in(line) == (r"C:\a b\x.aspx", r"\\srv\C$\y.ASHX")


@given(st.text(max_size=2000))
def test_server_pages_never_fail(value: str) -> None:
    assert all("." in page for page in server_pages_in(value))


def test_name_is_the_commonest_and_ties_fall_by_alphabet() -> None:
    collector = IdentityCollector()
    assert collector.name() is None
    for name in ("B.contoso.example", "a", "b", "A"):
        collector.observe(record("event.system", Computer=name))
    assert collector.name() == "a"
    collector.observe(record("exchange.httpproxy", ServerHostName="B"))
    assert collector.name() == "b"
    collector.observe(record("exchange.vdir-dump", UtcOffset="-08:00"))
    assert collector.utc_offset() == "-08:00"


def test_signs_by_kind_path_and_text() -> None:
    signs = Signs(
        kinds=("exchange.",), paths=("**/exchange server/v1?/**",), texts=(("cs-uri-query", "cafereqid="),)
    )

    def seen(*, where: str = "", row: Record | None = None) -> set[str]:
        found = ProductSigns({"exchange": signs})
        found.observe_path(where)
        if row:
            found.observe(row)
        return found.seen

    assert seen(where="program files/exchange server/v15/x.log") == {"exchange"}
    assert seen(where="inetpub/logs/u_ex.log") == set()
    assert seen(row=record("exchange.ews")) == {"exchange"}
    assert seen(row=record("iis.w3c", cs_uri_query="&cafeReqId=1;")) == {"exchange"}
    assert seen(row=record("iis.w3c", cs_uri_query="x=1")) == set()


def test_disk_prefers_the_earliest_place_and_ignores_other_events() -> None:
    state = DiskState()
    for path in ("b/inetpub/wwwroot/x.aspx", "a/inetpub/wwwroot/x.aspx"):
        place = Locator(path=path)
        state.observe(Record(kind="web.file", locator=place, time=None, fields={"Path": path}))
    found = state.file_at("/X.aspx")
    assert found is not None
    assert found.locator.path == "a/inetpub/wwwroot/x.aspx"
    fields: dict[str, str | None] = {
        "EventID": "1116",
        "Path": r"C:\inetpub\wwwroot\y.aspx",
        "Action": "Remove",
    }
    state.observe(Record(kind="event.defender", locator=Locator(path="d"), time=None, fields=fields))
    assert state.removal_of("/y.aspx") is None


@pytest.mark.parametrize(
    ("given_", "removed"),
    [
        ({"EventID": "1117", "Action ID": "2", "Action Name": "Quarantäne"}, True),
        ({"EventID": "1117", "Action ID": "3", "Action Name": "Supprimer"}, True),
        ({"EventID": "1117", "Action ID": "6", "Action Name": "Zulassen"}, False),
        ({"EventID": "1117", "Action ID": "9", "Threat Name": "Remover.A"}, False),
        ({"EventID": "1117", "Action Name": "Quarantine"}, True),
        ({"EventID": "1119", "Action ID": "2", "Action Name": "Quarantine"}, False),
        ({"EventID": "1116", "Action ID": "2"}, False),
    ],
)
def test_removal_is_told_by_number_not_by_the_servers_language(
    given_: dict[str, str], *, removed: bool
) -> None:
    state = DiskState()
    fields: dict[str, str | None] = {"Path": r"file:_C:\inetpub\wwwroot\y.aspx", **given_}
    state.observe(Record(kind="event.defender", locator=Locator(path="d"), time=None, fields=fields))
    assert (state.removal_of("/y.aspx") is not None) == removed
