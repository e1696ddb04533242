"""One made server judged: its verdicts beside the truth, its rows counted, its logs withheld in turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from tocsin.assessment.assess import Knowledge
from tocsin.exercise.scenario import Expected
from tocsin.exercise.scoring.outcome import Answer, Outcome, WithheldAnswer, Wrong
from tocsin.exercise.scoring.reading import files_by_kind, kinds_of_files, read
from tocsin.exercise.scoring.rows import Rows, count_claims, count_rows
from tocsin.exercise.scoring.withheld import compare
from tocsin.exercise.truth import MadeServer, Truth
from tocsin.exercise.truth import read as read_truth
from tocsin.model.verdicts import Assessment, Verdict

NONE = "none"
"""Stands for a verdict or a step that there is not."""
AT = datetime(2000, 1, 1, tzinfo=UTC)
"""Moment of assessment: the same for all, since nothing that is scored depends on it."""
_IN = frozenset({"exploited", "compromised"})
_MOST_PLACES = 10
_MOST_ROWS = 20


def judge(made: MadeServer, knowledge: Knowledge, *, withhold: bool) -> Outcome:
    """Assess one made server and compare with its truth.

    Args:
        made: evidence and truth.
        knowledge: packs and products.
        withhold: also assess it once more for every kind of log, without that kind.

    Raises:
        UsageFault: the truth cannot be read.
        EvidenceError: the evidence as a whole cannot be read.
    """
    truth = read_truth(made.truth)
    assessment = read(made.evidence, knowledge, at=AT)
    rows = Rows(assessment, truth.rows)
    withheld = tuple(_withheld(made, knowledge, assessment, truth)) if withhold else ()
    return Outcome(
        scenario=truth.scenario,
        seed=truth.seed,
        innocent=truth.innocent,
        expected=tuple(_expected(one) for one in truth.expected),
        found=tuple(_found(assessment, one.campaign) for one in truth.expected),
        campaign_right=_accused(assessment) == _guilty(truth),
        rows=count_rows(rows),
        claims=count_claims(rows),
        withheld=withheld,
        wrong=(
            *_wrong_words(truth, assessment),
            *_wrong_campaigns(truth, assessment),
            *_missed(truth, rows),
            *_false(truth, rows),
            *_broken(truth, withheld),
        ),
        read={row.kind: row.records for row in assessment.coverage.artefacts if row.records},
    )


def _withheld(
    made: MadeServer, knowledge: Knowledge, whole: Assessment, truth: Truth
) -> Iterator[WithheldAnswer]:
    kinds = kinds_of_files(made.evidence)
    for kind, paths in files_by_kind(kinds).items():
        if len(paths) < len(kinds):
            rest = read(made.evidence, knowledge, at=AT, without=paths)
            yield from compare(whole, rest, kind=kind, rows=truth.rows, without=paths)


def _expected(one: Expected) -> Answer:
    return Answer(
        campaign=one.campaign,
        compromise=one.compromise,
        exposure=one.exposure,
        residual=one.residual,
        rung=one.rung or NONE,
    )


def _found(assessment: Assessment, campaign: str) -> Answer:
    verdict = _verdict(assessment, campaign)
    if verdict is None:
        return Answer(campaign=campaign, compromise=NONE, exposure=NONE, residual=NONE, rung=NONE)
    return Answer(
        campaign=campaign,
        compromise=str(verdict.compromise),
        exposure=str(verdict.exposure),
        residual=str(verdict.residual),
        rung=verdict.rung or NONE,
    )


def _verdict(assessment: Assessment, campaign: str) -> Verdict | None:
    return next((one for one in assessment.verdicts if one.campaign == campaign), None)


def _accused(assessment: Assessment) -> frozenset[str]:
    return frozenset(one.campaign for one in assessment.verdicts if one.compromise in _IN)


def _guilty(truth: Truth) -> frozenset[str]:
    return frozenset(one.campaign for one in truth.expected if one.compromise in _IN)


def _wrong_words(truth: Truth, assessment: Assessment) -> Iterator[Wrong]:
    for one in truth.expected:
        expected, found = _expected(one), _found(assessment, one.campaign)
        verdict = _verdict(assessment, one.campaign)
        for what in ("compromise", "exposure", "residual", "rung"):
            right, seen = getattr(expected, what), getattr(found, what)
            if right and right != seen:
                yield Wrong(
                    scenario=truth.scenario,
                    seed=truth.seed,
                    what=what,
                    campaign=one.campaign,
                    expected=right,
                    found=seen,
                    why=_why(verdict, what),
                    places=_places(verdict, what),
                )


def _why(verdict: Verdict | None, what: str) -> str:
    if verdict is None:
        return "There is no verdict for this campaign."
    if what == "exposure":
        return verdict.exposure_because
    if what == "residual":
        return " ".join(f"{shell.url or shell.path}: {shell.why}" for shell in verdict.webshells)
    return verdict.compromise_because


def _places(verdict: Verdict | None, what: str) -> tuple[str, ...]:
    if verdict is None or what == "exposure":
        return ()
    if what == "residual":
        return tuple(str(place) for shell in verdict.webshells for place in shell.locators)[:_MOST_PLACES]
    of_rung = [one for one in verdict.findings if one.rung == verdict.rung and one.means != "context"]
    return tuple(f"{one.locator} ({one.rule})" for one in of_rung[:_MOST_PLACES])


def _wrong_campaigns(truth: Truth, assessment: Assessment) -> Iterator[Wrong]:
    accused, guilty = _accused(assessment), _guilty(truth)
    stated = {one.campaign for one in truth.expected}
    for campaign in sorted(accused - guilty - stated):
        verdict = _verdict(assessment, campaign)
        yield Wrong(
            scenario=truth.scenario,
            seed=truth.seed,
            what="campaign",
            campaign=campaign,
            expected=NONE,
            found=str(verdict.compromise) if verdict else NONE,
            why=_why(verdict, "compromise"),
            places=_places(verdict, "compromise"),
        )


def _missed(truth: Truth, rows: Rows) -> Iterator[Wrong]:
    missed = [row for row, recalled in rows.wanted() if not recalled]
    for row in missed[:_MOST_ROWS]:
        there = [f"{one.campaign}: {one.finding.rule} ({one.finding.means})" for one in rows.at(row)]
        yield Wrong(
            scenario=truth.scenario,
            seed=truth.seed,
            what="row missed",
            campaign=row.label.campaign,
            expected=f"{row.label.means} {row.label.rung}".strip(),
            found="; ".join(there) or NONE,
            why=f"{row.kind}: {row.label.note}",
            places=(_place(row.path, row.line, row.record),),
        )


def _false(truth: Truth, rows: Rows) -> Iterator[Wrong]:
    wrong = [claim for claim, right in rows.claims() if not right]
    for claim in wrong[:_MOST_ROWS]:
        label = rows.label_of(claim)
        yield Wrong(
            scenario=truth.scenario,
            seed=truth.seed,
            what="false finding",
            campaign=claim.campaign,
            expected=label.label.means if label else "no label",
            found=f"{claim.finding.means} {claim.finding.rung or ''}".strip(),
            why=f"{claim.finding.rule}: {claim.finding.summary}",
            places=(str(claim.finding.locator),),
        )


def _broken(truth: Truth, withheld: Sequence[WithheldAnswer]) -> Iterator[Wrong]:
    for one in withheld:
        for problem in one.problems:
            yield Wrong(
                scenario=truth.scenario,
                seed=truth.seed,
                what="withheld",
                campaign=one.campaign,
                expected=one.whole,
                found=one.rest,
                why=f"without {one.kind}: {problem}",
            )


def _place(path: str, line: int | None, record: int | None) -> str:
    return f"{path}:{line}" if line is not None else f"{path}#{record}" if record is not None else path
