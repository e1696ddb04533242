"""Take reports in, and what their reporters say later. What staff do with them is `incidents.handling`."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from msgspec import Struct, structs

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.census.bulk import writing
from tocsin.hub.exposure.chain import Change, append
from tocsin.hub.incidents import uploads
from tocsin.hub.incidents.models import Entry, IncidentReport, SpentProof
from tocsin.hub.incidents.selectors import clocks_of
from tocsin.hub.rules import work_proof
from tocsin.hub.rules.incident import (
    ALPHABET,
    OPEN,
    Answer,
    Functional,
    Information,
    Proof,
    Recoverability,
    Stage,
    State,
    safe_contact,
    servers_of,
)
from tocsin.hub.rules.incident_clocks import next_due
from tocsin.hub.rules.keys import digest
from tocsin.hub.rules.tlp import Tlp

GROUPS, GROUP = 4, 5
FUTURE = timedelta(minutes=10)
OLDEST = timedelta(days=3_650)
MOST_ENTRIES = 200
"""Follow-ups that one report may have."""


class Told(Struct, frozen=True, kw_only=True):
    """What a reporter tells, in his words; fields as `IncidentReport` has them."""

    organisation_name: str
    contact: str
    seen: str
    aware: datetime
    name: str = ""
    work_address: str = ""
    affected: str = ""
    functional: str = Functional.UNKNOWN.value
    information: str = Information.UNKNOWN.value
    recoverability: str = Recoverability.UNKNOWN.value
    cross_border: str = Answer.UNKNOWN.value
    malicious: str = Answer.UNKNOWN.value
    personal_data: str = Answer.UNKNOWN.value
    tlp: str = Tlp.AMBER.value


class Taken(Struct, frozen=True, kw_only=True):
    """A report that is safe now, and the secret that opens its page: shown once, kept nowhere."""

    report: IncidentReport
    secret: str


def new_challenge(now: datetime | None = None) -> str:
    """A challenge, harder the more reports came within the last hour. Keeps nothing."""
    moment = now or timezone.now()
    recent = IncidentReport.objects.filter(received__gt=moment - timedelta(hours=1)).count()
    return work_proof.challenge(_key(), bits=work_proof.difficulty(recent), now=moment)


def _key() -> bytes:
    return salted_hmac("incidents.work", settings.SECRET_KEY, algorithm="sha256").digest()


def spend(proof: str, now: datetime | None = None) -> str:
    """Check a proof and spend it. Gives why it is worth nothing, or an empty text."""
    verdict = work_proof.check(_key(), proof, now=now or timezone.now())
    if verdict.ends is None:
        return verdict.why
    try:
        with transaction.atomic():
            SpentProof.objects.create(mark=verdict.mark, ends=verdict.ends)
    except IntegrityError:
        return "spent"
    return ""


def objections(told: Told, now: datetime | None = None) -> list[tuple[str, str]]:
    """What must be put right first: field and sentence."""
    moment = now or timezone.now()
    found = [(name, "This is needed.") for name in _NEEDED if not getattr(told, name).strip()]
    if told.aware > moment + FUTURE:
        found.append(("aware", "This is in the future."))
    if told.aware < moment - OLDEST:
        found.append(("aware", "This is more than ten years ago."))
    safe = safe_contact(told.contact, affected=servers_of(told.affected), work_address=told.work_address)
    return [*found, ("contact", safe.refused)] if safe.refused else found


_NEEDED = ("organisation_name", "contact", "seen")


def take(
    told: Told,
    *,
    proof: Proof,
    by: User | None = None,
    files: Sequence[uploads.Given] = (),
    now: datetime | None = None,
) -> Taken:
    """Take a report in. It is safe when this returns; without work done for it, somebody checks it first.

    Raises:
        UsageFault: something must be put right (`objections`).
        LimitExceeded: the files pass a bound.
    """
    moment = now or timezone.now()
    if wrong := objections(told, moment):
        raise UsageFault("; ".join(f"{name}: {says}" for name, says in wrong))
    uploads.check(files)
    secret = _secret()
    with writing():
        report = _created(told, proof, secret, moment)
        uploads.keep(report, files)
        tell(report, "incident-received", at=moment, by=by, detail={"proof": proof.value})
    return Taken(report=report, secret=secret)


def _secret() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


def _created(told: Told, proof: Proof, secret: str, now: datetime) -> IncidentReport:
    safe = safe_contact(told.contact, affected=servers_of(told.affected), work_address=told.work_address)
    report = IncidentReport.objects.create(
        **structs.asdict(told),
        reference=f"IR-{now.year}-" + "".join(secrets.choice(ALPHABET) for _ in range(8)),
        secret=digest(secret.replace("-", "")),
        state=State.RECEIVED if proof in {Proof.WORK, Proof.TOKEN} else State.TO_CHECK,
        proof=proof,
        received=now,
        changed=now,
        doubts=list(safe.doubts),
    )
    set_due(report)
    return report


def set_due(report: IncidentReport) -> None:
    """Keep when the next clock ends; a closed report has none."""
    open_ = State(report.state) in OPEN
    report.next_due = next_due(clocks_of(report)) if open_ else None
    report.save(update_fields=["next_due"])


def tell(
    report: IncidentReport,
    kind: str,
    *,
    by: User | None,
    at: datetime | None = None,
    before: str = "",
    detail: dict[str, str] | None = None,
) -> None:
    """Into the chain: the reference, never what was reported. Inside `writing`."""
    change = Change(
        at=at or timezone.now(),
        kind=kind,
        subject=f"incident:{report.pk}",
        actor=by.email if by else "reporter",
        campaign=report.campaign.key if report.campaign else "",
        before=before,
        after=report.state,
        detail={"reference": report.reference, **(detail or {})},
    )
    append([change])


def follow_up(
    report: IncidentReport,
    *,
    stage: str,
    text: str,
    files: Sequence[uploads.Given] = (),
    now: datetime | None = None,
) -> Entry:
    """What the reporter says later: an answer, or the next stage of his reports.

    Raises:
        UsageFault: it says nothing, no such stage, or the report has too many already.
        LimitExceeded: the files pass a bound.
    """
    moment = now or timezone.now()
    if not text.strip() or stage not in set(Stage):
        raise UsageFault("say something, and of which stage it is")
    uploads.check(files, report)
    with writing():
        if report.entries.count() >= MOST_ENTRIES:
            raise UsageFault("this report has too many follow-ups", remedy="Call us, with your reference.")
        entry = Entry.objects.create(
            report=report, kind=Entry.FOLLOW_UP, stage=stage, text=text.strip(), at=moment
        )
        uploads.keep(report, files)
        report.changed = moment
        report.save(update_fields=["changed"])
        set_due(report)
        tell(report, "incident-follow-up", at=moment, by=None, detail={"stage": stage})
    return entry
