"""Behavioural rules: what the SQL counts is what a plain count gives, in whatever order, lane or process."""

from __future__ import annotations

import random
from contextlib import closing
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict
from tests.detections.behaviour_makers import REQUESTS, content, plain, rule, store

from tocsin.detections.behaviours import MOST_SHOWN, met
from tocsin.detections.page_request import PageRequest
from tocsin.detections.page_requests import PageRequests
from tocsin.packs.behaviours import BehaviourRule
from tocsin.packs.measures import Bounds, ShareBounds

DAY = 86_400_000_000
"""Microseconds."""
COUNTED = (
    *("answered", "refused", "tasked", "clients", "addresses", "methods"),
    *("first_time", "last_time", "weak", "line"),
)


def counted(asked: PageRequests, one: BehaviourRule, **given: Any) -> dict[Any, dict[str, object]]:
    """What meets a rule, by page and client; the store is closed."""
    with closing(asked):
        database = asked.finish()
        assert not list(asked.notices())
        found = list(met(one, database, logs_begin=given.get("logs_begin"))) if database else []
    return {(row.page, row.client): {name: asdict(row)[name] for name in COUNTED} for row in found}


@settings(max_examples=30)
@given(REQUESTS, st.booleans())
def test_the_sql_gives_what_a_plain_count_gives(rows: list[PageRequest], by_client: bool) -> None:
    one = rule(of="page-and-client" if by_client else "page")
    assert counted(store(rows), one) == plain(rows, by_client=by_client)


@settings(max_examples=25)
@given(REQUESTS, st.booleans(), st.randoms(use_true_random=False))
def test_neither_the_order_nor_a_squeezed_table_changes_anything(
    rows: list[PageRequest], by_client: bool, chance: random.Random
) -> None:
    one = rule(of="page-and-client" if by_client else "page")
    mixed = chance.sample(rows, len(rows))
    asked = store(mixed[:20], at_once=3)
    if asked._table is not None:
        asked._table.squeeze()
    for row in mixed[20:]:
        asked.take(row)
    assert counted(asked, one) == plain(rows, by_client=by_client)


@settings(max_examples=20)
@given(REQUESTS, st.integers(0, 40), st.booleans())
def test_the_parts_of_two_processes_make_a_whole(rows: list[PageRequest], at: int, full: bool) -> None:
    bounds = {"at_once": 3} if full else {}
    with closing(store(rows[:at], **bounds)) as one, closing(store(rows[at:], **bounds)) as other:
        whole = store()
        for part in (*one.parts(), *other.parts()):
            whole.merge(part)
        assert counted(whole, rule()) == plain(rows, by_client=False)


@settings(max_examples=20)
@given(REQUESTS, st.integers(1, 3), st.integers(0, 40))
def test_a_busy_page_is_let_go_wherever_it_was_seen_to_be_busy(
    rows: list[PageRequest], most: int, at: int
) -> None:
    one = rule(clients=Bounds(most=most))
    rare = {key: row for key, row in plain(rows, by_client=False).items() if row["clients"] <= most}  # type: ignore[operator]  # a number
    assert counted(store(rows, most_clients=most), one) == rare
    with closing(store(rows[:at], most_clients=most)) as first:
        rest = store(rows[at:], most_clients=most)
        for part in first.parts():
            rest.merge(part)
        assert counted(rest, one) == rare


def requests(*times: int, **changes: Any) -> list[PageRequest]:
    """Answered GET requests for one page, at these times."""
    base = PageRequest(
        "/x.aspx", "192.0.2.1", "f", "GET", True, False, False, None, "iis.w3c", "u.log", 1, None, None
    )
    return [
        base._replace(**{"time": time, "last": time, "line": at, **changes})
        for at, time in enumerate(times, 1)
    ]


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        ({"answered": Bounds(least=3)}, True),
        ({"answered": Bounds(least=4)}, False),
        ({"answered": Bounds(least=1, most=2)}, False),
        ({"refused": Bounds(least=1)}, True),
        ({"refused": Bounds(most=0)}, False),
        ({"clients": Bounds(most=2)}, True),
        ({"clients": Bounds(most=1)}, False),
        ({"clients": Bounds(least=3, most=9)}, False),
        ({"methods": ("POST", "PUT")}, True),
        ({"methods": ("PUT",)}, False),
        ({"tasked_share": ShareBounds(least=0.3)}, True),
        ({"tasked_share": ShareBounds(least=0.5)}, False),
        ({"tasked_share": ShareBounds(most=0.3)}, False),
        ({"after": date(1970, 1, 3)}, True),
        ({"after": date(1970, 1, 4)}, False),
        ({"unseen_days": 1}, True),
        ({"unseen_days": 2}, False),
    ],
)
def test_each_condition(asked: dict[str, Any], fits: bool) -> None:
    rows = [
        *requests(2 * DAY, 5 * DAY),
        *requests(3 * DAY, method="POST", tasked=True, client="192.0.2.2"),
        *requests(0, answered=False, client="192.0.2.3"),
    ]
    begin = datetime(1970, 1, 2, tzinfo=UTC)
    assert bool(counted(store(rows), rule(**asked), logs_begin=begin)) is fits


def test_without_times_nothing_is_first_after_a_day() -> None:
    rows = requests(DAY, time=None, last=None)
    assert counted(store(rows), rule())
    assert not counted(store(rows), rule(after=date(1970, 1, 1)))
    assert not counted(store(requests(DAY)), rule(unseen_days=1), logs_begin=None)


def test_only_refused_is_not_looked_into() -> None:
    with closing(store(requests(DAY, answered=False), at_once=1)) as asked:
        assert asked.finish() is None
        assert not list(asked.notices())


def test_one_page_asked_for_without_end_stays_one_row() -> None:
    rows = requests(*range(5_000))
    with closing(store(rows, at_once=50, requests=200)) as asked:
        database = asked.finish()
        assert database is not None
        [found] = met(rule(), database, logs_begin=None)
        assert (found.answered, found.first_time, found.last_time, found.line) == (5_000, 0, 4_999, 1)
        assert not list(asked.notices())


def test_of_too_many_pages_some_are_left_out_and_that_is_said() -> None:
    rows = [row for at in range(900) for row in requests(at, page=f"/{at}.aspx")]
    with closing(store(rows, at_once=10, requests=100)) as asked:
        database = asked.finish()
        assert database is not None
        [notice] = asked.notices()
        kept = database.execute("SELECT count(*) FROM asked").fetchall()[0][0]
    assert 0 < kept <= 110
    assert notice.startswith(f"{900 - kept:,} requests for server pages were left out")


def test_a_table_without_room_is_said_and_ends_the_search_alone() -> None:
    rows = [row for at in range(20_000) for row in requests(at, page=f"/{at:0500}.aspx")]
    with closing(store(rows, at_once=10_000, memory_mb=1, spill_mb=1)) as asked:
        assert asked.finish() is None
        [notice] = asked.notices()
    assert notice.startswith("Rare server pages could not be looked for: ")


def test_more_than_is_shown_is_counted() -> None:
    rows = [row for at in range(MOST_SHOWN + 7) for row in requests(at, page=f"/{at:03}.aspx")]
    with closing(store(rows)) as asked:
        database = asked.finish()
        assert database is not None
        found = list(met(rule(), database, logs_begin=None))
    assert [row.page for row in found] == [f"/{at:03}.aspx" for at in range(MOST_SHOWN)]
    assert {row.met for row in found} == {MOST_SHOWN + 7}


def test_a_hostile_page_name_is_only_a_name() -> None:
    names = ["/'); DROP TABLE asked; --.aspx", '/".aspx', "/\udce9.aspx", "/a\0b.aspx", "/{page}.aspx"]
    rows = [row for at, name in enumerate(names) for row in requests(at, page=name)]
    assert len(counted(store(rows), rule())) == len(names)


def test_the_temporary_folder_goes_with_the_store() -> None:
    asked = store(requests(1, 2, 3), at_once=1)
    folder = asked._table.folder if asked._table else None
    assert folder is not None
    assert folder.is_dir()
    asked.close()
    assert not folder.exists()
    assert content(asked) == []
