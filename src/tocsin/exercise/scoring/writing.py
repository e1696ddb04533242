"""The files of a score: ``score.json`` and ``score.html``."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tocsin.errors import EnvironmentFault, UsageFault
from tocsin.exercise.scoring.page import render
from tocsin.exercise.scoring.totals import SCHEMA, Score


def encode(score: Score) -> bytes:
    """Give the document, one key a line, with a line end after it."""
    return msgspec.json.format(msgspec.json.encode(score, order="deterministic"), indent=1) + b"\n"


def decode(document: bytes) -> Score:
    """Give the score that ``encode`` wrote.

    Raises:
        UsageFault: the document is not a score of this version.
    """
    try:
        score = msgspec.json.decode(document, type=Score)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise UsageFault(
            f"not a score: {fault}.", remedy="Give a file that tocsin exercise score wrote."
        ) from fault
    if score.schema != SCHEMA:
        raise UsageFault(f"another version ({score.schema[:80]!r}).", remedy="Run the score again.")
    return score


def write_score(score: Score, folder: Path) -> list[Path]:
    """Write both files into the folder, which is made if need be; give their paths.

    Raises:
        EnvironmentFault: the machine will not let us write.
    """
    contents = {"score.json": encode(score), "score.html": render(score).encode()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            (folder / name).write_bytes(content)
    except OSError as fault:
        raise EnvironmentFault(
            f"cannot write: {fault.strerror or fault}.",
            where=str(folder),
            remedy="Choose another folder with --output.",
        ) from fault
    return [folder / name for name in contents]
