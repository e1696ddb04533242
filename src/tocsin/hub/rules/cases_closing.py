"""What stands between a case and ``verified-removed``: every condition in words, met or not.

A page that is not served any more (302, 404) is not removed: only the folder without the file, or a scanner's
word that it removed it, shows that (`tocsin.assessment.removal`). What later evidence does not mention is not
shown to be gone.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from tocsin.hub.rules.cases import CaseFold, CaseKind, CaseState
from tocsin.hub.rules.words import Grade
from tocsin.model.verification import Removal

_TOLD = {
    Removal.NOT_SERVED: "it is not served any more, which is not removed",
    Removal.PRESENT: "it is still there",
    Removal.CHANGED: "something else stands in its place",
    Removal.REAPPEARED: "it is there again",
    Removal.CANNOT_TELL: "the evidence cannot tell",
    None: "the evidence does not say what became of it, which is not gone",
}


class ClosingEvidence(Struct, frozen=True, kw_only=True):
    """What a hand-in brings towards closing a case.

    Attributes:
        grade: how far it carries.
        accepted: it was accepted, and is not withdrawn.
        same_server: it is of the case's server.
        collected: when it was collected, by what stands in it; None if nothing tells.
        nonce: when the nonce in it was given; None where it carries none.
        newer: who says since that it is there, in words, or nothing.
        answer: what became of the case's web shell, or None if the evidence does not speak of it.
        residual_none: nothing was seen that is still there.
        window_covered: its logs cover the exposure window.
        conditions_met: the server was shown clean by it, with the campaign's own conditions, and stands so.
    """

    grade: Grade
    accepted: bool
    same_server: bool
    collected: datetime | None
    nonce: datetime | None = None
    newer: str = ""
    answer: Removal | None = None
    residual_none: bool = False
    window_covered: bool = False
    conditions_met: bool = True


class Condition(Struct, frozen=True, kw_only=True):
    """One thing that closing asks for: in words, whether it is met, and what is wrong if it is not."""

    text: str
    met: bool
    why: str = ""


def conditions(
    kind: CaseKind,
    case: CaseFold,
    evidence: ClosingEvidence | None,
    *,
    analyst: str = "",
    open_shells: int = 0,
) -> list[Condition]:
    """Give every condition of ``verified-removed`` in the order in which they are worked off.

    Args:
        kind: of the case.
        case: where it stands.
        evidence: the hand-in that is to close it, or None while there is none.
        analyst: who answers for it.
        open_shells: other cases of web shells on the same server that are not closed; matters to a
            compromise.
    """
    found = [_claimed(case), *_evidence(case, evidence)]
    if kind is CaseKind.WEBSHELL:
        found.append(_shell_gone(evidence))
    else:
        found += _all_clean(evidence, open_shells)
    found.append(_met("An analyst answers for it by name", bool(analyst.strip()), "nobody does"))
    return found


def told(answer: Removal | None) -> str:
    """Say what is wrong with an answer about a web shell that does not show it gone."""
    return "" if answer is not None and answer.gone else _TOLD[answer]


def objections(found: list[Condition]) -> list[str]:
    """Give what is not met, each as one sentence."""
    return [f"{one.text}: {one.why}." for one in found if not one.met]


def _claimed(case: CaseFold) -> Condition:
    claimed = case.state is CaseState.REMOVAL_CLAIMED
    why = "it was seen again since" if case.state is CaseState.REAPPEARED else "nobody claims it yet"
    return _met("Its removal is claimed", claimed, why)


def _evidence(case: CaseFold, evidence: ClosingEvidence | None) -> list[Condition]:
    graded = evidence is not None and evidence.accepted and evidence.grade is Grade.RE_ASSESSED
    return [
        _met("Evidence was re-assessed by the hub or an accredited responder", graded, _ungraded(evidence)),
        _met(
            "That evidence is of this server",
            evidence is not None and evidence.same_server,
            "it is of another" if evidence else "there is none",
        ),
        _later("It was collected after the claim", case.claimed, evidence),
        _asked_since(case.claimed, evidence),
        _later("It was collected after the last day on which it was seen", case.seen_until, evidence),
        _met(
            "Nothing newer says that it is there",
            evidence is None or not evidence.newer,
            evidence.newer if evidence else "",
        ),
    ]


def _asked_since(claimed: datetime | None, evidence: ClosingEvidence | None) -> Condition:
    """A clock can be wrong; that a nonce was given after the claim is the hub's own knowledge."""
    text = "It carries a nonce that was given after the claim"
    if evidence is None or evidence.nonce is None or claimed is None:
        return _met(text, False, "there is none" if claimed else "nobody claims it yet")
    why = f"its nonce is of {evidence.nonce:%Y-%m-%d %H:%M}, the claim of {claimed:%Y-%m-%d %H:%M} UTC"
    return _met(text, evidence.nonce >= claimed, why)


def _ungraded(evidence: ClosingEvidence | None) -> str:
    if evidence is None:
        return "no evidence was handed in"
    return f"this is {evidence.grade.value}" if evidence.accepted else "this hand-in is not accepted"


def _later(text: str, moment: datetime | None, evidence: ClosingEvidence | None) -> Condition:
    if evidence is None or evidence.collected is None:
        return _met(text, False, "when it was collected is not known" if evidence else "there is none")
    if moment is None:
        return _met(text, "seen" in text, "nobody claims it yet")
    why = f"it was collected at {evidence.collected:%Y-%m-%d %H:%M}, not after {moment:%Y-%m-%d %H:%M} UTC"
    return _met(text, evidence.collected > moment, why)


def _shell_gone(evidence: ClosingEvidence | None) -> Condition:
    text = "It shows the web shell removed: its folder without the file, or a scanner's word"
    answer = evidence.answer if evidence else None
    met = answer is not None and answer.gone
    return _met(text, met, "" if met else "there is none" if evidence is None else told(answer))


def _all_clean(evidence: ClosingEvidence | None, open_shells: int) -> list[Condition]:
    brings = evidence or ClosingEvidence(
        grade=Grade.OBSERVED, accepted=False, same_server=False, collected=None
    )
    return [
        _met(
            "Its logs cover the exposure window",
            brings.window_covered,
            "they do not, or nobody can tell",
        ),
        _met("Nothing is left", brings.residual_none, "something is still there, or nobody can tell"),
        _met(
            "Every web shell of this server is verified as removed",
            not open_shells,
            f"{open_shells} {'is' if open_shells == 1 else 'are'} not",
        ),
        _met(
            "The server was shown clean by it, and stands so",
            brings.conditions_met,
            "it was not, or there was bad news since: confirm and close the hand-in first",
        ),
    ]


def _met(text: str, met: bool, why: str) -> Condition:  # noqa: FBT001 - the answer itself
    return Condition(text=text, met=met, why="" if met else why)
