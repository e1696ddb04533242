"""Files appear whole, replace only their own like, and never land in the evidence."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report.samples import SAMPLES, compromised

from tocsin.errors import EnvironmentFault, UsageFault
from tocsin.report.findings_csv import COLUMNS, cell, encode
from tocsin.report.json_document import decode
from tocsin.report.writing import write_all

GOLDEN = Path(__file__).parent / "golden" / "csv"
NAMES = ["assessment.json", "findings.csv", "report.html"]


def test_all_files_are_written_and_written_again(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "out"
    for _ in range(2):
        paths = write_all(compromised(), folder, evidence=tmp_path / "evidence")
        assert sorted(path.name for path in paths) == NAMES
        assert sorted(path.name for path in folder.iterdir()) == NAMES
    assert decode((folder / "assessment.json").read_bytes()) == compromised()


@pytest.mark.parametrize("inside", [".", "out", "C/deep/out", "../evidence/out", "other/../out"])
def test_the_evidence_is_never_written_to(tmp_path: Path, inside: str) -> None:
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    with pytest.raises(UsageFault, match="evidence"):
        write_all(compromised(), evidence / inside, evidence=evidence)
    assert list(evidence.iterdir()) == []


def test_a_link_into_the_evidence_is_seen_through(tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "evidence")
    with pytest.raises(UsageFault, match="evidence"):
        write_all(compromised(), tmp_path / "link" / "out", evidence=tmp_path / "evidence")


def test_a_folder_beside_a_single_file_of_evidence_is_fine(tmp_path: Path) -> None:
    (tmp_path / "evidence.zip").write_bytes(b"x")
    assert len(write_all(compromised(), tmp_path / "out", evidence=tmp_path / "evidence.zip")) == 3


@pytest.mark.parametrize("strange", ["notes.txt", "assessment.json.bak"])
def test_what_is_not_ours_is_left_alone(tmp_path: Path, strange: str) -> None:
    (tmp_path / strange).write_text("mine", "utf-8")
    with pytest.raises(UsageFault, match="not ours"):
        write_all(compromised(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [strange]


def test_a_link_in_our_name_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("mine", "utf-8")
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.html").symlink_to(tmp_path / "victim")
    with pytest.raises(UsageFault, match="not ours"):
        write_all(compromised(), out)
    assert (tmp_path / "victim").read_text("utf-8") == "mine"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine", "utf-8")
    with pytest.raises(UsageFault, match="folder"):
        write_all(compromised(), tmp_path / "out")


def test_a_machine_that_refuses_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tocsin.report.writing.os.fsync", full)
    with pytest.raises(EnvironmentFault, match="No space left"):
        write_all(compromised(), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("name", ["compromised", "hostile", "empty"])
def test_the_table(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{name}.golden.csv", encode(SAMPLES[name]()).decode("utf-8-sig").replace("\r\n", "\n"))


@pytest.mark.parametrize("name", SAMPLES)
def test_every_finding_is_a_row(name: str) -> None:
    assessment = SAMPLES[name]()
    rows = list(csv.reader(io.StringIO(encode(assessment).decode("utf-8-sig"), newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) - 1 == sum(len(verdict.findings) for verdict in assessment.verdicts)
    assert {len(row) for row in rows} == {len(COLUMNS)}


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "'=1", '"=1', "|x", "%0A"],  # noqa: RUF001 - the wide sign is the point
)
def test_a_formula_is_a_text(text: str) -> None:
    assert cell(text).startswith("'")


@given(st.text(st.characters(), max_size=30))
def test_no_cell_begins_like_a_formula(text: str) -> None:
    assert not cell(text).lstrip(' "').startswith(("=", "+", "-", "@", "\t", "\r"))
