"""Agree with carriers, set their scopes, keep what they answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import record
from tocsin.hub.census.bulk import writing
from tocsin.hub.constituency.models import Organisation
from tocsin.hub.exposure.chain import Change, append
from tocsin.hub.relay.models import Carrier, Entry, EntryAnswer, ScopePart, Secrecy
from tocsin.hub.relay.selectors import entries_visible_to
from tocsin.hub.rules.claims import sound_claim
from tocsin.hub.rules.relay import Answer, Label, RowState, Why, refuse
from tocsin.hub.rules.relay_scope import KINDS, ORGANISATION

MOST_AT_ONCE = 5_000
MOST_PARTS = 20_000
CONFIDED = "compromise is told only under an agreement"


@transaction.atomic
def save_carrier(carrier: Carrier, *, by: User) -> Carrier:
    """Keep a carrier and what was agreed with it.

    Raises:
        PermissionDenied: the person may not write.
        UsageFault: compromise is to be told without an agreement, or beyond the ceiling.
    """
    _writes(by)
    if carrier.tells_compromise and not carrier.agreement.strip():
        raise UsageFault(CONFIDED, remedy="Name where the agreement is held.")
    if carrier.tells_compromise and not carrier.terms.tells_compromise:
        raise UsageFault(CONFIDED, remedy=f"Its ceiling must be {Label.AMBER_STRICT} or narrower.")
    carrier.save()
    _withdraw(carrier)
    terms = {
        "ceiling": carrier.ceiling,
        "compromise": carrier.tells_compromise,
        "owners": carrier.tells_owner,
    }
    record("carrier saved", f"carrier:{carrier.pk}", by=by, active=carrier.active, **terms)
    return carrier


def _withdraw(carrier: Carrier) -> None:
    """What a carrier may no longer be told leaves its slice now, not at the next walk.

    That a row stands there for a compromise tells of it, whatever its columns say.
    """
    here = Entry.objects.filter(carrier=carrier, left=None)
    if not carrier.terms.tells_anything:
        here.update(left=timezone.now())
    elif not carrier.terms.tells_compromise:
        here.filter(why=Why.COMPROMISE).update(left=timezone.now())


def _writes(by: User) -> None:
    if not by.writes:
        raise PermissionDenied


@transaction.atomic
def add_parts(carrier: Carrier, kind: str, values: Sequence[str], *, by: User) -> int:
    """Widen a carrier's scope by some values of one kind; all of them or none. Gives how many are new.

    Raises:
        PermissionDenied: the person may not write.
        UsageFault: a value is none of this kind, with which.
    """
    _writes(by)
    sound = sorted({_sound_part(kind, value) for value in values if value.strip()})
    if not sound or carrier.parts.count() + len(sound) > MOST_PARTS:
        raise UsageFault(f"a scope has between 1 and {MOST_PARTS:,} parts")
    here = set(carrier.parts.filter(kind=kind).values_list("value", flat=True))
    new = [ScopePart(carrier=carrier, kind=kind, value=value) for value in sound if value not in here]
    ScopePart.objects.bulk_create(new)
    if new:
        record("scope widened", f"carrier:{carrier.pk}", by=by, kind=kind, parts=len(new), first=sound[0])
    return len(new)


def _sound_part(kind: str, value: str) -> str:
    if kind in KINDS:
        return sound_claim(kind, value)
    digits = value.strip()
    if kind != ORGANISATION or not (digits.isascii() and digits.isdigit() and len(digits) < 19):  # noqa: PLR2004 - 63 bits
        raise UsageFault(f"{value[:80]!r} is no part of a scope", remedy="Give an organisation's number.")
    if not Organisation.objects.filter(pk=int(digits)).exists():
        raise UsageFault(f"there is no organisation {digits}")
    return str(int(digits))


@transaction.atomic
def remove_part(part: ScopePart, *, by: User) -> None:
    """Narrow a carrier's scope; its rows leave the slice at the next walk."""
    _writes(by)
    record("scope narrowed", f"carrier:{part.carrier_id}", by=by, kind=part.kind, value=part.value)
    part.delete()


@transaction.atomic
def keep_secret(organisation: Organisation, reason: str, *, by: User) -> Secrecy:
    """Let no carrier be told of an organisation's servers.

    Raises:
        PermissionDenied: the person may not write.
        UsageFault: no reason is given.
    """
    _writes(by)
    if not reason.strip():
        raise UsageFault("secrecy needs a reason")
    row, _ = Secrecy.objects.update_or_create(
        organisation=organisation, defaults={"reason": reason.strip()[:500], "by": by}
    )
    Entry.objects.filter(standing__organisation=organisation, left=None).update(left=timezone.now())
    record("kept from carriers", f"organisation:{organisation.pk}", by=by, reason=row.reason)
    return row


@transaction.atomic
def end_secrecy(row: Secrecy, *, by: User) -> None:
    """Let carriers be told again; rows come back at the next walk."""
    _writes(by)
    record("carriers told again", f"organisation:{row.organisation_id}", by=by)
    row.delete()


def answer(*, by: User, entries: Sequence[int], said: Answer, now: datetime | None = None) -> int:
    """Keep what a carrier says of some rows: all of them or none. Gives how many.

    Members of the carrier answer, and staff who may write, on its behalf. Each answer stays on record and is
    an event of the server; neither axis of the server moves by it.

    Raises:
        PermissionDenied: the person may not answer, or does not see one of the rows.
        UsageFault: the answer cannot be taken as it stands, with the reason.
    """
    moment = now or timezone.now()
    if not 0 < len(entries) <= MOST_AT_ONCE or len(set(entries)) != len(entries):
        raise UsageFault(f"an answer is about 1 to {MOST_AT_ONCE:,} rows, each once")
    if (why := refuse(said, moment.date())) is not None:
        raise UsageFault(why)
    with writing():
        rows = list(entries_visible_to(by).filter(pk__in=entries))
        if len(rows) != len(entries) or not may_answer(by):
            raise PermissionDenied
        append([_told(by, row, said, moment) for row in rows])
        EntryAnswer.objects.bulk_create(_answer(by, row, said, moment) for row in rows)
        for row in rows:
            _set(row, said, moment)
        Entry.objects.bulk_update(rows, ("state", "answered", "taken_on", "passed_on", "fixed", "note"), 500)
    return len(rows)


def may_answer(by: User) -> bool:
    """Whether a person answers rows that he sees: those who write, and a carrier's own members."""
    return by.writes or by.memberships.exists()


def _answer(by: User, row: Entry, said: Answer, now: datetime) -> EntryAnswer:
    return EntryAnswer(entry=row, state=said.state, day=said.day, note=said.note[:500], by=by, at=now)


def _set(row: Entry, said: Answer, now: datetime) -> None:
    """The newest answer holds; the first of each kind gives its time."""
    row.state, row.note = said.state, said.note[:500]
    row.answered = row.answered or now
    if said.state is RowState.TAKEN_ON:
        row.taken_on = row.taken_on or now
    if said.state is RowState.PASSED_ON:
        row.passed_on = row.passed_on or said.day
    if said.state is RowState.FIXED:
        row.fixed = row.fixed or now


def _told(by: User, row: Entry, said: Answer, now: datetime) -> Change:
    detail: dict[str, Any] = {"carrier": row.carrier_id}
    if said.day:
        detail["day"] = said.day.isoformat()
    return Change(
        at=now,
        kind="relay",
        subject=f"server:{row.standing.server_id}",
        actor=f"user:{by.pk}",
        campaign=row.standing.campaign.key,
        before=row.state,
        after=said.state,
        detail=detail,
    )
