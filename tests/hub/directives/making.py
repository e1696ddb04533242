"""Makers of rows for directives: organisations with servers under ED 21-02, as chores judge them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.hub import making

from tocsin.hub.accounts.models import User
from tocsin.hub.census.models import Server
from tocsin.hub.constituency.models import Organisation
from tocsin.hub.directives.chores import CHORES
from tocsin.hub.directives.loading import load_directives
from tocsin.hub.directives.models import Answer, Directive, Subject
from tocsin.hub.directives.services import set_active, tag
from tocsin.hub.exposure.models import Decision, Standing
from tocsin.hub.owners.models import HandIn
from tocsin.hub.rules.decisions import Kind
from tocsin.hub.rules.handins import Form, State
from tocsin.hub.rules.words import Exposure, Grade

FEDERAL = "federal-civilian"
RUN = "Safety Scanner finished a full scan"
ALARM = "Safety Scanner found something"


def directive() -> Directive:
    """ED 21-02, in force."""
    load_directives()
    row = Directive.objects.get(key="ed-21-02")
    set_active(row, active=True, by=None)
    return row


def agency(name: str = "Department of Contoso", **rest: Any) -> Organisation:
    """An organisation that the directive addresses."""
    made = making.organisation(name, **rest)
    tag(made.pk, FEDERAL, by=None)
    return made


def exchange(ip: str, owner: Organisation, exposure: Exposure = Exposure.VULNERABLE, **rest: Any) -> Server:
    """An Exchange server of the campaign."""
    fields = {name: rest.pop(name) for name in ("hostname", "build", "name", "pk", "product") if name in rest}
    server = making.server(ip, owner, **fields)
    Standing.objects.filter(pk=making.standing(server, exposure=exposure, **rest).pk)
    return server


def assessment(
    server: Server,
    *,
    by: User,
    rules: tuple[str, ...] = (RUN,),
    at: datetime = datetime(2021, 4, 2, 8, tzinfo=UTC),
    grade: Grade = Grade.RE_ASSESSED,
    compromise: str = "no-evidence",
) -> Decision:
    """An assessment that was handed in and confirmed, with a finding of each of these rules."""
    made = Decision.objects.create(
        server=server,
        campaign=making.campaign(),
        kind=Kind.ASSESSMENT,
        grade=grade,
        at=at,
        by=by,
        compromise=compromise,
        evidence=f"sha256:{server.pk}",
    )
    findings = [
        {
            "rule": rule,
            "time": at.isoformat(),
            "locator": {"path": "C/Windows/debug/msert.log", "line": number},
            "summary": rule,
        }
        for number, rule in enumerate(rules, start=1)
    ]
    HandIn.objects.create(
        server=server,
        campaign=making.campaign(),
        organisation=server.organisation,
        form=Form.REPORT,
        state=State.CONFIRMED,
        digest=f"{made.pk:064x}",
        report={"schema": "tocsin/assessment/1", "verdicts": [{"findings": findings}]},
        decision=made,
        decided=at,
        decided_by=by,
    )
    return made


def work_off() -> None:
    """Do this app's chores until there is nothing left."""
    while any([chore() for chore in CHORES]):  # noqa: C419 - each of them has its turn
        pass


def answer(row: Directive, requirement: str, **rest: Any) -> Answer:
    """The one answer to a requirement."""
    return Answer.objects.get(directive=row, requirement=requirement, **{"round": 0, **rest})


def tag_and_judge(owner: Organisation | None) -> None:
    """Have an organisation addressed and judged, so that pages have something to show."""
    for number in {owner.pk if owner else None, *Subject.objects.values_list("organisation", flat=True)}:
        if number is not None:
            tag(number, FEDERAL, by=None)
    work_off()
