"""Cases out of censuses, accepted assessments and owners' answers: once each, and again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from tests.hub import making as hub
from tests.hub.cases import making
from tests.hub.census import rows

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.campaigns.services import load_campaigns
from tocsin.hub.cases import keeping, services, taking_in
from tocsin.hub.cases.alike import compare
from tocsin.hub.cases.chores import CHORES
from tocsin.hub.cases.models import Case, Cluster, Fact
from tocsin.hub.census.models import Server
from tocsin.hub.census.services import Terms, import_file
from tocsin.hub.exposure.models import Standing
from tocsin.hub.exposure.seldom import seldom
from tocsin.hub.owners.models import Answer, HandIn
from tocsin.hub.rules.cases import CLOSED, CaseKind, CaseState, FactKind
from tocsin.hub.rules.handins import State
from tocsin.hub.rules.words import Grade

pytestmark = pytest.mark.django_db
FIRST = date(2021, 3, 10)


def take(tmp_path: Path, day: date, *seen: str) -> None:
    """Take in a census of servers, some with a web shell, and work off what follows."""
    found = [
        rows.row(day, ip.strip("!"), tag="exchange;webshell" if ip[-1] == "!" else "exchange") for ip in seen
    ]
    import_file(rows.write(tmp_path, day, found), Terms(scope="all", method="1"))
    while sum(chore() for chore in CHORES):
        pass


def test_a_census_opens_one_case_a_server_and_sees_it_come_back(tmp_path: Path) -> None:
    load_campaigns()
    analyst = hub.person(name="A")
    take(tmp_path, FIRST, "192.0.2.7!", "192.0.2.8!", "192.0.2.9")
    take(tmp_path, FIRST + timedelta(days=1), "192.0.2.7!", "192.0.2.8")
    cases = list(Case.objects.filter(campaign__key="proxylogon").order_by("server__ip"))
    assert [(one.server and one.server.ip, one.key, one.state, one.source) for one in cases] == [
        ("192.0.2.7", "", "found", "census"),
        ("192.0.2.8", "", "found", "census"),
    ]
    first = cases[0]
    assert first.facts.count() == 2
    services.claim_removed([first.pk], by=analyst, reason="x", at=making.later(9))
    take(tmp_path, FIRST + timedelta(days=2), "192.0.2.7")
    first.refresh_from_db()
    assert first.state == CaseState.REMOVAL_CLAIMED
    take(tmp_path, FIRST + timedelta(days=5), "192.0.2.7!")
    first.refresh_from_db()
    assert (first.state, first.reopened) == (CaseState.REAPPEARED, 1)
    assert Case.objects.filter(campaign__key="proxylogon").count() == 2


def test_an_assessment_names_the_case_that_had_no_path_and_opens_the_others() -> None:
    server = hub.server(owner=making.own())
    unnamed = making.case(server, url="", reason="a census")
    shells = [
        making.shell(url="/owa/auth/a.aspx", sha256="ab" * 32),
        making.shell("absent-on-disk", "/ecp/auth/b.aspx", last_seen=making.DAY.isoformat()),
    ]
    evidence = making.hand_in(
        server, 3, shells=shells, shown_clean=False, residual="present", shells_gone=False
    )
    assert taking_in.from_assessments()
    assert not taking_in.from_assessments()
    found = list(Case.objects.filter(kind=CaseKind.WEBSHELL).order_by("id"))
    assert [(one.pk == unnamed.pk, one.key, one.seen_until) for one in found] == [
        (True, "/owa/auth/a.aspx", evidence.collected),
        (False, "/ecp/auth/b.aspx", making.DAY),
    ]
    assert found[0].sha256 == "ab" * 32
    compromise = Case.objects.get(kind=CaseKind.COMPROMISE)
    assert compromise.seen_until == evidence.collected


@pytest.mark.parametrize("state", [State.OPEN, State.REFUSED, State.UNREADABLE])
def test_what_nobody_accepted_opens_nothing(state: State) -> None:
    decided = {} if state is State.REFUSED else {"decided": None, "decided_by": None}
    making.hand_in(hub.server(owner=making.own()), state=state, shown_clean=False, **decided)
    assert not taking_in.from_assessments()
    assert not Case.objects.exists()


REPORTS = [
    None,
    [],
    {"verdicts": 3},
    {"verdicts": [3, {"campaign": "proxylogon"}]},
    {"verdicts": [{"campaign": "proxylogon", "webshells": [7, {"url": 3, "path": [], "presence": {}}]}]},
    {"verdicts": [{"campaign": "proxylogon", "clusters": {}, "webshells": {"a": 1}, "last_seen": "never"}]},
    {"verdicts": [{"campaign": "proxylogon", "webshells": [{"url": "/a?b", "examination": 3, "sha256": 5}]}]},
]


@pytest.mark.parametrize("report", REPORTS)
def test_a_strange_report_is_read_as_far_as_it_goes(report: object) -> None:
    making.hand_in(hub.server(owner=making.own()), report=report)
    assert taking_in.from_assessments()
    assert Case.objects.filter(kind=CaseKind.COMPROMISE).count() == 1


def test_the_second_evidence_shows_it_gone_and_does_not_open_it() -> None:
    server, analyst = hub.server(owner=making.own()), hub.person(name="A")
    making.hand_in(
        server, 1, shells=[making.shell()], residual="present", shells_gone=False, shown_clean=False
    )
    assert taking_in.from_assessments()
    numbers = list(Case.objects.order_by("id").values_list("pk", flat=True))
    services.claim_removed(numbers, by=analyst, reason="deleted", at=making.later(2))
    clean = making.hand_in(server, 3)
    assert taking_in.from_assessments()
    assert set(Case.objects.values_list("state", flat=True)) == {CaseState.REMOVAL_CLAIMED}
    for number in numbers:
        services.verify(number, clean.pk, by=analyst)
    making.hand_in(
        server, 5, shells=[making.shell()], residual="present", shells_gone=False, shown_clean=False
    )
    assert taking_in.from_assessments()
    assert set(Case.objects.values_list("state", flat=True)) == {CaseState.REAPPEARED}


def test_whoever_asks_for_a_page_that_is_gone_does_not_bring_it_back() -> None:
    """An address is asked for after the removal and gives nothing: ``last_seen`` is of that request."""
    server, analyst = hub.server(owner=making.own()), hub.person(name="A")
    case = making.case(server, url="/owa/auth/a.aspx")
    services.claim_removed([case.pk], by=analyst, reason="deleted", at=making.later(2))
    gone = making.shell(
        "absent-on-disk",
        "/owa/auth/a.aspx",
        last_seen=making.later(3).isoformat(),
        not_served_since=making.later(3).isoformat(),
        clients=[{"last_seen": making.later(1).isoformat()}],
    )
    clean = making.hand_in(server, 4, shells=[gone])
    assert taking_in.from_assessments()
    case.refresh_from_db()
    assert case.state == CaseState.REMOVAL_CLAIMED
    services.verify(case.pk, clean.pk, by=analyst)
    case.refresh_from_db()
    assert case.state == CaseState.VERIFIED_REMOVED


def test_owners_answer_by_their_link() -> None:
    server = hub.server(owner=making.own())
    case, elsewhere = making.case(server), making.case(hub.server("192.0.2.2"))
    link = making._link(server, case.campaign)
    assert link
    link.servers.set([server.pk])
    Answer.objects.create(link=link, kind="acknowledged", at=making.later(1))
    assert taking_in.from_owners()
    case.refresh_from_db()
    assert case.state == CaseState.ACKNOWLEDGED
    Answer.objects.create(
        link=link, kind="removal-claimed", at=making.later(2), text="deleted", server=server
    )
    Answer.objects.create(link=link, kind="help", at=making.later(2))
    assert taking_in.from_owners()
    assert not taking_in.from_owners()
    case.refresh_from_db()
    elsewhere.refresh_from_db()
    assert (case.state, case.claimed, elsewhere.state) == (
        CaseState.REMOVAL_CLAIMED,
        making.later(2),
        CaseState.FOUND,
    )


def test_alike_across_organisations() -> None:
    one = making.case(url="/owa/auth/a.aspx", sha256="ab" * 32)
    other = making.case(url="/ecp/auth/x.aspx", sha256="ab" * 32)
    lone = making.case(url="/owa/auth/b.aspx", sha256="cd" * 32, sketch="0123" * 64)
    assert compare()
    assert not compare()
    for case in (one, other, lone):
        case.refresh_from_db()
    assert one.cluster == other.cluster != lone.cluster
    assert one.cluster
    assert (one.cluster.cases, one.cluster.organisations, one.cluster.why) == (2, 2, ["same content"])
    bridge = making.case(url="/owa/auth/c.aspx", sha256="ab" * 32, sketch="0123" * 63 + "ffff")
    assert compare()
    bridge.refresh_from_db()
    assert bridge.cluster
    assert (bridge.cluster.cases, bridge.cluster.why) == (4, ["code alike", "same content"])
    assert Cluster.objects.count() == 1


def test_the_queue_by_risk_and_how_it_empties() -> None:
    today = timezone.now().date()
    analyst = hub.person(name="A")
    health = hub.organisation("Hospital", sector="health")
    first = making.case(hub.server("192.0.2.2", health))
    second = making.case(hub.server("192.0.2.3", making.own()), second_hand=True)
    quiet = making.case(hub.server("192.0.2.4", making.own()))
    assert first.server
    hub.standing(first.server, exposure="patched")
    assert keeping.weigh()
    assert not keeping.weigh()
    points = dict(Case.objects.values_list("pk", "risk"))
    assert points == {first.pk: 60 + 20 + 15, second.pk: 60 + 30, quiet.pk: 0}
    review = today + timedelta(days=9)
    services.accept_risk([first.pk], by=analyst, reason="x", review=review)
    Standing.objects.update(exposure="vulnerable")
    assert keeping.weigh()
    assert Case.objects.get(pk=first.pk).risk == 0


def test_a_walk_over_all_is_not_repeated_for_nothing() -> None:
    case = making.case(hub.server("192.0.2.2"))
    chore = seldom(keeping.follow_owners)
    assert not chore()
    Server.objects.update(organisation=making.own())
    assert not chore()
    services.acknowledged([case.pk], reason="an event")
    assert chore()


def test_cases_follow_their_servers_owners() -> None:
    case = making.case(hub.server("192.0.2.2"))
    assert case.organisation is None
    owner = hub.organisation("Hospital", sector="health")
    Server.objects.update(organisation=owner)
    assert keeping.follow_owners()
    assert not keeping.follow_owners()
    case.refresh_from_db()
    assert (case.organisation, case.sector) == (owner, "health")
    Server.objects.update(organisation=None)
    assert keeping.follow_owners()
    assert not keeping.follow_owners()
    case.refresh_from_db()
    assert case.organisation is None


def test_overdue_once_and_not_when_closed() -> None:
    case = making.case()
    Case.objects.update(due=date(2021, 3, 9))
    assert taking_in.mark_overdue(date(2021, 3, 10))
    assert not taking_in.mark_overdue(date(2021, 3, 10))
    case.refresh_from_db()
    assert case.overdue
    services.accept_risk(
        [case.pk], by=hub.person(name="A"), reason="x", review=timezone.now().date() + timedelta(days=1)
    )
    case.refresh_from_db()
    assert not case.overdue


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["seen", "claim", "evidence", "verify", "accept"]),
        st.integers(1, 9),
        st.sampled_from([Grade.SELF_REPORTED, Grade.EVIDENCE_HELD, Grade.RE_ASSESSED]),
        st.sampled_from(["present", "not-served-since", "absent-on-disk"]),
    ),
    max_size=8,
)


class Histories(TestCase):
    """Whatever people and machines do in whatever order, rows close by later evidence alone."""

    @given(STEPS)
    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    def test_no_order_of_acts_closes_without_later_evidence(
        self, steps: list[tuple[str, int, Grade, str]]
    ) -> None:
        analyst = hub.person(name="A")
        server = hub.server("192.0.2.2", making.own())
        case = making.case(server)
        for act, day, grade, presence in steps:
            _do(act, case, server, analyst, (day, grade, presence))
            _sound(case)


def _do(act: str, case: Case, server: Server, analyst: User, how: tuple[int, Grade, str]) -> None:
    day, grade, presence = how
    if act == "seen":
        making.case(server, at=making.later(day), until=making.later(day + 0.4))
    elif act == "claim":
        services.claim_removed([case.pk], by=analyst, reason="x", at=making.later(day))
    elif act == "evidence":
        making.hand_in(
            server,
            day,
            by=analyst,
            grade=grade,
            form="report" if grade is Grade.SELF_REPORTED else "evidence",
            shells=[making.shell(presence)],
            shown_clean=False,
        )
        taking_in.from_assessments()
    else:
        for evidence in HandIn.objects.all():
            _try(lambda number=evidence.pk: services.verify(case.pk, number, by=analyst))  # type: ignore[misc]  # bound


def _try(act: Callable[[], object]) -> None:
    try:
        act()
    except UsageFault:
        return


def _sound(case: Case) -> None:
    case.refresh_from_db()
    if case.state not in CLOSED:
        return
    closing = Fact.objects.get(case=case, kind=FactKind.VERIFIED, hand_in=case.hand_in)
    assert case.hand_in
    assert case.claimed
    assert closing.by == case.closed_by
    assert case.hand_in.grade == Grade.RE_ASSESSED
    assert case.hand_in.collected == case.collected
    assert case.collected
    assert case.collected > case.claimed
    assert not Fact.objects.filter(case=case, kind=FactKind.SEEN, at__gte=case.collected).exists()
