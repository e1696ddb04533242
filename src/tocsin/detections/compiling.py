"""Packs' rules made ready to run, sorted by the record kind that they are asked of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from tocsin.detections.conditions import Predicate, predicate
from tocsin.detections.findings import details_of, finding_of, rung_of, shown, summary_of
from tocsin.detections.prefilter import Prefilter
from tocsin.detections.text_mode import FIELD, literal_condition
from tocsin.detections.values import Row
from tocsin.model.findings import Benign, Finding
from tocsin.model.records import Record
from tocsin.model.words import Means
from tocsin.packs.conditions import Every, FieldTest, Node, Number, doubted_fields
from tocsin.packs.loading import Pack
from tocsin.packs.logsources import TEXT
from tocsin.packs.rules import Rule

_EXCERPT = 500


class CompiledRule:
    """A rule ready to run on one kind, with the benign rules that may explain its matches.

    ``literal``: it runs over lines of unknown text, where it can only be mentioned.
    """

    __slots__ = ("benign", "condition", "doubted", "holds", "literal", "pack", "rule")

    def __init__(self, pack: Pack, rule: Rule, condition: Node, *, literal: bool = False) -> None:
        """Compile the condition, which is the rule's own narrowed to the kind."""
        self.pack = pack.id
        self.rule = rule
        self.condition = condition
        self.literal = literal
        self.holds: Predicate = predicate(condition)
        self.doubted = tuple(sorted(doubted_fields(condition)))
        self.benign = tuple(
            (other, explanation(other)) for other in pack.benign if rule.title in other.head.explains
        )

    def weak(self, record: Record, row: Row) -> bool:
        """Say whether a match is in doubt: second-hand, or a column that matters is absent."""
        return record.weak or self.literal or any(not row.has(name) for name in self.doubted)

    def explained_by(self, row: Row) -> Rule | None:
        """Give the benign rule that explains a match of this record, if one does."""
        return next((other for other, holds in self.benign if holds(row)), None)

    def finding(self, record: Record, row: Row, explained: Rule | None) -> Finding:
        """Make the finding of a match."""
        if self.literal:
            return self._mention(record)
        rule = self.rule
        return finding_of(
            record,
            pack=self.pack,
            rule=rule.title,
            author=rule.head.author,
            means=Means.CONTEXT if explained else rule.means,
            weak=self.weak(record, row),
            rung=None if explained else rung_of(rule.head),
            summary=summary_of(rule.head, row.value),
            details=details_of(record, rule.head.details),
            benign=_benign(explained, rule) if explained else None,
        )

    def _mention(self, record: Record) -> Finding:
        text = shown((record.fields.get(FIELD) or "").strip(), _EXCERPT)
        return finding_of(
            record,
            pack=self.pack,
            rule=self.rule.title,
            author=self.rule.head.author,
            means=Means.CONTEXT,
            weak=True,
            summary=f"mentions what the rule looks for: {shown(text, 200)}",
            details={FIELD: text},
        )


class KindIndex:
    """The rules that one record kind can meet, and which of them a record may meet at all.

    Attributes:
        rules: all of them; the bit of a rule in a mask is its place here.
    """

    def __init__(self, kind: str, rules: Sequence[CompiledRule], *, prefilter: bool) -> None:
        """Derive literals, unless the oracle is wanted, which asks every rule."""
        self.rules = tuple(rules)
        self._everything = (1 << len(rules)) - 1
        self._prefilter = Prefilter(kind, [rule.condition for rule in rules]) if prefilter else None

    @property
    def conditions(self) -> tuple[Node, ...]:
        """The rules' conditions; the bit of a rule is its place among them."""
        return tuple(rule.condition for rule in self.rules)

    def after(self, name: str, value: str | None) -> int:
        """Give the mask of the rules that one field's value leaves possible."""
        return self._prefilter.after(name, value) if self._prefilter else self._everything

    def candidates(self, record: Record) -> list[CompiledRule]:
        """Give the rules to evaluate for a record."""
        mask = self._prefilter.candidates(record) if self._prefilter else self._everything
        if not mask:
            return []
        found = []
        while mask:
            lowest = mask & -mask
            mask ^= lowest
            found.append(self.rules[lowest.bit_length() - 1])
        return found

    def possible(self, fields: Mapping[str, str | None]) -> bool:
        """Tell whether a record may match that holds these fields, and others that are not known yet."""
        return self._prefilter is None or self._prefilter.possible(fields)


class Kinds:
    """The rules of all packs by record kind; those of a kind are compiled when its first record comes."""

    def __init__(self, packs: Sequence[Pack], *, prefilter: bool) -> None:
        """Sort the rules; without a prefilter every rule is asked, which is what the oracle wants."""
        self._prefilter = prefilter
        self._compiled: dict[str, KindIndex] = {}
        self._makers: dict[str, list[Callable[[], CompiledRule]]] = {}
        for pack in packs:
            for rule in pack.rules:
                for kind, make in _makers(pack, rule):
                    self._makers.setdefault(kind, []).append(make)

    def get(self, kind: str) -> KindIndex | None:
        """Give the rules of a kind of record, or None if there are none."""
        found = self._compiled.get(kind)
        if found is None and kind in self._makers:
            rules = [make() for make in self._makers[kind]]
            found = self._compiled[kind] = KindIndex(kind, rules, prefilter=self._prefilter)
        return found


def _makers(pack: Pack, rule: Rule) -> Iterator[tuple[str, Callable[[], CompiledRule]]]:
    for reach in rule.reaches:
        yield reach.kind, partial(CompiledRule, pack, rule, narrowed(rule, reach.event_id))
    mention = literal_condition(rule) if rule.head.report else None
    if mention is not None:
        yield TEXT, partial(CompiledRule, pack, rule, mention, literal=True)


def narrowed(rule: Rule, event_id: str) -> Node:
    """Give the rule's condition, bound to one event id where the logsource says so."""
    if not event_id:
        return rule.condition
    return Every((FieldTest("EventID", Number(int(event_id))), rule.condition))


def explanation(rule: Rule) -> Callable[[Row], bool]:
    """Give a test whether a benign rule explains a record; it speaks only of its own kinds."""
    by_kind = {reach.kind: predicate(narrowed(rule, reach.event_id)) for reach in rule.reaches}
    return lambda row: row.kind in by_kind and by_kind[row.kind](row)


def _benign(explained: Rule, rule: Rule) -> Benign:
    why = " ".join((explained.head.summary or explained.head.description or explained.title).split())
    return Benign(rule=explained.title, why=why, was=rule.means)
