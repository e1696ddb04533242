"""The texts that every text search is given: the ones that Tocsin's own rules ask for.

``python -m benchmarks.peers.literals FILE`` writes them, one a line, and prints where they are from.
It runs as a program of its own, so that the measuring one stays small.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from tocsin.detections.literals import best_group, groups, is_telling
from tocsin.packs.loading import Pack, load_packs

SCANNING = "tocsin.detections.scanning.literals"
_SHORTEST = 4
_TEXT_LOGS = ("iis.", "http.", "exchange.")


def literals() -> tuple[list[str], str]:
    """Give the texts, and the name of what gave them."""
    packs = load_packs()
    required = _of_the_hot_path()
    if required is not None:
        return sorted(set(required(packs))), f"{SCANNING}.required_literals"
    return _of_the_rules(packs), "the best group of each rule over text logs (a stand-in)"


def _of_the_hot_path() -> Callable[[Sequence[Pack]], list[str]] | None:
    try:
        module = importlib.import_module(SCANNING)
    except ModuleNotFoundError:
        return None
    return cast("Callable[[Sequence[Pack]], list[str]]", module.required_literals)


def _of_the_rules(packs: Sequence[Pack]) -> list[str]:
    """Take from each rule over text logs the group of literals that lets the fewest records through."""
    found: set[str] = set()
    for rule in (rule for pack in packs for rule in pack.rules):
        if any(reach.kind.startswith(_TEXT_LOGS) for reach in rule.reaches):
            group = best_group(groups(rule.condition)) or frozenset()
            found |= {each[1] for each in group if is_telling(each) and len(each[1]) >= _SHORTEST}
    return sorted(found)


if __name__ == "__main__":
    texts, source = literals()
    Path(sys.argv[1]).write_text("".join(f"{text}\n" for text in texts), "utf-8")
    print(source)
