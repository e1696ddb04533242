"""Workers as such: what they do, what they raise, and what happens when one is no more."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from tocsin.detections.crew.processes import Processes
from tocsin.errors import EnvironmentFault, EvidenceError


class Doubler:
    """Doubles numbers; says what it is about to do; ends, or fails, when told to."""

    def __init__(self, setup: object, tell: Callable[[Any], None]) -> None:
        """Take what a worker starts with."""
        self._setup = setup
        self._tell = tell

    def do(self, task: object) -> object:
        if task == "end":
            os.kill(os.getpid(), signal.SIGKILL)
        if task == "leave":
            os._exit(7)
        if task == "fail":
            raise EvidenceError("broken.", where="a.zip", remedy="Copy it again.")
        if task == "slip":
            raise ZeroDivisionError
        self._tell(("about", task))
        return (self._setup, task * 2 if isinstance(task, int) else None)


def test_every_task_is_done_and_what_is_said_comes_through() -> None:
    with Processes(2, Doubler, "s") as workers:
        said = list(workers.run(range(20)))
        each = list(workers.run_each(4))
    assert sorted(one for one in said if one[0] == "s") == [("s", 2 * number) for number in range(20)]
    assert sorted(one for one in said if one[0] == "about") == [("about", number) for number in range(20)]
    assert sorted(each) == [("s", 8), ("s", 8)]


def test_the_queue_may_grow() -> None:
    queue = deque([1])
    found = []
    with Processes(1, Doubler, "s") as workers:
        for message in workers.run(queue):
            if message[0] == "s":
                found.append(message[1])
                if message[1] < 10:
                    queue.append(message[1])
    assert found == [2, 4, 8, 16]


@pytest.mark.parametrize(("task", "how"), [("end", "SIGKILL"), ("leave", "status 7")])
def test_a_worker_that_is_no_more_is_an_error_that_says_what_to_do(task: str, how: str) -> None:
    with pytest.raises(EnvironmentFault, match=how) as raised, Processes(2, Doubler, "s") as workers:
        list(workers.run([task]))
    assert "--workers 1" in raised.value.remedy


def test_an_idle_worker_that_is_no_more_is_noticed_too() -> None:
    with Processes(2, Doubler, "s") as workers:
        list(workers.run([1, 2, 3, 4]))
        os.kill(workers.pids[0], signal.SIGKILL)
        with pytest.raises(EnvironmentFault, match="SIGKILL"):
            list(workers.run(range(1000)))


def test_an_error_in_a_worker_is_the_same_error() -> None:
    with pytest.raises(EvidenceError) as raised, Processes(1, Doubler, "s") as workers:
        list(workers.run(["fail"]))
    assert str(raised.value) == "a.zip: broken. Copy it again."


def test_a_fault_of_the_program_shows_where_it_was() -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError"), Processes(1, Doubler, "s") as workers:
        list(workers.run(["slip"]))


def test_none_is_left_behind() -> None:
    pids: list[int] = []

    def interrupted() -> None:
        with Processes(2, Doubler, "s") as workers:
            pids.extend(workers.pids)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
