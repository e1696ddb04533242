"""The matcher: packs' rules over records, and what each match becomes.

Whatever order files and records come in, ``finish`` gives the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from tocsin.detections.conditions import Predicate, predicate
from tocsin.detections.findings import details_of, finding_of, rung_of, summary_of
from tocsin.detections.keeping import MOST, Kept, order_of
from tocsin.detections.prefilter import Prefilter
from tocsin.detections.values import Row
from tocsin.model.findings import Benign, Finding
from tocsin.model.records import Record
from tocsin.model.words import Means
from tocsin.packs.conditions import Every, FieldTest, Node, Number, doubted_fields
from tocsin.packs.loading import Pack
from tocsin.packs.rules import Rule


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


class _Compiled:
    """A rule ready to run, with the benign rules that may explain its matches."""

    __slots__ = ("benign", "doubted", "holds", "pack", "rule")

    def __init__(self, pack: str, rule: Rule, condition: Node, benign: Sequence[Rule]) -> None:
        self.pack = pack
        self.rule = rule
        self.holds: Predicate = predicate(condition)
        self.doubted = tuple(sorted(doubted_fields(condition)))
        self.benign = tuple((other, _explains(other)) for other in benign)


def _explains(rule: Rule) -> Callable[[Row], bool]:
    """A benign rule speaks only of records of its own kinds."""
    by_kind = {reach.kind: predicate(narrowed(rule, reach.event_id)) for reach in rule.reaches}
    return lambda row: row.kind in by_kind and by_kind[row.kind](row)


def narrowed(rule: Rule, event_id: str) -> Node:
    """Give the rule's condition, bound to one event id where the logsource says so."""
    if not event_id:
        return rule.condition
    return Every((FieldTest("EventID", Number(int(event_id))), rule.condition))


class _KindIndex:
    """The rules that one record kind can meet."""

    def __init__(self, pairs: Sequence[tuple[_Compiled, Node]], *, prefilter: bool) -> None:
        self.rules = [compiled for compiled, _ in pairs]
        self.everything = (1 << len(pairs)) - 1
        self.prefilter = Prefilter([node for _, node in pairs]) if prefilter else None

    def candidates(self, record: Record) -> int:
        return self.prefilter.candidates(record) if self.prefilter else self.everything


class Matcher:
    """Runs packs over records. ``prefilter=False`` is the oracle: slower, same findings."""

    def __init__(self, packs: Sequence[Pack], *, prefilter: bool = True, most: int = MOST) -> None:
        """Compile the packs; ``most`` findings are kept of each rule."""
        self.packs = tuple(packs)
        self._most = most
        self._kinds = {
            kind: _KindIndex(pairs, prefilter=prefilter) for kind, pairs in _by_kind(packs).items()
        }
        self._kept: dict[tuple[str, str], Kept] = {}

    def observe(self, record: Record) -> list[tuple[str, Finding]]:
        """Run every rule over a record; give pack id and finding of those that are kept."""
        index = self._kinds.get(record.kind)
        mask = index.candidates(record) if index else 0
        if not mask or index is None:
            return []
        row = Row(record)
        found: list[tuple[str, Finding]] = []
        while mask:
            lowest = mask & -mask
            mask ^= lowest
            rule = index.rules[lowest.bit_length() - 1]
            if rule.holds(row):
                found += self._match(rule, record, row)
        return found

    def _match(self, compiled: _Compiled, record: Record, row: Row) -> Iterable[tuple[str, Finding]]:
        rule = compiled.rule
        if not rule.head.report:
            return ()
        order = order_of(rule.title, record.locator, record.time)
        finding = self._keep(compiled.pack, rule.title, order, lambda: _finding(compiled, record, row))
        return ((compiled.pack, finding),) if finding else ()

    def _keep(
        self, pack: str, rule: str, order: tuple[str, str, int, str], make: Callable[[], Finding]
    ) -> Finding | None:
        kept = self._kept.get((pack, rule))
        if kept is None:
            kept = self._kept[pack, rule] = Kept(self._most)
        return kept.add(order, make)

    def finish(self) -> dict[str, Matches]:
        """Give what every pack found, by pack id."""
        return {pack.id: self._matches(pack.id) for pack in self.packs}

    def _matches(self, pack: str) -> Matches:
        kept = {rule: each for (owner, rule), each in self._kept.items() if owner == pack}
        findings = sorted((finding for each in kept.values() for finding in each), key=lambda f: f.order)
        folded = {rule: each.folded for rule, each in sorted(kept.items()) if each.folded}
        return Matches(findings=tuple(findings), folded=folded)


def _by_kind(packs: Sequence[Pack]) -> dict[str, list[tuple[_Compiled, Node]]]:
    kinds: dict[str, list[tuple[_Compiled, Node]]] = {}
    for pack in packs:
        for rule in pack.rules:
            benign = [other for other in pack.benign if rule.title in other.head.explains]
            for reach in rule.reaches:
                node = narrowed(rule, reach.event_id)
                compiled = _Compiled(pack.id, rule, node, benign)
                kinds.setdefault(reach.kind, []).append((compiled, node))
    return kinds


def _finding(compiled: _Compiled, record: Record, row: Row) -> Finding:
    rule = compiled.rule
    explained = next((other for other, holds in compiled.benign if holds(row)), None)
    return finding_of(
        record,
        pack=compiled.pack,
        rule=rule.title,
        author=rule.head.author,
        means=Means.CONTEXT if explained else rule.means,
        weak=record.weak or any(not row.has(name) for name in compiled.doubted),
        rung=None if explained else rung_of(rule.head),
        summary=summary_of(rule.head, row.value),
        details=details_of(record, rule.head.details),
        benign=_benign(explained, rule) if explained else None,
    )


def _benign(explained: Rule, rule: Rule) -> Benign:
    why = " ".join((explained.head.summary or explained.head.description or explained.title).split())
    return Benign(rule=explained.title, why=why, was=rule.means)
