"""The matcher: packs' rules, indicators and file rules over records, and what each match becomes.

Whatever order files and records come in, ``finish`` gives the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from msgspec import Struct

from tocsin.detections.compiling import CompiledRule, KindIndex, Kinds, explanation
from tocsin.detections.correlation import Correlator, Gathered
from tocsin.detections.indicators import Clues, IndicatorMatcher, joined_clues
from tocsin.detections.keeping import MOST, Kept, Order, order_of
from tocsin.detections.values import Row
from tocsin.detections.yara_scan import YaraScan
from tocsin.model.findings import Finding
from tocsin.model.records import Record
from tocsin.packs.loading import Pack
from tocsin.packs.logsources import WEB_FILE


class Matches(Struct, frozen=True, kw_only=True):
    """What one pack found in the evidence.

    Attributes:
        findings: in ``Finding.order``.
        folded: rule -> findings beyond those kept.
        notices: what was left out and why, in plain words; empty when nothing was.
    """

    findings: tuple[Finding, ...]
    folded: dict[str, int]
    notices: tuple[str, ...] = ()


class Matched(Struct, frozen=True, kw_only=True):
    """What a matcher holds before the end: little, and fit to be handed to another process.

    Attributes:
        kept: findings by pack and rule.
        correlated: what each correlation has gathered, in the order of packs and rules.
        gave_up: files that took web-shell rules too long, for every pack that has such rules.
    """

    kept: dict[tuple[str, str], Kept]
    correlated: list[Gathered]
    gave_up: list[list[str]]


Found = list[tuple[str, Finding]]


class Matcher:
    """Runs packs over records. ``prefilter=False`` is the oracle: slower, same findings."""

    def __init__(self, packs: Sequence[Pack], *, prefilter: bool = True, most: int = MOST) -> None:
        """Compile the packs; ``most`` findings are kept of each rule.

        Raises:
            RuleError: a pack's YARA does not compile.
        """
        self._packs = tuple(packs)
        self._most = most
        self._kinds = Kinds(packs, prefilter=prefilter)
        self._correlations = [_PackCorrelations(pack) for pack in packs if pack.correlations]
        self._indicators = [IndicatorMatcher(pack.id, pack.indicators) for pack in packs if pack.indicators]
        self._yara = [YaraScan(pack.id, pack.yara) for pack in packs if pack.yara]
        self._kept: dict[tuple[str, str], Kept] = {}

    def index(self, kind: str) -> KindIndex | None:
        """Give the rules of a kind of record, or None if there are none."""
        return self._kinds.get(kind)

    def observe(self, record: Record) -> Found:
        """Run everything over a record; give pack id and finding of those that are kept so far."""
        index = self._kinds.get(record.kind)
        candidates = index.candidates(record) if index else ()
        found: Found = []
        if candidates:
            row = Row(record.fields, record.kind)
            for rule in candidates:
                if rule.holds(row):
                    found += self._match(rule, record, row)
        for indicators in self._indicators:
            found += self._take(indicators.pack, indicators.observe(record))
        if record.kind == WEB_FILE:
            for scan in self._yara:
                found += self._take(scan.pack, scan.observe(record))
        return found

    def take(self) -> Matched:
        """Give the matches so far, and begin anew; what was compiled stays."""
        kept, self._kept = self._kept, {}
        gave_up = [scan.gave_up for scan in self._yara]
        for scan in self._yara:
            scan.gave_up = []
        correlated = [one.take() for each in self._correlations for one in each.all]
        return Matched(kept=kept, correlated=correlated, gave_up=gave_up)

    def merge(self, other: Matched) -> None:
        """Add the matches that a matcher of the same packs had in another part of the evidence."""
        for name, kept in other.kept.items():
            self._kept.setdefault(name, Kept(self._most)).merge(kept)
        correlators = [one for each in self._correlations for one in each.all]
        for correlator, gathered in zip(correlators, other.correlated, strict=True):
            correlator.merge(gathered)
        for scan, paths in zip(self._yara, other.gave_up, strict=True):
            scan.gave_up += paths

    def may_match(self, kind: str, fields: Mapping[str, str | None]) -> bool:
        """Tell whether any rule may match a record that holds these fields, and others not known yet."""
        index = self._kinds.get(kind)
        return index is not None and index.possible(fields)

    def clues(self) -> Clues:
        """Give what a record must hold for any indicator to be met in it."""
        return joined_clues(indicators.clues() for indicators in self._indicators)

    def _match(self, rule: CompiledRule, record: Record, row: Row) -> Found:
        explained = rule.explained_by(row)
        if explained is None and not rule.literal:
            for correlations in self._correlations:
                correlations.feed(rule, record, row)
        if not rule.rule.head.report:
            return []
        order = order_of(rule.rule.title, record.locator, record.time)
        make = partial(rule.finding, record, row, explained)
        return self._keep(rule.pack, rule.rule.title, order, make)

    def _take(self, pack: str, findings: Iterator[Finding]) -> Found:
        found: Found = []
        for finding in findings:
            found += self._keep(pack, finding.rule, finding.order, _ready(finding))
        return found

    def _keep(self, pack: str, rule: str, order: Order, make: Callable[[], Finding]) -> Found:
        kept = self._kept.get((pack, rule))
        if kept is None:
            kept = self._kept[pack, rule] = Kept(self._most)
        finding = kept.add(order, make)
        return [] if finding is None else [(pack, finding)]

    def finish(self) -> dict[str, Matches]:
        """Judge the correlations and give what every pack found, by pack id. Call it once, last."""
        for correlations in self._correlations:
            for finding in correlations.finish():
                self._keep(correlations.pack, finding.rule, finding.order, _ready(finding))
        return {pack.id: self._matches(pack.id) for pack in self._packs}

    def _matches(self, pack: str) -> Matches:
        kept = {rule: each for (owner, rule), each in self._kept.items() if owner == pack}
        findings = sorted((finding for each in kept.values() for finding in each), key=lambda one: one.order)
        folded = {rule: each.folded for rule, each in sorted(kept.items()) if each.folded}
        return Matches(findings=tuple(findings), folded=folded, notices=tuple(self._notices(pack)))

    def _notices(self, pack: str) -> Iterator[str]:
        for correlations in self._correlations:
            if correlations.pack == pack:
                yield from correlations.notices()
        for scan in self._yara:
            if scan.pack == pack:
                yield from scan.notices()


def _ready(finding: Finding) -> Callable[[], Finding]:
    return lambda: finding


class _PackCorrelations:
    """The correlations of one pack, by the rules that feed them."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack.id
        self.all = [Correlator(pack.id, correlation) for correlation in pack.correlations]
        self._by_rule: dict[str, list[Correlator]] = {}
        for correlator in self.all:
            for title in correlator.correlation.rules:
                self._by_rule.setdefault(title, []).append(correlator)
        self._benign = {
            correlation.title: [
                explanation(rule) for rule in pack.benign if correlation.title in rule.head.explains
            ]
            for correlation in pack.correlations
        }

    def feed(self, rule: CompiledRule, record: Record, row: Row) -> None:
        """Take a match of a rule; one that a benign rule explains is no part of a correlation."""
        if rule.pack != self.pack:
            return
        for correlator in self._by_rule.get(rule.rule.title, ()):
            if not any(holds(row) for holds in self._benign[correlator.correlation.title]):
                correlator.feed(rule.rule.title, record, weak=rule.weak(record, row))

    def finish(self) -> Iterator[Finding]:
        for correlator in self.all:
            yield from correlator.finish()

    def notices(self) -> Iterator[str]:
        for correlator in self.all:
            yield from correlator.notices()
