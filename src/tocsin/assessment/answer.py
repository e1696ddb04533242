"""The one sentence and the one number: what a person reads first and what a script reads."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.model.verdicts import Verdict
from tocsin.model.words import Compromise, Exposure, Residual

EXIT_COMPROMISED = 20
EXIT_EXPLOITED = 15
EXIT_VULNERABLE = 10
EXIT_UNDETERMINED = 4
EXIT_TARGETED = 11
EXIT_CLEAR = 0

_OPEN = frozenset({Exposure.VULNERABLE, Exposure.PARTIALLY_MITIGATED, Exposure.MITIGATED})


def exit_status(verdicts: Sequence[Verdict]) -> int:
    """Give the exit status of ``assess``: the gravest over all packs, and never 0 for blindness.

    20 compromised, 15 exploited, 10 vulnerable or unpatched behind a mitigation, 4 undetermined or
    exposure unknown, 11 targeted only, 0 patched or not affected and nothing seen where it would be.
    """
    compromises = {verdict.compromise for verdict in verdicts}
    exposures = {verdict.exposure for verdict in verdicts}
    if Compromise.COMPROMISED in compromises:
        return EXIT_COMPROMISED
    if Compromise.EXPLOITED in compromises:
        return EXIT_EXPLOITED
    if exposures & _OPEN:
        return EXIT_VULNERABLE
    if not verdicts or Compromise.UNDETERMINED in compromises or Exposure.UNKNOWN in exposures:
        return EXIT_UNDETERMINED
    return EXIT_TARGETED if Compromise.TARGETED in compromises else EXIT_CLEAR


def answer(verdicts: Sequence[Verdict]) -> str:
    """Give the sentence that a duty officer would say aloud."""
    if not verdicts:
        return "Undetermined: the evidence shows no sign of a product that the chosen packs know."
    worst = min(verdicts, key=_urgency)
    return _SENTENCES[worst.compromise](worst)


def _urgency(verdict: Verdict) -> tuple[int, int, str]:
    order = (
        Compromise.COMPROMISED,
        Compromise.EXPLOITED,
        Compromise.UNDETERMINED,
        Compromise.TARGETED,
        Compromise.NO_EVIDENCE,
    )
    return (order.index(verdict.compromise), verdict.exposure not in _OPEN, verdict.campaign)


def _compromised(verdict: Verdict) -> str:
    steps = {rung.id: rung.title for rung in verdict.ladder}
    reached = steps.get(verdict.rung or "")
    furthest = f" {reached}." if reached else ""
    left = {
        Residual.PRESENT: "Something the intruder left is still there.",
        Residual.NONE_SEEN: "Nothing left behind was seen.",
        Residual.UNKNOWN: "Whether anything is left behind cannot be told from this evidence.",
    }[verdict.residual]
    return f"{_name(verdict)}: compromised.{furthest} {left}"


def _exploited(verdict: Verdict) -> str:
    return f"{_name(verdict)}: exploited. The flaw answered; access beyond that is not shown."


def _undetermined(verdict: Verdict) -> str:
    seen = f" {verdict.attempts} attempt(s) were seen." if verdict.attempts else ""
    return (
        f"{_name(verdict)}: undetermined. No intrusion was seen, but the logs that would show one are "
        f"missing or incomplete.{seen} Not seen is not clean. {_exposed(verdict)}"
    )


def _targeted(verdict: Verdict) -> str:
    return (
        f"{_name(verdict)}: targeted. {verdict.attempts} attempt(s), none shown to work. {_exposed(verdict)}"
    )


def _no_evidence(verdict: Verdict) -> str:
    return f"{_name(verdict)}: no evidence of an attack in logs that would show one. {_exposed(verdict)}"


def _exposed(verdict: Verdict) -> str:
    return f"Exposure: {verdict.exposure.value}."


def _name(verdict: Verdict) -> str:
    return verdict.title or verdict.campaign


_SENTENCES = {
    Compromise.COMPROMISED: _compromised,
    Compromise.EXPLOITED: _exploited,
    Compromise.UNDETERMINED: _undetermined,
    Compromise.TARGETED: _targeted,
    Compromise.NO_EVIDENCE: _no_evidence,
}
