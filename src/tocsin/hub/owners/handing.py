"""Take in what owners hand in: a report is read at once, evidence waits in quarantine to be examined."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max, Sum
from django.utils import timezone
from msgspec import Struct

from tocsin.errors import LimitExceeded, UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import record
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.census.bulk import writing
from tocsin.hub.census.models import Server
from tocsin.hub.exposure.models import BOUND, Decision, Standing
from tocsin.hub.exposure.services import Ruling, hear
from tocsin.hub.lists import quarantine
from tocsin.hub.owners.models import HandIn, OwnerLink
from tocsin.hub.rules import handins
from tocsin.hub.rules.decisions import Kind
from tocsin.hub.rules.handins import Form, Reading, State
from tocsin.hub.rules.identity import address
from tocsin.hub.rules.words import Grade
from tocsin.model.words import Residual

MOST_OTHERS = 2_000
"""Servers of the same owner that are compared with."""


class Given(Struct, frozen=True, kw_only=True):
    """Who brings what, about which server.

    Attributes:
        server: its number.
        campaign: the campaign.
        name: what the sender calls the file.
        link: by which it came, or None.
        by: who brought it, or None; an analyst brings what an owner sent him.
    """

    server: int
    campaign: Campaign
    name: str
    link: OwnerLink | None = None
    by: User | None = None

    @property
    def actor(self) -> str:
        """Who, as the chain names it."""
        return f"link:{self.link.pk}" if self.link else f"user:{self.by.pk if self.by else 0}"


class TakenIn(Struct, frozen=True, kw_only=True):
    """A hand-in's number, and whether this call made it."""

    hand_in: int
    new: bool


def take_report(document: Iterable[bytes], given: Given) -> TakenIn:
    """Take an assessment in. It is ``self-reported``: its bad news counts at once, and it closes nothing.

    Raises:
        LimitExceeded: it is too long.
        UsageFault: it is no assessment, or says nothing about the campaign; or the link brought too much.
    """
    _check(given)
    held = quarantine.keep(document, most=handins.LARGEST_REPORT, name=given.name)
    reading = _read(held.digest, given.campaign)
    row, new = _row(given, held, Form.REPORT)
    if new:
        with writing():
            fill(row, reading)
            row.identity, row.matched = handins.identify(shows(row, reading.builds), known(row))
            row.state = State.OPEN
            row.save()
            raise_alarm(row)
    return TakenIn(hand_in=row.pk, new=new)


def take_evidence(chunks: Iterable[bytes], given: Given) -> TakenIn:
    """Take evidence into quarantine; nobody opens it before the examination, which has bounds of its own.

    Raises:
        LimitExceeded: it is too long.
        UsageFault: it is empty, or the link brought too much.
        EnvironmentFault: the disk has no room for it.
    """
    _check(given)
    most = min(handins.LARGEST_EVIDENCE, room(given))
    held = quarantine.keep(chunks, most=most, name=given.name)
    row, new = _row(given, held, Form.EVIDENCE)
    return TakenIn(hand_in=row.pk, new=new)


def _check(given: Given) -> None:
    if not Standing.objects.filter(server_id=given.server, campaign=given.campaign).exists():
        raise UsageFault("this server does not stand in this campaign")
    if given.link is None:
        return
    if not given.link.own_servers.filter(pk=given.server).exists():
        raise UsageFault("this link is not about that server")
    if given.link.hand_ins.count() >= handins.MOST_BY_LINK:
        what = f"this link has brought {handins.MOST_BY_LINK} files, which is all that one may"
        raise UsageFault(what, remedy="Ask for another link.")
    if room(given) <= 0:
        what = f"this link has brought {handins.MOST_BYTES_BY_LINK:,} bytes, which is all that one may"
        raise LimitExceeded(what, remedy="Ask for another link.")


def room(given: Given) -> int:
    """Bytes that may still come by this link; for a person, what one file may have."""
    if given.link is None:
        return handins.LARGEST_EVIDENCE
    brought: int = given.link.hand_ins.aggregate(all=Sum("size"))["all"] or 0
    return handins.MOST_BYTES_BY_LINK - brought


def _read(digest: str, campaign: Campaign) -> Reading:
    document = quarantine.place_of(digest).read_bytes()
    return handins.read(handins.parse(document), campaign.key)


@transaction.atomic
def _row(given: Given, held: quarantine.Held, form: Form) -> tuple[HandIn, bool]:
    """The hand-in of this content; the same content about the same server is one, whoever sends it again."""
    owner = Server.objects.values_list("organisation_id", flat=True).get(pk=given.server)
    defaults = {
        "link": given.link,
        "organisation_id": owner,
        "form": form,
        "name": quarantine.safe_name(given.name),
        "size": held.size,
        "given_by": given.actor,
    }
    row, new = HandIn.objects.get_or_create(
        server_id=given.server, campaign=given.campaign, digest=held.digest, defaults=defaults
    )
    if new:
        record("handed in", f"hand-in:{row.pk}", by=given.by, form=form.value, actor=given.actor)
    return row, new


def fill(row: HandIn, reading: Reading) -> None:
    """Put what an assessment says into its row."""
    row.report = reading.document
    row.evidence_digest = reading.evidence
    row.pack = reading.pack
    row.collected_by_custody = reading.custody
    row.last_record = reading.last_record
    row.collected = handins.collected(reading.custody, reading.last_record, received=row.received)
    row.exposure = reading.exposure.value if reading.exposure else ""
    row.compromise = reading.compromise.value if reading.compromise else ""
    row.residual = reading.residual
    row.answer = reading.answer
    row.shells_gone = reading.shells_gone
    row.hosts = list(reading.hosts)


def known(row: HandIn) -> handins.Known:
    """What the hub knows of a hand-in's server; names out of evidence count once an analyst confirmed it."""
    server = row.server
    others = _others(server)
    confirmed = HandIn.objects.filter(
        server_id=row.server_id, state=State.CONFIRMED, grade=Grade.RE_ASSESSED
    ).values_list("hosts", flat=True)
    earlier = tuple(dict.fromkeys(name for names in confirmed[:20] for name in names))
    return handins.Known(
        hostname=server.hostname,
        name=server.name,
        address=address(server.ip) or "",
        build=server.build,
        earlier=earlier,
        others=tuple(dict.fromkeys(name for each in others for name in (each.name, each.hostname) if name)),
        same_build=any(handins.same_build(each.build, server.build) for each in others),
    )


def _others(server: Server) -> list[Server]:
    """The owner's other servers, as far as one looks."""
    if server.organisation_id is None:
        return []
    rows = Server.objects.filter(organisation_id=server.organisation_id).exclude(pk=server.pk)
    return list(rows.only("name", "hostname", "build").order_by("-last_seen", "-id")[:MOST_OTHERS])


def shows(row: HandIn, builds: Sequence[str] = ()) -> handins.Shows:
    """What a hand-in shows of the server that it is of."""
    return handins.Shows(hosts=row.hosts, addresses=row.addresses, builds=builds)


def raise_alarm(row: HandIn) -> None:
    """Bad news is believed at any grade, and at once; whatever is good about it waits for an analyst.

    What was done long ago is no news once its removal was claimed, where later evidence shows nothing left:
    that waits as a whole.
    """
    grade = Grade(row.grade)
    claimed = last_claim(row.server_id, row.campaign_id)
    told = handins.alarm(row.compromise, row.exposure, row.residual)
    if told is None or row.identity == handins.DIFFERENT or _shows_removal(row, claimed):
        return
    ruling = Ruling(
        kind=Kind.ASSESSMENT,
        reason=f"hand-in {row.pk}: {row.answer}"[:1_000],
        at=moment_of(row),
        grade=grade,
        exposure=told.exposure,
        compromise=told.compromise,
        residual="present" if told.present else "",
        evidence=f"{BOUND}{row.digest}",
    )
    row.decision_id = hear(actor=row.given_by, campaign=row.campaign, servers=[row.server_id], ruling=ruling)[
        0
    ]
    row.save(update_fields=["decision"])


def _shows_removal(row: HandIn, claimed: datetime | None) -> bool:
    later = claimed is not None and row.collected is not None and row.collected > claimed
    return later and row.residual == Residual.NONE_SEEN


def last_claim(server: int, campaign: int) -> datetime | None:
    """The last claim of a removal that stands."""
    claims = Decision.objects.filter(
        server_id=server, campaign_id=campaign, kind=Kind.REMOVED, superseded_by=None
    )
    found: datetime | None = claims.aggregate(last=Max("at"))["last"]
    return found


def moment_of(row: HandIn) -> datetime:
    """When what it says was so; where it does not tell, when it came."""
    return min(row.collected or row.received, timezone.now())


def unreadable(row: HandIn, fault: str) -> None:
    """Say why a hand-in cannot be read; it stays in quarantine for its time."""
    row.state, row.fault = State.UNREADABLE, fault[:1_000]
    row.save(update_fields=["state", "fault"])
