"""What now: the pack's courses of action that fit this verdict, in the order in which they are taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tocsin.model.verdicts import NextStep, Verdict
from tocsin.model.words import MitigationStatus, StepKind
from tocsin.packs.schema import Step

_KINDS = tuple(StepKind)


def circumstances(verdict: Verdict, *, patch_incomplete: bool) -> frozenset[str]:
    """Give the words that a course of action may wait for (``Step.when``)."""
    found = {
        "always",
        verdict.exposure.value,
        verdict.compromise.value,
        f"residual-{verdict.residual.value}",
    }
    invalid = any(one.status is MitigationStatus.CONFIGURATION_INVALID for one in verdict.mitigations)
    conditions = {
        "webshell": bool(verdict.webshells),
        "mail-read": bool(verdict.impact.mailboxes),
        "ransomware": any(rung.shown for rung in verdict.ladder if rung.id == "ransomware"),
        "patch-incomplete": patch_incomplete,
        "configuration-invalid": invalid,
    }
    return frozenset(found | {word for word, true in conditions.items() if true})


def next_steps(
    steps: Sequence[Step], texts: Mapping[str, str], given: frozenset[str]
) -> tuple[NextStep, ...]:
    """Give the steps that fit, preserve first and report last; the pack's order within a kind."""
    fitting = [step for step in steps if given & set(step.when)]
    fitting.sort(key=lambda step: _KINDS.index(step.kind))
    return tuple(
        NextStep(id=step.id, kind=step.kind, text=texts[step.id].strip(), audience=step.audience)
        for step in fitting
    )
