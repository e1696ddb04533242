"""The campaign's ladder: the highest step shown, and for every step what showed it or would have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tocsin.model.coverage import ArtefactCoverage
from tocsin.model.findings import Finding
from tocsin.model.verdicts import RungShown
from tocsin.model.words import Means
from tocsin.packs.logsources import WEB_KINDS
from tocsin.packs.schema import Rung

_CONFIGURATION = "iis.config"
_REQUEST_LOGS = frozenset({"iis.w3c", "iis.etw"})
"""Two forms of one log: IIS writes its requests to files, to the event log, or to both."""


class Ladder:
    """A campaign's steps, lowest first."""

    def __init__(self, rungs: Sequence[Rung]) -> None:
        """Keep the pack's order."""
        self.rungs = tuple(rungs)
        self._by_id = {rung.id: rung for rung in rungs}
        self._height = {rung.id: height for height, rung in enumerate(rungs)}

    def rung_of(self, finding: Finding) -> Rung | None:
        """Give the step that a finding names, if any."""
        return self._by_id.get(finding.rung or "")

    def climbed(self, finding: Finding) -> bool:
        """Tell whether a finding shows its step: a success, or for the lowest steps an attempt."""
        return finding.rung in self._by_id and finding.means is not Means.CONTEXT

    def highest(self, findings: Iterable[Finding]) -> str | None:
        """Give the id of the highest step shown; the main strand goes before the others."""
        shown = [self._by_id[finding.rung or ""] for finding in findings if self.climbed(finding)]
        main = [rung for rung in shown if rung.strand == "main"]
        best = max(main or shown, key=lambda rung: self._height[rung.id], default=None)
        return None if best is None else best.id

    def account(
        self, findings: Sequence[Finding], coverage: Iterable[ArtefactCoverage], *, strange: bool = False
    ) -> tuple[RungShown, ...]:
        """Give every step with the findings that show it, or the kinds of log that would have.

        ``strange``: requests were read whose directory only the configuration of IIS could have named.
        """
        read = {row.kind for row in coverage if row.records and not row.excerpt}
        if read & _REQUEST_LOGS:
            read |= _REQUEST_LOGS
        further = (_CONFIGURATION,) if strange else ()
        return tuple(self._one(rung, findings, read, further) for rung in self.rungs)

    def _one(
        self, rung: Rung, findings: Sequence[Finding], read: set[str], further: tuple[str, ...]
    ) -> RungShown:
        ids = tuple(finding.id for finding in findings if finding.rung == rung.id and self.climbed(finding))
        able = (*rung.shown_by, *rung.also_shown_by, *(further if WEB_KINDS & {*rung.shown_by} else ()))
        return RungShown(
            id=rung.id,
            title=rung.title,
            shown=bool(ids),
            finding_ids=ids,
            would_show=() if ids else tuple(kind for kind in able if kind not in read),
            strand=rung.strand,
        )
