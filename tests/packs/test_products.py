"""A product folder: loaded whole, or refused at file and line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.detections.exposure_makers import EXCHANGE, exchange

from tocsin.errors import PackError
from tocsin.packs.products import load_product, row_label

HEAD = "product,cu,update,update_alias,kind,build,build_long,branch,release_date,date_source,kb,sources\n"
ROW = "Exchange Server 2016,CU18,,,CU,15.1.2106.2,15.01.2106.002,15.1.2106,2020-09-15,x,,healthchecker\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "products" / "exchange"
    shutil.copytree(EXCHANGE, place)
    return place


def test_the_tables_are_whole() -> None:
    product = exchange()
    assert len(product.builds) == 412
    assert len(product.cves) == 165
    assert sum(map(len, product.cves.values())) == 811
    assert sum(map(len, product.known_good.values())) == 4898
    assert product.place == "products/exchange"


def test_every_row_keeps_its_source_and_its_line() -> None:
    lines = (EXCHANGE / "builds.csv").read_text("utf-8").splitlines()
    for row in exchange().builds:
        assert row.sources
        assert f",{row.build}," in lines[row.line - 1]
    rules = (EXCHANGE / "cves.csv").read_text("utf-8").splitlines()
    for cve, rows in exchange().cves.items():
        assert all(row.source and rules[row.line - 1].startswith(f"{cve},") for row in rows)


@pytest.mark.parametrize(
    ("build", "label"),
    [
        ("15.01.2106.013", "Exchange Server 2016 CU18 Mar21SU"),
        ("Version 15.1 (Build 2106.2)", "Exchange Server 2016 CU18"),
        ("15.1.2106", "Exchange Server 2016 CU18, update unknown"),
        ("15.1.2106.11", "Exchange Server 2016 CU18 (build 15.1.2106.11, not in the tables)"),
        ("14.3.513.0", "Exchange Server 2010 SP3 RU32"),
        ("15.2.2562.46", "Exchange Server SE RTM Aug26SU"),
        ("15.2.2600.1", "Exchange Server SE (build 15.2.2600.1)"),
        ("16.0.1.1", "Microsoft Exchange Server (build 16.0.1.1)"),
        ("nonsense", "nonsense"),
    ],
)
def test_labels(build: str, label: str) -> None:
    assert exchange().label(build) == label


def test_a_row_is_found_however_the_build_is_written() -> None:
    row = exchange().row("15.01.2375.007")
    assert row is not None
    assert row_label(row) == "Exchange Server 2016 CU22"
    assert exchange().row("15.1.2375") is None


@pytest.mark.parametrize(
    ("build", "line"),
    [
        ("15.2.1748.10", "Exchange Server 2019"),
        ("15.2.2562.17", "Exchange Server SE"),
        ("15.2.2000.1", "Exchange Server 2019"),
        ("15.0.0.0", None),
        ("15.3.1.1", None),
    ],
)
def test_the_line_of_a_build(build: str, line: str | None) -> None:
    assert exchange().line_of(build) == line


@pytest.mark.parametrize(
    ("name", "text", "where", "what"),
    [
        ("builds.csv", "product,cu\n", "builds.csv:1", "columns"),
        ("builds.csv", HEAD + ROW + ROW, "builds.csv:3", "stands in line 2 already"),
        ("builds.csv", HEAD + ROW.replace("15.1.2106.2,", "15.1.2106,"), "builds.csv:2", "no build"),
        ("builds.csv", HEAD + ROW.replace(",15.1.2106,", ",15.1.2107,"), "builds.csv:2", "the branch"),
        ("builds.csv", HEAD + ROW.replace("2020-09-15", "15/9/2020"), "builds.csv:2", "15/9/2020"),
        ("builds.csv", HEAD + ROW.replace("healthchecker", ""), "builds.csv:2", "no sources"),
        ("builds.csv", HEAD + "one,two\n", "builds.csv:2", "cells"),
        ("builds.csv", HEAD + '"open', "builds.csv:1", "unexpected end"),
        ("cves.csv", "cve\n", "cves.csv:1", "columns"),
        ("product.yaml", "id: exchange\ntitle: x\nsigns: {}\nwrong: 1\n", "product.yaml:4", "wrong"),
        ("product.yaml", "id: exchange\ntitle: x\nsigns:\n  kinds: 3\n", "product.yaml:4", "Expected"),
        (
            "mitigations/ecp-pool-off.yaml",
            "id: other\ntitle: x\nprotects: []\ncaveats: []\nsource: x\n",
            ":1",
            "id",
        ),
        ("known_good_web_files.csv.gz", "not gzip", "known_good_web_files.csv.gz", "cannot be read"),
    ],
)
def test_a_fault_is_named_at_file_and_line(folder: Path, name: str, text: str, where: str, what: str) -> None:
    (folder / name).write_text(text, "utf-8")
    with pytest.raises(PackError) as caught:
        load_product(folder)
    assert caught.value.where.endswith(where)
    assert what in caught.value.what
    assert caught.value.remedy


def test_a_fix_that_is_no_build_is_refused(folder: Path) -> None:
    path = folder / "cves.csv"
    lines = path.read_text("utf-8").splitlines()
    lines[1] = lines[1].replace("15.0.1473.5", "15.0.1473.4711")
    path.write_text("\n".join(lines), "utf-8")
    with pytest.raises(PackError, match=r"not in builds\.csv") as caught:
        load_product(folder)
    assert caught.value.where.endswith("cves.csv:2")


def test_a_missing_table_is_an_error(folder: Path) -> None:
    (folder / "cves.csv").unlink()
    with pytest.raises(PackError, match=r"cves\.csv"):
        load_product(folder)


def test_the_digest_changes_with_any_file(folder: Path) -> None:
    before = load_product(folder).sha256
    assert before == exchange().sha256
    path = folder / "product.yaml"
    path.write_text(path.read_text("utf-8") + "# a remark\n", "utf-8")
    assert load_product(folder).sha256 != before


def test_every_mitigation_says_that_it_is_no_remedy_and_no_full_protection() -> None:
    for mitigation in exchange().mitigations:
        said = " ".join(mitigation.caveats)
        assert "not a remedy if the server is already compromised" in said
        assert "not full protection" in said
