"""Row by row: does a finding stand where the truth says that something happened, and nowhere else?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from msgspec import Struct

from tocsin.exercise.scoring.outcome import ClaimCount, RowCount
from tocsin.exercise.workshop import LabelledRow
from tocsin.model.findings import Finding
from tocsin.model.verdicts import Assessment
from tocsin.model.words import Means

GRAVE = frozenset({Means.EXPLOITED, Means.COMPROMISED})


class Claim(Struct, frozen=True, kw_only=True):
    """A finding, and the pack whose rule made it."""

    campaign: str
    finding: Finding


class Rows:
    """Findings and labelled rows of one server, side by side."""

    def __init__(self, assessment: Assessment, rows: Sequence[LabelledRow]) -> None:
        """Index both by file."""
        self._claims: dict[str, list[Claim]] = defaultdict(list)
        self._labels: dict[str, list[LabelledRow]] = defaultdict(list)
        for verdict in assessment.verdicts:
            for finding in verdict.findings:
                claim = Claim(campaign=verdict.campaign, finding=finding)
                self._claims[finding.locator.path].append(claim)
        for row in rows:
            self._labels[row.path].append(row)
        self._rows = tuple(rows)
        self._folded = {one.campaign: sum(one.folded.values()) for one in assessment.verdicts}

    def wanted(self) -> Iterator[tuple[LabelledRow, bool]]:
        """Yield every row whose meaning is provable and no mere context, and whether it was recalled.

        Of attempts beyond the bound on findings kept, as many count as recalled as were folded away.
        """
        left = dict(self._folded)
        for row in self._rows:
            if gravity(row) and row.label.provable:
                recalled = self._recalled(row)
                campaign = row.label.campaign
                if not recalled and row.label.means == Means.TARGETED and left.get(campaign, 0) > 0:
                    left[campaign] -= 1
                    recalled = True
                yield row, recalled

    def claims(self) -> Iterator[tuple[Claim, bool]]:
        """Yield every finding of meaning ``exploited`` or ``compromised``, and whether its row bears it."""
        for path in sorted(self._claims):
            for claim in self._claims[path]:
                if claim.finding.means in GRAVE:
                    yield claim, self._borne_out(claim)

    def at(self, row: LabelledRow) -> list[Claim]:
        """Give the findings that stand at a row."""
        return [claim for claim in self._claims.get(row.path, ()) if _same_place(row, claim.finding)]

    def label_of(self, claim: Claim) -> LabelledRow | None:
        """Give the gravest label at a finding's place, if there is one."""
        labels = [
            row for row in self._labels.get(claim.finding.locator.path, ()) if _same_place(row, claim.finding)
        ]
        return max(labels, key=gravity, default=None)

    def _recalled(self, row: LabelledRow) -> bool:
        campaign = row.label.campaign
        return any(
            claim.finding.means.gravity >= gravity(row)
            for claim in self.at(row)
            if not campaign or claim.campaign == campaign
        )

    def _borne_out(self, claim: Claim) -> bool:
        label = self.label_of(claim)
        return label is not None and gravity(label) >= claim.finding.means.gravity


def gravity(row: LabelledRow) -> int:
    """Give how grave a row is: 0 for benign and context up to 3 for compromised."""
    return 0 if row.label.means == "benign" else Means(row.label.means).gravity


def count_rows(rows: Rows) -> tuple[RowCount, ...]:
    """Count the wanted rows and the recalled ones by campaign, step, kind and meaning."""
    wanted: Counter[tuple[str, str, str, str]] = Counter()
    found: Counter[tuple[str, str, str, str]] = Counter()
    for row, recalled in rows.wanted():
        key = (row.label.campaign, row.label.rung, row.kind, row.label.means)
        wanted[key] += 1
        found[key] += recalled
    return tuple(
        RowCount(
            campaign=key[0], rung=key[1], kind=key[2], means=key[3], wanted=wanted[key], found=found[key]
        )
        for key in sorted(wanted)
    )


def count_claims(rows: Rows) -> tuple[ClaimCount, ...]:
    """Count the grave findings and the wrong ones by pack, kind, step and meaning."""
    made: Counter[tuple[str, str, str, str]] = Counter()
    wrong: Counter[tuple[str, str, str, str]] = Counter()
    for claim, right in rows.claims():
        finding = claim.finding
        key = (claim.campaign, finding.kind, finding.rung or "", str(finding.means))
        made[key] += 1
        wrong[key] += not right
    return tuple(
        ClaimCount(campaign=key[0], kind=key[1], rung=key[2], means=key[3], made=made[key], wrong=wrong[key])
        for key in sorted(made)
    )


def _same_place(row: LabelledRow, finding: Finding) -> bool:
    """A label without line and record speaks of the whole file."""
    place = finding.locator
    if row.line is not None and place.line is not None:
        return row.line == place.line
    if row.record is not None and place.record is not None:
        return row.record == place.record
    return row.line is None and row.record is None
