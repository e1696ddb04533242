"""One web shell, whatever it is called; and whose sighting it was."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tocsin.hub.rules.cases import CaseKind, CaseState
from tocsin.hub.rules.cases_identity import (
    LONGEST,
    Attributed,
    KnownCase,
    Mergeable,
    attributed,
    cannot_be_same,
    key_of,
)

FRONT = r"C:\Program Files\Microsoft\Exchange Server\V15\FrontEnd\HttpProxy"


@pytest.mark.parametrize(
    ("url", "path", "key"),
    [
        ("/aspnet_client/Discover.aspx", None, "/aspnet_client/discover.aspx"),
        ("https://mail.contoso.example/owa/auth/a.aspx?x=1#y", None, "/owa/auth/a.aspx"),
        ("/owa//auth/./%61.aspx", None, "/owa/auth/a.aspx"),
        ("/owa/auth/../auth/a.aspx;v=1", None, "/owa/auth/a.aspx"),
        (None, rf"{FRONT}\owa\auth\a.aspx", "/owa/auth/a.aspx"),
        ("", r"C:\inetpub\wwwroot\aspnet_client\a.aspx", "/aspnet_client/a.aspx"),
        (None, r"D:\Web\a.aspx", "d:/web/a.aspx"),
        (None, None, ""),
        ("owa/auth/a.aspx", None, "/owa/auth/a.aspx"),
    ],
)
def test_names(url: str | None, path: str | None, key: str) -> None:
    assert key_of(url, path) == key


@given(st.text(max_size=400), st.text(max_size=400))
def test_a_name_is_stable_and_bounded(url: str, path: str) -> None:
    key = key_of(url, path)
    assert len(key) <= LONGEST
    assert "\0" not in key
    assert "?" not in key_of(url, None) or "%3f" in url.lower()


CASE = Mergeable(kind=CaseKind.WEBSHELL, campaign=1, server=1, key="", state=CaseState.FOUND)


@pytest.mark.parametrize(
    ("case", "into", "why"),
    [
        ({}, {"key": "/a"}, None),
        ({"server": None}, {"key": "/a"}, None),
        ({"kind": CaseKind.COMPROMISE}, {}, "one kind"),
        ({"campaign": 2}, {}, "one campaign"),
        ({"key": "/a"}, {}, "a case of its own"),
        ({"server": 2}, {}, "two servers"),
        ({}, {"server": None}, "two servers"),
        ({"state": CaseState.VERIFIED_REMOVED}, {}, "is over"),
        ({}, {"state": CaseState.MERGED}, "is over"),
    ],
)
def test_what_can_be_another_case(case: dict[str, Any], into: dict[str, Any], why: str | None) -> None:
    found = cannot_be_same(replace(CASE, **case), replace(CASE, **into))
    assert (found is None) if why is None else (why in str(found))


def known(number: int, key: str, state: CaseState, day: int | None = None) -> KnownCase:
    closed = datetime(2021, 3, day, tzinfo=UTC) if day else None
    return KnownCase(number=number, key=key, state=state, closed=closed)


FOUND, CLAIMED, GONE = CaseState.FOUND, CaseState.REMOVAL_CLAIMED, CaseState.VERIFIED_REMOVED


@pytest.mark.parametrize(
    ("key", "cases", "answer"),
    [
        ("", [], Attributed()),
        ("/a", [], Attributed()),
        ("/a", [known(1, "/a", GONE, 5)], Attributed(cases=(1,))),
        ("/a", [known(1, "", FOUND)], Attributed(cases=(1,), named=1)),
        ("/b", [known(1, "/a", FOUND)], Attributed()),
        ("", [known(1, "", GONE, 5), known(2, "/a", FOUND)], Attributed(cases=(1,))),
        ("", [known(3, "/c", CLAIMED), known(2, "/a", FOUND)], Attributed(cases=(2,))),
        ("", [known(3, "/c", CLAIMED), known(2, "/a", CLAIMED)], Attributed(cases=(2, 3))),
        ("", [known(3, "/c", CLAIMED), known(2, "/a", GONE, 5)], Attributed(cases=(3,))),
        ("", [known(3, "/c", GONE, 4), known(2, "/a", GONE, 5)], Attributed(cases=(2,))),
    ],
)
def test_whose_sighting(key: str, cases: list[KnownCase], answer: Attributed) -> None:
    assert attributed(key, cases) == answer
