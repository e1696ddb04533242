"""Which rules a record could match at all, told cheaply before any condition is evaluated.

A condition is mostly an AND of parts. A part that asks about one field only is decided by that
field's value, and values repeat: the rules that a value rules out are remembered as a bit mask.
Values that do not repeat (queries) are first searched for literals. A part that spans fields is
judged by its literals alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tocsin.detections.conditions import predicate
from tocsin.detections.literals import Group, best_group, groups
from tocsin.detections.memory import Memory
from tocsin.detections.values import Row, field_value, views
from tocsin.model.records import Record
from tocsin.packs.conditions import Every, Node, SameAs, leaves


class Prefilter:
    """Candidates among the rules of one record kind; bit ``n`` stands for rule ``n``."""

    def __init__(self, kind: str, conditions: Sequence[Node]) -> None:
        """Sort the parts of every condition by the field that they ask about."""
        self._kind = kind
        self._everything = (1 << len(conditions)) - 1
        parts: dict[str, list[tuple[int, Node]]] = {}
        spanning: list[tuple[int, Group]] = []
        for number, condition in enumerate(conditions):
            rest: list[Node] = []
            for part in conjuncts(condition):
                field = only_field(part)
                if field is None:
                    rest.append(part)
                else:
                    parts.setdefault(field, []).append((1 << number, part))
            group = best_group(groups(Every(tuple(rest))))
            if group is not None:
                spanning.append((1 << number, group))
        ordered = sorted(parts.items(), key=lambda item: -len(item[1]))
        self._fields = [(name, _Ruled(kind, name, found)) for name, found in ordered]
        self._spanning = _Spanning(spanning)
        self._by_name = dict(self._fields)

    def after(self, name: str, value: str | None) -> int:
        """Give the mask of the rules that one field's value leaves possible."""
        ruled = self._by_name.get(name)
        return self._everything & ruled.allowed(value) if ruled else self._everything

    def candidates(self, record: Record) -> int:
        """Give the mask of the rules that may match."""
        mask, fields = self._everything, record.fields
        for name, ruled in self._fields:
            if name in fields:
                mask &= ruled.allowed(fields[name])
            else:
                value = field_value(fields, self._kind, name)
                mask &= ruled.absent if value is None else ruled.allowed(value)
            if not mask:
                return 0
        return mask & self._spanning.allowed(record, mask)

    def possible(self, fields: Mapping[str, str | None]) -> bool:
        """Tell whether a record that holds these fields, and others not known yet, may match any rule."""
        mask = self._everything
        for name, ruled in self._fields:
            if name in fields:
                mask &= ruled.allowed(fields[name])
        return mask != 0


def conjuncts(node: Node) -> Iterator[Node]:
    """Yield the parts all of which must hold."""
    if isinstance(node, Every):
        for item in node.items:
            yield from conjuncts(item)
    else:
        yield node


def only_field(node: Node) -> str | None:
    """Give the one field that the whole part asks about; None when there is none such."""
    fields = {test.field for test, _ in leaves(node)}
    spans = any(isinstance(test.check, SameAs) for test, _ in leaves(node))
    return next(iter(fields)) if len(fields) == 1 and not spans else None


class _Ruled:
    """The parts that ask about one field, and the rules that each of its values leaves possible."""

    __slots__ = ("_gated", "_kind", "_literals", "_name", "_open", "absent", "allowed")

    def __init__(self, kind: str, name: str, parts: Sequence[tuple[int, Node]]) -> None:
        self._kind = kind
        self._name = name
        gated = [(bit, group, part) for bit, part in parts if (group := best_group(groups(part))) is not None]
        self._gated = [(1 << place, bit, predicate(part)) for place, (bit, _, part) in enumerate(gated)]
        literals: dict[str, int] = {}
        for place, (_, group, _) in enumerate(gated):
            for _, text in group:
                literals[text] = literals.get(text, 0) | 1 << place
        self._literals = list(literals.items())
        self._open = [(bit, predicate(part)) for bit, part in parts if best_group(groups(part)) is None]
        self.allowed = Memory(lambda value: self._allowed({name: value}))
        self.absent = self._allowed({})

    def _allowed(self, fields: Mapping[str, str | None]) -> int:
        """The mask of rules that no part rules out; bits of rules without a part here are set."""
        row, mask = Row(fields, self._kind), ~0
        for bit, part in self._open:
            if not part(row):
                mask &= ~bit
        met = 0
        for text in row.lower(self._name):
            for literal, places in self._literals:
                if literal in text:
                    met |= places
        for place, bit, part in self._gated:
            if not (met & place and part(row)):
                mask &= ~bit
        return mask


class _Spanning:
    """Parts that span fields, or ask for keywords: at least one of their literals must be there."""

    def __init__(self, rules: Sequence[tuple[int, Group]]) -> None:
        self._bound = 0
        by_field: dict[str | None, list[tuple[str, int]]] = {}
        for bit, group in rules:
            self._bound |= bit
            for field, text in sorted(group, key=str):
                by_field.setdefault(field, []).append((text, bit))
        self._anywhere = by_field.pop(None, [])
        self._fields = [(name, found) for name, found in by_field.items() if name is not None]

    def allowed(self, record: Record, mask: int) -> int:
        """Give the mask of rules that are not ruled out; only those in ``mask`` matter."""
        wanted = mask & self._bound
        if not wanted:
            return ~0
        hit = 0
        for name, found in self._fields:
            value = field_value(record.fields, record.kind, name)
            if value is not None:
                hit |= _hits(name, value, found, wanted)
        if self._anywhere:
            for name, value in record.fields.items():
                if value is not None:
                    hit |= _hits(name, value, self._anywhere, wanted)
        return ~self._bound | hit


def _hits(name: str, value: str, literals: Sequence[tuple[str, int]], wanted: int) -> int:
    hit = 0
    texts = [view.lower() for view in views(name, value)]
    for text, bit in literals:
        if bit & wanted & ~hit and any(text in view for view in texts):
            hit |= bit
    return hit
