"""Which decisions are refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tocsin.hub.rules.decisions import Kind, Proposal, refuse

NOW = datetime(2021, 3, 10, 12, tzinfo=UTC)


def refused(kind: Kind, *, reason: str = "because", until: date | None = None, later: int = 0) -> str | None:
    at = NOW + timedelta(hours=later)
    return refuse(Proposal(kind=kind, at=at, now=NOW, reason=reason, until=until))


@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.FALSE_POSITIVE}))
def test_plain_ones_pass(kind: Kind) -> None:
    assert refused(kind) is None
    assert refused(kind, until=date(2021, 4, 1)) is not None
    assert refused(kind, later=1) is not None
    assert (refused(kind, reason=" ") is None) == (kind is Kind.ASSESSMENT)


@pytest.mark.parametrize(("days", "passes"), [(-1, False), (0, True), (365, True), (366, False)])
def test_false_positives_end_within_a_year(days: int, passes: bool) -> None:
    assert (refused(Kind.FALSE_POSITIVE, until=NOW.date() + timedelta(days=days)) is None) is passes


def test_false_positives_end() -> None:
    assert refused(Kind.FALSE_POSITIVE) == "a false positive needs the day on which it ends"
