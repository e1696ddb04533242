"""All tasks in rounds, every second one backwards, so that nobody always runs first on a cooler machine."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from benchmarks.peers.contending import Answer, Task
from benchmarks.peers.results import Runs, Spent
from benchmarks.peers.running import LONGEST, run


def measure(
    tasks: Mapping[str, Sequence[Task]], *, rounds: int, scratch: Path, seconds: float = LONGEST
) -> tuple[Runs, ...]:
    """Run every contender's tasks so many times; one that fails is told of and not tried again."""
    order = [(name, task) for name, own in tasks.items() for task in own]
    found = {task.key: _before(name, task) for name, task in order}
    for number in range(rounds):
        for _, task in order if number % 2 == 0 else reversed(order):
            if not found[task.key].failed:
                found[task.key] = _once(found[task.key], task, scratch, seconds)
    return tuple(found.values())


def _before(name: str, task: Task) -> Runs:
    return Runs(
        key=task.key,
        contender=name,
        does=task.does,
        kit=task.kit,
        size=task.size,
        rounds=(),
        start_up=task.start_up,
    )


def _once(runs: Runs, task: Task, scratch: Path, seconds: float) -> Runs:
    """Run a task once more; give what is known of it then."""
    folder, home = scratch / "run", scratch / "home"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    home.mkdir(exist_ok=True)
    try:
        spent = run(
            task.command,
            folder=folder,
            home=home,
            pinned_to=task.pinned_to,
            environment=task.environment,
            seconds=seconds,
        )
        print(f"{task.key}: {spent.cpu:.2f} CPU s, {spent.wall:.2f} s", file=sys.stderr)
        return _after(runs, spent, _answer(task, spent, folder))
    except (ValueError, OSError, KeyError, msgspec.MsgspecError) as error:
        print(f"{task.key}: {error}", file=sys.stderr)
        return msgspec.structs.replace(runs, failed=f"{error}"[:300])


def _answer(task: Task, spent: Spent, folder: Path) -> Answer:
    """Read the answer; raises ValueError with the last thing said if the command failed."""
    if spent.status not in task.statuses:
        said = (folder / "stderr").read_text("utf-8", "replace").strip().splitlines() or ["it said nothing"]
        how = "it took too long" if spent.status == -1 else f"exit status {spent.status}"
        raise ValueError(f"{how}: {said[-1]}")
    return task.answer(folder)


def _after(runs: Runs, spent: Spent, answer: Answer) -> Runs:
    """Add a round. The answer must be the same every time, or the figures mean nothing."""
    if runs.rounds and (answer.counts, answer.says) != (runs.counts, runs.says):
        raise ValueError(f"it answered {runs.says} {runs.counts}, then {answer.says} {answer.counts}")
    return msgspec.structs.replace(runs, rounds=(*runs.rounds, spent), counts=answer.counts, says=answer.says)
