"""Makes requests, behavioural rules, and the plain count of what requests add up to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tocsin.detections.page_request import Bounds, PageRequest
from tocsin.detections.page_requests import PageRequests
from tocsin.packs.behaviours import BehaviourRule
from tocsin.packs.measures import Behaviour
from tocsin.packs.measures import Bounds as Within
from tocsin.packs.rules import Head
from tocsin.packs.yaml_text import Document

ALL = Within(most=50)


def rule(title: str = "Rare page", *, after: date | None = None, **asked: Any) -> BehaviourRule:
    """One behavioural rule; unless told otherwise every page that was answered meets it."""
    head = Head(title=title, author="A. Author", means="context", summary="{page} {answered}/{clients}")
    return BehaviourRule(
        head=head,
        document=Document(path=Path("b.yaml"), data={}, lines={}),
        behaviour=Behaviour(**{"clients": ALL, **asked}),
        after=after,
    )


def store(rows: Iterable[PageRequest] = (), *, most_clients: int = 50, **bounds: int) -> PageRequests:
    """A store that has taken these."""
    found = PageRequests((), ("302", "404"), most_clients=most_clients, bounds=Bounds(**bounds))
    for row in rows:
        if found.page(row.page):
            found.take(row)
    return found


def content(asked: PageRequests) -> list[tuple[object, ...]]:
    """All that a store holds, sorted; the store is used up."""
    return sorted((tuple(row) for part in asked.parts() for row in part.rows), key=repr)


REQUESTS = st.lists(
    st.builds(
        lambda page, client, folder, method, answered, tasked, weak, time, line: PageRequest(
            page, client, f"iis.w3c:{folder}", method, answered, tasked, weak, time, "iis.w3c",
            f"{folder}/u_ex.log", line, None, None, last=time,
        ),
        st.sampled_from(["/a.aspx", "/b.aspx", "/c.ashx", "/d.php"]),
        st.sampled_from([None, "192.0.2.1", "192.0.2.2", "198.51.100.3", "2001:db8::1"]),
        st.sampled_from(["W3SVC1", "W3SVC2"]),
        st.sampled_from(["GET", "POST", "HEAD"]),
        st.booleans(),
        st.booleans(),
        st.booleans(),
        st.none() | st.integers(0, 9),
        st.integers(1, 40),
    ),
    max_size=40,
)  # fmt: skip


def plain(rows: Iterable[PageRequest], *, by_client: bool) -> dict[tuple[str, str | None], dict[str, object]]:
    """What the requests add up to, counted without a database: the largest of the folders."""
    rows = list(rows)
    groups: dict[tuple[str, str | None], list[PageRequest]] = defaultdict(list)
    for row in rows:
        if not by_client or row.client is not None:
            groups[row.page, row.client if by_client else None].append(row)
    found = {}
    for key, own in groups.items():
        answered = [row for row in own if row.answered]
        if answered:
            of_page = [row for row in rows if row.page == key[0] and row.answered]
            found[key] = {
                "answered": _most(own, lambda row: row.answered),
                "refused": _most(own, lambda row: not row.answered),
                "tasked": _most(own, lambda row: row.answered and row.tasked),
                "clients": _most_clients(of_page),
                "addresses": sorted({row.client for row in of_page if row.client is not None}),
                "methods": sorted({row.method for row in answered}),
                "first_time": min((row.time for row in answered if row.time is not None), default=None),
                "last_time": max((row.time for row in answered if row.time is not None), default=None),
                "weak": any(row.weak for row in own),
                "line": min(answered, key=_place).line,
            }
    return found


def _place(row: PageRequest) -> tuple[bool, int, str, int]:
    return (row.time is None, row.time or 0, row.path, row.line or 0)


def _most(rows: Iterable[PageRequest], fits: Callable[[PageRequest], bool]) -> int:
    counts: dict[str, int] = defaultdict(int)
    for row in rows:
        counts[row.folder] += fits(row)
    return max(counts.values(), default=0)


def _most_clients(rows: Iterable[PageRequest]) -> int:
    found: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.client is not None:
            found[row.folder].add(row.client)
    return max((len(clients) for clients in found.values()), default=0)
