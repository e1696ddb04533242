"""From many outcomes to the figures that are published: shares with intervals, tables, what was wrong."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

from msgspec import Struct

from tocsin.exercise.scoring.outcome import Answer, Outcome, WithheldAnswer, Wrong
from tocsin.exercise.scoring.shares import Share, share
from tocsin.model.verdicts import PackInfo, ToolInfo

SCHEMA = "tocsin/exercise-score/1"
MOST_WRONG = 400
"""Wrong cases that the document lists; ``wrong_in_all`` counts all."""
QUESTIONS = ("compromise", "rung", "exposure", "residual")
_GRAVE = frozenset({"exploited", "compromised"})
Key = TypeVar("Key", bound=Hashable)


class Check(Struct, frozen=True, kw_only=True):
    """How often one question was answered right. ``of``: all, guilty or innocent servers."""

    what: str
    of: str
    right: Share


class Cell(Struct, frozen=True, kw_only=True):
    """One cell of a confusion table: so many servers of this truth got that answer."""

    question: str
    campaign: str
    expected: str
    found: str
    servers: int


class RungScore(Struct, frozen=True, kw_only=True):
    """One step of a campaign's ladder.

    Attributes:
        campaign: the pack; empty for rows that any campaign's findings may stand at.
        rung: the step.
        servers: servers whose highest step is this one, and how many of them were told so.
        rows: provable rows that show the step, and how many of them were found.
        claims: findings that claim success of this step, and how many of them are borne out.
    """

    campaign: str
    rung: str
    servers: Share
    rows: Share
    claims: Share


class KindScore(Struct, frozen=True, kw_only=True):
    """One kind of log or file. ``records`` is how many were read in all."""

    kind: str
    records: int
    rows: Share
    claims: Share


class WithheldScore(Struct, frozen=True, kw_only=True):
    """What withholding one kind does, over all verdicts.

    Attributes:
        kind: what was withheld.
        kept: verdicts whose compromise word stayed.
        weaker: verdicts that became less grave, but still say that the flaw answered.
        undetermined: verdicts that became ``undetermined``.
        other: verdicts that changed in another way, such as attempts that are no longer seen.
        sound: verdicts where the property holds.
        named: verdicts where coverage names the kind, of those whose packs ask for it.
    """

    kind: str
    kept: int
    weaker: int
    undetermined: int
    other: int
    sound: Share
    named: Share


class WithheldCell(Struct, frozen=True, kw_only=True):
    """Of the verdicts with this word, so many had that word without the kind."""

    kind: str
    campaign: str
    whole: str
    rest: str
    verdicts: int


class ScenarioScore(Struct, frozen=True, kw_only=True):
    """One scenario. ``right``: every question right and no false finding; the rows are apart."""

    scenario: str
    innocent: bool
    seeds: tuple[int, ...]
    right: Share
    rows: Share
    false_findings: int


class Score(Struct, frozen=True, kw_only=True):
    """The whole score; ``tocsin exercise score --json`` prints it."""

    schema: str = SCHEMA
    tool: ToolInfo
    packs: tuple[PackInfo, ...]
    servers: int
    checks: tuple[Check, ...]
    scenarios: tuple[ScenarioScore, ...]
    confusion: tuple[Cell, ...]
    rungs: tuple[RungScore, ...]
    kinds: tuple[KindScore, ...]
    withheld: tuple[WithheldScore, ...]
    withheld_words: tuple[WithheldCell, ...]
    innocent_compromised: int
    untested_rungs: tuple[str, ...]
    untested_kinds: tuple[str, ...]
    wrong: tuple[Wrong, ...]
    wrong_in_all: int

    @property
    def flawless(self) -> bool:
        """Whether nothing at all was wrong."""
        return not self.wrong_in_all


class Asked(Struct, frozen=True, kw_only=True):
    """What the packs have: every step as ``campaign/rung`` in their order, every kind they ask for."""

    tool: ToolInfo
    packs: tuple[PackInfo, ...]
    rungs: tuple[tuple[str, str], ...]
    kinds: tuple[str, ...]


def total(outcomes: Sequence[Outcome], asked: Asked) -> Score:
    """Add up the outcomes of all servers."""
    wrong = [one for outcome in outcomes for one in outcome.wrong]
    rungs = tuple(_rungs(outcomes, asked))
    kinds = tuple(_kinds(outcomes))
    return Score(
        tool=asked.tool,
        packs=asked.packs,
        servers=len(outcomes),
        checks=tuple(_checks(outcomes)),
        scenarios=tuple(_scenarios(outcomes)),
        confusion=tuple(_confusion(outcomes)),
        rungs=rungs,
        kinds=kinds,
        withheld=tuple(_withheld(outcomes)),
        withheld_words=tuple(_withheld_words(outcomes)),
        innocent_compromised=sum(_falsely_compromised(one) for one in outcomes if one.innocent),
        untested_rungs=tuple(
            f"{campaign}/{rung}" for campaign, rung in asked.rungs if _untested(rungs, campaign, rung)
        ),
        untested_kinds=tuple(sorted(set(asked.kinds) - {one.kind for one in kinds if one.records})),
        wrong=tuple(wrong[:MOST_WRONG]),
        wrong_in_all=len(wrong),
    )


def _untested(rungs: Sequence[RungScore], campaign: str, rung: str) -> bool:
    return not any(one.rows.of for one in rungs if one.rung == rung and one.campaign in {"", campaign})


def _falsely_compromised(outcome: Outcome) -> int:
    return sum(one.wrong for one in outcome.claims if one.means == "compromised")


def _checks(outcomes: Sequence[Outcome]) -> Iterator[Check]:
    groups = {
        "all": list(outcomes),
        "guilty": [one for one in outcomes if not one.innocent],
        "innocent": [one for one in outcomes if one.innocent],
    }
    for name, group in groups.items():
        for what in QUESTIONS:
            yield _check(what, name, [_right(one, what) for one in group])
        yield _check("campaign", name, [one.campaign_right for one in group])


def _check(what: str, of: str, right: Sequence[bool]) -> Check:
    return Check(what=what, of=of, right=share(sum(right), len(right)))


def _right(outcome: Outcome, what: str) -> bool:
    return all(
        getattr(expected, what) in {"", getattr(found, what)}
        for expected, found in zip(outcome.expected, outcome.found, strict=True)
    )


def _scenarios(outcomes: Sequence[Outcome]) -> Iterator[ScenarioScore]:
    for name, group in _grouped(outcomes, lambda one: one.scenario).items():
        rows = [row for one in group for row in one.rows]
        yield ScenarioScore(
            scenario=name,
            innocent=group[0].innocent,
            seeds=tuple(sorted(one.seed for one in group)),
            right=share(sum(_all_right(one) for one in group), len(group)),
            rows=share(sum(row.found for row in rows), sum(row.wanted for row in rows)),
            false_findings=sum(claim.wrong for one in group for claim in one.claims),
        )


def _all_right(outcome: Outcome) -> bool:
    return (
        outcome.campaign_right
        and all(_right(outcome, what) for what in QUESTIONS)
        and not any(claim.wrong for claim in outcome.claims)
    )


def _confusion(outcomes: Sequence[Outcome]) -> Iterator[Cell]:
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for expected, found in _pairs(outcomes):
        for what in QUESTIONS:
            if getattr(expected, what):
                counts[what, expected.campaign, getattr(expected, what), getattr(found, what)] += 1
    for key in sorted(counts):
        yield Cell(question=key[0], campaign=key[1], expected=key[2], found=key[3], servers=counts[key])


def _pairs(outcomes: Iterable[Outcome]) -> Iterator[tuple[Answer, Answer]]:
    for outcome in outcomes:
        yield from zip(outcome.expected, outcome.found, strict=True)


def _rungs(outcomes: Sequence[Outcome], asked: Asked) -> Iterator[RungScore]:
    rows = _grouped([row for one in outcomes for row in one.rows], lambda row: (row.campaign, row.rung))
    claims = _grouped([each for one in outcomes for each in one.claims], lambda one: (one.campaign, one.rung))
    servers = _grouped(list(_pairs(outcomes)), lambda pair: (pair[0].campaign, pair[0].rung))
    known = [*asked.rungs, *sorted({*rows, *claims} - set(asked.rungs))]
    for key in known:
        pairs, seen, made = servers.get(key, []), rows.get(key, []), claims.get(key, [])
        yield RungScore(
            campaign=key[0],
            rung=key[1],
            servers=share(sum(right.rung == found.rung for right, found in pairs), len(pairs)),
            rows=share(sum(row.found for row in seen), sum(row.wanted for row in seen)),
            claims=share(sum(one.made - one.wrong for one in made), sum(one.made for one in made)),
        )


def _kinds(outcomes: Sequence[Outcome]) -> Iterator[KindScore]:
    records: Counter[str] = Counter()
    for one in outcomes:
        records.update(one.read)
    rows = _grouped([row for one in outcomes for row in one.rows], lambda row: row.kind)
    claims = _grouped([each for one in outcomes for each in one.claims], lambda one: one.kind)
    for kind in sorted({*records, *rows, *claims}):
        seen, made = rows.get(kind, []), claims.get(kind, [])
        yield KindScore(
            kind=kind,
            records=records[kind],
            rows=share(sum(row.found for row in seen), sum(row.wanted for row in seen)),
            claims=share(sum(one.made - one.wrong for one in made), sum(one.made for one in made)),
        )


def _withheld(outcomes: Sequence[Outcome]) -> Iterator[WithheldScore]:
    answers = _grouped([each for one in outcomes for each in one.withheld], lambda one: one.kind)
    for kind, group in sorted(answers.items()):
        fates = Counter(_fate(one) for one in group)
        named = [one.named for one in group if one.named is not None]
        yield WithheldScore(
            kind=kind,
            kept=fates["kept"],
            weaker=fates["weaker"],
            undetermined=fates["undetermined"],
            other=fates["other"],
            sound=share(sum(not one.problems for one in group), len(group)),
            named=share(sum(named), len(named)),
        )


def _fate(one: WithheldAnswer) -> str:
    if one.rest == one.whole:
        return "kept"
    if one.rest == "undetermined":
        return "undetermined"
    return "weaker" if one.rest in _GRAVE else "other"


def _withheld_words(outcomes: Sequence[Outcome]) -> Iterator[WithheldCell]:
    counts = Counter(
        (each.kind, each.campaign, each.whole, each.rest) for one in outcomes for each in one.withheld
    )
    for key in sorted(counts):
        yield WithheldCell(kind=key[0], campaign=key[1], whole=key[2], rest=key[3], verdicts=counts[key])


Item = TypeVar("Item")


def _grouped(items: Iterable[Item], key_of: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    groups: dict[Key, list[Item]] = defaultdict(list)
    for item in items:
        groups[key_of(item)].append(item)
    return dict(groups)
