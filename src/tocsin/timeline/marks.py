"""Which rows an assessment's findings point at: rules and meaning, by locator."""

from __future__ import annotations

from pathlib import Path

from tocsin.errors import UsageFault
from tocsin.model.findings import Finding
from tocsin.model.words import Means
from tocsin.report.json_document import decode

Place = tuple[object, object, object, object]
"""``path``, ``line``, ``record``, ``byte_offset``, as a row has them."""
WHOLE = "web.file"
"""A row of this kind is a whole page: what is found at one of its lines is found in it."""


class Marks:
    """Findings by the place that they point at.

    Attributes:
        unmet: places of findings that no row has met so far.
    """

    def __init__(self, findings: tuple[Finding, ...] = ()) -> None:
        """Sort the findings by place."""
        self._rules: dict[Place, set[str]] = {}
        self._means: dict[Place, Means] = {}
        self._lines: dict[object, list[Place]] = {}
        for finding in findings:
            spot = finding.locator
            place = (spot.path, spot.line, spot.record, spot.offset)
            if place not in self._rules:
                self._lines.setdefault(spot.path, []).append(place)
            self._rules.setdefault(place, set()).add(finding.rule)
            known = self._means.get(place, Means.CONTEXT)
            self._means[place] = max(known, finding.means, key=lambda means: means.gravity)
        self.unmet = set(self._rules)

    def mark(self, row: dict[str, object]) -> None:
        """Add ``rules`` and ``means`` to the row, if any finding points at it."""
        places = [one for one in self._places(row) if one in self._rules]
        if places:
            row["rules"] = sorted({rule for one in places for rule in self._rules[one]})
            row["means"] = max((self._means[one] for one in places), key=lambda means: means.gravity).value
            self.unmet.difference_update(places)

    def _places(self, row: dict[str, object]) -> list[Place]:
        """Its own place; of a whole page, every place in it."""
        if row.get("kind") == WHOLE:
            return self._lines.get(row["path"], [])
        return [(row["path"], row.get("line"), row.get("record"), row.get("byte_offset"))]


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
