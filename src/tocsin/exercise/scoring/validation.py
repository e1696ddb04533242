"""``docs/validation.md``: the published error rate, in the spirit of a forensic tool's test report.

Everything in it comes from one score (``docs/validation.json``) and the prose below; it is written
by ``docs/generate.py`` and never runs the score again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from tocsin.exercise.scoring.drawing import percent
from tocsin.exercise.scoring.page import CHECK_WORDS, confusions
from tocsin.exercise.scoring.totals import Score
from tocsin.exercise.scoring.writing import decode

COMMAND = "tocsin exercise score --scenario all --seeds 10 --withheld-seeds 1 --json > docs/validation.json"
"""What made the score."""

_METHOD = """\
## How it was measured

`tocsin exercise` makes servers from scenarios: everyday traffic, and on top of it what an intruder, a
scanner or an administrator does, written into every log that a real server would write it into. The
generator knows what it wrote and where, and keeps that beside the evidence in `expected.json`; the
assessment never sees it. Everything is seeded: the same scenario and seed give the same bytes on every
machine, so that every figure here can be reproduced:

```
{command}
make docs
```

- **Verdict**: compromise, rung, exposure and residual are right only where they are the very word that
  the scenario states. *Which campaign* is right where exactly the guilty campaigns are said to have
  succeeded.
- **Rows found** (recall): rows whose meaning can be proved from the row itself or from rows linked to
  it, and how many of them a finding of that meaning or a graver one stands at, in the right campaign.
  Rows that a careful human could not judge either do not count.
- **Claims borne out** (precision): findings of meaning `exploited` or `compromised`, and how many stand
  at a row whose truth is as grave. A finding at an everyday row is wrong, whatever the verdict.
- **Withheld**: the first seed of every scenario once more for each kind of log, without any file that
  holds it. The property is broken
  where the verdict becomes more certain, where a server that was shown to be exploited is cleared
  (`no-evidence` or `targeted` instead of `undetermined`), where the verdict is milder than what a
  remaining row proves, or where coverage does not name the kind as missing.
- **Intervals** are 95 % after Wilson. Ten seeds of one scenario are not ten independent servers:
  the intervals bound chance, not what no scenario holds.

"""

_LIMITS = """\
## Known limits

- The servers are simulated. Generator and assessor rest on the same published descriptions, so a
  mistake in those is in both and does not show here. Real evidence is measured apart (the tests marked
  `real`), and there is little of it. Read the rates as a floor of the error, not as its expectation.
- Scenarios are chosen, not sampled: the shares say nothing about how many of the world's servers are
  hit, and shares over all scenarios depend on which scenarios there are.
- An intruder who alters logs is in the scenarios only as far as rows or files are absent. Rows that are
  forged so as to look native are not tested.
- Web shells are inert markers in the shape of the real pages; recognition of live shell code is tested
  with other samples, not here.
- Load is tested elsewhere: these servers are small, so that many can be made.
- Named products, builds and campaigns are those of the packs above. A new pack starts without any
  figure on this page.
"""


def page(document: bytes) -> Iterator[str]:
    """Yield the page that a stored score gives.

    Raises:
        UsageFault: the document is not a score.
    """
    score = decode(document)
    yield "# Validation: how often Tocsin is right\n\n"
    yield from _summary(score)
    yield _METHOD.format(command=COMMAND)
    yield from _tested(score, hashlib.sha256(document).hexdigest())
    yield from _verdicts(score)
    yield from _shares(score)
    yield from _withheld(score)
    yield from _scenarios(score)
    yield from _wrong(score)
    yield from _untested(score)
    yield _LIMITS


def _summary(score: Score) -> Iterator[str]:
    innocent = [one for one in score.scenarios if one.innocent]
    rows = [(one.rows.hits, one.rows.of) for one in score.kinds]
    claims = [(one.claims.hits, one.claims.of) for one in score.kinds]
    found, wanted = (sum(each) for each in zip(*rows, strict=True)) if rows else (0, 0)
    borne, made = (sum(each) for each in zip(*claims, strict=True)) if claims else (0, 0)
    yield (
        f"{score.servers:,} simulated servers of {len(score.scenarios)} scenarios, {len(innocent)} of them "
        f"innocent. Rows found: {found:,} of {wanted:,}. Claims of success borne out: {borne:,} of {made:,}; "
        f"on innocent servers {score.innocent_compromised:,} findings wrongly said `compromised`. "
        f"Things wrong in all: {score.wrong_in_all:,}.\n\n"
    )


def _tested(score: Score, digest: str) -> Iterator[str]:
    yield "## What was tested\n\n"
    yield f"{score.tool.name} {score.tool.version}, with these packs:\n\n"
    rows = [(one.id, one.version, f"`{one.sha256[:16]}`") for one in score.packs]
    yield from _table(("pack", "version", "SHA-256, first 16 digits"), rows)
    yield f"The score behind this page: [validation.json](validation.json), SHA-256 `{digest}`.\n\n"


def _verdicts(score: Score) -> Iterator[str]:
    yield "## Verdicts\n\n"
    rows = [(CHECK_WORDS[one.what], one.of, percent(one.right)) for one in score.checks if one.right.of]
    yield from _table(("question", "servers", "right"), rows)
    yield "Rows are the truth, columns the answer; servers are counted.\n\n"
    for each in confusions(score):
        yield f"### {each.campaign}: {each.question}\n\n"
        counted = [(truth, *(str(count or "·") for count in counts)) for truth, counts in each.rows]
        yield from _table(("truth", *each.columns), counted)


def _shares(score: Score) -> Iterator[str]:
    yield "## By step of the ladder\n\n"
    steps = [
        (
            one.campaign or "(any)",
            one.rung or "(no step)",
            percent(one.servers),
            percent(one.rows),
            percent(one.claims),
        )
        for one in score.rungs
        if one.servers.of or one.rows.of or one.claims.of
    ]
    yield from _table(("campaign", "step", "highest step right", "rows found", "claims borne out"), steps)
    yield "## By kind of log\n\n"
    kinds = [
        (f"`{one.kind}`", f"{one.records:,}", percent(one.rows), percent(one.claims)) for one in score.kinds
    ]
    yield from _table(("kind", "records read", "rows found", "claims borne out"), kinds)


def _withheld(score: Score) -> Iterator[str]:
    yield "## With one kind of log withheld\n\nVerdicts are counted.\n\n"
    rows = [
        (
            f"`{one.kind}`",
            *(str(number) for number in (one.kept, one.weaker, one.undetermined, one.other)),
            percent(one.sound),
            percent(one.named) if one.named.of else "no pack asks for it",
        )
        for one in score.withheld
    ]
    head = ("withheld", "same word", "less grave", "undetermined", "other", "property holds", "named")
    yield from _table(head, rows)
    changed = [
        (f"`{one.kind}`", one.campaign, one.whole, one.rest, str(one.verdicts))
        for one in score.withheld_words
        if one.whole != one.rest
    ]
    if changed:
        yield "Which words changed:\n\n"
        yield from _table(("withheld", "campaign", "everything read", "without it", "verdicts"), changed)


def _scenarios(score: Score) -> Iterator[str]:
    yield "## By scenario\n\n"
    rows = [
        (
            f"`{one.scenario}`",
            "innocent" if one.innocent else "guilty",
            str(len(one.seeds)),
            f"{one.right.hits} of {one.right.of}",
            f"{one.rows.hits} of {one.rows.of}",
            str(one.false_findings),
        )
        for one in score.scenarios
    ]
    yield from _table(("scenario", "", "seeds", "all right", "rows found", "false findings"), rows)


def _wrong(score: Score) -> Iterator[str]:
    yield "## What was wrong\n\n"
    if score.flawless:
        yield "Nothing.\n\n"
        return
    rows = [
        (f"`{one.scenario}` {one.seed}", one.what, one.campaign, one.expected, one.found, one.why)
        for one in score.wrong
    ]
    yield from _table(("scenario, seed", "what", "campaign", "expected", "found", "why"), rows)
    if score.wrong_in_all > len(score.wrong):
        yield f"And {score.wrong_in_all - len(score.wrong):,} more.\n\n"


def _untested(score: Score) -> Iterator[str]:
    yield "## What was not tested\n\n"
    yield f"- Steps that no labelled row shows: {_listed(score.untested_rungs)}.\n"
    yield f"- Kinds that packs ask for and no server held: {_listed(score.untested_kinds)}.\n\n"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |\n|{'---|' * len(head)}\n"
    for row in rows:
        yield f"| {' | '.join(_cell(cell) for cell in row)} |\n"
    yield "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
