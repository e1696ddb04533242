"""The order of whom somebody else may reach next, and its words."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tocsin.hub.rules.piggyback import HIGHLY_CRITICAL, ORDER, Exposed, queued, risk
from tocsin.hub.rules.sectors import sectors

TODAY = date(2021, 3, 20)
cases = st.builds(
    Exposed,
    found=st.integers(-3, 200).map(lambda days: TODAY - timedelta(days=days)),
    patched=st.booleans(),
    second_hand=st.booleans(),
    sector=st.sampled_from([*sectors(), "made up"]),
)


def test_words() -> None:
    case = Exposed(found=date(2021, 3, 3), patched=True, second_hand=True, sector="health")
    assert risk(case, TODAY).points == 18 + 30 + 20 + 15
    assert risk(case, TODAY).words == (
        "more than one hand on the server",
        "patched, so nobody may be looking",
        "18 days with a web shell",
        "highly critical sector: health",
    )
    assert all(str(number) in ORDER for number in (60, 30, 20, 15))


def test_every_critical_sector_is_one() -> None:
    assert set(sectors()) >= HIGHLY_CRITICAL


@given(cases)
def test_who_is_not_queued_has_no_points(case: Exposed) -> None:
    assert (risk(case, TODAY).points > 0) == queued(case) == bool(risk(case, TODAY).words)


@given(cases, st.integers(0, 100))
def test_waiting_makes_it_no_better(case: Exposed, days: int) -> None:
    assert risk(case, TODAY + timedelta(days=days)).points >= risk(case, TODAY).points
