"""What a hand-in brings towards closing a case, read from its assessment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import QuerySet

from tocsin.hub.accounts.models import User
from tocsin.hub.cases.models import Case
from tocsin.hub.cases.moving import folded
from tocsin.hub.exposure.models import Standing
from tocsin.hub.owners.known import KnownShell
from tocsin.hub.owners.models import HandIn
from tocsin.hub.owners.selectors import accepted_assessments
from tocsin.hub.rules.cases import CaseKind, CaseState
from tocsin.hub.rules.cases_closing import ClosingEvidence, Condition, conditions, told
from tocsin.hub.rules.cases_identity import key_of
from tocsin.hub.rules.handins import DIFFERENT, State
from tocsin.hub.rules.words import Compromise, Grade
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
        nonce=found.nonce.issued if found.nonce else None,
        newer=_newer(case, found),
        residual_none=found.residual == "none-seen",
        window_covered=found.window_covered,
        conditions_met=found.shown_clean and _stands_clean(case),
    )


def _stands_clean(case: Case) -> bool:
    """Whether the server is verified clean now: bad news since then has opened it again."""
    same = Standing.objects.filter(server=case.server, campaign_id=case.campaign_id)
    return not same.exclude(compromise=Compromise.VERIFIED_CLEAN).exists()


def _newer(case: Case, found: HandIn) -> str:
    """A later hand-in in which it is there, as words, or nothing. Bad news needs nobody to confirm it."""
    if found.collected is None:
        return ""
    same = HandIn.objects.filter(
        server_id=found.server_id, campaign_id=case.campaign_id, collected__gt=found.collected
    )
    later = same.filter(state__in=[State.OPEN, State.CONFIRMED]).exclude(identity=DIFFERENT).order_by("-id")
    there = next((one for one in later.iterator(chunk_size=1) if _is_there(case, one)), None)
    return f"hand-in {there.pk} ({there.grade}, {there.state}) says that it is there" if there else ""


def _is_there(case: Case, found: HandIn) -> bool:
    if case.kind != CaseKind.WEBSHELL:
        return found.residual == "present"
    shells = shells_of(found, case.campaign.key)
    return any(_said(shell) is Removal.PRESENT for shell in shells if _is(case, shell))


def answer_of(case: Case, found: HandIn) -> Removal | None:
    """What an assessment says became of the case's web shell, at worst; None if it does not speak of it."""
    told = [_said(shell) for shell in shells_of(found, case.campaign.key) if _is(case, shell)]
    if told:
        return min(told, key=_GRAVEST.index)
    if found.grade != Grade.RE_ASSESSED:
        return None
    if case.key:
        return _asked_after(case, found)
    clean = found.shells_gone and found.residual == "none-seen" and found.window_covered
    return Removal.ABSENT if clean else None


def _asked_after(case: Case, found: HandIn) -> Removal | None:
    """What the examination answered about this web shell, if it asked after it (`owners.examination`)."""
    said = found.asked.get(case.key) if isinstance(found.asked, dict) else None
    return Removal(said) if said in set(Removal) else None


def known_to_cases(row: HandIn) -> Iterator[KnownShell]:
    """The web shells that cases of a hand-in's server know, and that are not verified as removed."""
    for one in _unclosed(row).exclude(key=""):
        yield KnownShell(key=one.key, path=one.path, until=one.seen_until)


def unanswered(row: HandIn) -> Iterator[str]:
    """Each case of a web shell that a hand-in does not show to be gone: it shows no server clean."""
    for one in _unclosed(row).select_related("campaign").order_by("id"):
        answer = answer_of(one, row)
        if answer is None or not answer.gone:
            yield f"case {one}: {told(answer)}"


def _unclosed(row: HandIn) -> QuerySet[Case]:
    same = Case.objects.filter(server_id=row.server_id, campaign_id=row.campaign_id, kind=CaseKind.WEBSHELL)
    return same.exclude(state__in=(CaseState.VERIFIED_REMOVED, CaseState.MERGED))


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
