"""The property of withheld logs: less evidence never makes a verdict more certain.

With any one kind of log withheld a verdict may lose certainty, down to what the other logs prove,
and must then say ``undetermined`` rather than clear a server that is guilty; and coverage names
what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tocsin.exercise.scoring.outcome import WithheldAnswer
from tocsin.exercise.scoring.rows import gravity
from tocsin.exercise.workshop import LabelledRow
from tocsin.model.verdicts import Assessment, Verdict
from tocsin.model.words import Compromise, Exposure, Means, Residual

_CERTAINTY = tuple(Compromise)
"""``undetermined`` first, ``compromised`` last."""
_CLEARS = frozenset({Compromise.NO_EVIDENCE, Compromise.TARGETED})


def compare(
    whole: Assessment, rest: Assessment, *, kind: str, rows: Sequence[LabelledRow], without: frozenset[str]
) -> tuple[WithheldAnswer, ...]:
    """Compare the verdicts with everything read and with one kind withheld.

    Args:
        whole: assessment of all files.
        rest: assessment without the files that hold the kind.
        kind: the kind.
        rows: all labelled rows of the server.
        without: the paths withheld.
    """
    after = {one.campaign: one for one in rest.verdicts}
    proved = _proved(rows, without)
    return tuple(
        _one(before, after.get(before.campaign), rest, kind=kind, proved=proved) for before in whole.verdicts
    )


def _one(
    before: Verdict, after: Verdict | None, rest: Assessment, *, kind: str, proved: dict[str, Means]
) -> WithheldAnswer:
    word = after.compromise if after else Compromise.UNDETERMINED
    problems = [*_too_certain(before, after, word), *_too_mild(before, word, proved.get(before.campaign))]
    named = _named(before, after, rest, kind)
    if named is False:
        problems.append(f"coverage does not name {kind} as missing, or not for a step that it showed")
    return WithheldAnswer(
        kind=kind,
        campaign=before.campaign,
        whole=str(before.compromise),
        rest=str(word),
        exposure_whole=str(before.exposure),
        exposure_rest=str(after.exposure if after else Exposure.UNKNOWN),
        named=named,
        problems=tuple(problems),
    )


def _too_certain(before: Verdict, after: Verdict | None, word: Compromise) -> Iterator[str]:
    if _CERTAINTY.index(word) > _CERTAINTY.index(before.compromise):
        yield f"more certain: {before.compromise} became {word}"
    if word in _CLEARS and before.compromise in {Compromise.EXPLOITED, Compromise.COMPROMISED}:
        yield f"cleared: {before.compromise} became {word}"
    if after and after.residual is Residual.NONE_SEEN and before.residual is Residual.PRESENT:
        yield "residual present became none-seen"


def _too_mild(before: Verdict, word: Compromise, proved: Means | None) -> Iterator[str]:
    if proved is None or proved is Means.TARGETED:
        return
    least = min(_CERTAINTY.index(Compromise(proved)), _CERTAINTY.index(before.compromise))
    if _CERTAINTY.index(word) < least:
        yield f"less grave than the rest proves: {word}, where rows that were read show {proved}"


def _named(before: Verdict, after: Verdict | None, rest: Assessment, kind: str) -> bool | None:
    row = next((one for one in rest.coverage.artefacts if one.kind == kind), None)
    if row is None or not row.wanted:
        return None
    if not any(one.kind == kind for one in rest.coverage.missing):
        return False
    shown = {one.id for one in before.ladder if one.shown}
    lost = [one for one in after.ladder if one.id in shown and not one.shown] if after else []
    return all(kind in one.would_show for one in lost)


def _proved(rows: Sequence[LabelledRow], without: frozenset[str]) -> dict[str, Means]:
    """Give the gravest provable meaning of the rows that are left, by campaign."""
    proved: dict[str, Means] = {}
    for row in rows:
        if row.path not in without and row.label.provable and gravity(row):
            means, known = Means(row.label.means), proved.get(row.label.campaign)
            if known is None or means.gravity > known.gravity:
                proved[row.label.campaign] = means
    return proved
