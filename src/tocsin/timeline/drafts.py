"""A file that appears whole or not at all: drafted beside its place, then moved there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tocsin.errors import EnvironmentFault, UsageFault


def check_target(target: Path, *, force: bool, apart_from: Path | None = None) -> None:
    """Refuse a file that must not be written. Cheap, so that it can be asked before the work.

    Args:
        target: the file.
        force: it may replace a file.
        apart_from: evidence that it must not be or lie in.

    Raises:
        UsageFault: it exists, is no file, or lies in the evidence.
    """
    where = str(target)
    if apart_from is not None:
        inner, outer = target.resolve(), apart_from.resolve()
        if inner == outer or outer in inner.parents:
            raise UsageFault(
                "the output lies in the evidence, which is never written to",
                where=where,
                remedy="Choose a place outside the evidence with --output.",
            )
    if target.is_dir() or (target.exists() and not target.is_file()):
        raise UsageFault(
            "no file, so nothing can be written in its place", where=where, remedy="Name a file."
        )
    if target.exists() and not force:
        raise UsageFault("exists already.", where=where, remedy="Choose another name, or give --force.")


@contextmanager
def drafting(target: Path) -> Iterator[tuple[Path, Path]]:
    """Give a draft of the file and a folder for intermediate files; both are gone at the end.

    When the block ends well the draft takes the file's place; when it ends badly, by a fault or by
    Ctrl-C, nothing is left.

    Raises:
        EnvironmentFault: the machine will not let us write.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            draft = folder / "draft"
            scratch = folder / "scratch"
            scratch.mkdir()
            yield draft, scratch
            _settle(draft)
            draft.replace(target)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as fault:
        raise EnvironmentFault(
            f"cannot write: {fault.strerror or fault}.",
            where=str(target),
            remedy="Check the folder, your rights and the room on the disk.",
        ) from fault


def _settle(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())
