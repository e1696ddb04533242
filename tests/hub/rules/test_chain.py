"""The chain of events: whatever is changed, removed, added or moved shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tocsin.hub.rules.chain import START, Chained, Link, chained, digest, verify

NOW = datetime(2021, 3, 10, 4, 5, 6, 789, tzinfo=UTC)


def events(count: int) -> list[Chained]:
    links = (
        Link(
            number=at,
            at=NOW + timedelta(days=at),
            recorded=NOW,
            actor="census",
            kind="exposure",
            subject=f"server:{at}",
            before="vulnerable",
            after="patched",
            detail={"b": 1, "a": ["x", at]},
        )
        for at in range(1, count + 1)
    )
    return list(chained(START, links))


def test_whole() -> None:
    whole = events(5)
    result = verify(whole)
    assert (result.sound, result.events, result.head) == (True, 5, whole[-1].digest)
    assert verify([]).head == START


CHANGES = {
    "at": NOW,
    "recorded": NOW + timedelta(microseconds=1),
    "actor": "somebody",
    "kind": "compromise",
    "subject": "server:99",
    "campaign": "proxylogon",
    "before": "",
    "after": "vulnerable",
    "detail": {"a": ["x", 2]},
    "digest": "0" * 64,
    "number": 7,
}


@given(st.integers(0, 5), st.sampled_from(sorted(CHANGES)))
def test_any_change_shows(at: int, name: str) -> None:
    chain = events(6)
    value: Any = CHANGES[name]
    chain[at] = msgspec.structs.replace(chain[at], **{name: value})
    assert not verify(chain).sound or chain == events(6)


@given(st.integers(0, 4))
def test_a_gap_and_an_exchange_show(at: int) -> None:
    chain = events(6)
    assert not verify([*chain[:at], *chain[at + 1 :]]).sound
    chain[at], chain[at + 1] = chain[at + 1], chain[at]
    assert not verify(chain).sound


def test_the_order_of_members_and_the_zone_are_no_content() -> None:
    link = events(1)[0]
    turned = msgspec.structs.replace(
        link, detail={"a": ["x", 1], "b": 1}, at=link.at.astimezone(datetime.now().astimezone().tzinfo)
    )
    assert digest(START, link) == digest(START, turned)


def test_fields_cannot_run_into_each_other() -> None:
    link = events(1)[0]
    one = msgspec.structs.replace(link, before="a", after="bc")
    other = msgspec.structs.replace(link, before="ab", after="c")
    assert digest(START, one) != digest(START, other)
