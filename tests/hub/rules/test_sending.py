"""What may become of a message, how fast a domain is written to, and when it is night."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.hub.rules.mail import Purpose, State
from tocsin.hub.rules.mail_setup import Quiet
from tocsin.hub.rules.sending import (
    BACKOFF,
    MINUTE,
    NEXT,
    PATIENT,
    Pace,
    Phase,
    answered,
    before,
    bounce_of,
    later,
    lost,
    pause,
    quiet_until,
    status_in,
)
from tocsin.hub.rules.words import Bounce

NOW = datetime(2021, 3, 4, 10, tzinfo=UTC)
NIGHT = Quiet(begin=time(22), end=time(6), zone="Europe/London", zones={"US": "America/New_York"})


def test_every_state_has_what_follows_it() -> None:
    assert set(NEXT) == set(State)
    assert before(State.SENDING) == [State.QUEUED]
    assert set(NEXT[State.IN_DOUBT]) >= {State.SENT, State.QUEUED}
    assert State.SENDING not in NEXT[State.IN_DOUBT]


@given(st.sampled_from(Phase), st.integers(400, 599), st.text(max_size=50), st.integers(0, 20))
def test_no_answer_sends_twice_what_may_have_arrived(phase: Phase, code: int, text: str, tries: int) -> None:
    outcome = answered(phase, code, text, tries)
    assert outcome.state in NEXT[State.SENDING]
    if outcome.state == State.QUEUED:
        assert outcome.delay > timedelta() or not outcome.counts
    assert lost(phase, tries, text).state == (
        State.IN_DOUBT if phase == Phase.BODY else State.QUEUED if tries < len(BACKOFF) else State.REFUSED
    )


def test_after_enough_tries_it_is_given_up() -> None:
    outcomes = [later(tries, "451 later") for tries in range(len(BACKOFF) + 1)]
    assert [one.state for one in outcomes[:-1]] == [State.QUEUED] * len(BACKOFF)
    assert (outcomes[-1].state, outcomes[-1].bounce) == (State.REFUSED, Bounce.SOFT)
    assert timedelta(days=1) < sum((one.delay for one in outcomes), timedelta()) < timedelta(days=3)
    assert pause(0) < pause(1) <= pause(50)


@pytest.mark.parametrize(
    ("code", "text", "bounce"),
    [
        (550, "5.1.1 unknown user", Bounce.HARD),
        (550, "no such user here", Bounce.HARD),
        (552, "5.2.2 mailbox full", Bounce.SOFT),
        (550, "5.7.1 blocked by policy", Bounce.SOFT),
        (554, "transaction failed", Bounce.SOFT),
    ],
)
def test_only_an_address_that_does_not_exist_is_a_hard_bounce(code: int, text: str, bounce: Bounce) -> None:
    outcome = answered(Phase.RECIPIENT, code, text, 0)
    assert (outcome.state, outcome.bounce) == (State.REFUSED, bounce)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("5.1.1 unknown", "5.1.1"),
        ("550 #5.1.10 no", "5.1.10"),
        ("smtp; 452 4.2.2 full", "4.2.2"),
        ("host 192.0.2.5.1.1 said", ""),
        ("", ""),
    ],
)
def test_enhanced_status(text: str, status: str) -> None:
    assert status_in(text) == status


@given(st.text(max_size=200))
def test_any_text_gives_a_status_that_can_be_judged(text: str) -> None:
    assert bounce_of(status_in(text) or "4.0.0") in {Bounce.SOFT, Bounce.HARD}


@given(st.integers(1, 5), st.lists(st.integers(0, 40), max_size=60))
def test_no_minute_holds_more_than_the_limit(limit: int, gaps: list[int]) -> None:
    pace, now, went = Pace(limit), NOW, list[datetime]()
    for gap in gaps:
        now += timedelta(seconds=gap)
        until = pace.ask("contoso.example", now)
        if until is None:
            went.append(now)
        else:
            assert until > now
    for at, moment in enumerate(went):
        assert sum(moment <= other < moment + MINUTE for other in went[at:]) <= limit


@given(st.integers(1, 5), st.integers(1, 60))
def test_those_who_wait_come_in_turn(limit: int, waiting: int) -> None:
    pace = Pace(limit)
    first = [pace.ask("contoso.example", NOW) for _ in range(limit)]
    rest = [pace.ask("contoso.example", NOW) for _ in range(waiting)]
    assert first == [None] * limit
    assert rest == [NOW + MINUTE * (1 + place // limit) for place in range(waiting)]
    assert pace.ask("fabrikam.example", NOW) is None


@given(st.datetimes(datetime(2021, 1, 1), datetime(2022, 1, 1)), st.sampled_from(["GB", "US", ""]))  # noqa: DTZ001 - made aware below
def test_the_night_ends_when_it_is_over(naive: datetime, country: str) -> None:
    now = naive.replace(tzinfo=UTC)
    zone = ZoneInfo(NIGHT.zones.get(country, NIGHT.zone))
    until = quiet_until(now, Purpose.NOTICE, country, NIGHT)
    hour = now.astimezone(zone).hour
    assert (until is None) == (6 <= hour < 22)
    if until is not None:
        assert now < until <= now + timedelta(hours=9)
        assert until.astimezone(zone).hour == 6
        assert quiet_until(until, Purpose.NOTICE, country, NIGHT) is None


def test_what_is_urgent_does_not_wait_for_the_morning() -> None:
    night = datetime(2021, 3, 4, 2, tzinfo=UTC)
    for purpose in Purpose:
        assert (quiet_until(night, purpose, "GB", NIGHT) is None) == (purpose not in PATIENT)
    assert not PATIENT & {Purpose.COMPROMISE, Purpose.DIRECTIVE}
    day = Quiet(begin=time(1), end=time(3), zone="UTC", zones={})
    assert quiet_until(night, Purpose.NOTICE, "", day) == datetime(2021, 3, 4, 3, tzinfo=UTC)
