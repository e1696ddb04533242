"""The truth about one made server: what ``expected.json`` holds, and where made servers are found.

A made server is a folder with ``evidence/`` and ``expected.json``, or ``NAME.zip`` with
``NAME.expected.json`` beside it. The truth never lies inside the evidence: it would be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from tocsin.errors import UsageFault
from tocsin.exercise.scenario import Expected
from tocsin.exercise.workshop import LabelledRow

SCHEMA = "tocsin/exercise-truth/1"
TRUTH_FILE = "expected.json"
EVIDENCE_FOLDER = "evidence"
_REMEDY = "Give what `tocsin exercise server` made: a folder with evidence/ and expected.json."


class Truth(Struct, frozen=True, kw_only=True):
    """What is true of a made server.

    Attributes:
        schema: shape and version of this document.
        scenario: the scenario's name.
        seed: what the chance was drawn from.
        tool: version of Tocsin that made it.
        innocent: nobody got in.
        expected: the right verdict of each campaign that the scenario is about.
        rows: where the truth about every labelled row stands, sorted.
    """

    schema: str = SCHEMA
    scenario: str
    seed: int
    tool: str
    innocent: bool
    expected: tuple[Expected, ...]
    rows: tuple[LabelledRow, ...]


class MadeServer(Struct, frozen=True, kw_only=True):
    """A made server on disk: its evidence, and the file that holds the truth about it."""

    evidence: Path
    truth: Path


def place_of_row(row: LabelledRow) -> tuple[str, int, int, str, str]:
    """Give the order in which labelled rows are written, whatever order they were made in."""
    return (row.path, row.line or 0, row.record or 0, row.kind, row.label.means)


def encode(truth: Truth) -> bytes:
    """Give the document: rows sorted, one key a line, a line end after it."""
    rows = tuple(sorted(truth.rows, key=place_of_row))
    plain = msgspec.json.encode(msgspec.structs.replace(truth, rows=rows), order="deterministic")
    return msgspec.json.format(plain, indent=1) + b"\n"


def read(path: Path) -> Truth:
    """Read what ``encode`` wrote.

    Raises:
        UsageFault: it cannot be read, or is something else.
    """
    try:
        truth = msgspec.json.decode(path.read_bytes(), type=Truth)
    except OSError as fault:
        raise UsageFault(f"{fault.strerror or fault}.", where=str(path), remedy=_REMEDY) from fault
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise UsageFault(
            f"not the truth about a made server: {fault}.", where=str(path), remedy=_REMEDY
        ) from fault
    if truth.schema != SCHEMA:
        raise UsageFault(
            f"another version ({truth.schema[:80]!r}).", where=str(path), remedy="Make the server again."
        )
    return truth


def made_servers(path: Path) -> tuple[MadeServer, ...]:
    """Give the made servers at or below a path, sorted.

    Raises:
        UsageFault: there is none.
    """
    found = tuple(sorted(_found(path), key=lambda one: str(one.truth)))
    if not found:
        raise UsageFault("no made server here.", where=str(path), remedy=_REMEDY)
    return found


def _found(path: Path) -> Iterator[MadeServer]:
    if path.suffix.lower() == ".zip" and path.is_file():
        beside = path.with_name(f"{path.stem}.{TRUTH_FILE}")
        if beside.is_file():
            yield MadeServer(evidence=path, truth=beside)
        return
    if (path / TRUTH_FILE).is_file() and (path / EVIDENCE_FOLDER).is_dir():
        yield MadeServer(evidence=path / EVIDENCE_FOLDER, truth=path / TRUTH_FILE)
        return
    if path.is_dir():
        for each in sorted(path.iterdir()):
            if each.is_dir() or each.suffix.lower() == ".zip":
                yield from _found(each)
