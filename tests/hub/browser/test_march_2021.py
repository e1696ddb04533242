"""March 2021 from the first warning to a server that is shown clean, in Chromium, by everybody it takes.

docs/hub/march-2021.md tells the same story to people. The hub's clock is set to that month; mail goes through
a real mail server; the evidence is of a made server whose web shell was deleted by hand.
"""

from __future__ import annotations

import email
import email.policy
import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from tests.hub import making
from tests.hub.browser.conftest import complaints_of, faults
from tests.hub.census import rows as census
from tests.hub.outbox.conftest import Box
from tests.hub.owners import rows as owners

from tocsin.hub.accounts.models import User
from tocsin.hub.campaigns.services import load_campaigns
from tocsin.hub.cases.models import Case
from tocsin.hub.census.services import Terms, import_file
from tocsin.hub.constituency.models import Organisation
from tocsin.hub.directives.loading import load_directives
from tocsin.hub.exposure.audit import _event
from tocsin.hub.exposure.models import Event, Standing
from tocsin.hub.notices.models import MailRoute
from tocsin.hub.owners.models import HandIn, OwnerLink
from tocsin.hub.rules.chain import verify
from tocsin.hub.rules.words import Role
from tocsin.hub.site.chores import all_chores, work_off

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SERVER = "mail01.contoso.example"
LINK = re.compile(r"http://\S+/o/\S+")


class Clock:
    """What the hub takes for now; it goes on by itself, and is put forward between the parts."""

    def __init__(self) -> None:
        """At nine on 3 March 2021."""
        self.offset = datetime(2021, 3, 3, 9, tzinfo=UTC) - datetime.now(UTC)

    def now(self) -> datetime:
        """The moment."""
        return datetime.now(UTC) + self.offset

    def as_type(self) -> type[datetime]:
        """A `datetime` of which Django asks the moment, wherever `timezone.now` was kept as a default."""
        clock = self

        class Then(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:
                return clock.now().astimezone(tz)

        return Then

    def to(self, moment: datetime) -> None:
        """Put it forward."""
        assert moment > self.now(), "time goes one way"
        self.offset = moment - datetime.now(UTC)


class Story(NamedTuple):
    """Who takes part, and with what."""

    clock: Clock
    window: Callable[..., Page]
    analyst: User
    owner: Organisation
    folder: Path
    box: Box

    def desk(self) -> Page:
        """The analyst's browser."""
        return self.window(self.analyst)


@pytest.fixture
def story(
    monkeypatch: pytest.MonkeyPatch,
    window: Callable[..., Page],
    mail_server: Box,
    hub: str,
    tmp_path: Path,
    settings: Any,
) -> Story:
    """A national CERT's hub on 3 March, with one owner, whose contact's mail lies elsewhere."""
    clock = Clock()
    monkeypatch.setattr(timezone, "datetime", clock.as_type())
    settings.PUBLIC_URL = hub
    load_campaigns()
    load_directives()
    owner = making.organisation("Contoso Health", sector="health", country="GB")
    making.claim(owner, "192.0.2.0/24")
    contact = making.contact(owner, "it@fabrikam.example", name="IT desk", language="en")
    contact.verified = clock.now()
    contact.save()
    MailRoute.objects.create(
        domain="fabrikam.example",
        hosts=["mx.fabrikam.example"],
        addresses=["198.51.100.7"],
        looked=clock.now(),
    )
    analyst = making.person(Role.ANALYST, name="A. Nalyst")
    return Story(clock, window, analyst, owner, tmp_path, mail_server)


def work() -> None:
    """What the worker does until nothing is left to do."""
    work_off(all_chores())


def test_from_the_first_warning_to_shown_clean(story: Story) -> None:
    _everybody_is_warned(story)
    _a_census_comes_in(story)
    path = _the_owner_is_told(story)
    _an_order_is_given(story)
    owner = _the_owner_hands_in_a_report(story, path)
    case = _a_case_is_opened_and_cannot_be_closed(story)
    _a_claim_is_not_enough(story, owner, case)
    _evidence_is(story, owner, case)
    _the_order_is_answered(story)
    _every_figure_can_be_traced(story)


def _everybody_is_warned(story: Story) -> None:
    page = story.window(making.person(Role.ADMINISTRATOR))
    page.goto("/advisories/publisher/")
    page.get_by_label("Name").fill("National CERT")
    page.get_by_label("Web address of the authority").fill("https://cert.example")
    page.get_by_role("button", name="Save").click()
    page = story.desk()
    said = complaints_of(page)
    page.goto("/advisories/new/")
    page.get_by_label("Campaign").select_option(label="ProxyLogon (Exchange Server, 2021)")
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("button", name="Save").click()
    page.get_by_label("What changed").fill("First version.")
    page.get_by_role("button", name="Publish").click()
    address = page.url
    public = story.window()
    public.goto(address)
    expect(public.get_by_text("CVE-2021-26855").first).to_be_visible()
    assert faults(public) == []
    assert said == []


def _a_census_comes_in(story: Story) -> None:
    story.clock.to(datetime(2021, 3, 5, 8, tzinfo=UTC))
    day = date(2021, 3, 5)
    file = census.write(story.folder, day, [census.row(day, "192.0.2.8", hostname=SERVER)])
    page = story.desk()
    page.goto("/snapshots/new/")
    page.get_by_label("Census file").set_input_files(file)
    page.get_by_label("Scope").fill("all")
    page.get_by_label("Method and its version").fill("exchange-build 1")
    page.get_by_role("button", name="Take in").click()
    work()
    page.goto("/campaigns/proxylogon/servers/")
    row = page.get_by_role("row", name=re.compile(SERVER))
    expect(row).to_contain_text("Contoso Health")
    expect(row).to_contain_text("vulnerable")


def _the_owner_is_told(story: Story) -> str:
    page = story.desk()
    page.goto("/notices/batches/new/")
    page.get_by_label("Campaign").select_option("proxylogon")
    page.get_by_label("About").select_option("vulnerable")
    page.get_by_role("button", name="Count").click()
    expect(page.get_by_role("status")).to_contain_text("1 server of 1 organisation")
    page.get_by_role("button", name="Plan it").click()
    work()
    page.reload()
    page.get_by_role("link", name="Read every message").click()
    expect(page.get_by_text("it@fabrikam.example").first).to_be_visible()
    assert not story.box.received(), "a dry run sends nothing"
    page.go_back()
    page.get_by_role("button", name="Approve, in my name").click()
    work()
    (raw,) = story.box.kept()
    message = email.message_from_bytes(raw, policy=email.policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    text = str(body.get_content())
    assert "192.0.2.8" in text
    assert message["DKIM-Signature"]
    (link,) = LINK.findall(text)
    return str(link).rstrip(".")


def _an_order_is_given(story: Story) -> None:
    page = story.desk()
    page.goto("/directives/ed-21-02/addressees/")
    page.get_by_label("Number of the organisation").fill(str(story.owner.pk))
    page.get_by_role("button", name="Save").click()
    page.goto("/directives/ed-21-02/")
    page.get_by_role("button", name="Put in force").click()
    work()
    page.goto(f"/directives/ed-21-02/organisations/{story.owner.pk}/")
    expect(page.get_by_text("before 2021-04-16 00:01 EDT").first).to_be_visible()
    expect(page.get_by_text("0 proven")).to_be_visible()


def _the_owner_hands_in_a_report(story: Story, address: str) -> Page:
    story.clock.to(datetime(2021, 3, 8, 11, tzinfo=UTC))
    dirty = story.folder / "dirty.zip"
    dirty.write_bytes(owners.evidence(story.folder, owners.before_removal(), nonce="none"))
    report = story.folder / "assessment.json"
    report.write_bytes(_assessed(dirty))
    page = story.window()
    said = complaints_of(page)
    page.goto(address)
    expect(page.get_by_text("192.0.2.8")).to_have_count(0)
    assert not OwnerLink.objects.filter(opened__isnull=False).exists(), "a look changes nothing"
    page.get_by_role("button", name="Show me").click()
    expect(page.get_by_text("192.0.2.8").first).to_be_visible()
    assert faults(page) == []
    page.get_by_label("assessment.json").set_input_files(report)
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_text("report assessment.json about")).to_be_visible()
    assert said == []
    work()
    assert HandIn.objects.get().grade == "self-reported"
    assert Standing.objects.get().compromise == "confirmed"
    return page


def _assessed(evidence: Path) -> bytes:
    """What `tocsin assess --json --redact` writes."""
    command = [sys.executable, "-m", "tocsin.cli", "assess", str(evidence), "--json", "--workers", "1"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 20, done.stderr
    return done.stdout


def _a_case_is_opened_and_cannot_be_closed(story: Story) -> str:
    page = story.desk()
    page.goto(f"/hand-ins/{HandIn.objects.get().pk}/")
    expect(page.get_by_text("it is a report that somebody else made")).to_be_visible()
    page.get_by_role("button", name="Confirm what it says").click()
    work()
    case = Case.objects.get(kind="webshell")
    page.goto(f"/cases/{case.pk}/")
    assert faults(page) == []
    page.get_by_role("button", name="Close as verified removed").click()
    expect(page.get_by_role("alert")).to_be_visible()
    case.refresh_from_db()
    assert case.closed is None
    return f"/cases/{case.pk}/"


def _a_claim_is_not_enough(story: Story, owner: Page, case: str) -> None:
    story.clock.to(datetime(2021, 3, 10, 12, tzinfo=UTC))
    owner.reload()
    if owner.get_by_role("button", name="Show me").is_visible():
        owner.get_by_role("button", name="Show me").click()
    owner.get_by_label("We have removed the web shell").check()
    owner.get_by_label("In your words").fill("Deleted it from owa/auth and restarted IIS.")
    owner.get_by_role("button", name="Answer").click()
    work()
    page = story.desk()
    page.goto(case)
    expect(page.get_by_text("removal-claimed").first).to_be_visible()
    page.get_by_role("button", name="Close as verified removed").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert not Case.objects.filter(closed__isnull=False).exists()


def _evidence_is(story: Story, owner: Page, case: str) -> None:
    story.clock.to(datetime(2021, 3, 12, 9, tzinfo=UTC))
    link = OwnerLink.objects.get()
    clean = story.folder / "after.zip"
    clean.write_bytes(owners.evidence(story.folder, owners.scenario(), nonce=owners.newest_nonce(link)))
    owner.reload()
    if owner.get_by_role("button", name="Show me").is_visible():
        owner.get_by_role("button", name="Show me").click()
    owner.get_by_label("Evidence", exact=True).set_input_files(clean)
    owner.get_by_role("button", name="Send the evidence").click()
    work()
    held = HandIn.objects.get(form="evidence")
    assert (held.state, held.grade, held.fault) == ("open", "re-assessed", "")
    page = story.desk()
    page.goto(f"/hand-ins/{held.pk}/")
    expect(page.get_by_text("Nothing stands against it")).to_be_visible()
    assert faults(page) == []
    page.get_by_role("button", name="Confirm and close: verified clean").click()
    work()
    assert Standing.objects.get().compromise == "verified-clean"
    page.goto(case)
    page.get_by_role("button", name="Close as verified removed").click()
    expect(page.get_by_text("verified-removed").first).to_be_visible()


def _the_order_is_answered(story: Story) -> None:
    work()
    page = story.desk()
    page.goto(f"/directives/ed-21-02/organisations/{story.owner.pk}/")
    expect(page.get_by_text("proven").first).to_be_visible()
    expect(page.get_by_text(" 0 proven")).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_role("link", name="Filled workbook").click()
    assert download.value.path().read_bytes()[:2] == b"PK"


def _every_figure_can_be_traced(story: Story) -> None:
    """The report's figures are those of the chain of events, and the chain is whole."""
    day = date(2021, 3, 12)
    fixed = census.row(day, "192.0.2.8", "15.1.2106.13", tag="exchange", hostname=SERVER, hour=9)
    import_file(census.write(story.folder, day, [fixed]), Terms(scope="all", method="exchange-build 1"))
    story.clock.to(story.clock.now() + timedelta(minutes=5))
    work()
    page = story.desk()
    page.goto("/situation/report/?campaign=proxylogon")
    expect(page.get_by_text("verified-clean").first).to_be_visible()
    assert faults(page) == []
    figures = page.request.get("/situation/report.json?campaign=proxylogon").json()
    assert '"verified-clean": 1' in json.dumps(figures)
    clean = Event.objects.filter(after="verified-clean").get()
    assert clean.subject == f"server:{Standing.objects.get().server_id}"
    cause = Event.objects.filter(kind="decision", pk__lt=clean.pk).order_by("-pk").first()
    assert cause
    assert cause.detail["evidence"] == f"sha256:{HandIn.objects.get(form='evidence').digest}"
    assert cause.actor == f"user:{story.analyst.pk}"
    columns = [field.attname for field in Event._meta.fields]
    rows = Event.objects.order_by("id").values_list(*columns)
    assert verify(_event(row) for row in rows).problems == ()
