"""The corpus: files with what they are."""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

GROUPS = {
    **dict.fromkeys("aspx ascx ashx asmx asax soap svc config cshtml".split(), "ASP.NET"),  # noqa: SIM905 - a row of words
    "asp": "ASP",
    "jsp": "JSP",
    "php": "PHP",
    "cfm": "CFM",
}


class Case(Struct, frozen=True, kw_only=True):
    """One file of the corpus.

    Attributes:
        shell: what the corpus says it is.
        language: folder of the corpus.
        source: repository.
        cluster: the same for near-duplicates.
    """

    sha256: str
    shell: bool
    language: str
    source: str
    cluster: str
    path: Path

    @property
    def group(self) -> str:
        """The family of languages that figures are given for."""
        return GROUPS.get(self.language, self.language)


def cases(corpus: Path, manifest: Path | None, languages: frozenset[str]) -> list[Case]:
    """Give the files of a corpus, in the order of their paths.

    Args:
        corpus: the folder.
        manifest: a ``.csv.gz`` with ``path``, ``sha256``, ``source``, ``cluster``; without it, every file
            stands alone.
        languages: those wanted; none means all.
    """
    found = _listed(corpus, manifest) if manifest else _walked(corpus)
    return sorted((case for case in found if not languages or case.language in languages), key=_place)


def _place(case: Case) -> str:
    return str(case.path)


def _listed(corpus: Path, manifest: Path) -> Iterator[Case]:
    with gzip.open(manifest, "rt", encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            path = corpus / row["path"]
            if path.is_file():
                yield Case(
                    sha256=row["sha256"],
                    shell=row["label"] == "shell",
                    language=row["lang"],
                    source=row["source"].partition("#")[0],
                    cluster=row["cluster"],
                    path=path,
                )


def _walked(corpus: Path) -> Iterator[Case]:
    for path in corpus.glob("*/*/*/*"):
        if path.is_file():
            label, language, source, _ = path.relative_to(corpus).parts
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            yield Case(
                sha256=sha256,
                shell=label == "shell",
                language=language,
                source=source,
                cluster=sha256,
                path=path,
            )
