"""Worker processes: tasks go out, answers come back, and none is waited for that is no more.

Processes are spawned, never forked: the parent has threads. A worker ignores Ctrl-C, which reaches it as
well: its parent ends it. A worker whose parent is no more finds its pipe closed and ends, too.
"""

from __future__ import annotations

import multiprocessing
import signal
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Any, Protocol, Self

from msgspec import Struct

from tocsin.errors import EnvironmentFault, TocsinError

_ALONE = "Run again with --workers 1, and close other programs or give more memory."
_PATIENCE = 0.5
"""Seconds that a worker has to end when it is told to."""


class Doer(Protocol):
    """Does tasks."""

    def do(self, task: Any, /) -> Any:
        """Do one; give the answer."""
        ...


Link = Any
"""One end of a pipe between two processes: its type is another one on Windows."""

Make = Callable[[Any, Callable[[Any], None]], Doer]
"""From what a worker starts with, and what it can tell things to before it answers, to the worker."""


class Failed(Struct, frozen=True):
    """A task came to nothing, for a reason that concerns the whole."""

    error: Exception


class _Said(Struct, frozen=True):
    """What a worker says before it answers."""

    what: Any


class _Answered(Struct, frozen=True):
    """The answer that ends a task."""

    what: Any


class Processes:
    """Some workers, all alike: a context manager that leaves none behind."""

    def __init__(self, count: int, make: Make, setup: object) -> None:
        """Start so many; ``make`` must be a function of a module."""
        self._count = count
        self._start = (make, setup)
        self._running: dict[Link, SpawnProcess] = {}

    def __enter__(self) -> Self:
        """Start the workers."""
        spawn = multiprocessing.get_context("spawn")
        try:
            with _undisturbed():
                for _ in range(self._count):
                    ours, theirs = spawn.Pipe()
                    process = spawn.Process(target=_serve, args=(theirs, *self._start), daemon=True)
                    process.start()
                    theirs.close()
                    self._running[ours] = process
        except OSError as error:
            self._end()
            raise EnvironmentFault(f"a worker cannot be started ({error}).", remedy=_ALONE) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the workers, whatever they are doing."""
        self._end()

    def run(self, tasks: Iterable[Any]) -> Iterator[Any]:
        """Have tasks done, each by whoever is idle; yield what is said and answered, as it comes.

        ``tasks`` may be a deque that grows as answers are taken.

        Raises:
            EnvironmentFault: a worker is no more.
            TocsinError: what a worker raised.
        """
        queue = tasks if isinstance(tasks, deque) else deque(tasks)
        idle, busy = list(self._running), set[Link]()
        while queue or busy:
            while queue and idle:
                one = idle.pop()
                self._send(one, queue.popleft())
                busy.add(one)
            for one in self._ready():
                message = self._receive(one)
                if isinstance(message, _Answered):
                    busy.remove(one)
                    idle.append(one)
                yield message.what

    def run_each(self, task: object) -> Iterator[Any]:
        """Have every worker do one task; yield the answers."""
        for one in self._running:
            self._send(one, task)
        busy = set(self._running)
        while busy:
            for one in self._ready():
                message = self._receive(one)
                if isinstance(message, _Answered):
                    busy.remove(one)
                    yield message.what

    @property
    def pids(self) -> Sequence[int]:
        """Numbers of the processes."""
        return [process.pid for process in self._running.values() if process.pid]

    def _ready(self) -> list[Link]:
        """Wait until somebody says something, or is no more: its end of the pipe is closed then.

        Idle workers count: one that is no more must not be waited for later.
        """
        ready = set(wait(list(self._running)))
        return [one for one in self._running if one in ready]

    def _send(self, one: Link, task: object) -> None:
        try:
            one.send(task)
        except OSError:
            raise self._lost(one) from None

    def _receive(self, one: Link) -> _Said | _Answered:
        try:
            message = one.recv()
        except (EOFError, OSError):
            raise self._lost(one) from None
        if isinstance(message, Failed):
            raise message.error
        return message  # type: ignore[no-any-return]  # our own workers send nothing else

    def _lost(self, one: Link) -> EnvironmentFault:
        process = self._running[one]
        process.join(_PATIENCE)
        status = process.exitcode
        if status is not None and status < 0:
            how = f"was ended by {_signal_name(-status)}"
            how += (
                ", as a system does that runs out of memory"
                if -status == getattr(signal, "SIGKILL", 9)
                else ""
            )
        else:
            how = f"ended by itself (status {status})"
        return EnvironmentFault(f"a worker {how}, so the evidence was not read to its end.", remedy=_ALONE)

    def _end(self) -> None:
        for process in self._running.values():
            process.terminate()
        for one, process in self._running.items():
            process.join(_PATIENCE)
            if process.is_alive():
                process.kill()
                process.join()
            process.close()
            one.close()
        self._running.clear()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold Ctrl-C back while workers are born: it reaches them too, and they inherit that it is held back."""
    mask = getattr(signal, "pthread_sigmask", None)
    if mask is None:
        yield
        return
    before = mask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        mask(signal.SIG_SETMASK, before)


def _serve(connection: Link, make: Make, setup: object) -> None:
    """Do tasks until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _work(connection, make, setup)
    except (EOFError, OSError):
        return  # nobody is there to be told


def _work(connection: Link, make: Make, setup: object) -> None:
    try:
        doer = make(setup, lambda what: connection.send(_Said(what)))
        while True:
            connection.send(_Answered(doer.do(connection.recv())))
    except TocsinError as error:
        connection.send(Failed(error))
    except MemoryError:
        what = "a worker needs more memory than it may have."
        connection.send(Failed(EnvironmentFault(what, remedy="Give more with --memory.")))
    except (EOFError, OSError):
        raise
    except Exception:  # a fault of the program: the parent raises it where it is seen
        connection.send(Failed(RuntimeError(f"in a worker:\n{traceback.format_exc()}")))
        raise
