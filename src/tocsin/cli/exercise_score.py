"""``tocsin exercise score``: assess made servers and say how often the answer was right."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.errors import UsageFault

if TYPE_CHECKING:
    from tocsin.exercise.score import Task
    from tocsin.exercise.scoring.outcome import Outcome
    from tocsin.exercise.scoring.totals import Score


def score(
    servers: Annotated[
        list[Path] | None,
        typer.Argument(
            help="What `tocsin exercise server` made: folders with evidence/ and expected.json, zips with "
            "their .expected.json beside them, or folders of those.",
            show_default=False,
        ),
    ] = None,
    *,
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            "--scenario",
            "-s",
            metavar="NAME",
            help="Make and score this scenario; may be given again. `all` stands for every shipped one.",
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds 1 to N of every scenario.")] = 3,
    withheld_seeds: Annotated[
        int,
        typer.Option(min=0, help="For seeds 1 to N also withhold each kind of log in turn; 0 for none."),
    ] = 1,
    jobs: Annotated[int, typer.Option(min=1, help="Servers worked on at the same time.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print the score as JSON on standard output.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write score.json and score.html here.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on standard error.")] = False,
) -> None:
    """Assess made servers and compare with their truth: verdicts, steps, rows, withheld logs.

    Prints how often each question was answered right, with 95 % intervals, recall and precision by
    step and by kind of log, and every wrong case with the places to look at. Exit status 1 if
    anything was wrong.
    """
    from tocsin.exercise.score import run_score
    from tocsin.exercise.scoring.writing import write_score

    tasks = _tasks(servers or (), scenario or (), seeds, withheld_seeds)
    result = run_score(tasks, jobs=jobs, told=None if quiet else _tell)
    written = write_score(result, output) if output else []
    _print(result, json=json)
    for path in written:
        typer.echo(f"wrote {path}", err=True)
    raise typer.Exit(0 if result.flawless else 1)


def _tasks(
    servers: Sequence[Path], scenarios: Sequence[str], seeds: int, withheld_seeds: int
) -> tuple[Task, ...]:
    from tocsin.exercise.library import names
    from tocsin.exercise.score import Task, tasks_of
    from tocsin.exercise.truth import made_servers

    if bool(servers) == bool(scenarios):
        raise UsageFault(
            "either made servers or scenarios are scored.", remedy="Give folders, or --scenario NAME."
        )
    if servers:
        made = [one for path in servers for one in made_servers(path)]
        return tuple(Task(made=one, withhold=withheld_seeds > 0) for one in made)
    return tasks_of(names() if "all" in scenarios else scenarios, seeds, withheld_seeds=withheld_seeds)


def _tell(outcome: Outcome, done: int, whole: int) -> None:
    wrong = len(outcome.wrong)
    says = "right" if not wrong else f"{wrong} wrong"
    typer.echo(f"{done}/{whole} {outcome.scenario}, seed {outcome.seed}: {says}", err=True)


def _print(result: Score, *, json: bool) -> None:
    from rich.console import Console

    from tocsin.exercise.scoring.terminal import show
    from tocsin.exercise.scoring.writing import encode

    if json:
        sys.stdout.buffer.write(encode(result))
        sys.stdout.buffer.flush()
    else:
        show(result, Console())
