"""What leaves as a file: what the filter gives and the person may see, harmless, recorded, not in bulk."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.http import StreamingHttpResponse
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from tests.hub import making

from tocsin.hub.accounts.models import ExportRequest, Reading, User
from tocsin.hub.exposure.lists import STANDINGS
from tocsin.hub.exposure.models import Standing
from tocsin.hub.listing import export
from tocsin.hub.listing.columns import Column
from tocsin.hub.listing.lists import Listing
from tocsin.hub.rules.cells import RUNS
from tocsin.hub.rules.words import Role

PAGE = "/campaigns/proxylogon/servers/"
Enter = Callable[[User], Client]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.dates(),
    st.text(),
    st.sampled_from("=+-@\t\r|＝＋－＠").flatmap(lambda first: st.text().map(lambda rest: first + rest)),  # noqa: RUF001 - full width, as meant
    st.lists(st.text(), max_size=3),
)
LIST = Listing(
    key="made-up",
    title="Made up",
    noun="rows",
    orders=(),
    columns=tuple(
        Column(key=name, label=name, value=lambda row, name=name: getattr(row, name)) for name in "ab"
    ),
)


def text_of(answer: object) -> str:
    assert isinstance(answer, StreamingHttpResponse)
    return b"".join(answer.streaming_content).decode()  # type: ignore[arg-type]  # a synchronous stream


@given(st.lists(st.tuples(VALUES, VALUES), max_size=8))
def test_no_cell_runs_and_no_row_is_torn(rows: list[tuple[object, object]]) -> None:
    made = [SimpleNamespace(a=a, b=b) for a, b in rows]
    data = b"".join(export.write_csv(LIST, iter(made))).decode()
    table = list(csv.reader(io.StringIO(data, newline="")))
    assert table[0] == ["a", "b"]
    assert len(table) == len(rows) + 1
    for got, given_ in zip(table[1:], rows, strict=True):
        for cell, value in zip(got, given_, strict=True):
            number = isinstance(value, int) and not isinstance(value, bool)
            assert number or cell.lstrip()[:1] not in RUNS


@given(st.lists(st.tuples(VALUES, VALUES), max_size=8))
def test_json_is_one_array_of_every_row(rows: list[tuple[object, object]]) -> None:
    made = [SimpleNamespace(a=a, b=b) for a, b in rows]
    found = json.loads(b"".join(export.write_json(LIST, iter(made))))
    assert [set(row) for row in found] == [{"a", "b"}] * len(rows)
    assert [row["a"] for row in found] == [export.plain(a) for a, _ in rows]


@pytest.mark.django_db
def test_the_file_holds_what_the_filter_gives_in_its_order(enter: Enter) -> None:
    for number in range(9):
        server = making.server(f"192.0.2.{number}", hostname=f"=cmd{number}|'/C calc'!A0.example")
        making.standing(server, exposure="patched" if number % 3 == 0 else "vulnerable")
    viewer = making.person(Role.VIEWER)
    client = enter(viewer)
    answer = client.get(f"{PAGE}?exposure=vulnerable&sort=last_seen&export=csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="standings.csv"'
    rows = list(csv.DictReader(io.StringIO(text_of(answer))))
    assert [row["ip"] for row in rows] == [f"192.0.2.{number}" for number in (1, 2, 4, 5, 7, 8)]
    assert {row["exposure"] for row in rows} == {"vulnerable"}
    assert all(row["server"].startswith("'=cmd") for row in rows)
    found = json.loads(text_of(client.get(f"{PAGE}?exposure=vulnerable&export=json")))
    assert [row["ip"] for row in found] == [row["ip"] for row in rows][::-1]
    assert [reading.rows for reading in Reading.objects.filter(user=viewer).order_by("id")] == [6, 6]


@pytest.mark.django_db
def test_members_take_away_their_own_alone(enter: Enter) -> None:
    own, other = making.organisation("Contoso"), making.organisation("Fabrikam")
    for number, owner in enumerate((own, other, None)):
        making.standing(making.server(f"192.0.2.{number}", owner))
    client = enter(making.member(own))
    for page in (PAGE, "/servers/"):
        found = json.loads(text_of(client.get(f"{page}?export=json")))
        assert [row["ip"] for row in found] == ["192.0.2.0"]
    number = other.pk
    assert json.loads(text_of(client.get(f"{PAGE}?organisation={number}&export=json"))) == []


@pytest.mark.django_db
def test_more_than_one_person_may_take_needs_two(enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "AT_MOST", 4)
    monkeypatch.setattr("tocsin.hub.listing.views.export.AT_MOST", 4)
    for number in range(5):
        making.standing(making.server(f"192.0.2.{number}"), country="GB" if number else "IE")
    client = enter(making.person(Role.ADMINISTRATOR))
    refused = client.get(f"{PAGE}?export=csv")
    assert refused.status_code == 409
    assert b"second person" in refused.content
    assert b"192.0.2." not in refused.content
    assert text_of(client.get(f"{PAGE}?country=GB&export=csv")).count("192.0.2.") == 8  # name and address


@pytest.mark.django_db
def test_every_servers_standing_leaves_by_two_people(enter: Enter) -> None:
    owner = making.organisation("=Contoso")
    for number in range(3):
        making.standing(making.server(f"192.0.2.{number}", owner))
    one, two = enter(making.person(Role.ANALYST)), enter(making.person(Role.ADMINISTRATOR))
    for kind in ("standings", "servers"):
        assert one.post("/exports/", {"kind": kind, "reason": "the ministry asked"}).status_code == 302
        request = ExportRequest.objects.latest("pk")
        assert one.post(f"/exports/{request.pk}/fetch").status_code == 403
        two.post(f"/exports/{request.pk}/decide", {"decision": "approve"})
        rows = list(csv.DictReader(io.StringIO(text_of(one.post(f"/exports/{request.pk}/fetch")))))
        assert [row["ip"] for row in rows] == ["192.0.2.0", "192.0.2.1", "192.0.2.2"]
        assert {row["organisation"] for row in rows} == {"'=Contoso"}


@pytest.mark.django_db
def test_rows_come_in_chunks_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "CHUNK", 2)
    for number in range(7):
        making.standing(making.server(f"192.0.2.{number}"))
    walked = [row.pk for row in export.walk(Standing.objects.all(), STANDINGS.orders[0])]
    assert walked == list(Standing.objects.order_by("-last_seen", "-id").values_list("pk", flat=True))


@pytest.mark.django_db
def test_a_file_that_is_cut_off_is_recorded_with_what_was_taken() -> None:
    for number in range(3):
        making.standing(making.server(f"192.0.2.{number}"))
    reading = Reading.objects.create(user=making.person(), path="/")
    rows, order = Standing.objects.all(), STANDINGS.orders[0]
    answer = export.response(STANDINGS, rows, order, form="csv", reading=reading)
    stream = iter(answer)
    assert next(stream).startswith(b"server,")
    assert b"192.0.2.2" in next(stream)
    answer._iterator.close()  # type: ignore[attr-defined]  # as a server does when nobody listens any more
    reading.refresh_from_db()
    assert reading.rows == 1
