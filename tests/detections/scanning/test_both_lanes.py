"""The fast lane says of any collection what reading every line says of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.detections.rule_makers import pack, rule
from tests.detections.scanning.made_logs import (
    CONFIG,
    IIS_LOG,
    PROXY_LOG,
    RENAMED,
    collections,
    load_shipped,
    read,
    told,
)

from tocsin.detections.pipeline import Detections
from tocsin.detections.scanning import lane
from tocsin.evidence.block_rows import Lines, Rows, rows_of
from tocsin.evidence.row_shape import RowShape
from tocsin.packs.conditions import FieldTest, Glob, Not, Number, Wild
from tocsin.packs.products import Product

ENGINES = ("hyperscan", "yara-x")
IIS_TOP = (
    b"#Software: Microsoft Internet Information Services 10.0\n"
    b"#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query c-ip cs(User-Agent) sc-status time-taken\n"
)
ROW = b"2021-03-03 06:49:42 192.0.2.1 GET /owa/ - 192.0.2.7 Mozilla/5.0 200 17\n"
PAGE = b"2021-03-03 06:59:42 192.0.2.1 POST /aspnet_client/x.aspx cmd=1 198.51.100.7 curl/7.68.0 200 17\n"
PROXY_TOP = (
    b"#Software: Microsoft Exchange Server\n#Version: 15.01.2106.002\n#Log-type: HttpProxy Logs\n"
    b"#Fields: DateTime,RequestId,Protocol,UrlStem,Method,HttpStatus\n"
)


def differences(files: dict[str, bytes], engine: str, block: int | None = None) -> list[str]:
    fast, whole = told(read(files, engine, block=block)), told(read(files, "none", block=block))
    return [name for name in whole if fast[name] != whole[name]]


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=20)
@given(files=collections(), block=st.integers(1, 5000))
def test_property_a_collection_is_the_same_in_both_lanes(
    engine: str, files: dict[str, bytes], block: int
) -> None:
    assert differences(files, engine, block) == []


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=300)
@given(files=collections(), block=st.integers(1, 5000))
def test_property_many_collections_are_the_same_in_both_lanes(
    engine: str, files: dict[str, bytes], block: int
) -> None:
    assert differences(files, engine, block) == []


def test_plain_rows_are_counted_and_only_some_are_parsed() -> None:
    found = read({IIS_LOG: IIS_TOP + ROW * 500 + PAGE}, ENGINES[0])
    assert (found.scanned.files, found.scanned.plain) == (1, 501)
    assert 0 < found.scanned.parsed < 5
    page = found.pages.get("/aspnet_client/x.aspx")
    assert page is not None
    assert page.requests == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_a_second_look_reads_only_blocks_that_hold_a_named_page(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def counted(block: NDArray[np.uint8], here: Lines, shape: RowShape) -> Rows:
        sizes.append(len(here.ends))
        return rows_of(block, here, shape)

    monkeypatch.setattr(lane, "rows_of", counted)
    asked = PAGE.replace(b"POST", b"GET").replace(b"cmd=1", b"-").replace(b"curl", b"Mozilla")
    log = IIS_TOP + ROW * 500 + PAGE + ROW * 500 + b"#Date: 2021-03-03 07:00:00\n" + ROW * 500 + asked
    found = read({IIS_LOG: log + ROW * 500}, engine, block=5000)
    page = found.pages.get("/aspnet_client/x.aspx")
    assert page is not None
    assert [place.line for place in page.served.locators()] == [503, 1505]
    rows = log.count(b"\n") + 500 - 2
    assert rows <= sum(sizes) <= rows + 3 * (5000 // len(ROW) + 2)


def test_a_second_look_finds_pages_that_are_encoded_or_stand_in_rows_that_are_not_plain() -> None:
    hidden = PAGE.replace(b"x.aspx", b"%78.aspx")
    odd = PAGE.replace(b" 17\n", b" 17 more\n")
    filler = ROW * 200
    log = IIS_TOP + filler + PAGE + filler + hidden + filler + odd + filler
    assert differences({IIS_LOG: log}, ENGINES[0], block=5000) == []
    page = read({IIS_LOG: log}, ENGINES[0], block=5000).pages.get("/aspnet_client/x.aspx")
    assert page is not None
    assert page.requests == 3


HEADER = IIS_TOP.splitlines(keepends=True)[1]
OTHER = (
    b"#Fields: date time s-ip cs-method cs-uri-query cs-uri-stem c-ip cs(User-Agent) time-taken sc-status\n"
)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "log",
    [
        IIS_TOP + PAGE + OTHER + ROW,
        IIS_TOP + PAGE + HEADER.replace(b" s-ip", b"") + ROW.replace(b"192.0.2.1 ", b""),
        IIS_TOP + (OTHER + ROW + HEADER + PAGE) * 100,
        IIS_TOP + PAGE + b"#Date: 2021-03-05 00:00:00\n#Fields: time cs-method cs-uri-stem sc-status\n"
        b"23:00:00 GET /owa/ 200\n01:00:00 GET /aspnet_client/x.aspx 404\n",
    ],
    ids=["columns swapped", "a column fewer", "a hundred headers", "times without a date"],
)
def test_rows_are_read_as_the_header_above_them_says(engine: str, log: bytes) -> None:
    assert differences({IIS_LOG: log}, engine) == []
    assert read({IIS_LOG: log}, engine).findings["web-shell-activity"]


@pytest.mark.parametrize("tail", [b"\n", b"\r\n", b"x", b"1234567", b"\xef\xbb\xbf", b"\0" * 6])
def test_a_last_block_of_few_bytes_is_read(tail: bytes) -> None:
    log = IIS_TOP + ROW * ((5000 - len(IIS_TOP)) // len(ROW))
    log = log[:-1].ljust(4999, b"7") + b"\n"
    assert differences({IIS_LOG: log + tail}, ENGINES[0], block=5000) == []


def test_a_directory_under_another_name_and_one_that_nothing_explains() -> None:
    strange = b"2021-03-03T06:49:42.162Z,1,Ecp,/other/x.aspx,POST,200\n"
    renamed = b"2021-03-03T06:49:42.162Z,1,Ecp,/x7f3/y.js,POST,241\n"
    proxy = PROXY_TOP + strange + renamed + b"2021-03-03T06:49:42.162Z,1,Ecp,/ecp/y.js,GET,200\n"
    files = {CONFIG: RENAMED.encode(), IIS_LOG: IIS_TOP + PAGE, PROXY_LOG: proxy}
    assert differences(files, ENGINES[0]) == []
    (notice,) = [one for one in read(files, ENGINES[0]).notices if "not known" in one]
    assert notice.startswith("1 request(s)")


@pytest.mark.parametrize("products", [[], None])
def test_products_are_seen_alike(products: list[Product] | None) -> None:
    probe = b"2021-03-03 06:49:42 ::1 GET /owa/prem/15.1.2106.2/x.js - ::1 AMProbe 200 17\n"
    fast, whole = (
        read({IIS_LOG: IIS_TOP + ROW * 3 + probe * 2}, engine, products=products)
        for engine in ("auto", "none")
    )
    assert told(fast) == told(whole)
    assert bool(fast.products) is (products is None)


NEEDS_EVERY_LINE = rule(Not(FieldTest("sc-status", Number(200))), "Not answered")
NEEDS_A_TEXT = rule(FieldTest("cs-uri-stem", Glob((Wild.MANY, "x.aspx"))), "A page")


@pytest.mark.parametrize(("rules", "files"), [((NEEDS_A_TEXT,), 1), ((NEEDS_A_TEXT, NEEDS_EVERY_LINE), 0)])
def test_a_rule_without_a_gate_has_every_line_parsed(rules: tuple[object, ...], files: int) -> None:
    packs = [pack(*rules)]  # type: ignore[arg-type]  # rules of the table above
    log = IIS_TOP + ROW + PAGE + PAGE.replace(b" 200 ", b" 404 ")
    fast, whole = (read({IIS_LOG: log}, engine, packs=packs) for engine in (ENGINES[0], "none"))
    assert told(fast) == told(whole)
    assert fast.scanned.files == files


def test_files_are_read_in_the_lane_from_a_size_on() -> None:
    log = IIS_TOP + ROW
    assert parsed_files(log, shortest=len(log)) == 1
    assert parsed_files(log, shortest=len(log) + 1) == 0


def parsed_files(log: bytes, shortest: int) -> int:
    found: Detections = read({IIS_LOG: log}, ENGINES[0], shortest=shortest)
    return found.scanned.files


def test_the_shipped_packs_have_a_gate_for_every_rule_of_web_logs() -> None:
    found = read({IIS_LOG: IIS_TOP + ROW, PROXY_LOG: PROXY_TOP}, "auto", packs=load_shipped())
    assert found.scanned.files == 2
