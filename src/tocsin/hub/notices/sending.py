"""Give messages that are due to the outbox. What was approved is sent as it was shown, or says less.

Before a message goes, everything that decided about it is looked at once more: where compromise has come to
be suspected, or nobody knows any longer where its mail goes, the reference goes alone. What is fixed by then
is not told at all. Never the other way: no message says more than what was approved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.utils import timezone

from tocsin.hub.census.bulk import writing
from tocsin.hub.census.models import Server
from tocsin.hub.exposure.chain import Change, append
from tocsin.hub.exposure.models import Standing
from tocsin.hub.notices import operator
from tocsin.hub.notices.composing import Known, delivery, known_of, said_too_much
from tocsin.hub.notices.models import Delivery, Notice
from tocsin.hub.notices.planning import May, mays_of
from tocsin.hub.notices.routes import Resolver, configured, domain_of, look_up
from tocsin.hub.outbox.services import Attachment, Draft, Purpose, queue
from tocsin.hub.owners.services import MOST_SERVERS, Wanted, make_links
from tocsin.hub.rules import links
from tocsin.hub.rules.ladder import Candidate, Choice, Rung, climb
from tocsin.hub.rules.ladder import Standing as Whose
from tocsin.hub.rules.mail import objection
from tocsin.hub.rules.notices import (
    BatchState,
    Kind,
    Part,
    State,
    fixed,
    numbers,
)
from tocsin.hub.rules.notices_texts import LINK
from tocsin.hub.rules.secrecy import Say
from tocsin.hub.rules.words import Channel, Compromise, Exposure

CHUNK = 100
LIST_ID = "notices"
GONE = "its contact was removed, or can be reached no longer"
PURPOSE = {
    Kind.VULNERABLE: Purpose.NOTICE,
    Kind.MITIGATED: Purpose.NOTICE,
    Kind.COMPROMISE: Purpose.COMPROMISE,
    Kind.WEBSHELL: Purpose.COMPROMISE,
    Kind.DIRECTIVE: Purpose.DIRECTIVE,
}
LINK_FOR = {
    Purpose.NOTICE: links.Purpose.NOTICE,
    Purpose.COMPROMISE: links.Purpose.COMPROMISE,
    Purpose.DIRECTIVE: links.Purpose.DIRECTIVE,
}


def send_some(now: datetime | None = None, resolver: Resolver | None = None) -> bool:
    """The chore: queue the next messages that are due. Gives whether there were any.

    Where mail goes is looked up anew if that was more than a day ago: approval takes time, reminders weeks.
    """
    moment = now or timezone.now()
    due = Delivery.objects.filter(
        state=Delivery.WAITING, due__lte=moment, notice__batch__state=BatchState.APPROVED
    )
    numbers_due = list(due.order_by("due", "notice__urgency", "id").values_list("pk", flat=True)[:CHUNK])
    if not numbers_due:
        return False
    open_ones = Delivery.objects.filter(pk__in=numbers_due, say=Say.EVERYTHING)
    domains = [domain_of(*pair) for pair in open_ones.values_list("channel", "address")]
    look_up(domains, resolver or configured(), moment)
    with writing():
        rows = list(
            Delivery.objects.filter(pk__in=numbers_due, state=Delivery.WAITING)
            .select_related(
                "notice__batch__campaign",
                "notice__batch__approved_by",
                "notice__campaign",
                "notice__organisation",
                "contact",
            )
            .prefetch_related("notice__servers")
            .order_by("id")
        )
        _send(rows, moment)
    return True


def _send(rows: Sequence[Delivery], now: datetime) -> None:
    asked = {row.pk: one for row in rows if (one := candidate_of(row)) is not None}
    states = states_of([row.notice for row in rows])
    kinds = {Kind(row.notice.kind) for row in rows}
    mays = mays_of(kinds, now, (row.notice.organisation_id for row in rows), asked.values())
    reporter, ready = operator.reporter(), list[Delivery]()
    for row in rows:
        one, kind = asked.get(row.pk), Kind(row.notice.kind)
        if fixed(kind, states[row.notice_id]):
            _stop(row, "it was fixed before this left")
        elif one is None or not climb([one], kind, now):
            _stop(row, GONE)
        else:
            _say_less(row, one, mays[kind], known_of(row.notice, now, reporter))
            if row.state == Delivery.WAITING:
                ready.append(row)
    addresses = _links(ready, now)
    drafts = ((row, _draft(row, addresses.get(row.pk))) for row in ready)
    _queue([(row, draft) for row, draft in drafts if draft is not None], now)


def candidate_of(row: Delivery) -> Candidate | None:
    """The contact of a message as it is now; None where it is gone, or has another address."""
    contact = row.contact
    if contact is None or contact.value != row.address:
        return None
    own = contact.organisation_id == row.notice.organisation_id
    above = Whose.NATIONAL if row.rung == Rung.NATIONAL else Whose.PROVIDER
    return Candidate(
        contact=contact.pk,
        organisation=contact.organisation_id,
        channel=Channel(contact.channel),
        address=contact.value,
        language=contact.language,
        role=contact.role,
        provenance=contact.provenance,
        verified=contact.verified,
        opted_out=contact.opted_out is not None,
        bounce=contact.bounce,
        whose=Whose.OWN if own else above,
    )


def states_of(notices: Iterable[Notice]) -> dict[int, list[tuple[Exposure, Compromise]]]:
    """By notice, where its servers stand now. A server that is in the campaign no longer has no state."""
    found: dict[int, list[tuple[Exposure, Compromise]]] = {}
    by_campaign: dict[int, set[int]] = {}
    known = {notice.pk: notice for notice in notices}
    for notice in known.values():
        by_campaign.setdefault(notice.campaign_id, set()).update(
            one.server_id for one in notice.servers.all()
        )
    now: dict[tuple[int, int], tuple[Exposure, Compromise]] = {}
    for campaign, servers in by_campaign.items():
        rows = Standing.objects.filter(campaign_id=campaign, server_id__in=servers)
        for server, exposure, compromise in rows.values_list("server_id", "exposure", "compromise"):
            now[campaign, server] = Exposure(exposure), Compromise(compromise)
    for notice in known.values():
        keys = [(notice.campaign_id, one.server_id) for one in notice.servers.all()]
        found[notice.pk] = [now[key] for key in keys if key in now] or [
            (Exposure.UNKNOWN, Compromise.UNKNOWN)
        ]
    return found


def _stop(row: Delivery, why: str) -> None:
    row.state, row.fault = Delivery.CANCELLED, why
    row.save(update_fields=["state", "fault"])


def _say_less(row: Delivery, one: Candidate, may: May, known: Known) -> None:
    """Write a message anew with the reference alone, where it may say no more by now."""
    owner = row.notice.organisation_id
    verdict, affected = may.told(owner, one), may.concerned(owner, one)
    if row.say == Say.EVERYTHING and verdict.say is Say.REFERENCE:
        why = (*map(str, row.why), *verdict.reasons, "it says less than was approved")
        choice = Choice(part=Part(row.part), candidate=one, rung=Rung(row.rung), say=Say.REFERENCE, why=why)
        made = delivery(known, choice, key=row.key, affected=affected)
        for name in ("say", "why", "subject", "text", "attachments", "state", "fault"):
            setattr(row, name, getattr(made, name))
        row.save()
        _without_details(row)
    elif faults := said_too_much(row, known.organisation, known.servers, affected):
        row.state, row.fault = Delivery.HELD, f"it would say {', '.join(faults)}"[:300]
        row.save(update_fields=["state", "fault"])


def _without_details(row: Delivery) -> None:
    """Where no other message of a notice tells the details now, `following` looks for another way at once."""
    others = Delivery.objects.filter(notice=row.notice_id, say=Say.EVERYTHING)
    if not others.exclude(state=Delivery.CANCELLED).exists():
        row.notice.detailed = False
        row.notice.save(update_fields=["detailed"])


def _draft(row: Delivery, address: str | None) -> Draft | None:
    """A message as the outbox takes it; with the address of the owner's page, or words in its place."""
    kind = Kind(row.notice.kind)
    link = address or operator.words().words[row.language].no_link
    draft = Draft(
        key=row.key,
        channel=Channel(row.channel),
        address=row.address,
        contact=row.contact_id,
        organisation=row.notice.organisation_id,
        purpose=_purpose(row, kind),
        subject=row.subject,
        text=row.text.replace(LINK, link),
        attachments=tuple(
            Attachment(name=one["name"], media_type=one["media_type"], content=one["content"].encode())
            for one in row.attachments
        ),
        list_id=LIST_ID if row.say == Say.EVERYTHING else "",
        urgency=row.notice.urgency,
        language=row.language,
    )
    if (why := objection(draft)) is None:
        return draft
    row.state, row.fault = Delivery.HELD, why[:300]
    row.save(update_fields=["state", "fault"])
    return None


def _purpose(row: Delivery, kind: Kind) -> Purpose:
    """Why it is sent. A webhook carries this word along: where it must not tell anything, it is a notice."""
    bare = row.channel == Channel.WEBHOOK and row.say == Say.REFERENCE
    return Purpose.NOTICE if bare else PURPOSE[kind]


def _links(rows: Sequence[Delivery], now: datetime) -> dict[int, str]:
    """By message the address of its owner's page, made now for all whose text has room for one.

    Where nobody here owns the servers any more, or where they are too many for one link, there is none.
    """
    asked = [row for row in rows if LINK in row.text]
    owned = _owned(asked)
    told = [(row, _still_owned(row, owned)) for row in asked]
    able = [(row, servers) for row, servers in told if 0 < len(servers) <= MOST_SERVERS]
    made = make_links([_wanted(row, servers) for row, servers in able], now)
    notices = dict[int, Notice]()
    for (row, _), one in zip(able, made, strict=True):
        row.notice.link = one.link
        notices[row.notice_id] = row.notice
    Notice.objects.bulk_update(notices.values(), ["link"], batch_size=CHUNK)
    return {row.pk: one.address for (row, _), one in zip(able, made, strict=True)}


def _owned(rows: Sequence[Delivery]) -> dict[int, int | None]:
    """By server of these messages' notices, whose it is now."""
    servers = {one.server_id for row in rows for one in row.notice.servers.all()}
    return dict(Server.objects.filter(pk__in=servers).values_list("pk", "organisation_id"))


def _still_owned(row: Delivery, owned: Mapping[int, int | None]) -> list[int]:
    told = [one.server_id for one in row.notice.servers.all()]
    return [server for server in told if owned.get(server) == row.notice.organisation_id]


def _wanted(row: Delivery, servers: Sequence[int]) -> Wanted:
    notice = row.notice
    return Wanted(
        organisation=notice.organisation_id,
        servers=servers,
        campaign=notice.campaign_id,
        purpose=LINK_FOR[PURPOSE[Kind(notice.kind)]],
        days=numbers().link_days,
        by=notice.batch.approved_by,
        contact=row.contact_id,
    )


def _queue(ready: Sequence[tuple[Delivery, Draft]], now: datetime) -> None:
    if not ready:
        return
    messages = queue([draft for _, draft in ready], now=now)
    for (row, _), message in zip(ready, messages, strict=True):
        row.state, row.queued, row.message_id = Delivery.QUEUED, now, message
    Delivery.objects.bulk_update([row for row, _ in ready], ["state", "queued", "message"], batch_size=CHUNK)
    notices = {row.notice_id for row, _ in ready}
    Notice.objects.filter(pk__in=notices, state=State.PLANNED).update(state=State.SENDING)
    append([_change(row, now) for row, _ in ready])


def _change(row: Delivery, now: datetime) -> Change:
    return Change(
        at=now,
        kind="notice",
        subject=f"organisation:{row.notice.organisation_id}",
        actor="notices",
        campaign=row.notice.campaign.key,
        after="queued",
        detail={
            "reference": row.notice.reference,
            "part": row.part,
            "channel": row.channel,
            "say": row.say,
            "kind": row.notice.kind,
        },
    )
