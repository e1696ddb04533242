"""An analyst decides about a hand-in: confirms it, confirms and closes, or refuses it. Nobody else closes."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import record
from tocsin.hub.census.bulk import writing
from tocsin.hub.exposure.models import BOUND, Decision, Standing
from tocsin.hub.exposure.proof import NOBODY, Claimed
from tocsin.hub.exposure.services import Ruling, decide, withdraw
from tocsin.hub.owners.handing import last_claim, moment_of
from tocsin.hub.owners.known import objections_of_others
from tocsin.hub.owners.models import HandIn
from tocsin.hub.rules import handins
from tocsin.hub.rules.decisions import Kind
from tocsin.hub.rules.handins import DECIDED, Brought, Form, State
from tocsin.hub.rules.words import Compromise, Exposure, Grade


def objections_to(row: HandIn, analyst: User | None) -> list[str]:
    """Everything that stands between a hand-in and ``verified-clean``, in sentences."""
    standing = Standing.objects.get(server_id=row.server_id, campaign_id=row.campaign_id)
    return _of_itself(row, standing, analyst) + objections_of_others(row)


def _of_itself(row: HandIn, standing: Standing, analyst: User | None) -> list[str]:
    return handins.against_clean(
        Brought(
            form=Form(row.form),
            grade=Grade(row.grade),
            identity=row.identity,
            nonce=row.nonce.issued if row.nonce else None,
            collected=row.collected,
            window_covered=row.window_covered,
            residual=row.residual,
            shells_gone=row.shells_gone,
            analyst=str(analyst) if analyst else "",
            claimed=last_claim(row.server_id, row.campaign_id),
            shell_seen=standing.shell_seen,
            standing=Compromise(standing.compromise),
        )
    )


def confirm(row: HandIn, *, by: User, reason: str = "", close: bool = False) -> HandIn:
    """Accept an assessment for what it says; with ``close``, as what shows the server clean.

    Raises:
        PermissionDenied: the person may not decide.
        UsageFault: it was decided before, cannot be read, or (with ``close``) something stands against it.
    """
    with writing():
        row = _open(row, by)
        row.objections = objections_to(row, by)
        if close and row.objections:
            what = f"not shown to be clean: {'; '.join(row.objections)}"
            raise UsageFault(what, remedy="Only re-assessed evidence closes.")
        _mark(row, State.CONFIRMED, by, reason)
        row.shown_clean = close
        row.save()
        ids = decide(by=by, campaign=row.campaign, servers=[row.server_id], ruling=_ruling(row, by))
        row.decision_id = ids[0]
        row.save(update_fields=["decision"])
        if close:
            _see_closed(row)
    return row


def refuse(row: HandIn, *, by: User, reason: str) -> HandIn:
    """Turn a hand-in down, with a reason; the alarm that it raised is taken back with it.

    Raises:
        PermissionDenied: the person may not decide.
        UsageFault: it was decided before, or no reason is given.
    """
    if not reason.strip():
        raise UsageFault("refusing a hand-in needs a reason")
    with writing():
        row = _open(row, by, readable=False)
        row.objections = objections_to(row, by)
        _mark(row, State.REFUSED, by, reason)
        row.save()
        for alarm in _alarms(row):
            withdraw(by=by, decision=alarm, reason=f"hand-in {row.pk} was refused: {row.reason}")
    return row


def _alarms(row: HandIn) -> list[Decision]:
    """Every alarm that it raised and that stands: each examination may have raised another."""
    raised = Decision.objects.filter(
        server_id=row.server_id,
        campaign_id=row.campaign_id,
        kind=Kind.ASSESSMENT,
        evidence=f"{BOUND}{row.digest}",
        superseded_by=None,
    )
    return list(raised.select_related("campaign").order_by("id"))


def examine_again(row: HandIn, *, by: User) -> None:
    """Put evidence back into the queue, after claims or earlier hand-ins have changed.

    Raises:
        PermissionDenied: the person may not decide.
        UsageFault: it is no evidence, or was decided about.
    """
    if not by.writes:
        raise PermissionDenied
    turn = HandIn.objects.filter(pk=row.pk, form=Form.EVIDENCE, state__in=[State.OPEN, State.UNREADABLE])
    if not turn.update(state=State.WAITING, looked=None, attempts=0, began=None, fault=""):
        raise UsageFault("only evidence that nobody has decided about is examined again")
    record("examined again", f"hand-in:{row.pk}", by=by)


def _open(row: HandIn, by: User, *, readable: bool = True) -> HandIn:
    if not by.writes:
        raise PermissionDenied
    found = HandIn.objects.select_related("server", "campaign", "nonce").get(pk=row.pk)
    if found.state in DECIDED:
        raise UsageFault("this hand-in was decided about before")
    if readable and found.state != State.OPEN:
        raise UsageFault(f"this hand-in is {found.state}: there is nothing to confirm yet")
    return found


def _mark(row: HandIn, state: State, by: User, reason: str) -> None:
    row.state, row.decided, row.decided_by = state, timezone.now(), by
    row.reason = reason.strip()[:5_000]
    record(f"hand-in {state}", f"hand-in:{row.pk}", by=by, reason=row.reason[:500])


def _ruling(row: HandIn, by: User) -> Ruling:
    grade = Grade(row.grade)
    exposure = Exposure(row.exposure) if row.exposure else None
    return Ruling(
        kind=Kind.ASSESSMENT,
        reason=f"hand-in {row.pk}, confirmed by {by}: {row.reason or row.answer}"[:1_000],
        at=moment_of(row),
        grade=grade,
        exposure=handins.news(grade, exposure),
        compromise=Compromise(row.compromise) if row.compromise else None,
        residual=row.residual,
        clean=row.shown_clean,
        evidence=f"{BOUND}{row.digest}",
    )


def _see_closed(row: HandIn) -> None:
    """The fold has the last word; what it does not accept is not left half done."""
    standing = Standing.objects.get(server_id=row.server_id, campaign_id=row.campaign_id)
    if standing.compromise != Compromise.VERIFIED_CLEAN:
        what = f"the evidence does not close it: the server stays {standing.compromise}"
        raise UsageFault(what, remedy="Look at what was seen or decided after it was collected.")


def witness(claimed: Claimed) -> str | None:
    """Say whether a hand-in shows a server clean (a `exposure.proof.Witness`)."""
    held = HandIn.objects.select_related("server", "campaign", "nonce", "decided_by").filter(
        server_id=claimed.server,
        campaign_id=claimed.campaign,
        digest=claimed.evidence.removeprefix(BOUND),
        shown_clean=True,
        state=State.CONFIRMED,
        decided_by_id=claimed.by,
    )
    row = held.first()
    if row is None or claimed.at != moment_of(row):
        return NOBODY
    return "; ".join(objections_to(row, row.decided_by)) or None
