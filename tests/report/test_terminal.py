"""The terminal's answer: whole outputs as golden files, one screen first, nothing that acts."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from tests.report.samples import SAMPLES, compromised

from tocsin.model.verdicts import Assessment
from tocsin.report.terminal import show

GOLDEN = Path(__file__).parent / "golden" / "terminal"
NAMED = sorted(set(SAMPLES) - {"huge"})


def shown(assessment: Assessment, width: int, *, detail: bool = False) -> str:
    page = io.StringIO()
    show(assessment, Console(file=page, width=width, color_system=None, force_terminal=False), detail=detail)
    return page.getvalue()


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", NAMED)
def test_the_answer(name: str, width: int, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{name}.{width}.txt", shown(SAMPLES[name](), width))


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", ["compromised", "hostile", "empty"])
def test_all_behind_the_answer(name: str, width: int, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{name}.detail.{width}.txt", shown(SAMPLES[name](), width, detail=True))


@pytest.mark.parametrize("name", SAMPLES)
def test_it_fits_one_screen(name: str) -> None:
    assert len(shown(SAMPLES[name](), 100).splitlines()) <= 40
    head, _, _ = shown(SAMPLES[name](), 80).partition("\nWhat now\n")
    assert len(head.splitlines()) <= 24


@pytest.mark.parametrize("width", [24, 40, 80, 120])
@pytest.mark.parametrize("name", NAMED)
def test_no_line_of_the_answer_is_wider_than_the_terminal(name: str, width: int) -> None:
    assert max(len(line) for line in shown(SAMPLES[name](), width).splitlines()) <= width


@pytest.mark.parametrize("detail", [False, True])
def test_nothing_from_evidence_acts(detail: bool) -> None:
    text = shown(SAMPLES["hostile"](), 100, detail=detail)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text)
    assert "[bold red]CLEAN[/]" in text


def test_colour_adds_nothing_and_no_color_takes_it_away(monkeypatch: pytest.MonkeyPatch) -> None:
    page = io.StringIO()
    show(compromised(), Console(file=page, width=80, force_terminal=True, color_system="truecolor"))
    assert "\x1b[" in page.getvalue()
    assert re.sub(r"\x1b\[[0-9;]*m", "", page.getvalue()) == shown(compromised(), 80)
    monkeypatch.setenv("NO_COLOR", "1")
    page = io.StringIO()
    show(compromised(), Console(file=page, width=80, force_terminal=True, color_system="truecolor"))
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", page.getvalue())


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437"])
def test_a_console_without_our_signs_gets_ascii(encoding: str) -> None:
    raw = io.BytesIO()
    page = io.TextIOWrapper(raw, encoding=encoding, errors="strict")
    show(SAMPLES["hostile"](), Console(file=page, width=80, color_system=None), detail=True)
    page.flush()
    assert b"# COMPROMISED" in raw.getvalue()


def test_every_locator_stands_whole_on_a_line() -> None:
    lines = {line.strip() for line in shown(compromised(), 60, detail=True).splitlines()}
    for verdict in compromised().verdicts:
        assert {str(finding.locator) for finding in verdict.findings} <= lines
