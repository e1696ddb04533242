"""Requests for pages that are not known: the gate lets every one through, and both lanes keep the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.detections.behaviour_makers import rule
from tests.detections.exposure_makers import exchange

from tocsin.detections.page_requests import PageRequests
from tocsin.detections.pages import ANY_PAGE, page_of
from tocsin.detections.pipeline import detect
from tocsin.detections.scanning.engines import installed
from tocsin.detections.scanning.gates import Dialect
from tocsin.detections.scanning.lanes import Scanning
from tocsin.detections.scanning.unknown_pages import SUFFIXES, unknown_page_gate
from tocsin.evidence.opening import open_evidence
from tocsin.model.findings import Finding
from tocsin.packs.loading import load_packs

OWN = ("/ews/exchange.asmx", "/owa/service.svc", "/owa/auth/logon.aspx", "/ecp/ddi/ddiservice.svc")
ORDINARY = tuple(f"2021-03-03 06:00:00 GET {page} 200".encode() for page in OWN)
HEAD = (
    "#Software: Microsoft Internet Information Services 10.0\n"
    "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query c-ip cs(User-Agent) cs(Referer) sc-status\n"
)
STEMS = st.one_of(
    st.from_regex(rf"/[a-z/]{{0,9}}[a-z]{ANY_PAGE}(?:/[a-z]{{0,4}})?", fullmatch=True),
    st.sampled_from(OWN),
    st.builds(
        lambda page, at, other: page[:at] + other + page[at:],
        st.sampled_from(OWN),
        st.integers(1, 20),
        st.sampled_from(["x", "/", "E", ".", "%61", "%2e", "é", "", "K"]),
    ),
    st.builds(str.upper, st.sampled_from([*OWN, "/x.aspx"])),
    st.sampled_from(["/", "/owa/", "x.aspx", "/x.aspx.gif", "-", "/x.php7", "/a.b/c.aspx"]),
    st.just("//ews/exchange.asmx"),
)  # fmt: skip


@pytest.mark.parametrize("between", [" ", ","])
@given(STEMS)
@example("/x/ews/exchange.asmx")
@example("/xews/exchange.asmx")
def test_the_gate_lets_every_unknown_page_through(between: str, stem: str) -> None:
    gate = unknown_page_gate(OWN, Dialect(between=between, ordinary=ORDINARY))
    line = between.join(["2021-03-03", "GET", stem, "-", "200"]).encode() + b"\n"
    page = page_of(stem)
    plain = "%" not in stem and stem.isascii()
    if plain and page is not None and page.startswith("/") and page not in OWN:
        assert re.search(gate.expression.encode(), line, re.IGNORECASE)
    if plain and page in OWN and "/" not in stem[len(page) :]:
        assert not re.search(gate.expression.encode(), line, re.IGNORECASE)


@given(st.from_regex(ANY_PAGE, fullmatch=True))
def test_the_suffixes_are_those_of_pages(suffix: str) -> None:
    assert suffix.removeprefix(".") in SUFFIXES


def test_every_suffix_is_one_of_a_page() -> None:
    assert all(page_of(f"/x.{suffix}") for suffix in SUFFIXES)


ROWS = st.lists(
    st.builds(
        "2021-03-03 06:{:02}:00 192.0.2.80 {} {} {} {} {} {} {}\n".format,
        st.integers(0, 61),
        st.sampled_from(["GET", "POST", "-", "PÖST"]),
        STEMS,
        st.sampled_from(["-", "a=1", "&CorrelationID=<empty>;", "u=/x.aspx", "ö"]),
        st.sampled_from(["192.0.2.1", "192.0.2.2", "198.51.100.3", "fe80::1%3", "-"]),
        st.sampled_from(["Mozilla/5.0+(X)", "é", "-", "a b"]),
        st.sampled_from(["-", "https://mail.contoso.example/owa/auth/x.aspx"]),
        st.sampled_from(["200", "204", "302", "404", "500", "-", "2"]),
    ),
    max_size=12,
)


def kept(
    folder: Path, text: bytes, engine: str, patched: pytest.MonkeyPatch
) -> tuple[list[tuple[object, ...]], tuple[Finding, ...]]:
    """What the store held at the end, and what a rule for any page found in it."""
    content: list[tuple[object, ...]] = []

    def finish(asked: PageRequests) -> object:
        content.extend(sorted((tuple(row) for part in asked.parts() for row in part.rows), key=repr))
        return FINISH(asked)

    patched.setattr(PageRequests, "finish", finish)
    log = folder / "C/inetpub/logs/LogFiles/W3SVC1/u_ex210303.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(text)
    pack = replace(load_packs(only=("web-shell-activity",))[0], behaviours=(rule(),))
    with open_evidence(folder) as evidence:
        found = detect(evidence, [pack], [PRODUCT], scanning=Scanning(engine=engine, shortest=0))
    return content, found.findings[pack.id]


FINISH = PageRequests.finish
PRODUCT = exchange()


@settings(max_examples=8)
@given(rows=ROWS, broken=st.booleans())
def test_every_engine_keeps_the_same_requests(
    tmp_path_factory: pytest.TempPathFactory, rows: list[str], broken: bool
) -> None:
    text = (HEAD + "".join(rows)).encode() + (b"\xff /y.aspx\n" if broken else b"")
    folder = tmp_path_factory.mktemp("evidence")
    with pytest.MonkeyPatch.context() as patched:
        oracle = kept(folder, text, "none", patched)
        for engine in installed():
            assert kept(folder, text, engine, patched) == oracle


def test_a_rare_page_is_found_and_a_busy_or_own_one_is_not(tmp_path: Path) -> None:
    asked = [("/app/k.aspx", 2), ("/app/form.aspx", 60), ("/ews/exchange.asmx", 2), ("/app/none.aspx", 0)]
    rows = [
        f"2021-03-03 06:00:{at:02} 192.0.2.80 GET {page} - 192.0.2.{at + 1} - - {200 if most else 404}\n"
        for page, most in asked
        for at in range(max(most, 1))
    ]
    with pytest.MonkeyPatch.context() as patched:
        found = kept(tmp_path, (HEAD + "".join(rows)).encode(), installed()[0], patched)[1]
    [one] = [finding for finding in found if finding.rule == "Rare page"]
    assert (one.summary, str(one.locator)) == (
        "/app/k.aspx 2/2",
        "C/inetpub/logs/LogFiles/W3SVC1/u_ex210303.log:3",
    )
    assert (one.means, one.rung, one.weak, one.url, one.source_ip) == (
        "context",
        None,
        False,
        "/app/k.aspx",
        None,
    )
    assert one.details["addresses"] == "192.0.2.1, 192.0.2.2"


def test_a_server_that_answers_anything_has_no_rare_pages(tmp_path: Path) -> None:
    stems = ("/.env", "/wp-login.php", "/x.aspx", "/y.aspx")
    rows = [f"2021-03-03 06:00:00 192.0.2.80 GET {stem} - 192.0.2.1 - - 200\n" for stem in stems]
    with pytest.MonkeyPatch.context() as patched:
        found = kept(tmp_path, (HEAD + "".join(rows)).encode(), "none", patched)[1]
    assert not [finding for finding in found if finding.rule == "Rare page"]
