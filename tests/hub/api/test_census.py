"""A census by API: uploaded once, submitted in small pieces, never lost, seen by whom it concerns."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.hub import making

from tocsin.hub.accounts import services
from tocsin.hub.accounts.models import Reading, User
from tocsin.hub.api.models import Submission
from tocsin.hub.api.submissions import collect
from tocsin.hub.census.chores import CHORES
from tocsin.hub.census.models import Server, Snapshot
from tocsin.hub.rules.permissions import Scope
from tocsin.hub.rules.words import Role

pytestmark = pytest.mark.django_db(transaction=True)
TABLE = b"ip,port,hostname,version\n192.0.2.1,443,mail.contoso.example,15.1.2106.2\n198.51.100.7,443,,15.1\n"


def bearer(who: User, *scopes: str) -> Client:
    _, key = services.make_token(who, "test", list(scopes), days=1, by=who)
    return Client(headers={"authorization": f"Bearer {key}"})


@pytest.fixture
def client() -> Client:
    return bearer(making.person(Role.ANALYST), Scope.CENSUS_READ, Scope.CENSUS_WRITE, Scope.EXPOSURE_READ)


def work() -> None:
    while sum(chore() for chore in CHORES):
        pass


def test_upload_follow_read(client: Client) -> None:
    def upload() -> dict[str, object]:
        file = SimpleUploadedFile("own.csv", TABLE)
        sent = {
            "file": file,
            "source": "own-scan",
            "taken": "2021-03-05",
            "scope": "all",
            "method": "2",
            "succeeds": ["1", "0"],
            "lists_all": "true",
            "layout": "generic-csv",
        }
        answer = client.post("/api/census/snapshots", sent)
        assert answer.status_code == 202, answer.content
        return dict(answer.json())

    first = upload()
    assert first["new"]
    assert upload() == {"id": first["id"], "new": False}
    work()
    shown = client.get(f"/api/census/snapshots/{first['id']}").json()
    assert (shown["state"], shown["rows"], shown["source"]) == ("complete", 2, "own-scan")
    assert (shown["method"], shown["succeeds"], shown["lists_all"]) == ("2", ["1", "0"], True)
    servers = client.get("/api/census/servers").json()["items"]
    assert {row["ip"] for row in servers} == {"192.0.2.1", "198.51.100.7"}
    found = client.get("/api/census/servers?ip=192.0.2.1").json()["items"]
    assert len(found) == 1
    path = f"/api/census/servers/{found[0]['id']}/observations"
    assert len(client.get(path).json()["items"]) == 1
    assert Reading.objects.filter(path=path, rows=1).exists()
    number = servers[0]["id"]
    assert client.get(f"/api/census/servers/{number}/observations").json()["items"][0]["source"] == "own-scan"
    assert client.get("/api/exposure/standings?campaign=nothing").status_code == 404
    assert client.get("/api/exposure/events").status_code == 200


def test_what_is_no_census_is_refused_with_words(client: Client) -> None:
    answer = client.post(
        "/api/census/snapshots", {"file": SimpleUploadedFile("x.bin", b"\0\1"), "source": "s"}
    )
    assert answer.status_code == 400
    assert answer.json()["detail"]
    assert not Snapshot.objects.exists()


def test_submissions_are_kept_and_taken_in_together(client: Client) -> None:
    for number in range(1, 6):
        wanted = {
            "source": "sensor",
            "day": "2021-03-05",
            "servers": [{"ip": f"192.0.2.{number}", "build": "15.1.2106.2"}],
        }
        assert client.post("/api/observations", wanted, "application/json").status_code == 202
    assert Submission.objects.count() == 5
    assert collect()
    assert not collect()
    assert not Submission.objects.exists()
    work()
    assert Server.objects.count() == 5
    assert Snapshot.objects.count() == 1
    assert Snapshot.objects.get().scope == {}


def test_a_submission_that_cannot_be_taken_in_stays_with_its_fault(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin.hub.api.submissions.LAYOUT", "gone")
    client.post(
        "/api/observations", {"source": "sensor", "servers": [{"ip": "192.0.2.1"}]}, "application/json"
    )
    assert collect()
    assert Submission.objects.get().fault
    assert not collect()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"source": "s", "servers": []},
        {"source": "s", "servers": [{"ip": "x"}]},
        {"source": "A b", "servers": [{"ip": "192.0.2.1"}]},
    ],
)
def test_a_malformed_submission_says_where(client: Client, body: dict[str, object]) -> None:
    answer = client.post("/api/observations", body, "application/json")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["where"]
    assert not Submission.objects.exists()


def test_members_see_their_own_servers_only() -> None:
    mine = making.organisation("Mine")
    own = making.server("192.0.2.1", mine)
    other = making.server("198.51.100.1", making.organisation("Other"))
    member = bearer(making.member(mine), Scope.CENSUS_READ, Scope.EXPOSURE_READ)
    assert [row["id"] for row in member.get("/api/census/servers").json()["items"]] == [own.pk]
    assert member.get(f"/api/census/servers/{other.pk}").status_code == 404
    assert member.get(f"/api/census/servers/{other.pk}/observations").json()["items"] == []
    assert member.get("/api/census/snapshots").json()["items"] == []
    assert member.get("/api/exposure/events").json()["items"] == []
