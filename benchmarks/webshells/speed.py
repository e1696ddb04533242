"""Throughput per CPU second, against the signatures alone."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.webshells.corpus import Case


def print_speed(found: Sequence[Case]) -> None:
    """Print megabytes per CPU second."""
    print(len(found))
