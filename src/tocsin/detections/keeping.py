"""Findings kept within a bound that does not depend on the order of input.

A scanner can make a rule match a million times. Of each rule the earliest findings are kept and
the rest counted, so that the result is the same whichever file is read first.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from tocsin.model.findings import Finding
from tocsin.model.places import Locator

MOST = 5_000
"""Findings kept of one rule."""

Order = tuple[str, str, int, str]


def order_of(rule: str, locator: Locator, time: datetime | None) -> Order:
    """Give ``Finding.order`` before there is a finding."""
    return (time.isoformat() if time else "~", *locator.order, rule)


class Kept:
    """The findings of one rule: the first ``MOST`` by ``Finding.order``, and a count of the rest."""

    __slots__ = ("_findings", "_most", "_orders", "folded")

    def __init__(self, most: int = MOST) -> None:
        """Start empty; ``most`` findings are kept."""
        self._most = most
        self._orders: list[tuple[Order, str]] = []
        self._findings: list[Finding] = []
        self.folded = 0

    def add(self, order: Order, make: Callable[[], Finding]) -> Finding | None:
        """Keep the finding if it is among the first; it is only made when it is.

        The same finding met twice is kept once.
        """
        if len(self._orders) >= self._most and order > self._orders[-1][0]:
            self.folded += 1
            return None
        finding = make()
        key = (order, finding.id)
        at = bisect_left(self._orders, key)
        if at < len(self._orders) and self._orders[at] == key:
            self._again(at, finding)
            return None
        self._orders.insert(at, key)
        self._findings.insert(at, finding)
        if len(self._orders) > self._most:
            self._orders.pop()
            self._findings.pop()
            self.folded += 1
        return finding

    def _again(self, at: int, finding: Finding) -> None:
        """Of two findings with one id keep the one that sorts first by its words."""
        if (finding.summary, finding.means) < (self._findings[at].summary, self._findings[at].means):
            self._findings[at] = finding

    def merge(self, other: Kept) -> None:
        """Take in the findings of the same rule that were kept elsewhere."""
        self.folded += other.folded
        for (order, _), finding in zip(other._orders, other._findings, strict=True):
            self.add(order, partial(_same, finding))

    def __iter__(self) -> Iterator[Finding]:
        """Yield the kept findings in order."""
        return iter(self._findings)


def _same(finding: Finding) -> Finding:
    return finding
