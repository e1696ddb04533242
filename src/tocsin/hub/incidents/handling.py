"""What staff do with reports: sort them, ask, put duplicates together, open cases, close. All is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import record
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.cases.services import Sighting, found
from tocsin.hub.census.bulk import writing
from tocsin.hub.census.models import Server
from tocsin.hub.constituency.models import Claim, Organisation
from tocsin.hub.directives.scoping import look_again
from tocsin.hub.incidents.models import Entry, IncidentReport
from tocsin.hub.incidents.services import set_due, tell
from tocsin.hub.outbox.services import Channel, Draft, Purpose, queue
from tocsin.hub.rules.cases import CaseKind, Source
from tocsin.hub.rules.incident import OPEN, State, claimed, move
from tocsin.hub.rules.words import ClaimKind, Grade

MOST_SERVERS = 50
HOST_KINDS = (ClaimKind.DOMAIN, ClaimKind.HOST)


def _locked(report: IncidentReport, by: User) -> IncidentReport:
    if not by.writes:
        raise PermissionDenied
    return IncidentReport.objects.select_for_update().get(pk=report.pk)


def change_state(report: IncidentReport, state: str, *, by: User, reason: str = "") -> IncidentReport:
    """Take a report to another state; its reporter sees the state and, if there is one, the reason.

    Raises:
        PermissionDenied: the person may not.
        UsageFault: this state does not follow, or has its own way (merging).
    """
    if state == State.MERGED:
        raise UsageFault("a report is merged into another", remedy="Name it.")
    with writing():
        row = _locked(report, by)
        return _moved(row, move(row.state, state), by=by, reason=reason)


def _moved(row: IncidentReport, state: State, *, by: User, reason: str) -> IncidentReport:
    before, now = row.state, timezone.now()
    row.state, row.changed = state.value, now
    row.closed = None if state in OPEN else now
    row.save()
    if reason.strip():
        Entry.objects.create(report=row, kind=Entry.STEP, text=reason.strip(), at=now, by=by)
    set_due(row)
    tell(row, "incident-state", by=by, before=before)
    look_again([row.organisation_id])
    return row


def link(
    report: IncidentReport,
    *,
    by: User,
    organisation: Organisation | None,
    campaign: Campaign | None,
    servers: Iterable[int] = (),
) -> IncidentReport:
    """Say whose report this is, of which campaign, and about which servers.

    Raises:
        PermissionDenied: the person may not.
        UsageFault: no such server, or too many.
    """
    wanted = sorted(set(servers))
    known = list(Server.objects.filter(pk__in=wanted[: MOST_SERVERS + 1]).values_list("pk", flat=True))
    if len(known) < len(wanted) or len(wanted) > MOST_SERVERS:
        raise UsageFault(f"servers are named by their numbers, at most {MOST_SERVERS}")
    with writing():
        row = _locked(report, by)
        before = row.organisation_id
        row.organisation, row.campaign, row.changed = organisation, campaign, timezone.now()
        row.doubts = [*(each for each in row.doubts if "claims" not in each), *_claimed(row, organisation)]
        row.save()
        row.servers.set(known)
        look_again([before, row.organisation_id])
        record(
            "incident linked", f"incident:{row.pk}", by=by, organisation=row.organisation_id, servers=known
        )
    return row


def _claimed(row: IncidentReport, organisation: Organisation | None) -> tuple[str, ...]:
    """The contact inside what the organisation claims: known once it is known whose report this is."""
    if organisation is None:
        return ()
    names = Claim.objects.filter(organisation=organisation, kind__in=HOST_KINDS, valid_until=None)
    return claimed(row.contact, names.values_list("value", flat=True))


def assign(report: IncidentReport, to: User | None, *, by: User) -> None:
    """Say who works on it."""
    with writing():
        row = _locked(report, by)
        if to is not None and not to.writes:
            raise UsageFault("only people who may change the hub can be given a report")
        row.assignee = to
        row.save(update_fields=["assignee"])
        record("incident assigned", f"incident:{row.pk}", by=by, to=to.pk if to else None)


def say(
    report: IncidentReport,
    text: str,
    *,
    by: User,
    shown: bool,
    mail: bool = False,
    now: datetime | None = None,
) -> Entry:
    """Ask the reporter something on his page (``shown``), or note something among staff.

    Args:
        report: which.
        text: plain text.
        by: who.
        shown: the reporter sees it.
        mail: tell his safe contact that something stands there; the mail says nothing else.
        now: when.

    Raises:
        PermissionDenied: the person may not.
        UsageFault: it says nothing, or its contact cannot be written to.
    """
    if not text.strip():
        raise UsageFault("this says nothing")
    moment = now or timezone.now()
    with writing():
        row = _locked(report, by)
        kind = Entry.QUESTION if shown else Entry.NOTE
        entry = Entry.objects.create(report=row, kind=kind, text=text.strip(), at=moment, by=by, shown=shown)
        row.changed = moment
        row.save(update_fields=["changed"])
        set_due(row)
        if mail and shown:
            queue([_mail(row, entry)])
        record(f"incident {kind}", f"incident:{row.pk}", by=by)
    return entry


def _mail(row: IncidentReport, entry: Entry) -> Draft:
    """Nothing of what was reported, and no link: the address may turn out to be less safe than it seemed."""
    if "@" not in row.contact:
        raise UsageFault("the safe contact is no mail address", remedy="Call it.")
    text = (
        f"There is something new on the page of your report {row.reference}.\n\n"
        "Open the page by the address that you noted when you reported, with your reference and secret.\n"
        "We never ask for the secret by mail or telephone.\n"
    )
    return Draft(
        key=f"incident:{entry.pk}",
        channel=Channel.EMAIL,
        address=row.contact,
        purpose=Purpose.INCIDENT,
        subject=f"Your report {row.reference}",
        text=text,
        urgency=1,
    )


def merge(report: IncidentReport, into: IncidentReport, *, by: User) -> IncidentReport:
    """Say that two reports are about one incident. Neither reporter sees anything of the other's.

    Raises:
        PermissionDenied: the person may not.
        UsageFault: it is the same, or the other was merged itself.
    """
    with writing():
        row, target = _locked(report, by), _locked(into, by)
        if row.pk == target.pk or target.state == State.MERGED:
            raise UsageFault("a report is merged into another one that is not merged itself")
        row.merged_into = target
        _moved(row, move(row.state, State.MERGED), by=by, reason="")
        IncidentReport.objects.filter(merged_into=row).update(merged_into=target)
        target.servers.add(*row.servers.all())
        look_again([target.organisation_id])
    return row


def open_case(report: IncidentReport, *, by: User, at: datetime | None = None) -> list[int]:
    """Open a case of compromise for each server of the report, or one without a server. Gives the cases.

    Raises:
        PermissionDenied: the person may not.
        UsageFault: nobody has said yet of which campaign it is.
    """
    with writing():
        row = _locked(report, by)
        if row.campaign_id is None:
            raise UsageFault("a case belongs to a campaign", remedy="Link the report to one first.")
        servers: Sequence[int | None] = list(row.servers.values_list("pk", flat=True)) or [None]
        alone = (
            row.cases.filter(server=None, campaign=row.campaign_id) if servers == [None] else row.cases.none()
        )
        known = list(alone.values_list("pk", flat=True))
        cases = known or found([_sighting(row, row.campaign_id, server, at) for server in servers], by=by)
        row.cases.add(*cases)
        if row.state in {State.TO_CHECK, State.RECEIVED}:
            row = _moved(row, State.TRIAGED, by=by, reason="")
        tell(row, "incident-case", by=by, detail={"cases": ", ".join(map(str, cases))})
    return cases


def _sighting(row: IncidentReport, campaign: int, server: int | None, at: datetime | None) -> Sighting:
    return Sighting(
        kind=CaseKind.COMPROMISE,
        campaign=campaign,
        server=server,
        organisation=row.organisation_id,
        at=at or row.aware,
        source=Source.INCIDENT,
        grade=Grade.SELF_REPORTED,
        reason=f"Reported: {row.reference}",
        once=f"incident:{row.pk}:{server or 0}",
    )
