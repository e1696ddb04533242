"""The account of what was read: totals, silences, and no dependence on order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tocsin.detections.account import CoverageAccount, KindAccount
from tocsin.model.places import Locator, TimeSpan
from tocsin.model.records import Blank, Header, Item, Lost, Record, Unreadable

PLACE = Locator(path="a.log", line=1)
NOON = datetime(2021, 3, 3, 12, tzinfo=UTC)


def record(at: datetime | None, *, weak: bool = False) -> Record:
    return Record(kind="iis.w3c", locator=PLACE, time=at, fields={}, weak=weak)


moments = st.integers(0, 90 * 24 * 60).map(lambda minutes: NOON + timedelta(minutes=minutes))
items = st.one_of(
    st.builds(record, st.one_of(st.none(), moments), weak=st.booleans()),
    st.just(Unreadable(kind="iis.w3c", locator=PLACE, why="w", text="t")),
    st.just(Header(kind="iis.w3c", locator=PLACE, text="#")),
    st.just(Blank(kind="iis.w3c", locator=PLACE)),
    st.just(Lost(kind="iis.w3c", locator=PLACE, count=3, why="w")),
)


def test_every_sort_of_item_is_counted_once() -> None:
    account = CoverageAccount()
    for item in (
        record(NOON),
        Unreadable(kind="iis.w3c", locator=PLACE, why="w", text="t"),
        Header(kind="iis.w3c", locator=PLACE, text="#"),
        Blank(kind="iis.w3c", locator=PLACE),
        Lost(kind="iis.w3c", locator=PLACE, count=3, why="w"),
    ):
        account.count(item)
    row = account.rows({})[0]
    assert (row.records, row.unreadable, row.headers, row.blank, row.lost) == (1, 1, 1, 1, 3)
    assert (row.start, row.end, row.excerpt, row.wanted) == (NOON, NOON, False, False)


def test_a_silence_longer_than_usual_is_a_gap() -> None:
    account = KindAccount()
    for hours in (0, 5, 40, 41):
        account.count(record(NOON + timedelta(hours=hours)))
    assert account.gaps(24) == (TimeSpan(start=NOON + timedelta(hours=6), end=NOON + timedelta(hours=40)),)
    assert account.gaps(48) == ()
    assert account.gaps(34) == ()
    assert len(account.gaps(33)) == 1


def test_wanted_kinds_have_a_row_even_when_nothing_was_read() -> None:
    rows = CoverageAccount().rows({"http.err": 48})
    assert [(row.kind, row.wanted, row.files) for row in rows] == [("http.err", True, 0)]


@given(st.lists(items, max_size=30), st.integers(0, 30))
def test_joining_parts_equals_counting_the_whole(found: list[Item], cut: int) -> None:
    whole, left, right = KindAccount(), KindAccount(), KindAccount()
    for item in found:
        whole.count(item)
    for item in found[:cut]:
        left.count(item)
    for item in reversed(found[cut:]):
        right.count(item)
    right.join(left)
    assert right == whole
