"""Only later, re-assessed evidence and a named analyst close a case: in the rows and in the services."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone
from tests.hub import making as hub
from tests.hub.cases import making

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.cases import services
from tocsin.hub.cases.keeping import take_back
from tocsin.hub.cases.models import Case, Fact
from tocsin.hub.cases.moving import refold
from tocsin.hub.exposure.models import Decision, Event, Standing
from tocsin.hub.rules.cases import CaseKind, CaseState, FactKind, Source
from tocsin.hub.rules.handins import State
from tocsin.hub.rules.words import Grade, Role

pytestmark = pytest.mark.django_db
CLOSED = CaseState.VERIFIED_REMOVED


@pytest.fixture
def analyst() -> User:
    return hub.person(name="A. Analyst")


@pytest.fixture
def claimed(analyst: User) -> Case:
    """A case whose removal is claimed a day after it was found."""
    case = making.case()
    services.claim_removed([case.pk], by=analyst, reason="deleted", at=making.later(1))
    case.refresh_from_db()
    return case


def test_later_evidence_and_a_name_close_it(claimed: Case, analyst: User) -> None:
    assert claimed.server
    assert claimed.state == CaseState.REMOVAL_CLAIMED
    evidence = making.hand_in(claimed.server, 2)
    closed = services.verify(claimed.pk, evidence.pk, by=analyst)
    assert (closed.state, closed.hand_in, closed.closed_by, closed.collected) == (
        CLOSED,
        evidence,
        analyst,
        evidence.collected,
    )
    told = Event.objects.filter(kind="case", subject=f"case:{claimed.pk}").order_by("id")
    assert [(one.before, one.after) for one in told] == [
        ("found", "found"),
        ("found", "removal-claimed"),
        ("removal-claimed", "verified-removed"),
    ]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"form": "report", "grade": Grade.SELF_REPORTED, "shown_clean": False}, "this is self-reported"),
        ({"grade": Grade.EVIDENCE_HELD, "shown_clean": False}, "this is evidence-held"),
        ({"days": 1}, "collected after the claim"),
        ({"days": 0.5}, "collected after the claim"),
        ({"days": -1}, "the last day on which it was seen"),
        ({"shells": []}, "does not say what became of it"),
        ({"shells": [making.shell("present")], "shells_gone": False, "shown_clean": False}, "still there"),
        ({"shells": [making.shell("not-served-since")]}, "not served any more, which is not removed"),
        ({"shells": [making.shell("unknown")]}, "cannot tell"),
        ({"shells": [making.shell("absent-on-disk", "/ecp/auth/other.aspx")]}, "does not say"),
        ({"shells": [making.shell("absent-on-disk"), making.shell("present")]}, "still there"),
    ],
)
def test_anything_less_is_refused(claimed: Case, analyst: User, wrong: dict[str, Any], says: str) -> None:
    assert claimed.server
    evidence = making.hand_in(claimed.server, **wrong)
    with pytest.raises(UsageFault, match="cannot be closed") as refused:
        services.verify(claimed.pk, evidence.pk, by=analyst)
    assert says in str(refused.value)
    claimed.refresh_from_db()
    assert claimed.state == CaseState.REMOVAL_CLAIMED
    assert not Fact.objects.filter(kind=FactKind.VERIFIED).exists()


def test_what_the_examination_asked_after_is_its_answer(analyst: User) -> None:
    server = hub.server(owner=making.own())
    case, other = making.case(server), making.case(server, url="/ecp/auth/other.aspx")
    services.claim_removed([case.pk, other.pk], by=analyst, reason="deleted", at=making.later(1))
    silent = making.hand_in(server, 2, shells=[], asked={making.SHELL: "absent-on-disk"})
    with pytest.raises(UsageFault, match="does not say what became of it"):
        services.verify(other.pk, silent.pk, by=analyst)
    assert services.verify(case.pk, silent.pk, by=analyst).state == CLOSED
    for answer, says in (
        ("cannot-tell", "cannot tell"),
        ("not-served-since", "not removed"),
        ("x", "not say"),
    ):
        unsure = making.hand_in(server, 3, shells=[], asked={other.key: answer})
        with pytest.raises(UsageFault, match=says):
            services.verify(other.pk, unsure.pk, by=analyst)


def test_an_assessment_that_names_it_beforehand_is_no_answer(analyst: User) -> None:
    """Neither an edited report that calls it gone, nor one that pushes the true one out of sight."""
    server = hub.server(owner=making.own())
    case = making.case(server)
    services.claim_removed([case.pk], by=analyst, reason="deleted", at=making.later(1))
    said = {"form": "report", "grade": Grade.SELF_REPORTED, "shown_clean": False}
    for days in range(7):
        making.hand_in(server, 1 + days / 10, **said)
    silent = making.hand_in(server, 2, shells=[])
    with pytest.raises(UsageFault, match="does not say what became of it"):
        services.verify(case.pk, silent.pk, by=analyst)


def test_a_nonce_from_before_the_claim_closes_nothing(claimed: Case, analyst: User) -> None:
    assert claimed.server
    evidence = making.hand_in(claimed.server, 2)
    assert evidence.nonce
    evidence.nonce.issued = making.later(0.9)
    evidence.nonce.save()
    with pytest.raises(UsageFault, match="nonce that was given after the claim"):
        services.verify(claimed.pk, evidence.pk, by=analyst)


@pytest.mark.parametrize(
    ("state", "identity", "refused"),
    [
        ("open", "unknown", True),
        ("confirmed", "same", True),
        ("refused", "same", False),
        ("open", "different", False),
    ],
)
def test_bad_news_since_then_keeps_it_open(
    claimed: Case, analyst: User, state: str, identity: str, *, refused: bool
) -> None:
    assert claimed.server
    said = {"form": "report", "grade": Grade.SELF_REPORTED, "shown_clean": False, "residual": "present"}
    newer = making.hand_in(
        claimed.server, 3, state=state, identity=identity, shells=[making.shell()], shells_gone=False, **said
    )
    evidence = making.hand_in(claimed.server, 2)
    if refused:
        with pytest.raises(UsageFault, match=f"hand-in {newer.pk} .* says that it is there"):
            services.verify(claimed.pk, evidence.pk, by=analyst)
    else:
        assert services.verify(claimed.pk, evidence.pk, by=analyst).state == CLOSED


def test_a_compromise_is_not_over_where_the_server_is_not_clean_any_more(analyst: User) -> None:
    case = making.case(kind=CaseKind.COMPROMISE)
    assert case.server
    standing = hub.standing(case.server, case.campaign, compromise="verified-clean")
    services.claim_removed([case.pk], by=analyst, reason="rebuilt", at=making.later(1))
    evidence = making.hand_in(case.server)
    Standing.objects.filter(pk=standing.pk).update(compromise="suspected")
    with pytest.raises(UsageFault, match="bad news since"):
        services.verify(case.pk, evidence.pk, by=analyst)
    Standing.objects.filter(pk=standing.pk).update(compromise="verified-clean")
    assert services.verify(case.pk, evidence.pk, by=analyst).state == CLOSED


def test_no_evidence_or_that_of_another_server_or_not_accepted(claimed: Case, analyst: User) -> None:
    assert claimed.server
    other = making.hand_in(hub.server("192.0.2.251", claimed.server.organisation))
    refused = making.hand_in(claimed.server, state=State.REFUSED, shown_clean=False)
    waiting = making.hand_in(
        claimed.server, state=State.OPEN, decided=None, decided_by=None, shown_clean=False
    )
    for number in (None, other.pk, refused.pk, waiting.pk, 999_999):
        with pytest.raises(UsageFault, match="no evidence was handed in"):
            services.verify(claimed.pk, number, by=analyst)


def test_without_a_claim_nothing_is_closed(analyst: User) -> None:
    case = making.case()
    assert case.server
    with pytest.raises(UsageFault, match="nobody claims it yet"):
        services.verify(case.pk, making.hand_in(case.server).pk, by=analyst)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER])
def test_who_only_reads_closes_nothing(claimed: Case, role: Role) -> None:
    assert claimed.server
    assert claimed.organisation
    somebody = hub.member(claimed.organisation) if role is Role.MEMBER else hub.person(role)
    evidence = making.hand_in(claimed.server)
    with pytest.raises(PermissionDenied):
        services.verify(claimed.pk, evidence.pk, by=somebody)
    with pytest.raises(PermissionDenied):
        services.accept_risk([claimed.pk], by=somebody, reason="x", review=date(2099, 1, 1))


@pytest.mark.parametrize("missing", ["hand_in", "closed_by", "collected", "claimed"])
def test_the_rows_refuse_it_too(claimed: Case, analyst: User, missing: str) -> None:
    assert claimed.server
    whole = {
        "hand_in": making.hand_in(claimed.server),
        "closed_by": analyst,
        "collected": making.later(2),
        "closed": making.later(2),
        "claimed": making.later(1),
        "state": CLOSED,
    }
    with pytest.raises(IntegrityError, match="removal_by_later_evidence"), transaction.atomic():
        Case.objects.filter(pk=claimed.pk).update(**{**whole, missing: None})
    with pytest.raises(IntegrityError, match="removal_by_later_evidence"), transaction.atomic():
        Case.objects.filter(pk=claimed.pk).update(**{**whole, "collected": making.later(1)})
    with pytest.raises(IntegrityError, match="removal_by_later_evidence"), transaction.atomic():
        Case.objects.filter(pk=claimed.pk).update(**{**whole, "seen_until": making.later(3)})
    claimed.state = CLOSED
    with pytest.raises(IntegrityError, match="removal_by_later_evidence"), transaction.atomic():
        claimed.save()
    assert Case.objects.filter(pk=claimed.pk).update(**whole) == 1


@pytest.mark.parametrize("missing", ["hand_in", "by", "grade", "gone"])
def test_a_verification_without_its_parts_is_no_row(claimed: Case, analyst: User, missing: str) -> None:
    assert claimed.server
    whole: dict[str, Any] = {
        "hand_in": making.hand_in(claimed.server),
        "by": analyst,
        "grade": Grade.RE_ASSESSED,
        "gone": True,
    }
    less = {"grade": Grade.EVIDENCE_HELD, "gone": False}
    whole[missing] = less.get(missing)
    with pytest.raises(IntegrityError, match="verified_by_evidence_and_name"), transaction.atomic():
        Fact.objects.create(case=claimed, kind=FactKind.VERIFIED, at=making.later(2), **whole)


@pytest.mark.parametrize(
    "wrong",
    [
        {"grade": Grade.EVIDENCE_HELD, "shown_clean": False},
        {"state": State.REFUSED, "shown_clean": False},
        {"days": 1.5},
        {"elsewhere": True},
    ],
)
def test_a_verification_by_another_hand_in_than_it_says_counts_for_nothing(
    claimed: Case, analyst: User, wrong: dict[str, Any]
) -> None:
    assert claimed.server
    wrong = dict(wrong)
    elsewhere = wrong.pop("elsewhere", False)
    server = hub.server("192.0.2.251", claimed.organisation) if elsewhere else claimed.server
    told = {"hand_in": making.hand_in(server, **wrong), "by": analyst, "gone": True}
    row = {"kind": FactKind.VERIFIED, "at": making.later(2), "grade": Grade.RE_ASSESSED}
    claimed.facts.create(**row, **told)
    assert refold([claimed.pk]) == {claimed.pk: CaseState.REMOVAL_CLAIMED}
    claimed.facts.create(**row, **{**told, "hand_in": making.hand_in(claimed.server)})
    assert refold([claimed.pk]) == {claimed.pk: CLOSED}


def test_an_exception_is_signed_and_ends(claimed: Case, analyst: User) -> None:
    today = timezone.now().date()
    for reason, review in (
        ("", today + timedelta(days=9)),
        ("x", None),
        ("x", today),
        ("x", date(2999, 1, 1)),
    ):
        with pytest.raises(UsageFault):
            services.accept_risk([claimed.pk], by=analyst, reason=reason, review=review)
    review = today + timedelta(days=30)
    assert services.accept_risk([claimed.pk], by=analyst, reason="to be retired", review=review)
    claimed.refresh_from_db()
    assert (claimed.state, claimed.exception, claimed.closed_by, claimed.due) == (
        CaseState.ACCEPTED_RISK,
        "to be retired",
        analyst,
        review,
    )
    with pytest.raises(IntegrityError, match="risk_accepted_by_name"), transaction.atomic():
        Case.objects.filter(pk=claimed.pk).update(exception="")
    with pytest.raises(IntegrityError, match="exception_signed"), transaction.atomic():
        Fact.objects.create(case=claimed, kind=FactKind.RISK_ACCEPTED, at=making.later(2), reason="x")


def test_seen_again_it_reappears(claimed: Case, analyst: User) -> None:
    assert claimed.server
    services.verify(claimed.pk, making.hand_in(claimed.server).pk, by=analyst)
    same = making.case(claimed.server, at=making.later(3), source=Source.CENSUS, url="")
    assert same == claimed
    assert (same.state, same.reopened, same.hand_in, same.closed) == (CaseState.REAPPEARED, 1, None, None)
    last = Event.objects.filter(subject=f"case:{claimed.pk}").order_by("-id")[0]
    assert (last.before, last.after) == ("verified-removed", "reappeared")
    with pytest.raises(UsageFault, match="seen again since"):
        services.verify(claimed.pk, making.hand_in(claimed.server, 4).pk, by=analyst)


def test_an_assessment_that_is_taken_back_opens_it_again(claimed: Case, analyst: User) -> None:
    assert claimed.server
    decision = Decision.objects.create(
        server=claimed.server, campaign=claimed.campaign, kind="assessment", at=making.later(2), by=analyst
    )
    services.verify(claimed.pk, making.hand_in(claimed.server, decision=decision).pk, by=analyst)
    assert not take_back()
    Decision.objects.create(
        server=claimed.server,
        campaign=claimed.campaign,
        kind="withdrawn",
        at=making.later(3),
        by=analyst,
        reason="x",
        supersedes=decision,
    )
    assert take_back()
    assert not take_back()
    claimed.refresh_from_db()
    assert claimed.state == CaseState.REMOVAL_CLAIMED


def test_a_compromise_closes_after_its_web_shells(claimed: Case, analyst: User) -> None:
    assert claimed.server
    other = making.case(claimed.server, kind=CaseKind.COMPROMISE)
    services.claim_removed([other.pk], by=analyst, reason="rebuilt", at=making.later(1))
    evidence = making.hand_in(claimed.server)
    with pytest.raises(UsageFault, match="1 is not"):
        services.verify(other.pk, evidence.pk, by=analyst)
    services.verify(claimed.pk, evidence.pk, by=analyst)
    assert services.verify(other.pk, evidence.pk, by=analyst).state == CLOSED


def test_claims_need_a_reason_and_a_past(claimed: Case, analyst: User, person: Callable[..., User]) -> None:
    with pytest.raises(UsageFault, match="needs a reason"):
        services.claim_removed([claimed.pk], by=analyst, reason=" ")
    with pytest.raises(UsageFault, match="about the future"):
        services.claim_removed([claimed.pk], by=analyst, reason="x", at=timezone.now() + timedelta(days=1))
    assert claimed.organisation
    services.claim_removed([claimed.pk], by=hub.member(claimed.organisation), reason="we deleted it")
    stranger = hub.member(hub.organisation("Other"))
    for somebody in (stranger, person(Role.VIEWER)):
        with pytest.raises(PermissionDenied):
            services.claim_removed([claimed.pk], by=somebody, reason="x")
