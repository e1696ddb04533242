"""Simulated servers give the same assessment whichever way their logs are read."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest

from tocsin.assessment.assess import Knowledge
from tocsin.assessment.server import Request, assess_evidence, load_knowledge
from tocsin.detections.scanning.lanes import Scanning
from tocsin.exercise.library import load, names
from tocsin.exercise.server import make_server, needs_zip

ENGINES = ("hyperscan", "yara-x")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FEW = tuple(names())[:: max(1, len(names()) // 6)][:6]


@functools.cache
def knowledge() -> Knowledge:
    return load_knowledge()


def assessed(evidence: Path, engine: str) -> bytes:
    scanning = Scanning(engine=engine, shortest=0)
    return msgspec.json.encode(
        assess_evidence(Request(evidence=evidence, at=NOW, scanning=scanning), knowledge())
    )


def made(name: str, folder: Path) -> Path:
    scenario = load(name)
    out = folder / ("server.zip" if needs_zip(scenario) else "server")
    return make_server(scenario, name=name, seed=7, out=out).evidence


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that is gone after the test: fifty servers would fill the disk."""
    with TemporaryDirectory() as name:
        yield Path(name)


@pytest.mark.parametrize("name", FEW)
def test_the_assessment_is_that_of_reading_every_line(folder: Path, name: str) -> None:
    evidence = made(name, folder)
    assert assessed(evidence, "auto") == assessed(evidence, "none")


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_every_scenario_is_the_same_with_every_engine(folder: Path, name: str) -> None:
    evidence = made(name, folder)
    whole = assessed(evidence, "none")
    assert [engine for engine in ENGINES if assessed(evidence, engine) != whole] == []
