"""What became of notices: whether they arrived, who answered, what is fixed, and who is asked again.

Each notice that is open is looked at every few minutes, some at a time. Silence is "no answer yet", and never
anything else. A reminder goes by another channel, or to who stands above; where none is left, nobody is asked
again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.utils import timezone

from tocsin.hub.cases import services as cases
from tocsin.hub.cases.models import Case
from tocsin.hub.census.bulk import writing
from tocsin.hub.exposure.chain import Change, append
from tocsin.hub.notices.composing import delivery, known_of
from tocsin.hub.notices.models import Batch, Delivery, Gap, Notice
from tocsin.hub.notices.people import Neighbours, candidates
from tocsin.hub.notices.planning import mays_of
from tocsin.hub.notices.sending import states_of
from tocsin.hub.outbox import services as outbox
from tocsin.hub.owners.models import Answer, HandIn
from tocsin.hub.rules.cases import OPEN as OPEN_CASES
from tocsin.hub.rules.ladder import reminder
from tocsin.hub.rules.links import Answered
from tocsin.hub.rules.mail import State as Sent
from tocsin.hub.rules.notices import (
    INSISTENT,
    SECRET,
    BatchState,
    Kind,
    State,
    fixed,
    next_reminder,
)
from tocsin.hub.rules.secrecy import Say

CHUNK = 100
EVERY = timedelta(minutes=5)
WATCHED = (State.SENDING, State.NO_ANSWER, State.ANSWERED)
OUT = frozenset({Sent.SENT, Sent.DELIVERED, Sent.PRINTED, Sent.CALLED})
LOST = frozenset({Sent.BOUNCED, Sent.REFUSED, Sent.CANCELLED})
WAITING = (Sent.QUEUED, Sent.HELD)
NO_ANSWERS = frozenset({Answered.OPT_OUT, Answered.CHANGE_CHANNEL})
"""Where a notice insists, asking for another channel is no answer: it is asked by that channel."""
HANDED_IN = "handed-in"


def follow_some(now: datetime | None = None) -> bool:
    """The chore: look at the open notices that nobody looked at for longest. Gives whether there were any."""
    moment = now or timezone.now()
    rows = Notice.objects.filter(state__in=WATCHED, looked__lt=moment - EVERY)
    numbers = list(rows.order_by("looked", "id").values_list("pk", flat=True)[:CHUNK])
    if not numbers:
        return False
    with writing():
        notices = list(
            Notice.objects.filter(pk__in=numbers)
            .select_related("batch__campaign", "campaign", "organisation")
            .prefetch_related("servers__server", "deliveries__message")
            .order_by("id")
        )
        _follow(notices, moment)
        Notice.objects.filter(pk__in=numbers).update(looked=moment)
    return True


def _follow(notices: Sequence[Notice], now: datetime) -> None:
    states = states_of(notices)
    said = _said(notices)
    left = []
    for notice in notices:
        _arrived(notice, now)
        _came_back(notice, now)
        kind = Kind(notice.kind)
        if fixed(kind, states[notice.pk]):
            _over(notice, State.FIXED, now)
        elif answer := _answer(kind, notice, said):
            _answered(notice, *answer)
        elif notice.state in {State.SENDING, State.NO_ANSWER}:
            left.append(notice)
    _remind([notice for notice in left if _due(notice, now)], now)


def _arrived(notice: Notice, now: datetime) -> None:
    """The first message that went out makes "no answer yet" of a notice."""
    sent = [
        row.message.sent or row.message.answered or now
        for row in notice.deliveries.all()
        if row.message and row.message.state in OUT
    ]
    if notice.told is None and sent:
        notice.told = min(sent)
        _go(notice, State.NO_ANSWER, now, told=notice.told)
        _tell_cases(notice)


def _came_back(notice: Notice, now: datetime) -> None:
    """Where all that went out came back, nobody was told after all: the next channel is due at once."""
    if notice.state == State.NO_ANSWER and all(map(_is_lost, notice.deliveries.all())):
        notice.told = None
        _go(notice, State.SENDING, now, told=None)


def _tell_cases(notice: Notice) -> None:
    """Cases of web shells and compromises learn that their owner was told."""
    if notice.kind not in SECRET:
        return
    servers = [one.server_id for one in notice.servers.all()]
    rows = Case.objects.filter(
        campaign_id=notice.campaign_id, server_id__in=servers, state__in=[one.value for one in OPEN_CASES]
    )
    numbers = list(rows.values_list("pk", flat=True)[: cases.MOST_AT_ONCE])
    if numbers:
        reason = f"notice {notice.reference}"
        cases.notified(numbers, at=notice.told, reason=reason, once=f"notice:{notice.pk}")


Said = dict[tuple[int, int], list[tuple[datetime, str]]]


def _said(notices: Iterable[Notice]) -> Said:
    """What the owners of some notices said or handed in, by organisation and campaign, oldest first."""
    owners = {notice.organisation_id for notice in notices}
    found: Said = defaultdict(list)
    answers = Answer.objects.filter(link__organisation_id__in=owners).order_by("at", "id")
    for owner, campaign, at, kind in answers.values_list(
        "link__organisation_id", "link__campaign_id", "at", "kind"
    ):
        found[owner, campaign].append((at, kind))
    handed = HandIn.objects.filter(link__organisation_id__in=owners).order_by("received", "id")
    for owner, campaign, at in handed.values_list("link__organisation_id", "link__campaign_id", "received"):
        found[owner, campaign].append((at, HANDED_IN))
    return found


def _answer(kind: Kind, notice: Notice, said: Said) -> tuple[datetime, str] | None:
    """The first answer since a notice was planned that ends its reminders; None while there is none."""
    if notice.state == State.ANSWERED:
        return None
    for at, word in said.get((notice.organisation_id, notice.campaign_id), ()):
        if at >= notice.created and not (kind in INSISTENT and word in NO_ANSWERS):
            return at, word
    return None


def _answered(notice: Notice, at: datetime, word: str) -> None:
    notice.answered, notice.answer = at, word
    _go(notice, State.ANSWERED, at, answered=at, answer=word)
    _call_back(notice)


def _over(notice: Notice, state: State, now: datetime) -> None:
    _go(notice, state, now, fixed=now)
    _call_back(notice)


def _call_back(notice: Notice) -> None:
    """What has not left yet is not sent."""
    mine = Delivery.objects.filter(notice=notice)
    outbox.cancel(
        mine.filter(state=Delivery.QUEUED, message__state__in=WAITING).values_list("key", flat=True)
    )
    mine.filter(state=Delivery.WAITING).update(state=Delivery.CANCELLED, fault="no longer needed")


def _go(notice: Notice, state: State, now: datetime, **values: object) -> None:
    before, notice.state = notice.state, state
    Notice.objects.filter(pk=notice.pk).update(state=state, **values)
    append(
        [
            Change(
                at=now,
                kind="notice",
                subject=f"organisation:{notice.organisation_id}",
                actor="notices",
                campaign=notice.campaign.key,
                before=before,
                after=state,
                detail={"reference": notice.reference, "answer": notice.answer},
            )
        ]
    )


def _due(notice: Notice, now: datetime) -> bool:
    """Whether it is time for another channel: by the schedule; at once where too little arrived."""
    rows = list(notice.deliveries.all())
    if notice.batch.state != BatchState.APPROVED or any(row.state == Delivery.WAITING for row in rows):
        return False
    if _has_lost_its_details(notice):
        return True
    if all(map(_is_lost, rows)):
        return True
    told = notice.told or _perhaps_told(rows)
    when = next_reminder(Kind(notice.kind), told, notice.reminded) if told else None
    return when is not None and when <= now


def _perhaps_told(rows: Iterable[Delivery]) -> datetime | None:
    """When a message in doubt may have arrived: that nobody settles it must not leave an owner untold."""
    doubtful = [row.message for row in rows if row.message and row.message.state == Sent.IN_DOUBT]
    return min((one.began for one in doubtful if one.began), default=None)


def _has_lost_its_details(notice: Notice) -> bool:
    """Planned to tell everything by mail, a reference alone went: once, another way is sought."""
    return notice.say == Say.EVERYTHING and not notice.detailed and notice.reminded == 0


def _is_lost(row: Delivery) -> bool:
    if row.state in {Delivery.CANCELLED, Delivery.HELD}:
        return True
    return row.message is not None and row.message.state in LOST


def _remind(notices: Sequence[Notice], now: datetime) -> None:
    if not notices:
        return
    neighbours = Neighbours(now.date(), {notice.organisation_id for notice in notices})
    around = {
        notice.organisation_id: neighbours.of(
            notice.organisation, [(one.ip, one.server.asn) for one in notice.servers.all()]
        )
        for notice in notices
    }
    known = candidates(around)
    mays = mays_of(
        {Kind(one.kind) for one in notices}, now, known, (one for own in known.values() for one in own)
    )
    for notice in notices:
        kind, owner = Kind(notice.kind), notice.organisation_id
        may = mays[kind]
        used = [(row.channel, row.rung) for row in notice.deliveries.all()]
        choice = reminder(known[owner], kind, used, partial(may.told, owner), now)
        if choice is None:
            _nobody_left(notice, now)
        else:
            number = notice.reminded + 1
            key = f"notice:{notice.batch_id}:{owner}:again:{number}"
            affected = may.concerned(owner, choice.candidate)
            row = delivery(known_of(notice, now), choice, key=key, affected=affected)
            row.due = now
            row.save()
            detailed = notice.detailed or choice.say is Say.EVERYTHING
            Notice.objects.filter(pk=notice.pk).update(reminded=number, detailed=detailed)


def _nobody_left(notice: Notice, now: datetime) -> None:
    """No channel is left. Who was told stays "no answer yet"; whom nothing reached is a gap.

    At the day of the next reminder it is looked again: somebody may have found a number meanwhile.
    """
    if notice.told is None:
        _go(notice, State.UNREACHED, now)
        servers = len(notice.servers.all())
        reason = "no message arrived, and no other channel is left"
        Gap.objects.create(
            batch_id=notice.batch_id, organisation_id=notice.organisation_id, servers=servers, reason=reason
        )
    else:
        Notice.objects.filter(pk=notice.pk).update(reminded=notice.reminded + 1)


def close_some(now: datetime | None = None) -> bool:
    """The chore: a batch of which nothing is open any more is done."""
    del now
    open_ = Notice.objects.filter(state__in=[State.PLANNED, *WATCHED]).order_by().values("batch_id")
    rows = Batch.objects.filter(state=BatchState.APPROVED).exclude(pk__in=open_)
    return bool(rows.update(state=BatchState.DONE))
