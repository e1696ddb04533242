"""Real evidence gives the same assessment whichever way its logs are read."""

from __future__ import annotations

import functools
from datetime import UTC, datetime

import msgspec
import pytest
from tests.conftest import REAL_EVIDENCE

from tocsin.assessment.assess import Knowledge
from tocsin.assessment.server import Request, assess_evidence, load_knowledge
from tocsin.detections.scanning.lanes import Scanning

pytestmark = [pytest.mark.real, pytest.mark.slow]

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CASES = tuple(f"D{number:02}" for number in range(1, 12))


@functools.cache
def knowledge() -> Knowledge:
    return load_knowledge()


@functools.cache
def assessed(case: str, engine: str) -> bytes:
    folder = next(REAL_EVIDENCE.glob(f"{case}-*")) / "evidence"
    scanning = Scanning(engine=engine, shortest=0)
    return msgspec.json.encode(
        assess_evidence(Request(evidence=folder, at=NOW, scanning=scanning), knowledge())
    )


@pytest.mark.parametrize("engine", ["hyperscan", "yara-x"])
@pytest.mark.parametrize("case", CASES)
def test_the_assessment_is_that_of_reading_every_line(case: str, engine: str) -> None:
    assert assessed(case, engine) == assessed(case, "none")
