"""Approval by name, by two for large batches; what happens to notices afterwards; the order by lot."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.hub import making
from tests.hub.notices import rows

from tocsin.errors import UsageFault
from tocsin.hub.exposure.models import Event, Standing
from tocsin.hub.notices import approving, following, guarding, planning, sending
from tocsin.hub.notices.chores import CHORES
from tocsin.hub.notices.models import Batch, Delivery, Notice
from tocsin.hub.outbox import outcomes
from tocsin.hub.outbox.models import Message
from tocsin.hub.owners.models import Answer
from tocsin.hub.rules import notices, trial
from tocsin.hub.rules.notices import BatchState, Kind, State
from tocsin.hub.rules.words import Channel, Compromise, Exposure, Role

pytestmark = pytest.mark.django_db


def out(state: str = "sent", **rest: object) -> None:
    """What waits in the outbox has left it."""
    Message.objects.filter(state="queued").update(state=state, sent=timezone.now(), **rest)


def followed(days: float = 0.01) -> None:
    """Open notices are looked at, so many days from now."""
    moment = timezone.now() + timedelta(days=days)
    while following.follow_some(moment):
        pass
    rows.sent(moment)


def worked_off() -> None:
    """The chores in turn, until none finds work."""
    while sum([chore() for chore in CHORES]):  # each of them, not the first that finds work
        pass


def state() -> str:
    return Notice.objects.get().state


def test_nothing_leaves_before_somebody_approves() -> None:
    rows.server(rows.owner())
    batch = rows.planned()
    rows.sent()
    assert not Message.objects.exists()
    with pytest.raises(PermissionDenied):
        approving.approve(batch, by=making.person(Role.VIEWER), digest=batch.digest)
    with pytest.raises(UsageFault, match="look again"):
        approving.approve(batch, by=making.person(), digest="0" * 64)
    rows.released(batch)
    rows.sent()
    assert Message.objects.count() == 1
    assert Event.objects.filter(kind="batch", after="released").count() == 1


def test_a_large_batch_needs_two_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approving, "people_needed", lambda _notices: 2)
    rows.server(rows.owner())
    batch, first = rows.planned(), making.person()
    approving.approve(batch, by=first, digest=batch.digest)
    with pytest.raises(UsageFault, match="colleague"):
        approving.approve(batch, by=first, digest=batch.digest)
    rows.sent()
    assert not Message.objects.exists()
    approving.approve(batch, by=making.person(), digest=batch.digest)
    rows.sent()
    assert Message.objects.count() == 1
    with pytest.raises(UsageFault, match="approved or cancelled"):
        planning.plan_again(batch)
    assert notices.people_needed(notices.numbers().second_person_over + 1) == 2


def test_many_messages_are_queued_in_as_many_statements_as_few() -> None:
    counts = []
    for numbers in (range(1, 3), range(3, 20)):
        for number in numbers:
            rows.server(rows.owner(number), number * 4)
        rows.released(rows.planned())
        with CaptureQueriesContext(connection) as asked:
            assert sending.send_some(timezone.now() + timedelta(seconds=1))
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert Message.objects.count() == 19
    assert Notice.objects.filter(link=None).count() == 0
    texts = list(Message.objects.values_list("text", flat=True))
    assert len({re.search(r"/o/(\S+)", text)[1] for text in texts}) == 19  # type: ignore[index]  # each has one


def test_silence_is_no_answer_yet_and_an_answer_ends_reminders() -> None:
    owner = rows.owner()
    rows.verified(owner, "1 Example Street\n12345 Town", Channel.LETTER)
    rows.server(owner)
    rows.released(rows.planned())
    rows.sent()
    out()
    followed()
    assert state() == State.NO_ANSWER
    Answer.objects.create(link=Notice.objects.get().link, kind="acknowledged")
    followed(30)
    assert state() == State.ANSWERED
    assert Message.objects.count() == 1


def test_each_reminder_takes_another_channel_and_then_goes_to_who_stands_above() -> None:
    parent = rows.owner(9, mail="sector@authority.example")
    owner = rows.owner(1, parent=parent)
    rows.verified(owner, "1 Example Street\n12345 Town", Channel.LETTER)
    rows.verified(owner, "+1 202 555 0100", Channel.PHONE)
    rows.server(owner)
    rows.released(rows.planned())
    rows.sent()
    for day in (1, 8, 15, 29, 60, 90):
        out()
        followed(day)
    sent = [(row.channel, row.rung) for row in Delivery.objects.order_by("id")]
    assert sent == [
        ("email", "own-verified"),
        ("letter", "own-verified"),
        ("phone", "own-verified"),
        ("email", "provider"),
    ]
    assert state() == State.NO_ANSWER
    texts = dict(Message.objects.values_list("channel", "text"))
    assert "we told you of servers of yours" in texts["letter"]
    above = Message.objects.order_by("id").last()
    assert above is not None
    assert "we told you" not in above.text  # it was the owner who was told
    assert "hold the network around them" in above.text


def test_mail_that_comes_back_changes_the_channel_at_once() -> None:
    owner = rows.owner()
    rows.verified(owner, "1 Example Street\n12345 Town", Channel.LETTER)
    rows.server(owner)
    rows.released(rows.planned())
    rows.sent()
    out("bounced")
    owner.contacts.filter(channel="email").update(bounce="hard")
    followed()
    assert [row.channel for row in Message.objects.order_by("id")] == ["email", "letter"]


def test_mail_that_comes_back_late_changes_the_channel_at_once_too() -> None:
    """Most come back minutes after the mail server took them: by then the notice counts as told."""
    owner = rows.owner()
    rows.verified(owner, "1 Example Street\n12345 Town", Channel.LETTER)
    rows.server(owner)
    rows.released(rows.planned())
    rows.sent()
    out()
    followed()
    assert state() == State.NO_ANSWER
    Message.objects.update(state="bounced")
    owner.contacts.filter(channel="email").update(bounce="hard")
    followed(0.02)
    assert (state(), Notice.objects.get().told) == (State.SENDING, None)
    letter = Message.objects.get(channel="letter")
    assert "we told you" not in letter.text  # nobody was
    out("printed")
    followed(0.03)
    assert state() == State.NO_ANSWER


def test_what_came_back_late_and_has_no_other_channel_is_a_gap() -> None:
    rows.server(rows.owner())
    batch = rows.released(rows.planned())
    rows.sent()
    out()
    followed()
    Message.objects.update(state="bounced")
    followed(0.02)
    assert (state(), batch.gaps.count()) == (State.UNREACHED, 1)


def test_a_doubt_that_nobody_settles_leaves_no_owner_untold() -> None:
    owner = rows.owner()
    rows.verified(owner, "1 Example Street\n12345 Town", Channel.LETTER)
    rows.server(owner)
    rows.released(rows.planned())
    rows.sent()
    Message.objects.update(state="in-doubt", began=timezone.now())
    followed(6)
    assert Message.objects.count() == 1
    followed(8)
    mail, letter = Message.objects.order_by("id")
    assert (mail.state, letter.channel) == ("in-doubt", "letter")
    assert "we told you" not in letter.text
    assert state() == State.SENDING


def test_where_no_channel_is_left_it_is_a_gap() -> None:
    rows.server(rows.owner())
    batch = rows.released(rows.planned())
    rows.sent()
    out("bounced")
    followed()
    assert state() == State.UNREACHED
    assert batch.gaps.get().reason.startswith("no message arrived")


def test_what_is_fixed_is_not_asked_about() -> None:
    owner = rows.owner()
    server = rows.server(owner)
    rows.released(rows.planned())
    rows.sent()
    Standing.objects.filter(server=server).update(exposure=Exposure.PATCHED)
    followed()
    assert state() == State.FIXED
    assert Message.objects.get().state == "cancelled"
    assert following.close_some()
    assert Batch.objects.get().state == BatchState.DONE


def test_fixed_before_it_left_it_does_not_leave() -> None:
    server = rows.server(rows.owner())
    batch = rows.planned()
    Standing.objects.filter(server=server).update(exposure=Exposure.PATCHED)
    rows.released(batch)
    rows.sent()
    assert not Message.objects.exists()


def test_a_patch_is_no_end_of_a_compromise() -> None:
    owner = rows.owner()
    rows.verified(owner, "1 Example Street\n12345 Town", Channel.LETTER)
    rows.server(owner, exposure=Exposure.PATCHED, compromise=Compromise.CONFIRMED)
    rows.released(rows.planned(kind=Kind.COMPROMISE))
    rows.sent()
    out()
    followed()
    assert state() == State.NO_ANSWER
    Standing.objects.update(compromise=Compromise.VERIFIED_CLEAN)
    followed(0.1)
    assert state() == State.FIXED


def test_opting_out_does_not_end_a_directive() -> None:
    owner = rows.owner()
    rows.verified(owner, "1 Example Street\n12345 Town", Channel.LETTER)
    rows.server(owner)
    rows.released(rows.planned(kind=Kind.DIRECTIVE))
    rows.sent()
    out()
    followed()
    Answer.objects.create(link=Notice.objects.get().link, kind="opt-out")
    owner.contacts.filter(channel="email").update(opted_out=timezone.now())
    followed(4)
    assert [row.channel for row in Message.objects.order_by("id")] == ["email", "letter"]


def test_a_complaint_changes_the_channel_and_silences_no_compromise() -> None:
    owner = rows.owner()
    server = rows.server(owner)
    rows.released(rows.planned())
    rows.sent()
    out()
    outcomes.unwanted(Message.objects.get(), timezone.now())
    followed(8)
    assert Message.objects.count() == 1  # nobody else is known, and mail is not wanted
    rows.verified(owner, "1 Example Street\n12345 Town", Channel.LETTER)
    followed(15)
    assert [row.channel for row in Message.objects.order_by("id")] == ["email", "letter"]
    owner.contacts.filter(channel="letter").delete()
    Standing.objects.filter(server=server).update(compromise=Compromise.CONFIRMED)
    rows.released(rows.planned(kind=Kind.COMPROMISE))
    rows.sent()
    told = Message.objects.filter(purpose="compromise").get()
    assert (told.channel, told.address) == ("email", "security1@mailhouse.example")


def test_cancelling_calls_back_what_waits() -> None:
    rows.server(rows.owner())
    batch = rows.released(rows.planned())
    rows.sent()
    assert approving.cancel(batch, by=making.person(), reason="wrong list") == 1
    assert Message.objects.get().state == "cancelled"
    assert state() == State.CANCELLED


def crowd(number: int = 44) -> None:
    """So many owners, one of them under suspicion."""
    for at in range(1, number + 1):
        owner = making.organisation(f"Owner {at}")
        making.contact(owner, f"security{at}@mailhouse.example", verified=timezone.now())
        grave = at == number
        server = making.server(f"198.51.100.{at}", owner)
        making.standing(
            server, rows.campaign(), compromise=Compromise.SUSPECTED if grave else Compromise.UNKNOWN
        )


def test_the_lot_delays_nobody_whom_it_must_not_and_can_be_drawn_again() -> None:
    crowd()
    batch = rows.planned()
    approving.ask_trial(batch, by=making.person(), per_hour=2)
    released = rows.released(batch).released
    assert released is not None
    batch.refresh_from_db()
    dues = {row.notice_id: row.due - released for row in Delivery.objects.filter(due__isnull=False)}
    assert max(dues.values()) <= timedelta(hours=24)
    grave = _grave()
    assert dues[grave.pk] == timedelta()
    assert grave.arm is None
    again = trial.assigned(
        [trial.Unit(notice=one.pk, kind=Kind.VULNERABLE, urgency=one.urgency, suspected=one.pk == grave.pk)
         for one in batch.notices.all()],
        seed=batch.trial_seed,
        per_hour=2,
    )  # fmt: skip
    assert trial.digest(again) == batch.trial_digest
    assert Event.objects.get(kind="batch", after="released").detail["order"] == batch.trial_digest
    _freed_when_suspected(batch)


def _grave() -> Notice:
    return Notice.objects.get(organisation__name="Owner 44")


def _freed_when_suspected(batch: Batch) -> None:
    now = timezone.now()
    waits = Delivery.objects.filter(state=Delivery.WAITING, due__gt=now + timedelta(hours=1)).first()
    assert waits is not None
    Standing.objects.filter(organisation=waits.notice.organisation).update(compromise=Compromise.CONFIRMED)
    assert guarding.watch(batch, now)
    waits.refresh_from_db()
    assert waits.due == now
    assert guarding.watch(batch, now + timedelta(hours=24))
    batch.refresh_from_db()
    assert batch.trial_reason == "its time is over"


def test_no_lot_where_nobody_has_to_wait() -> None:
    rows.server(rows.owner())
    batch = rows.planned()
    with pytest.raises(UsageFault, match="nobody may be made to wait"):
        approving.ask_trial(batch, by=making.person(), per_hour=100)


def test_the_chores_find_their_work_by_themselves() -> None:
    """In the order of the worker, from a new batch to a message that is called back."""
    server = rows.server(rows.owner())
    batch = planning.create(by=making.person(), campaign=rows.campaign(), kind=Kind.VULNERABLE)
    planning.look_up(["mailhouse.example"], rows.elsewhere, timezone.now())
    worked_off()
    batch.refresh_from_db()
    assert batch.state == BatchState.PLANNED
    rows.released(batch)
    worked_off()
    assert Message.objects.get().state == "queued"
    Standing.objects.filter(server=server).update(compromise=Compromise.CONFIRMED)
    cache.clear()  # it looks every few seconds
    worked_off()
    assert [row.state for row in Message.objects.order_by("id")] == ["cancelled", "queued"]
