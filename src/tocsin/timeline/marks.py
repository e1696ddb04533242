"""Which rows an assessment's findings point at: rules and meaning, by locator."""

from __future__ import annotations

from pathlib import Path

from tocsin.errors import UsageFault
from tocsin.model.findings import Finding
from tocsin.model.words import Means
from tocsin.report.json_document import decode

Place = tuple[object, object, object, object]
"""``path``, ``line``, ``record``, ``byte_offset``, as a row has them."""


class Marks:
    """Findings by the place that they point at.

    Attributes:
        unmet: places of findings that no row has met so far.
    """

    def __init__(self, findings: tuple[Finding, ...] = ()) -> None:
        """Sort the findings by place."""
        self._rules: dict[Place, set[str]] = {}
        self._means: dict[Place, Means] = {}
        for finding in findings:
            spot = finding.locator
            place = (spot.path, spot.line, spot.record, spot.offset)
            self._rules.setdefault(place, set()).add(finding.rule)
            known = self._means.get(place, Means.CONTEXT)
            self._means[place] = max(known, finding.means, key=lambda means: means.gravity)
        self.unmet = set(self._rules)

    def mark(self, row: dict[str, object]) -> None:
        """Add ``rules`` and ``means`` to the row, if any finding points at it."""
        place = (row["path"], row.get("line"), row.get("record"), row.get("byte_offset"))
        rules = self._rules.get(place)
        if rules is not None:
            row["rules"] = sorted(rules)
            row["means"] = self._means[place].value
            self.unmet.discard(place)


def read_marks(path: Path) -> Marks:
    """Read the findings of ``assessment.json``, as ``tocsin assess --json`` writes it.

    Raises:
        UsageFault: it cannot be read, or is no assessment.
    """
    try:
        document = path.read_bytes()
    except OSError as fault:
        raise UsageFault(
            f"cannot be read ({fault.strerror or fault}).",
            where=str(path),
            remedy="Give the assessment.json that tocsin assess wrote.",
        ) from fault
    try:
        assessment = decode(document)
    except UsageFault as fault:
        raise UsageFault(fault.what, where=str(path), remedy=fault.remedy) from fault
    return Marks(tuple(finding for verdict in assessment.verdicts for finding in verdict.findings))
