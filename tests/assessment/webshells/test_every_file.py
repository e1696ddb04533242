"""Requirement 6: every file gets an answer and a reason, within bounds; what is left out is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.assessment.webshells.shells import AUTH, CLIENT, assessed, by_content, sample, shell

from tocsin.detections import page_contents
from tocsin.detections.webshells import content
from tocsin.detections.webshells.content import Content
from tocsin.detections.webshells.examine import Verdict, examine
from tocsin.model.words import ShellContent

ODD = {
    "empty.aspx": b"",
    "zeros.aspx": b"\0" * 4096,
    "noise.aspx": bytes(range(256)) * 64,
    "open.aspx": b'<%@ Page Language="C#"%><% if (',
    "deep.aspx": b"<%" + b"(" * 200_000 + b"%>",
    "long.aspx": b"<% x = 1 %>" + b"a" * 3_000_000,
    "marks.aspx": b"<%<%<%" * 50_000,
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file_has_an_answer_and_a_reason(name: str) -> None:
    found = examine(ODD[name], path=name)
    assert found.reason
    assert found.state_why


@given(st.binary(max_size=2000))
def test_any_bytes_have_an_answer(data: bytes) -> None:
    found = examine(data, path="x.aspx")
    assert found.verdict in set(Verdict)
    assert all(0 <= place.start <= place.end <= len(data) for place in found.spans)


def test_an_assessment_takes_them_all_and_still_finds_the_shell(tmp_path: Path) -> None:
    files = {f"{AUTH}/{name}": data for name, data in ODD.items()}
    found = assessed(tmp_path, {**files, f"{CLIENT}/one.aspx": sample("one.aspx")})
    assert shell(found, "/one.aspx").content is ShellContent.LIVE
    assert found.coverage.skipped == ()


def test_what_is_not_examined_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_contents, "MOST_FILES", 1)
    files = {f"{CLIENT}/{name}.aspx": sample("one.aspx") for name in "abc"}
    found = assessed(tmp_path, files)
    (note,) = (note for note in found.coverage.notes if "not examined" in note)
    assert note.startswith("2 files")
    assert f"{CLIENT}/c.aspx" in note


def test_only_the_most_suspicious_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(page_contents, "MOST_KEPT", 1)
    files = {f"{AUTH}/a.aspx": sample("one.aspx"), f"{AUTH}/b.aspx": sample("source-upload.aspx")}
    (finding,) = by_content(assessed(tmp_path, files))
    assert finding.locator.path == f"{AUTH}/a.aspx"


def test_several_processes_give_the_same(tmp_path: Path) -> None:
    files = {f"{AUTH}/{name}": sample(name) for name in ("one.aspx", "handler.ashx", "uploader.aspx")}
    files |= {f"{CLIENT}/{name}": sample(name) for name in ("dump-eval.aspx", "dump-clean.aspx")}
    alone = assessed(tmp_path, files)
    assert by_content(alone)
    assert assessed(tmp_path, {}, workers=2) == alone


def test_a_fault_of_the_examination_leaves_the_rest_standing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(content: Content, **_: object) -> None:
        raise RecursionError(content.size)

    monkeypatch.setattr(page_contents, "examine", broken)
    found = assessed(tmp_path, {f"{CLIENT}/one.aspx": sample("one.aspx")})
    (note,) = (note for note in found.coverage.notes if "not examined" in note)
    assert "RecursionError" in note
    assert found.exit_status == 20, "the rules of the packs speak without it"


def test_a_page_that_was_not_read_to_its_end_is_not_called_quiet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "LARGEST", 1000)
    files = {f"{CLIENT}/long.aspx": b"<p>" + b"x" * 2000 + sample("one.aspx")}
    found = assessed(tmp_path, files)
    (note,) = (note for note in found.coverage.notes if "not examined" in note)
    assert "long.aspx (only its first 1,000 of 2,069 bytes were looked at)" in note
    told = [one for each in found.verdicts for one in each.webshells if "long" in f"{one.url}"]
    assert not any("nothing in it does" in one.why for one in told)
