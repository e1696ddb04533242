"""Pages of the situation: who sees what, and that what they show is there in every form."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from django.test import Client
from tests.hub import making
from tests.hub.situation.test_counting import add

from tocsin.hub.accounts.models import Reading, User
from tocsin.hub.accounts.services import make_token
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.census.models import Observation
from tocsin.hub.rules.words import Role
from tocsin.hub.situation.commands import work_off

PAGES = ("/situation/by/sector/", "/situation/by/region/", "/situation/by/branch/", "/situation/report/")
QUEUES = ("patched-not-clean", "patched-shell-seen", "contradictory")


@pytest.fixture
def nation(db: None) -> Campaign:  # noqa: ARG001 - opens the database
    """Forty servers, some patched, one with a web shell, one that sources disagree about."""
    campaign = making.campaign()
    making.snapshot(days=3, finished=datetime(2021, 3, 7, tzinfo=UTC), scope={"everything": True})
    making.snapshot(
        days=1, finished=datetime(2021, 3, 6, tzinfo=UTC), method="older", scope={"everything": True}
    )
    for number in range(1, 41):
        patched = number % 2 == 0
        server = making.server(f"192.0.2.{number}", hostname=f"mail{number}.contoso.example")
        making.standing(
            server,
            campaign,
            exposure="patched" if patched else "vulnerable",
            compromise="suspected" if number == 2 else "unknown",
            shell_seen=date(2021, 3, 5) if number == 2 else None,
            contradictory=number == 3,
            sector="health",
        )
        add([(number, 1, "exposure", "vulnerable", True)])
        if patched:
            add([(number, 4, "exposure", "patched", False)])
    work_off()
    return campaign


@pytest.mark.parametrize("role", [Role.VIEWER])
def test_staff_see_every_page(nation: Campaign, visitor: Callable[..., Client], role: Role) -> None:
    client = visitor(role)
    for page in ("/", *PAGES, *(f"/situation/queue/{name}/" for name in QUEUES)):
        answer = client.get(page)
        assert answer.status_code == 200, page
        text = answer.content.decode()
        assert 'style="' not in text
        assert "<script>" not in text
    assert nation.name in client.get("/").content.decode()


def test_members_see_their_own_and_no_picture(nation: Campaign, enter: Callable[[User], Client]) -> None:
    own = making.organisation("Fabrikam")
    making.standing(making.server("198.51.100.7", own), nation, exposure="patched")
    client = enter(making.member(own))
    text = client.get("/").content.decode()
    assert "your servers" in text
    assert "vulnerable" not in text
    assert all(client.get(page).status_code == 403 for page in (*PAGES, "/situation/report.json"))
    queue = client.get("/situation/queue/patched-not-clean/").content.decode()
    assert "198.51.100.7" in queue
    assert "mail" not in queue.split("<tbody>")[1]


@pytest.mark.django_db
def test_strangers_are_sent_to_log_in(client: Client) -> None:
    for page in (*PAGES, "/situation/queue/contradictory/", "/situation/report.csv"):
        assert client.get(page).status_code == 302


def test_figures_have_a_table_beside_each_chart(nation: Campaign, visitor: Callable[..., Client]) -> None:  # noqa: ARG001
    text = visitor(Role.VIEWER).get("/").content.decode()
    assert text.count("<svg") >= 2
    assert "The same figures as a table" in text
    assert 'aria-label="Servers by state and day' in text
    assert "went from <code>older</code>" in text


def test_queues_list_what_they_say(nation: Campaign, visitor: Callable[..., Client]) -> None:
    source = making.source()
    server = nation.standings.get(contradictory=True).server
    for content, build, tags in (("a", "15.1.2106.2", ["cve-2021-26855"]), ("b", "15.1.2106.13", [])):
        Observation.objects.create(
            server=server,
            source=source if content == "a" else making.source("other"),
            content=content,
            build=build,
            tags=tags,
            method="check/1",
            ip=server.ip,
            days=b"",
            first_seen=making.DAY,
            last_seen=making.DAY,
        )
    client = visitor(Role.ANALYST)
    both = client.get("/situation/queue/contradictory/").content.decode()
    assert all(word in both for word in ("15.1.2106.2", "15.1.2106.13", "cve-2021-26855", "check/1", "other"))
    shells = client.get("/situation/queue/patched-shell-seen/").content.decode()
    assert "mail2.contoso.example" in shells
    assert "mail4.contoso.example" not in shells
    assert Reading.objects.filter(path="/situation/queue/contradictory/", rows=1).exists()


def test_every_form_holds_the_same_figures(nation: Campaign, visitor: Callable[..., Client]) -> None:  # noqa: ARG001
    client = visitor(Role.VIEWER)
    found = json.loads(client.get("/situation/report.json").content)
    assert found["totals"] == {"vulnerable": 20, "patched": 20}
    assert found["patched_not_clean"] == 20
    assert found["queues"]["patched_shell_seen"] == 1
    rows = list(csv.reader(io.StringIO(client.get("/situation/report.csv").content.decode())))
    assert rows[0] == ["section", "day", "part", "figure", "value"]
    assert ["exposure", found["day"], "all", "vulnerable", "20"] in rows
    assert ["sector", found["day"], "health", "patched", "20"] in rows
    page = client.get("/situation/report.html").content.decode()
    assert "http" not in page.replace("http://www.w3.org", "")
    assert client.get("/situation/report.exe").status_code == 404


def test_what_is_published_names_nobody(nation: Campaign, visitor: Callable[..., Client]) -> None:
    lone = making.standing(making.server("198.51.100.2"), nation, exposure="mitigated")
    add([(lone.server_id, 1, "exposure", "mitigated", False)])
    work_off()
    client = visitor(Role.VIEWER)
    whole = json.loads(client.get("/situation/report.json").content)
    assert whole["totals"]["mitigated"] == 1
    found = json.loads(client.get("/situation/published.json").content)
    assert found["totals"] == {"vulnerable": 20, "mitigated": None, "patched": 20}
    assert found["compromise"] == {}
    assert found["by"]["sector"] == {
        "health": {"vulnerable": 20, "patched": 20},
        "unknown": {"mitigated": None},
    }
    assert found["curve"][found["day"]]["mitigated"] is None
    rows = list(csv.reader(io.StringIO(client.get("/situation/published.csv").content.decode())))
    assert ["exposure", found["day"], "all", "mitigated", ""] in rows
    assert ["exposure", found["day"], "all", "patched", "20"] in rows
    counted = {"exposure", "compromise", "curve", "sector", "region", "branch"}
    assert not [row for row in rows if row[0] in counted and row[4] in set("1234")]
    page = client.get("/situation/published.html").content.decode()
    assert "left out" in page
    assert "known servers" not in page
    assert client.get("/situation/published.pdf").status_code == 404


def test_a_past_moment_shows_what_was_known_then(nation: Campaign, visitor: Callable[..., Client]) -> None:  # noqa: ARG001
    client = visitor(Role.VIEWER)
    assert (
        "No census had been taken in by then"
        in client.get("/situation/report/?as_of=2021-03-01").content.decode()
    )
    for never in ("yesterday", "0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59"):
        assert client.get(f"/situation/report/?as_of={never}").status_code == 404
        assert client.get(f"/situation/published.json?as_of={never}").status_code == 404
    assert client.get("/situation/report.json?as_of=2021-03-01").status_code == 404


@pytest.mark.django_db
def test_an_empty_hub_says_so(visitor: Callable[..., Client]) -> None:
    client = visitor(Role.VIEWER)
    assert "No census has been taken in yet" in client.get("/").content.decode()
    assert client.get("/situation/report/").status_code == 404
    making.campaign()
    assert "No census had been taken in by then" in client.get("/situation/report/").content.decode()


@pytest.mark.slow
def test_the_report_as_pdf(nation: Campaign, visitor: Callable[..., Client]) -> None:  # noqa: ARG001
    answer = visitor(Role.VIEWER).get("/situation/report.pdf")
    assert answer.content.startswith(b"%PDF")


def test_programs_of_staff_read_the_picture(nation: Campaign, client: Client) -> None:
    keys = {
        role: make_token(making.person(role), "script", ["situation:read"], days=1, by=None)[1]
        for role in (Role.VIEWER, Role.MEMBER)
    }
    seen = client.get("/api/situation", headers={"Authorization": f"Bearer {keys[Role.VIEWER]}"})
    assert seen.status_code == 200
    assert seen.json()["totals"] == {"vulnerable": 20, "patched": 20}
    refused = client.get("/api/situation", headers={"Authorization": f"Bearer {keys[Role.MEMBER]}"})
    assert refused.status_code == 403
    unknown = client.get(
        "/api/situation?campaign=none", headers={"Authorization": f"Bearer {keys[Role.VIEWER]}"}
    )
    assert unknown.status_code == 404
    never = client.get(
        "/api/situation?as_of=0001-01-01T00:00:00%2B23:59",
        headers={"Authorization": f"Bearer {keys[Role.VIEWER]}"},
    )
    assert never.status_code == 400
    assert nation.key == seen.json()["campaign"]
