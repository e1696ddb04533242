"""Going through pages, forth or back, meets every row once, in order, whatever the cursor was bent to."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.hub import making

from tocsin.hub.constituency.models import Organisation
from tocsin.hub.lists.keyset import page

ORDERS = [
    ("folded", "pk"),
    ("-folded", "-pk"),
    ("sector", "folded", "pk"),
    ("-created", "-pk"),
    ("sector", "-pk"),
]


@pytest.fixture
def rows(db: None) -> list[Organisation]:  # noqa: ARG001 - opens the database
    return [making.organisation("aabbc"[n % 5], sector="xy"[n % 2]) for n in range(11)]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("size", [1, 3, 11, 50])
def test_every_row_once_forth_and_back(rows: list[Organisation], order: tuple[str, ...], size: int) -> None:
    expected = list(Organisation.objects.order_by(*order))
    assert len(expected) == len(rows)
    seen, pages, cursor = [], [], ""
    while True:
        found = page(Organisation.objects.all(), order=order, cursor=cursor, size=size)
        seen += found.rows
        pages.append(list(found.rows))
        if not (cursor := found.after):
            break
    assert seen == expected
    back = [pages[-1]]
    while found.before:
        found = page(Organisation.objects.all(), order=order, cursor=found.before, size=size)
        back.append(list(found.rows))
    assert back == pages[::-1]


@pytest.mark.django_db
@given(
    st.one_of(
        st.text(max_size=30), st.binary(max_size=40).map(lambda data: base64.urlsafe_b64encode(data).decode())
    )
)
def test_fuzz_any_cursor_begins_anew(cursor: str) -> None:
    assert page(Organisation.objects.all(), order=("folded", "pk"), cursor=cursor).rows == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "values", ['["x"]', "[null,1]", "[{},1]", '["a",1e400]', '["a","b"]', "[5,99999999999999999999]"]
)
def test_a_bent_cursor_is_no_fault(rows: list[Organisation], values: str) -> None:
    bent = base64.urlsafe_b64encode(f'[["-created","-pk"],{values},false]'.encode()).decode()
    assert len(page(Organisation.objects.all(), order=("-created", "-pk"), cursor=bent).rows) == len(rows)
