"""A score for the terminal: how often right, where not, and where to look."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tocsin.exercise.scoring.drawing import percent, step_name
from tocsin.exercise.scoring.page import CHECK_WORDS, Confusion, confusions
from tocsin.exercise.scoring.totals import Score
from tocsin.report.untrusted import visible

_MOST_WRONG = 40


def show(score: Score, console: Console) -> None:
    """Print the score."""
    innocent = sum(one.innocent for one in score.scenarios)
    console.print(
        f"{score.servers:,} servers of {len(score.scenarios)} scenarios, {innocent} of them innocent; "
        f"{score.innocent_compromised} wrong findings of meaning compromised on the innocent."
    )
    for title, table in _tables(score):
        console.print(Text(f"\n{title}", style="bold"))
        console.print(table)
    _wrong(score, console)
    if score.untested_rungs or score.untested_kinds:
        console.print(f"\nNot tested: {', '.join((*score.untested_rungs, *score.untested_kinds))}")


def _tables(score: Score) -> Iterator[tuple[str, Table]]:
    yield "Verdicts", _checks(score)
    yield "Rows", _rows(score)
    if score.withheld:
        yield "With one kind of log withheld", _withheld(score)
    for each in confusions(score):
        yield f"{each.campaign}: {each.question} (row: truth, column: answer)", _confusion(each)


def _checks(score: Score) -> Table:
    table = _table("question", "of", "right")
    for check in score.checks:
        if check.right.of:
            table.add_row(CHECK_WORDS[check.what], check.of, percent(check.right))
    return table


def _rows(score: Score) -> Table:
    table = _table("", "rows found", "claims borne out")
    for step in score.rungs:
        if step.rows.of or step.claims.of:
            table.add_row(step_name(step), percent(step.rows), percent(step.claims))
    for kind in score.kinds:
        if kind.rows.of or kind.claims.of:
            table.add_row(kind.kind, percent(kind.rows), percent(kind.claims))
    return table


def _withheld(score: Score) -> Table:
    table = _table("kind", "same", "less grave", "undetermined", "other", "property holds")
    for one in score.withheld:
        fates = (str(number) for number in (one.kept, one.weaker, one.undetermined, one.other))
        table.add_row(one.kind, *fates, percent(one.sound))
    return table


def _confusion(each: Confusion) -> Table:
    table = _table("", *each.columns)
    for truth, counts in each.rows:
        table.add_row(truth, *(str(count) if count else "·" for count in counts))
    return table


def _wrong(score: Score, console: Console) -> None:
    if score.flawless:
        console.print("\nNothing was wrong.")
        return
    console.print(f"\n{score.wrong_in_all:,} things wrong:")
    for one in score.wrong[:_MOST_WRONG]:
        says = (
            f"{one.scenario} seed {one.seed}: {one.what} {one.campaign}: expected {one.expected}, "
            f"found {one.found}. {one.why}"
        )
        console.print(Text(visible(says)))
        for place in one.places:
            console.print(Text(f"    {visible(place)}"))
    if score.wrong_in_all > _MOST_WRONG:
        console.print(f"and {score.wrong_in_all - _MOST_WRONG:,} more: see --output or --json.")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
