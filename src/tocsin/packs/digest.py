"""The digest of a pack: which body of knowledge reached a verdict."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from tocsin.errors import PackError

_KNOWLEDGE = (".yaml", ".csv", ".yar", ".md")


def knowledge_files(root: Path) -> Iterator[Path]:
    """Yield the files that a pack's judgement rests on, sorted; ``golden`` only tests it."""
    for path in sorted(root.rglob("*"), key=lambda path: path.relative_to(root).as_posix()):
        inside = path.relative_to(root).parts
        if path.suffix in _KNOWLEDGE and inside[0] != "golden" and path.is_file():
            yield path


def digest(root: Path) -> str:
    """Give the SHA-256 over the names and contents of the pack's files, as 64 hex digits.

    Line ends are taken as LF, so that a checkout on Windows has the same digest.

    Raises:
        PackError: a file cannot be read.
    """
    total = hashlib.sha256()
    for path in knowledge_files(root):
        try:
            data = path.read_bytes().replace(b"\r\n", b"\n")
        except OSError as error:
            raise PackError(f"cannot be read: {error}.", where=str(path)) from error
        name = path.relative_to(root).as_posix()
        total.update(f"{name}\0{len(data)}\0".encode() + data)
    return total.hexdigest()
