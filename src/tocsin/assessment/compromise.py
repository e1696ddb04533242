"""What was done: the gravest finding decides, and blindness is never innocence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from tocsin.model.findings import Finding
from tocsin.model.words import Compromise, Means
from tocsin.packs.schema import Rung


class Judgement(Struct, frozen=True, kw_only=True):
    """The compromise word, the sentence that explains it, and the number of attempts seen."""

    word: Compromise
    because: str
    attempts: int


def judge(findings: Sequence[Finding], *, unseen: Sequence[Rung], folded: Mapping[str, int]) -> Judgement:
    """Reach the compromise word.

    Args:
        findings: all of the campaign's, in any order.
        unseen: mandatory steps that no log read could have shown over the exposure window.
        folded: findings counted and not kept, by rule.
    """
    attempts = count_attempts(findings, folded)
    gravest = max((finding.means for finding in findings), key=lambda means: means.gravity, default=None)
    if gravest in {Means.COMPROMISED, Means.EXPLOITED}:
        word = Compromise.COMPROMISED if gravest is Means.COMPROMISED else Compromise.EXPLOITED
        return Judgement(word=word, because=_shown(findings, gravest), attempts=attempts)
    if unseen:
        return Judgement(word=Compromise.UNDETERMINED, because=_blind(unseen, attempts), attempts=attempts)
    if attempts:
        because = (
            f"{attempts} attempt(s), and the logs that would show success were read without gaps over "
            "the exposure window and show none."
        )
        return Judgement(word=Compromise.TARGETED, because=because, attempts=attempts)
    because = (
        "The logs that would show an attack were read without gaps over the exposure window and show none."
    )
    return Judgement(word=Compromise.NO_EVIDENCE, because=because, attempts=0)


def count_attempts(findings: Iterable[Finding], folded: Mapping[str, int]) -> int:
    """Count attempts that did not show success, those folded away included."""
    rules = set()
    kept = 0
    for finding in findings:
        if finding.means is Means.TARGETED:
            kept += 1
            rules.add(finding.rule)
    return kept + sum(folded.get(rule, 0) for rule in rules)


def _shown(findings: Sequence[Finding], means: Means | None) -> str:
    shown = sorted((finding for finding in findings if finding.means is means), key=lambda one: one.order)
    strong = [finding for finding in shown if not finding.weak] or shown
    first = strong[0]
    others = f" and {len(shown) - 1} more" if len(shown) > 1 else ""
    hedge = " (second-hand evidence: an excerpt, or a log with columns missing)" if first.weak else ""
    return f"{first.summary} at {first.locator}{others}{hedge}."


def _blind(unseen: Sequence[Rung], attempts: int) -> str:
    steps = "; ".join(rung.title for rung in unseen)
    seen = f"{attempts} attempt(s) seen. " if attempts else ""
    return f"{seen}No log read over the whole exposure window could have shown: {steps}."
