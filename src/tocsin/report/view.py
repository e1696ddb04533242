"""What every output reads off an assessment: order, counts and spans. Nothing is judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from tocsin.model.coverage import ArtefactCoverage, Coverage
from tocsin.model.examined import ShellExamination
from tocsin.model.findings import Finding
from tocsin.model.places import Locator, TimeSpan
from tocsin.model.verdicts import Assessment, NextStep, RungShown, Verdict, WebShell
from tocsin.model.words import Exposure, Means, ShellContent, StepKind
from tocsin.report.prose import first_sentence
from tocsin.report.words import (
    COMPROMISE,
    CONTENT,
    EXPOSURE,
    GRAVITY,
    NO_FLAW,
    OPEN_DOORS,
    STATE_UNSURE,
    Phrase,
)


class Sight(Struct, frozen=True, kw_only=True):
    """How far back the evidence lets us see.

    Attributes:
        span: from the first to the last time in wanted artefacts, aware UTC; ends are None if none.
        by_kind: wanted kinds that could be read and carry times, the farthest-reaching first.
        missing: wanted kinds that the evidence does not hold.
        excerpts: kinds of which a file was an excerpt: it never proves that something did not happen.
        gaps: how many gaps there are in wanted kinds.
    """

    span: TimeSpan
    by_kind: tuple[ArtefactCoverage, ...]
    missing: tuple[str, ...]
    excerpts: tuple[str, ...]
    gaps: int


class FindingGroup(Struct, frozen=True, kw_only=True):
    """The findings of one rule with one meaning, in time order.

    ``folded``: how many more like these the assessment counted without keeping each.
    """

    means: Means
    rule: str
    findings: tuple[Finding, ...]
    folded: int


def by_gravity(assessment: Assessment) -> tuple[Verdict, ...]:
    """Give the verdicts, gravest first; equals keep their order."""
    return tuple(sorted(assessment.verdicts, key=lambda each: -GRAVITY.index(each.compromise)))


def headline(assessment: Assessment) -> tuple[Phrase, str]:
    """Give the word for the gravest verdict, and the answer in one sentence.

    Two answers, never one status: where nothing worse than attempts is shown, an open or unknown door
    is told in the same breath, so that nobody reads the headline as an all-clear.
    """
    verdicts = by_gravity(assessment)
    if not verdicts:
        blind = Phrase("Not shown to be clean", "Nothing in this evidence could be judged.", "blind")
        return blind, assessment.answer or blind.says
    phrase = _with_exposure(verdicts)
    sentence = assessment.answer if " " in assessment.answer.strip() else verdicts[0].compromise_because
    return phrase, sentence or phrase.says


def _with_exposure(verdicts: tuple[Verdict, ...]) -> Phrase:
    phrase = COMPROMISE[verdicts[0].compromise]
    if phrase.tone not in {"good", "caution"}:
        return phrase
    exposures = {verdict.exposure for verdict in verdicts}
    for exposure, told in OPEN_DOORS.items():
        if exposure in exposures:
            return Phrase(f"{phrase.word}, {told}", phrase.says, EXPOSURE[exposure].tone)
    return phrase


def exposure_phrase(verdict: Verdict) -> Phrase:
    """Give the words for the exposure; a pack that names no flaw asks no such question."""
    if not verdict.cves and verdict.exposure is Exposure.NOT_AFFECTED:
        return NO_FLAW
    return EXPOSURE[verdict.exposure]


def content_phrase(shell: WebShell) -> Phrase:
    """Give the word for a shell's content; a file that was examined is never "not seen"."""
    if shell.content is ShellContent.UNKNOWN and shell.examination is not None:
        return STATE_UNSURE
    return CONTENT[shell.content]


def reason_of(found: ShellExamination) -> str:
    """Give why a page is called so, as a sentence; empty where its state says the same."""
    if found.reason == found.state_why:
        return ""
    return f"{found.reason[:1].upper()}{found.reason[1:]}. "


def campaign_title(verdict: Verdict) -> str:
    """Give the campaign's title, or its id where the pack gave none."""
    return verdict.title or verdict.campaign


def sight(coverage: Coverage) -> Sight:
    """Give how far back the wanted artefacts reach."""
    wanted = [each for each in coverage.artefacts if each.wanted and each.files]
    timed = sorted((each for each in wanted if each.start), key=lambda each: (_first(each), each.kind))
    span = TimeSpan()
    for each in timed:
        span = span.widen(each.start).widen(each.end)
    return Sight(
        span=span,
        by_kind=tuple(timed),
        missing=tuple(each.kind for each in coverage.missing),
        excerpts=tuple(each.kind for each in wanted if each.excerpt),
        gaps=sum(len(each.gaps) for each in wanted),
    )


def _first(artefact: ArtefactCoverage) -> datetime:
    return artefact.start or datetime.max.replace(tzinfo=UTC)


def main_ladder(verdict: Verdict) -> tuple[RungShown, ...]:
    """Give the steps of the main strand, lowest first."""
    return tuple(rung for rung in verdict.ladder if rung.strand == "main")


def side_strands(verdict: Verdict) -> tuple[RungShown, ...]:
    """Give the steps that stand beside the ladder."""
    return tuple(rung for rung in verdict.ladder if rung.strand != "main")


def rung_place(verdict: Verdict) -> tuple[int, int, str]:
    """Give the 1-based place of the highest rung shown (0 for none), how many there are, its title."""
    ladder = main_ladder(verdict)
    for place, rung in enumerate(ladder, start=1):
        if rung.id == verdict.rung:
            return place, len(ladder), rung.title
    beside = [rung for rung in verdict.ladder if rung.id == verdict.rung]
    return 0, len(ladder), beside[0].title if beside else (verdict.rung or "")


def steps_in_order(verdicts: Iterable[Verdict]) -> tuple[tuple[StepKind, tuple[NextStep, ...]], ...]:
    """Give the steps of all verdicts, grouped by kind, preserve first and report last.

    Steps of several campaigns that begin with the same words are told once, by the first verdict.
    """
    seen: dict[tuple[str, str, str], NextStep] = {}
    for verdict in verdicts:
        for step in verdict.next_steps:
            seen.setdefault((step.kind.value, step.audience, first_sentence(step.text)), step)
    groups = ((kind, tuple(step for step in seen.values() if step.kind == kind)) for kind in StepKind)
    return tuple((kind, steps) for kind, steps in groups if steps)


def finding_groups(verdict: Verdict) -> tuple[FindingGroup, ...]:
    """Give the findings by meaning, gravest first, then by rule in order of first appearance."""
    groups: dict[tuple[int, str], list[Finding]] = {}
    for finding in sorted(verdict.findings, key=lambda each: each.order):
        groups.setdefault((-finding.means.gravity, finding.rule), []).append(finding)
    ordered = sorted(groups.items(), key=lambda item: item[0][0])
    counted: set[str] = set()
    return tuple(_group(rule, members, verdict.folded, counted) for (_, rule), members in ordered)


def _group(rule: str, members: list[Finding], folded: dict[str, int], counted: set[str]) -> FindingGroup:
    more = 0 if rule in counted else folded.get(rule, 0)
    counted.add(rule)
    return FindingGroup(means=members[0].means, rule=rule, findings=tuple(members), folded=more)


def finding_ids(verdict: Verdict) -> frozenset[str]:
    """Give the ids of the findings that the assessment holds; folded ones are only counted."""
    return frozenset(finding.id for finding in verdict.findings)


def means_counts(verdict: Verdict) -> tuple[tuple[Means, int], ...]:
    """Give how many findings there are of each meaning, gravest first."""
    counts = Counter(finding.means for finding in verdict.findings)
    return tuple((means, counts[means]) for means in reversed(Means) if counts[means])


def stamp(moment: datetime | None, *, unknown: str = "unknown") -> str:
    """``2021-03-03 06:49:42.162``: UTC, fractions only where there are any."""
    if moment is None:
        return unknown
    utc = as_utc(moment).replace(tzinfo=None)
    text = utc.isoformat(sep=" ", timespec="milliseconds" if utc.microsecond else "seconds")
    return text.removesuffix(".000")


def iso(moment: datetime) -> str:
    """``2021-03-03T06:49:42.162000Z``: for machines."""
    return as_utc(moment).isoformat().replace("+00:00", "Z")


def as_utc(moment: datetime) -> datetime:
    """Give the moment in UTC; one without an offset is taken to be UTC already."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def days(moment: datetime | None) -> str:
    """``2021-03-03``, or ``open``."""
    return as_utc(moment).date().isoformat() if moment else "open"


def file_name(locator: Locator) -> str:
    """Give the locator without the folders."""
    return str(locator).removeprefix(locator.path.rpartition("/")[0]).removeprefix("/")


_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def lasting(length: timedelta) -> str:
    """``41 s``, ``9 min 37 s``, ``3 h 2 min``, ``5 d 13 h``: two units suffice for a reader."""
    seconds = round(length.total_seconds())
    parts: list[str] = []
    for size, unit in _UNITS:
        count, seconds = divmod(seconds, size)
        if count or (unit == "s" and not parts):
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])


def amount(count: int) -> str:
    """``2.7 KB``, ``13.1 GB``: decimal units, as disks are sold."""
    size = float(count)
    for unit in ("bytes", "KB", "MB", "GB"):
        if size < 1000:  # noqa: PLR2004 - the step between decimal units
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def plural(count: int, word: str, many: str = "") -> str:
    """``1 finding``, ``5,000 findings``."""
    return f"{count:,} {word if count == 1 else many or word + 's'}"
