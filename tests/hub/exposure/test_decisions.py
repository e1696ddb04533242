"""Decisions about servers: who may, what follows, what the chain keeps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from tests.hub.census import rows

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import Membership, User
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.campaigns.services import load_campaigns
from tocsin.hub.census.services import Terms, import_file
from tocsin.hub.constituency.models import Claim, Organisation
from tocsin.hub.exposure import proof, selectors, services
from tocsin.hub.exposure.audit import export, from_lines
from tocsin.hub.exposure.models import Decision, Event, Standing
from tocsin.hub.exposure.services import Ruling
from tocsin.hub.rules.chain import Chained, verify
from tocsin.hub.rules.decisions import Kind
from tocsin.hub.rules.words import Compromise, Exposure, Grade, Role

DAY = date(2021, 3, 10)


@pytest.fixture
def census(db: None, tmp_path: Path) -> Campaign:  # noqa: ARG001 - opens the database
    """Two servers of one organisation, one of nobody's."""
    load_campaigns()
    contoso = Organisation.objects.create(name="Contoso", sector="energy")
    Claim.objects.create(organisation=contoso, kind="cidr", value="192.0.2.0/24")
    found = [
        rows.row(DAY, "192.0.2.7"),
        rows.row(DAY, "192.0.2.8", tag="exchange;webshell"),
        rows.row(DAY, "203.0.113.5"),
    ]
    import_file(rows.write(tmp_path, DAY, found), Terms(scope="all", method="1"))
    return Campaign.objects.get(key="proxylogon")


def standing(ip: str = "192.0.2.7") -> Standing:
    return Standing.objects.select_related("server", "organisation").get(server__ip=ip)


def decide(by: User, campaign: Campaign, kind: Kind, ip: str = "192.0.2.7", **rest: object) -> None:
    ruling = Ruling(kind=kind, reason="because", **rest)  # type: ignore[arg-type]  # varied
    services.decide(by=by, campaign=campaign, servers=[standing(ip).server_id], ruling=ruling)


def test_owners_and_shells(census: Campaign) -> None:
    assert census.key == "proxylogon"
    first = standing()
    assert first.organisation
    assert (first.organisation.name, first.sector, first.exposure, first.compromise) == (
        "Contoso",
        "energy",
        "vulnerable",
        "unknown",
    )
    second = standing("192.0.2.8")
    assert (second.compromise, second.shell_seen, second.exposure) == ("suspected", DAY, "vulnerable")
    assert standing("203.0.113.5").organisation is None


def test_a_false_positive_ends_by_a_chore(census: Campaign, person: Callable[..., User]) -> None:
    until = timezone.now().date() + timedelta(days=30)
    decide(person(Role.ANALYST), census, Kind.FALSE_POSITIVE, until=until)
    assert standing().exposure == Exposure.FALSE_POSITIVE
    assert not services.expire()
    Decision.objects.update(at=timezone.now() - timedelta(days=90), until=DAY)
    Standing.objects.filter(exposure=Exposure.FALSE_POSITIVE).update(false_positive_until=DAY)
    assert services.expire()
    assert not services.expire()
    again = standing()
    assert (again.exposure, again.opened, again.reopened) == ("vulnerable", DAY, 0)


def test_taken_back(census: Campaign, person: Callable[..., User]) -> None:
    analyst = person(Role.ANALYST)
    decide(analyst, census, Kind.RETIRED)
    assert standing().exposure == Exposure.RETIRED
    decision = Decision.objects.get()
    services.withdraw(by=analyst, decision=decision, reason="the wrong server")
    assert standing().exposure == Exposure.VULNERABLE
    with pytest.raises(UsageFault, match="taken back before"):
        services.withdraw(by=analyst, decision=decision, reason="again")


def test_from_found_to_verified_clean(
    census: Campaign, person: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owners' app holds evidence and is asked; here somebody stands in for it."""
    monkeypatch.setattr(proof, "WITNESSES", [lambda _: None])
    analyst, ip = person(Role.ANALYST), "192.0.2.8"
    decide(
        analyst,
        census,
        Kind.ASSESSMENT,
        ip,
        compromise=Compromise.CONFIRMED,
        residual="present",
        grade=Grade.SELF_REPORTED,
    )
    assert standing(ip).compromise == "confirmed"
    clean = {
        "exposure": Exposure.PATCHED,
        "compromise": Compromise.CONFIRMED,
        "residual": "none-seen",
        "clean": True,
        "evidence": f"sha256:{'a' * 64}",
    }
    decide(analyst, census, Kind.ASSESSMENT, ip, grade=Grade.RE_ASSESSED, **clean)
    assert (standing(ip).compromise, standing(ip).exposure) == ("confirmed", "patch-verified")
    decide(analyst, census, Kind.REMOVED, ip)
    assert standing(ip).compromise == "removed"
    decide(analyst, census, Kind.ASSESSMENT, ip, grade=Grade.RE_ASSESSED, **clean)
    assert (standing(ip).compromise, standing(ip).worst) == ("verified-clean", "confirmed")


def test_a_word_is_no_proof(census: Campaign, person: Callable[..., User]) -> None:
    with pytest.raises(UsageFault, match="no re-assessed evidence is held that shows it"):
        decide(
            person(Role.ANALYST),
            census,
            Kind.ASSESSMENT,
            grade=Grade.RE_ASSESSED,
            residual="none-seen",
            clean=True,
            evidence=f"sha256:{'a' * 64}",
        )
    assert not Decision.objects.exists()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER])
def test_readers_decide_nothing(census: Campaign, person: Callable[..., User], role: Role) -> None:
    with pytest.raises(PermissionDenied):
        decide(person(role), census, Kind.RETIRED)
    assert not Decision.objects.exists()


def test_all_or_none(census: Campaign, person: Callable[..., User]) -> None:
    with pytest.raises(PermissionDenied):
        services.decide(
            by=person(Role.ANALYST),
            campaign=census,
            servers=[standing().server_id, 999_999],
            ruling=Ruling(kind=Kind.RETIRED, reason="because"),
        )
    with pytest.raises(UsageFault, match="needs a reason"):
        services.decide(
            by=person(Role.ADMINISTRATOR),
            campaign=census,
            servers=[standing().server_id],
            ruling=Ruling(kind=Kind.RETIRED),
        )
    assert not Decision.objects.exists()


def test_members_see_their_own_and_what_is_below(census: Campaign, person: Callable[..., User]) -> None:
    member = person(Role.MEMBER)
    assert not selectors.visible_to(member).exists()
    above = Organisation.objects.create(name="Above")
    Organisation.objects.filter(name="Contoso").update(parent=above)
    Membership.objects.create(user=member, organisation=above)
    assert {one.server.ip for one in selectors.visible_to(member)} == {"192.0.2.7", "192.0.2.8"}
    assert not selectors.events_visible_to(member).exists()
    assert selectors.events_of(member, standing().server_id).exists()
    assert not selectors.events_of(member, standing("203.0.113.5").server_id).exists()
    assert selectors.visible_to(person(Role.VIEWER)).count() == 3
    assert census.active


def chain() -> list[Chained]:
    return [
        Chained(
            number=one.pk,
            at=one.at,
            recorded=one.recorded,
            actor=one.actor,
            kind=one.kind,
            subject=one.subject,
            campaign=one.campaign,
            before=one.before,
            after=one.after,
            detail=one.detail,
            digest=one.digest,
        )
        for one in Event.objects.order_by("id")
    ]


def test_the_chain_holds_and_shows_what_was_changed(
    census: Campaign, person: Callable[..., User], tmp_path: Path
) -> None:
    decide(person(Role.ANALYST), census, Kind.RETIRED)
    assert verify(chain()).sound
    kinds = [one.kind for one in chain()]
    assert kinds.count("exposure") == 4
    assert kinds.count("compromise") == 1
    assert kinds.count("decision") == 1
    assert export(chain(), tmp_path / "events.jsonl") == len(kinds)
    assert list(from_lines(tmp_path / "events.jsonl")) == chain()
    Event.objects.filter(pk=2).update(after="patched")
    assert [one.partition(":")[0] for one in verify(chain()).problems] == ["event 2"]


def test_paths(census: Campaign) -> None:
    found = list(selectors.paths([standing().server_id]))
    assert [(one.campaign, one.steps) for one in found] == [(census.pk, ((DAY, Exposure.VULNERABLE),))]
