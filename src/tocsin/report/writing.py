"""The files of one assessment in one folder: ``assessment.json``, ``report.html``, ``findings.csv``.

Evidence is never written to: a folder that is the evidence, or lies in it, is refused. Each file
appears whole or not at all, and replaces only a file that bears the same name.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from tocsin.errors import EnvironmentFault, UsageFault
from tocsin.model.verdicts import Assessment
from tocsin.report import findings_csv, html, json_document

FILES: tuple[tuple[str, Callable[[Assessment], bytes]], ...] = (
    ("assessment.json", json_document.encode),
    ("report.html", lambda assessment: html.render(assessment).encode()),
    ("findings.csv", findings_csv.encode),
)
"""Names and what makes them. A new output is one line here."""


def write_all(assessment: Assessment, folder: Path, *, evidence: Path | None = None) -> list[Path]:
    """Write all files into the folder, which is made if need be; give their paths.

    Args:
        assessment: what to write.
        folder: where. It may hold earlier files of these names, which are replaced, and no others.
        evidence: what was assessed; the folder must not be it or lie in it.

    Raises:
        UsageFault: the folder is in the evidence, is no folder, or holds other things.
        EnvironmentFault: the machine will not let us write.
    """
    check_folder(folder, evidence=evidence)
    made = [(folder / name, make(assessment)) for name, make in FILES]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in made:
            _write(path, content)
    except OSError as fault:
        raise EnvironmentFault(
            f"cannot write: {fault.strerror or fault}",
            where=str(folder),
            remedy="Choose another folder with --output.",
        ) from fault
    return [path for path, _ in made]


def check_folder(folder: Path, *, evidence: Path | None) -> None:
    """Refuse a folder that must not be written to. Cheap, so that it can be asked before the work.

    Raises:
        UsageFault: as ``write_all``.
    """
    remedy = "Choose an empty or new folder outside the evidence with --output."
    target = folder.resolve()
    if evidence is not None and (target == evidence.resolve() or evidence.resolve() in target.parents):
        raise UsageFault(
            "the output folder lies in the evidence, which is never written to",
            where=str(folder),
            remedy=remedy,
        )
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageFault(
            "the output is to go into a folder, and this is none", where=str(folder), remedy=remedy
        )
    ours = {name for name, _ in FILES}
    strange = sorted(
        each.name
        for each in folder.iterdir()
        if each.name not in ours or not each.is_file() or each.is_symlink()
    )
    if strange:
        more = f" and {len(strange) - 1} more" if len(strange) > 1 else ""
        raise UsageFault(
            f"the folder holds things that are not ours: {strange[0]!r}{more}",
            where=str(folder),
            remedy=remedy,
        )


def _write(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
