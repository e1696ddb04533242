"""Which rules a record could match at all, told from literals before anything is evaluated.

For every field a scan gives a bit mask of the rules that one of its literals speaks for. Values
repeat (paths, agents, methods), so masks are remembered per value.
"""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.detections.literals import best_group, groups
from tocsin.detections.values import WHOLE_URI, field_value, views
from tocsin.model.records import Record
from tocsin.packs.conditions import Node

_REMEMBERED = 16_384
_LONGEST_REMEMBERED = 512


class Prefilter:
    """Candidates among the rules of one record kind; bit ``n`` stands for rule ``n``."""

    def __init__(self, conditions: Sequence[Node]) -> None:
        """Derive one group of literals for every rule; a rule without any is always a candidate."""
        self.always = 0
        by_field: dict[str | None, dict[str, int]] = {}
        for number, condition in enumerate(conditions):
            group = best_group(groups(condition))
            if group is None:
                self.always |= 1 << number
                continue
            for field, text in group:
                masks = by_field.setdefault(field, {})
                masks[text] = masks.get(text, 0) | 1 << number
        self._anywhere = Scan(by_field.pop(None, {}))
        self._fields = [(name, Scan(masks)) for name, masks in by_field.items() if name is not None]

    def candidates(self, record: Record) -> int:
        """Give the mask of the rules that may match."""
        mask, fields = self.always, record.fields
        for name, scan in self._fields:
            value = field_value(fields, record.kind, name) if name == WHOLE_URI else fields.get(name)
            if value:
                mask |= scan.mask(name, value)
        if self._anywhere.masks:
            for name, value in fields.items():
                if value:
                    mask |= self._anywhere.mask(name, value)
        return mask


class Scan:
    """Texts in lower case, each with a bit mask, looked for in values; what was seen is remembered."""

    __slots__ = ("_remembered", "masks")

    def __init__(self, masks: dict[str, int]) -> None:
        """Look for these texts."""
        self.masks = tuple(masks.items())
        self._remembered: dict[tuple[str, str], int] = {}

    def mask(self, name: str, value: str) -> int:
        """Give the union of the masks of all texts that the field's value holds, in any view."""
        found = self._remembered.get((name, value))
        if found is None:
            found = self._scan(name, value)
            if len(value) <= _LONGEST_REMEMBERED:
                if len(self._remembered) >= _REMEMBERED:
                    self._remembered.clear()
                self._remembered[name, value] = found
        return found

    def _scan(self, name: str, value: str) -> int:
        found = 0
        for view in views(name, value):
            text = view.lower()
            for literal, mask in self.masks:
                if literal in text:
                    found |= mask
        return found
