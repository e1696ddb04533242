"""Histories of servers for hypothesis: few days, few sources, everything that can go wrong."""

from __future__ import annotations

from hypothesis import strategies as st

from tocsin.hub.rules.decisions import Kind, Told
from tocsin.hub.rules.exposure import BY_SIGHT, History, Looks, Seen
from tocsin.hub.rules.words import Compromise, Exposure, Grade

LONG = 130
SHORT = 40
METHODS = ("", "one", "two")
PLACES = (None, "here", "there")


def day_sets(length: int) -> st.SearchStrategy[int]:
    runs = st.tuples(st.integers(0, length), st.integers(1, 20)).map(
        lambda run: ((1 << run[1]) - 1) << run[0]
    )
    single = st.integers(0, length).map(lambda day: 1 << day)
    every = st.integers(2, 7).map(lambda step: sum(1 << day for day in range(0, length, step)))
    return st.lists(st.one_of(runs, single, every), min_size=1, max_size=4).map(_union)


def _union(sets: list[int]) -> int:
    found = 0
    for one in sets:
        found |= one
    return found


SOURCES = st.integers(1, 3)
EXPOSURES = st.sampled_from([*BY_SIGHT, Exposure.UNKNOWN, Exposure.VULNERABLE, Exposure.PATCHED])


def seen(length: int) -> st.SearchStrategy[Seen]:
    return st.builds(
        Seen,
        source=SOURCES,
        days=day_sets(length),
        exposure=EXPOSURES,
        checked=st.booleans(),
        method=st.sampled_from(METHODS),
        place=st.sampled_from(PLACES[1:]),
    )


def looks(length: int) -> st.SearchStrategy[Looks]:
    return st.builds(
        Looks,
        source=SOURCES,
        days=day_sets(length),
        method=st.sampled_from(METHODS),
        continues=st.sampled_from([frozenset(), frozenset({"one"})]),
        place=st.sampled_from(PLACES),
        lists_all=st.booleans(),
        window=st.sampled_from([0, 0, 3]),
    )


def told(length: int) -> st.SearchStrategy[Told]:
    kinds = [kind for kind in Kind if kind is not Kind.WITHDRAWN]
    return st.tuples(
        st.sampled_from(kinds),
        st.integers(0, length),
        st.integers(0, 86_399),
        st.sampled_from(list(Grade)),
        st.sampled_from([None, Exposure.PATCHED, Exposure.VULNERABLE, Exposure.MITIGATED]),
        st.sampled_from([None, Compromise.TARGETED, Compromise.SUSPECTED, Compromise.CONFIRMED]),
        st.tuples(st.booleans(), st.booleans()),
        st.integers(0, 60),
    ).map(_told)


def _told(
    values: tuple[Kind, int, int, Grade, Exposure | None, Compromise | None, tuple[bool, bool], int],
) -> Told:
    kind, day, second, grade, exposure, compromise, (present, clean), lasting = values
    assessed = kind is Kind.ASSESSMENT
    return Told(
        kind=kind,
        day=day,
        moment=day * 86_400 + second,
        grade=grade,
        exposure=exposure if assessed else None,
        compromise=compromise if assessed else None,
        present=assessed and present,
        clean=assessed and clean,
        until=day + lasting if kind is Kind.FALSE_POSITIVE else None,
    )


def histories(length: int = SHORT, *, decisions: int = 4) -> st.SearchStrategy[History]:
    return st.builds(
        History,
        seen=st.lists(seen(length), max_size=5).map(tuple),
        looks=st.lists(looks(length), max_size=4).map(tuple),
        told=st.lists(told(length), max_size=decisions).map(tuple),
    )
