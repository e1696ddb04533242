"""Rules that keep whole logs from the fast lane: nothing that they ask for must stand in a line."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from tocsin.artefacts.registry import RowModule, modules
from tocsin.detections.matching import Matcher
from tocsin.detections.scanning.gates import Dialect, gates_of
from tocsin.packs.loading import Pack
from tocsin.packs.rules import Rule


class Ungated(Struct, frozen=True):
    """A rule for whose sake every line of a kind of log must be parsed."""

    rule: Rule
    kind: str

    def __str__(self) -> str:
        """Say so, where, and what to do."""
        return (
            f"{self.rule.document.where('detection')}: warning: for this rule every line of {self.kind} must "
            "be parsed, so such logs take ten times as long. Give it a piece of text that the line must hold."
        )


def ungated(pack: Pack) -> Iterator[Ungated]:
    """Yield the pack's rules without a gate, with each kind of log that they slow down."""
    matcher = Matcher([pack])
    for module in modules():
        index = matcher.index(module.KIND)
        if index is None or not isinstance(module, RowModule):
            continue
        for rule in index.rules:
            if gates_of((rule.condition,), (), Dialect(between=module.DELIMITER)) is None:
                yield Ungated(rule.rule, module.KIND)
