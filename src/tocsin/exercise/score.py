"""Score the assessor on made servers: make each, assess it, compare with its truth, add up."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from msgspec import Struct

from tocsin import __version__
from tocsin.assessment.assess import Knowledge
from tocsin.assessment.server import load_knowledge
from tocsin.errors import UsageFault
from tocsin.exercise.library import load
from tocsin.exercise.scoring.judging import judge
from tocsin.exercise.scoring.outcome import Outcome
from tocsin.exercise.scoring.totals import Asked, Score, total
from tocsin.exercise.server import make_server, needs_zip
from tocsin.exercise.truth import MadeServer
from tocsin.model.verdicts import PackInfo, ToolInfo

Told = Callable[[Outcome, int, int], None]
"""Called after each server with what came of it, how many are done, and how many there are."""


class Task(Struct, frozen=True, kw_only=True):
    """One server to score: made already, or to be made from a scenario and a seed.

    ``scenario`` is a shipped name or a path; ``withhold``: each kind of log in turn, too.
    """

    made: MadeServer | None = None
    scenario: str = ""
    seed: int = 0
    withhold: bool = True


def tasks_of(scenarios: Sequence[str], seeds: int, *, withheld_seeds: int) -> tuple[Task, ...]:
    """Give the tasks of seeds 1 to ``seeds`` of every scenario; the first few withhold logs too."""
    return tuple(
        Task(scenario=name, seed=seed, withhold=seed <= withheld_seeds)
        for name in scenarios
        for seed in range(1, seeds + 1)
    )


def run_score(tasks: Sequence[Task], *, jobs: int = 1, told: Told | None = None) -> Score:
    """Score all servers; made ones are left as they are, others are made for it and removed after.

    Args:
        tasks: the servers.
        jobs: how many are worked on at the same time.
        told: called after each, for progress.

    Raises:
        UsageFault: there is nothing to score, or a truth cannot be read.
        ScenarioError: a scenario is wrong.
        EvidenceError: the evidence of a server as a whole cannot be read.
    """
    if not tasks:
        raise UsageFault("nothing to score.", remedy="Give folders of made servers, or --scenario NAME.")
    outcomes = []
    for outcome in _outcomes(tasks, jobs):
        outcomes.append(outcome)
        if told:
            told(outcome, len(outcomes), len(tasks))
    return total(outcomes, asked_of(_knowledge()))


def asked_of(knowledge: Knowledge) -> Asked:
    """Give what the packs have: which program, which versions, their steps, the kinds they ask for."""
    packs = [pack.file for pack in knowledge.packs]
    return Asked(
        tool=ToolInfo(name="tocsin", version=__version__),
        packs=tuple(
            PackInfo(id=pack.file.id, version=pack.file.version, sha256=pack.sha256)
            for pack in knowledge.packs
        ),
        rungs=tuple((pack.id, rung.id) for pack in packs for rung in pack.ladder),
        kinds=tuple(sorted({one.kind for pack in packs for one in pack.wanted})),
    )


def _outcomes(tasks: Sequence[Task], jobs: int) -> Iterator[Outcome]:
    if jobs == 1 or len(tasks) == 1:
        yield from map(_outcome, tasks)
        return
    with ProcessPoolExecutor(max_workers=jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_outcome, tasks)


def _outcome(task: Task) -> Outcome:
    if task.made is not None:
        return judge(task.made, _knowledge(), withhold=task.withhold)
    with tempfile.TemporaryDirectory(prefix="tocsin-exercise-") as folder:
        scenario = load(task.scenario)
        out = Path(folder) / ("server.zip" if needs_zip(scenario) else "server")
        made = make_server(scenario, name=Path(task.scenario).stem, seed=task.seed, out=out)
        server = MadeServer(evidence=made.evidence, truth=made.expected)
        return judge(server, _knowledge(), withhold=task.withhold)


@cache
def _knowledge() -> Knowledge:
    return load_knowledge()
