"""Where requirements stand: proven by evidence, claimed by words, excepted by two, missing, late."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from tests.hub import making
from tests.hub.directives import making as orders

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import Act, User
from tocsin.hub.census.bulk import writing
from tocsin.hub.directives import answers, judging, services
from tocsin.hub.directives.loading import load_directives, order_of
from tocsin.hub.directives.models import Answer, Directive, Excuse, SignOff, Subject, Version
from tocsin.hub.directives.scoping import find_subjects
from tocsin.hub.directives.services import Asking, Saying, Signing
from tocsin.hub.exposure.chain import Change, append
from tocsin.hub.exposure.models import Event, Standing
from tocsin.hub.rules.words import Compromise, Exposure, Grade, Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def analyst(person: Callable[..., User]) -> User:
    return person(Role.ANALYST)


def say(row: Directive, owner: int, requirement: str, said: str = "yes", **rest: Any) -> None:
    services.say(row, owner, [Saying(requirement=requirement, said=said, **rest)], by=None)


def test_whom_it_addresses() -> None:
    row, top = orders.directive(), orders.agency()
    component = making.organisation("Office of Contoso", parent=top)
    orders.exchange("192.0.2.1", component)
    stranger = making.organisation("Fabrikam")
    orders.exchange("203.0.113.5", stranger)
    making.organisation("No servers", parent=top)
    orders.work_off()
    addressed = set(Subject.objects.filter(directive=row).values_list("organisation", flat=True))
    assert addressed == {top.pk, component.pk}


def test_who_gets_a_server_later_is_found_by_the_chain_of_events() -> None:
    row, top = orders.directive(), orders.agency()
    component = making.organisation("Office of Contoso", parent=top)
    orders.work_off()
    server = orders.exchange("192.0.2.1", component)
    with writing():
        append(
            [Change(at=timezone.now(), kind="exposure", subject=f"server:{server.pk}", after="vulnerable")]
        )
    orders.work_off()
    assert Subject.objects.get(directive=row, organisation=component).servers == 1


def test_what_is_proven_claimed_and_missing(analyst: User) -> None:
    row, owner = orders.directive(), orders.agency()
    patched = orders.exchange(
        "192.0.2.1", owner, Exposure.PATCHED, since=date(2021, 3, 5), grade=Grade.OBSERVED
    )
    pulled = orders.exchange(
        "192.0.2.2", owner, Exposure.DISCONNECTED, since=date(2021, 3, 4), grade=Grade.SELF_REPORTED
    )
    orders.assessment(patched, by=analyst)
    orders.work_off()
    say(row, owner.pk, "firewall-deny", server=patched.pk, text="appliance since 2019")
    triage, deny = (
        orders.answer(row, "triage", server=patched),
        orders.answer(row, "firewall-deny", server=patched),
    )
    assert (triage.standing, triage.locators) == ("proven", [f"sha256:{patched.pk}"])
    assert orders.answer(row, "patch", server=patched).standing == "proven"
    image = orders.answer(row, "image", server=pulled)
    assert (image.standing, image.reason) == (
        "missing",
        "not yet known whether it applies: compromise_signs, expertise",
    )
    services.reply(row, owner.pk, {"expertise": False}, by=analyst)
    assert orders.answer(row, "image", server=pulled).standing == "not-applicable"
    assert (deny.standing, deny.reason) == ("claimed", "the owner says so: appliance since 2019")
    assert orders.answer(row, "firewall-deny", server=pulled).standing == "missing"
    assert orders.answer(row, "april-updates", server=pulled).standing == "claimed"
    assert (
        orders.answer(row, "april-updates", server=patched).standing == "missing"
    )  # March's fix is not April's
    msert = orders.answer(row, "msert", server=patched)
    assert (msert.standing, msert.found, msert.late) == ("proven", False, False)
    assert msert.locators == [f"sha256:{patched.pk} C/Windows/debug/msert.log:1"]


def test_an_uploaded_verdict_is_a_claim(analyst: User) -> None:
    row, owner = orders.directive(), orders.agency()
    server = orders.exchange("192.0.2.1", owner)
    orders.assessment(server, by=analyst, grade=Grade.SELF_REPORTED, rules=(orders.RUN, orders.ALARM))
    orders.work_off()
    msert = orders.answer(row, "msert", server=server)
    assert (msert.standing, msert.found) == ("claimed", True)


@pytest.mark.parametrize("said", ["yes", "found"])
def test_a_claim_never_becomes_proven(analyst: User, said: str) -> None:
    row, owner = orders.directive(), orders.agency()
    orders.exchange("192.0.2.1", owner)
    orders.work_off()
    services.reply(row, owner.pk, {"expertise": True, "hosted": True}, by=analyst)
    for asked in order_of(row).requirements:
        for number in range(len(order_of(row).deadlines(asked))):
            say(row, owner.pk, asked.id, said, number=number)
    orders.work_off()
    assert not Answer.objects.filter(standing="proven").exists()
    assert Answer.objects.filter(standing="claimed", found=said == "found").count() > 20


def test_signs_of_compromise_choose_the_branch() -> None:
    row, owner = orders.directive(), orders.agency()
    server = orders.exchange("192.0.2.1", owner, compromise=Compromise.SUSPECTED, worst=Compromise.SUSPECTED)
    orders.work_off()
    assert orders.answer(row, "disconnect", server=server).standing == "missing"
    assert orders.answer(row, "patch", server=server).standing == "not-applicable"


def test_what_is_open_when_its_deadline_passes_is_late_from_then_on() -> None:
    row, owner = orders.directive(), orders.agency()
    server = orders.exchange("192.0.2.1", owner)
    orders.work_off()
    Answer.objects.update(late=False)
    april = orders.answer(row, "april-updates", server=server)
    assert april.due == "before 2021-04-16 00:01 EDT (2021-04-16 04:01 UTC)"
    assert april.late_from == datetime(2021, 4, 16, 4, 1, tzinfo=UTC)
    noon = orders.answer(row, "msert", server=server)
    assert noon.late_from == datetime(2021, 4, 5, 16, 0, 0, 1, tzinfo=UTC)

    def late_at(moment: datetime) -> set[str]:
        Answer.objects.update(late=False)
        judging.mark_overdue(moment)
        return set(Answer.objects.filter(late=True).values_list("requirement", flat=True))

    assert late_at(datetime(2021, 3, 5, 17, 0, tzinfo=UTC)) == set()
    assert late_at(datetime(2021, 3, 5, 17, 0, 1, tzinfo=UTC)) == {"report"}
    assert "msert" not in late_at(datetime(2021, 4, 5, 16, 0, tzinfo=UTC))
    assert "msert" in late_at(datetime(2021, 4, 5, 16, 0, 1, tzinfo=UTC))
    assert "april-updates" not in late_at(datetime(2021, 4, 16, 4, 0, 59, tzinfo=UTC))
    assert "april-updates" in late_at(datetime(2021, 4, 16, 4, 1, tzinfo=UTC))
    assert Subject.objects.get(directive=row).late == Answer.objects.filter(late=True).count()


def test_the_same_before_and_after_the_deadline_tells_late_from_in_time(analyst: User) -> None:
    row, owner = orders.directive(), orders.agency()
    early, late = (orders.exchange(f"192.0.2.{number}", owner) for number in (1, 2))
    orders.assessment(early, by=analyst, at=datetime(2021, 4, 5, 16, 0, tzinfo=UTC))
    orders.assessment(late, by=analyst, at=datetime(2021, 4, 5, 16, 1, tzinfo=UTC))
    orders.work_off()
    assert not orders.answer(row, "msert", server=early).late
    assert orders.answer(row, "msert", server=late).late


def test_rounds_take_what_was_done_in_them_and_their_silence_is_no_breach(analyst: User) -> None:
    row, owner = orders.directive(), orders.agency()
    server = orders.exchange("192.0.2.1", owner)
    orders.assessment(server, by=analyst)
    orders.assessment(
        server, by=analyst, at=datetime(2021, 4, 14, tzinfo=UTC), rules=(orders.RUN, orders.ALARM)
    )
    orders.work_off()
    found = {number: orders.answer(row, "msert", server=server, round=number) for number in range(5)}
    assert [found[number].standing for number in range(5)] == [
        "proven",
        "missing",
        "proven",
        "missing",
        "missing",
    ]
    assert [found[number].found for number in range(5)] == [False, False, True, False, False]
    assert not any(found[number].late for number in range(5))


def test_an_exception_counts_by_two_and_ends_with_its_day(analyst: User, person: Callable[..., User]) -> None:
    row, owner = orders.directive(), orders.agency()
    orders.exchange("192.0.2.1", owner)
    orders.work_off()
    today = timezone.now().date()
    asking = Asking(requirement="firewall-rfc", reason="appliance", until=today + timedelta(days=9))
    excuse = services.ask_exception(row, owner.pk, asking, by=analyst)
    assert orders.answer(row, "firewall-rfc").standing == "missing"
    with pytest.raises(UsageFault, match="second person"):
        services.decide_exception(excuse, by=analyst, approve=True)
    with pytest.raises(PermissionDenied):
        services.decide_exception(excuse, by=person(Role.VIEWER), approve=True)
    services.decide_exception(excuse, by=person(Role.ANALYST), approve=True)
    shown = orders.answer(row, "firewall-rfc")
    assert (shown.standing, shown.late) == ("excepted", False)
    with pytest.raises(UsageFault, match="before"):
        services.decide_exception(excuse, by=person(Role.ANALYST), approve=False)
    Excuse.objects.update(until=today - timedelta(days=1))
    orders.work_off()
    assert orders.answer(row, "firewall-rfc").standing == "missing"
    assert Excuse.objects.get().ended


@pytest.mark.parametrize(
    ("reason", "days", "says"), [("", 3, "reason"), ("x", -1, "which day"), ("x", 4_000, "which day")]
)
def test_what_is_no_exception(analyst: User, reason: str, days: int, says: str) -> None:
    row, owner = orders.directive(), orders.agency()
    orders.work_off()
    until = timezone.now().date() + timedelta(days=days)
    with pytest.raises(UsageFault, match=says):
        services.ask_exception(
            row, owner.pk, Asking(requirement="updates", reason=reason, until=until), by=analyst
        )


def test_a_departments_report_speaks_for_all_below_it_once_it_was_taken_in(
    analyst: User, person: Callable[..., User]
) -> None:
    row, top = orders.directive(), orders.agency()
    component = making.organisation("Office of Contoso", parent=top)
    orders.exchange("192.0.2.1", component)
    orders.work_off()
    member = making.member(top)
    signing = Signing(requirement="report", name="A. Chief", office="CIO")
    signoff = services.sign(row, top.pk, signing, by=member)
    orders.work_off()
    assert orders.answer(row, "report", organisation=top).standing == "claimed"
    assert orders.answer(row, "report", organisation=component).standing == "claimed"
    with pytest.raises(PermissionDenied):
        services.take_in_report(signoff, by=member, document="x")
    services.take_in_report(signoff, by=analyst, document="2021/77")
    orders.work_off()
    shown = orders.answer(row, "report", organisation=component)
    assert (shown.standing, shown.locators, shown.late) == ("proven", [f"signoff:{signoff.pk}"], True)
    assert orders.answer(row, "report-triage", organisation=top).standing == "missing"
    with pytest.raises(UsageFault, match="before"):
        services.take_in_report(SignOff.objects.get(), by=person(Role.ANALYST), document="again")


def test_members_speak_for_their_own_and_for_nobody_else(person: Callable[..., User]) -> None:
    row, owner, other = orders.directive(), orders.agency(), orders.agency("Department of Fabrikam")
    orders.exchange("192.0.2.1", owner)
    theirs = orders.exchange("203.0.113.5", other)
    orders.work_off()
    member = making.member(owner)
    services.say(row, owner.pk, [Saying(requirement="updates", said="no", text="freeze")], by=member)
    shown = orders.answer(row, "updates", organisation=owner)
    assert (shown.standing, shown.reason) == ("missing", f"{member} says that it is not done: freeze")
    with pytest.raises(PermissionDenied):
        services.say(row, other.pk, [Saying(requirement="updates", said="yes")], by=member)
    with pytest.raises(PermissionDenied):
        services.say(row, owner.pk, [Saying(requirement="updates", said="yes")], by=person(Role.VIEWER))
    with pytest.raises(UsageFault, match="no server of the organisation"):
        services.say(row, owner.pk, [Saying(requirement="updates", said="yes", server=theirs.pk)], by=member)


@pytest.mark.parametrize(
    ("saying", "says"),
    [
        (Saying(requirement="luck", said="yes"), "no requirement"),
        (Saying(requirement="msert", said="perhaps"), "no answer"),
        (Saying(requirement="msert", said="yes", number=5), "no round"),
        (Saying(requirement="report", said="yes", server=1), "not about servers"),
    ],
)
def test_what_cannot_be_said(saying: Saying, says: str) -> None:
    row, owner = orders.directive(), orders.agency()
    orders.work_off()
    with pytest.raises(UsageFault, match=says):
        services.say(row, owner.pk, [saying], by=None)


def test_changes_stand_in_the_chain_and_judging_again_changes_nothing(analyst: User) -> None:
    row, owner = orders.directive(), orders.agency()
    server = orders.exchange("192.0.2.1", owner)
    orders.work_off()
    orders.assessment(server, by=analyst)
    Subject.objects.update(stale=True)
    orders.work_off()
    events = Event.objects.filter(
        kind="requirement", subject=f"server:{server.pk}", detail__requirement="msert"
    )
    assert [(event.before, event.after) for event in events] == [("missing", "proven")]
    before = list(Answer.objects.order_by("pk").values())
    count = Event.objects.count()
    Subject.objects.update(stale=True)
    orders.work_off()
    assert list(Answer.objects.order_by("pk").values()) == before
    assert Event.objects.count() == count
    assert row.answers.count() == len(before)


def test_many_servers_are_judged_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "PIECE", 2)
    row, owner = orders.directive(), orders.agency()
    for number in range(1, 6):
        orders.exchange(f"192.0.2.{number}", owner)
    orders.work_off()
    assert Subject.objects.get(directive=row).servers == 5
    assert Answer.objects.filter(directive=row, requirement="updates").count() == 5


@pytest.mark.parametrize(("servers", "owners"), [(1, 1), (2, 2), (3, 9), (200, 200)])
def test_pieces_of_any_size_give_the_same(
    monkeypatch: pytest.MonkeyPatch, analyst: User, servers: int, owners: int
) -> None:
    """Organisations with none, one and several servers, some of them in the middle of a piece."""
    row = orders.directive()
    agencies = [orders.agency(f"Agency {number}") for number in range(4)]
    for number, owner in enumerate((0, 0, 0, 2, 3, 3)):
        server = orders.exchange(f"192.0.2.{number + 1}", agencies[owner])
        if number % 2:
            orders.assessment(server, by=analyst)
    orders.work_off()
    services.say(row, agencies[2].pk, [Saying(requirement="updates", said="yes")], by=analyst)
    names = ("organisation", "server", "requirement", "round", "standing", "reason", "late")
    before = list(Answer.objects.order_by(*names[:4]).values_list(*names))
    counts = list(Subject.objects.order_by("pk").values_list(*answers.COUNTED))
    events = Event.objects.count()
    assert [row_[0] for row_ in counts] == [3, 0, 1, 2]
    monkeypatch.setattr(judging, "PIECE", servers)
    monkeypatch.setattr(judging, "OWNERS", owners)
    Answer.objects.filter(requirement="msert").delete()
    Subject.objects.update(stale=True)
    orders.work_off()
    assert list(Answer.objects.order_by(*names[:4]).values_list(*names)) == before
    assert list(Subject.objects.order_by("pk").values_list(*answers.COUNTED)) == counts
    assert Event.objects.count() == events + 3  # the proofs that were forgotten, told again
    assert not Subject.objects.filter(stale=True).exists()


def test_many_organisations_are_judged_by_few_statements(
    django_assert_max_num_queries: Callable[[int], AbstractContextManager[Any]],
) -> None:
    orders.directive()
    top = orders.agency()
    for number in range(30):
        orders.exchange(f"192.0.2.{number + 1}", making.organisation(f"Office {number}", parent=top))
    while find_subjects():
        pass
    with django_assert_max_num_queries(40):
        while judging.judge():
            pass
    assert Subject.objects.filter(servers=1).count() == 30


def test_nothing_becomes_late_under_a_directive_that_is_not_in_force() -> None:
    row, owner = orders.directive(), orders.agency()
    orders.exchange("192.0.2.1", owner)
    orders.work_off()
    Answer.objects.update(late=False)
    services.set_active(row, active=False, by=None)
    assert not judging.mark_overdue()
    services.set_active(row, active=True, by=None)
    assert judging.mark_overdue()


def test_a_report_says_what_stood_where_of_all_that_it_speaks_for(analyst: User) -> None:
    row, top = orders.directive(), orders.agency()
    component = making.organisation("Office of Contoso", parent=top)
    orders.exchange("192.0.2.1", top)
    orders.exchange("192.0.2.2", component)
    orders.work_off()
    signed = services.sign(
        row, top.pk, Signing(requirement="report", name="A. Chief", office="CIO"), by=analyst
    )
    assert signed.counts["servers"] == 2


def test_a_tag_is_given_to_many_at_once_and_nobody_else_is_judged_again() -> None:
    row, first = orders.directive(), orders.agency()
    others = [making.organisation(f"Agency {number}") for number in range(3)]
    below = making.organisation("Office", parent=others[0])
    orders.exchange("192.0.2.1", below)
    orders.work_off()
    assert services.tag_many([first.pk, *(other.pk for other in others)], orders.FEDERAL, by=None) == 3
    waiting = set(Subject.objects.filter(directive=row, stale=True).values_list("organisation", flat=True))
    assert waiting == {below.pk, *(other.pk for other in others)}
    orders.work_off()
    assert Subject.objects.get(organisation=below).servers == 1
    assert services.tag_many([other.pk for other in others], orders.FEDERAL, by=None, on=False) == 3
    assert set(Subject.objects.values_list("organisation", flat=True)) == {first.pk}
    assert not Answer.objects.filter(organisation=below).exists()
    assert Act.objects.filter(kind="directive tag given").count() == 4
    with pytest.raises(UsageFault, match="no tag"):
        services.tag_many([first.pk], "Federal, civilian", by=None)


def test_a_server_that_leaves_takes_its_answers_along() -> None:
    row, owner, other = orders.directive(), orders.agency(), orders.agency("Department of Fabrikam")
    server = orders.exchange("192.0.2.1", owner)
    orders.work_off()
    server.organisation = other
    server.save()
    Standing.objects.update(organisation=other)
    Subject.objects.update(stale=True)
    orders.work_off()
    assert set(row.answers.filter(server=server).values_list("organisation", flat=True)) == {other.pk}
    assert Subject.objects.get(organisation=owner).servers == 0


def test_a_new_text_is_a_new_version_and_judges_anew() -> None:
    row = orders.directive()
    assert load_directives() == [row]
    assert Version.objects.count() == 1
    Directive.objects.update(digest="0" * 64)
    load_directives()
    row.refresh_from_db()
    assert (row.version, Version.objects.count()) == (2, 2)
    assert row.active
