"""What a contender is: how it is had, what it is asked, and how its answer is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from benchmarks.peers.data import Made
from msgspec import Struct

PROGRAMS = Path(__file__).parent / "programs"


class Answer(Struct, frozen=True, kw_only=True):
    """What a contender said: counts such as ``lines``, and a word."""

    counts: dict[str, int] = {}
    says: str = ""


def counted(what: str) -> Callable[[Path], Answer]:
    """Give a reader of answers that are counts of ``what``, to be added up."""

    def answer(folder: Path) -> Answer:
        text = (folder / "stdout").read_text("utf-8", "replace")
        return Answer(counts={what: sum(int(word) for word in text.split())})

    return answer


def program(name: str) -> str:
    """Give the path of a program that runs in a contender's own environment."""
    return str(PROGRAMS / f"{name}.py")


class Task(Struct, frozen=True, kw_only=True):
    """One command that is measured.

    Attributes:
        key: its name among the results.
        does: what it is asked, in a few words.
        kit: name of the data.
        size: bytes of the data, unpacked.
        command: program and arguments; it is started in an empty folder.
        environment: added to a bare one.
        pinned_to: how many cores it may use.
        statuses: exit statuses of success.
        answer: reads the answer from the folder that it was started in.
        start_up: key of the task whose cost is mere starting.
    """

    key: str
    does: str
    kit: str
    size: int
    command: tuple[str, ...]
    environment: dict[str, str] = {}
    pinned_to: int = 1
    statuses: tuple[int, ...] = (0,)
    answer: Callable[[Path], Answer] = counted("lines")
    start_up: str = ""


class Ground(Struct, frozen=True, kw_only=True):
    """What every contender is given.

    Attributes:
        kits: the data by name.
        literals: a file with one text a line.
        program: this contender's own interpreter or program.
        checkout: folder of a checkout, for contenders that are in no index.
    """

    kits: Mapping[str, Made]
    literals: Path
    program: str
    checkout: Path | None = None


class Contender(Struct, frozen=True, kw_only=True):
    """A tool to be measured.

    Attributes:
        name: as people call it.
        licence: SPDX.
        answers: what it can say about logs, in a sentence.
        packages: of the package index, installed into an environment of its own.
        program: or a program that the system must have.
        debian: the system's package that has it.
        checkout: name of the option that gives its folder, if it is in no index.
        version: arguments that make it print its version; for packages the first one's is asked for.
        tasks: gives the commands.
    """

    name: str
    licence: str
    answers: str
    packages: tuple[str, ...] = ()
    program: str = ""
    debian: str = ""
    checkout: str = ""
    version: tuple[str, ...] = ("--version",)
    tasks: Callable[[Ground], Iterator[Task]]
