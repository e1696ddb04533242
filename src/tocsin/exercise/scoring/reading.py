"""Assess a made server, whole or with one kind of log withheld.

Files are withheld by what stands in them, not by their names: so the same code withholds a log
from any layout, and a file that holds several kinds goes with each of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path

from tocsin.artefacts.registry import identify
from tocsin.assessment.assess import Knowledge, assess
from tocsin.detections.pipeline import detect
from tocsin.detections.reading import OTHER_FILES
from tocsin.errors import ArtefactError
from tocsin.evidence.limits import Limits
from tocsin.evidence.opening import Evidence, open_evidence
from tocsin.evidence.source import Source
from tocsin.model.records import Record
from tocsin.model.verdicts import Assessment

_SAMPLE = 200
"""Items of a file that say which kinds stand in it."""
_NO_LOGS = frozenset({OTHER_FILES, "text.unknown"})
_PAGES = frozenset({"web.file", "exchange.vdir-dump"})
"""The pages of web roots are collected together, or not at all."""


class _Lessened(Evidence):
    """Evidence as if some of its files had not been collected."""

    def __init__(self, path: Path, *, without: frozenset[str]) -> None:
        super().__init__(path, Limits(), None)
        self._without = without

    def sources(self) -> Iterator[Source]:
        for source in super().sources():
            if source.path not in self._without:
                yield source


def read(
    evidence: Path, knowledge: Knowledge, *, at: datetime, without: frozenset[str] = frozenset()
) -> Assessment:
    """Assess the evidence, some of its files left out.

    Raises:
        EvidenceError: the evidence as a whole cannot be read.
    """
    with _Lessened(evidence, without=without) as lessened:
        found = detect(lessened, knowledge.packs, list(knowledge.products.values()))
        return assess(found, knowledge, at=at)


def kinds_of_files(evidence: Path) -> dict[str, frozenset[str]]:
    """Give the kinds of record that each file of the evidence holds, by its path.

    Raises:
        EvidenceError: the evidence as a whole cannot be read.
    """
    with open_evidence(evidence) as opened:
        return {source.path: _kinds_in(source) for source in opened.sources()}


def files_by_kind(kinds: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """Give the files that are withheld with each kind, by kind; pages of web roots under ``web.file``."""
    grouped: dict[str, set[str]] = {}
    for path, held in kinds.items():
        for kind in held - _NO_LOGS:
            grouped.setdefault("web.file" if kind in _PAGES else kind, set()).add(path)
    return {kind: frozenset(paths) for kind, paths in sorted(grouped.items())}


def _kinds_in(source: Source) -> frozenset[str]:
    module = identify(source)
    if module is None:
        return frozenset({OTHER_FILES})
    try:
        items = list(islice(module.parse(source), _SAMPLE))
    except ArtefactError:
        items = []
    return frozenset(item.kind for item in items if isinstance(item, Record)) or frozenset({module.KIND})
