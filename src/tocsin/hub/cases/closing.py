"""What a hand-in brings towards closing a case, read from its assessment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import QuerySet

from tocsin.hub.accounts.models import User
from tocsin.hub.cases.models import Case
from tocsin.hub.cases.moving import folded
from tocsin.hub.owners.examinations import MOST_EARLIER
from tocsin.hub.owners.models import HandIn
from tocsin.hub.owners.selectors import accepted_assessments
from tocsin.hub.rules.cases import CaseKind, CaseState
from tocsin.hub.rules.cases_closing import ClosingEvidence, Condition, conditions
from tocsin.hub.rules.cases_identity import key_of
from tocsin.hub.rules.handins import DIFFERENT, State
from tocsin.hub.rules.words import Grade
from tocsin.model.verification import Removal

_SAYS = {
    "present": Removal.PRESENT,
    "not-served-since": Removal.NOT_SERVED,
    "absent-on-disk": Removal.ABSENT,
    "removal-evidenced": Removal.EVIDENCED,
}
_GRAVEST = (Removal.PRESENT, Removal.CANNOT_TELL, Removal.NOT_SERVED, Removal.ABSENT, Removal.EVIDENCED)


def usable(case: Case) -> QuerySet[HandIn]:
    """Accepted hand-ins about the case's server and campaign, the newest evidence first."""
    if case.server_id is None:
        return HandIn.objects.none()
    return accepted_assessments(case.server_id, case.campaign_id)


def conditions_of(case: Case, evidence: HandIn | None, *, by: User | None) -> list[Condition]:
    """Every condition of closing this case by this hand-in (None: while there is none) and this person."""
    analyst = str(by) if by is not None and by.writes else ""
    return conditions(
        CaseKind(case.kind),
        folded([case.pk])[case.pk],
        evidence_of(case, evidence) if evidence else None,
        analyst=analyst,
        open_shells=_open_shells(case),
    )


def evidence_of(case: Case, found: HandIn) -> ClosingEvidence:
    """A hand-in, as the rules take it."""
    return ClosingEvidence(
        grade=Grade(found.grade),
        accepted=usable(case).filter(pk=found.pk).exists(),
        same_server=found.server_id == case.server_id and found.identity == "same",
        collected=found.collected,
        answer=answer_of(case, found) if case.kind == CaseKind.WEBSHELL else None,
        residual_none=found.residual == "none-seen",
        window_covered=found.window_covered,
        conditions_met=found.shown_clean,
    )


def answer_of(case: Case, found: HandIn) -> Removal | None:
    """What an assessment says became of the case's web shell, at worst; None if it does not speak of it."""
    told = [_said(shell) for shell in shells_of(found, case.campaign.key) if _is(case, shell)]
    if told:
        return min(told, key=_GRAVEST.index)
    if not found.shells_gone or found.grade != Grade.RE_ASSESSED:
        return None
    if case.key:
        return Removal.ABSENT if _looked_for(case, found) else None
    clean = found.residual == "none-seen" and found.window_covered
    return Removal.ABSENT if clean else None


def _looked_for(case: Case, found: HandIn) -> bool:
    """Whether the examination asked after this web shell: an assessment that came before it names it.

    The examination of evidence looks for every web shell of earlier assessments (`owners.examination`), and
    ``shells_gone`` is its answer about all of them.
    """
    before = HandIn.objects.filter(
        server_id=found.server_id, campaign_id=found.campaign_id, pk__lt=found.pk, report__isnull=False
    )
    asked = before.exclude(state=State.REFUSED).exclude(identity=DIFFERENT).order_by("-id")[:MOST_EARLIER]
    named = (shell for one in asked for shell in shells_of(one, case.campaign.key))
    return any(_is(case, shell) for shell in named)


def shells_of(found: HandIn, campaign: str) -> Iterator[Mapping[str, Any]]:
    """Every web shell that a hand-in's assessment names in a campaign."""
    for verdict in verdicts_of(found, campaign):
        shells = verdict.get("webshells")
        yield from (one for one in shells if isinstance(one, dict)) if isinstance(shells, list) else ()


def verdicts_of(found: HandIn, campaign: str) -> Iterator[Mapping[str, Any]]:
    """The verdicts of a hand-in's assessment about a campaign."""
    report = found.report if isinstance(found.report, dict) else {}
    verdicts = report.get("verdicts")
    for one in verdicts if isinstance(verdicts, list) else ():
        if isinstance(one, dict) and one.get("campaign") == campaign:
            yield one


def _is(case: Case, shell: Mapping[str, Any]) -> bool:
    """Whether a shell of an assessment is the case's; a case without a path is all of its server's."""
    url, path = str(shell.get("url") or ""), str(shell.get("path") or "")
    return not case.key or case.key in {key_of(url, None), key_of(None, path)}


def _said(shell: Mapping[str, Any]) -> Removal:
    return _SAYS.get(str(shell.get("presence")), Removal.CANNOT_TELL)


def _open_shells(case: Case) -> int:
    if case.kind != CaseKind.COMPROMISE or case.server_id is None:
        return 0
    over = (CaseState.VERIFIED_REMOVED, CaseState.MERGED)
    same = Case.objects.filter(server_id=case.server_id, campaign_id=case.campaign_id)
    return same.filter(kind=CaseKind.WEBSHELL).exclude(state__in=over).count()
