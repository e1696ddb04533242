"""Figures for people, and lists of what went wrong, to read case by case."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from benchmarks.webshells.cache import Row, key
from benchmarks.webshells.figures import Figures, Judged
from benchmarks.webshells.judging import Models
from benchmarks.webshells.publishing import split

from tocsin.detections.webshells.score import model_of


def print_figures(judged: Sequence[Judged], *, as_json: bool) -> None:
    """Print a row for every group of languages, then for every language."""
    tables = {"group": split(judged, by="group"), "language": split(judged, by="language")}
    if as_json:
        print(json.dumps(msgspec.to_builtins(tables), indent=1))
        return
    for title, rows in tables.items():
        print(
            f"\n{title:9} shells  recall  95 % interval  by cluster  by source   pages  alarms"
            "  per 10,000  where"
        )
        for name, row in rows.items():
            print(_line(name, row))


def _line(name: str, row: Figures) -> str:
    low, high = row.interval
    where = ", ".join(f"{source} {count}" for source, count in sorted(row.applications.items()))
    return (
        f"{name:9} {row.shells:6} {row.recall:7.3f}  {low:.3f} - {high:.3f}  {row.by_cluster:10.3f} "
        f"{row.by_source:10.3f}  {row.pages:6} {row.alarms:7} {row.per_ten_thousand:11.1f}  {where}"
    )


def write_lists(judged: Sequence[Judged], have: Mapping[str, Row], weights: Models, folder: Path) -> None:
    """Write ``<language>.txt``: misses and false alarms with what was seen in them."""
    folder.mkdir(parents=True, exist_ok=True)
    wrong = [one for one in judged if one.flagged is not one.case.shell]
    for old in folder.glob("*.txt"):
        old.unlink()
    for one in sorted(
        wrong, key=lambda one: (one.case.language, one.case.shell, one.case.source, -one.score)
    ):
        row = have[key(one.case)]
        kind = "MISS" if one.case.shell else "ALARM"
        with (folder / f"{one.case.language}.txt").open("a", encoding="utf-8") as out:
            print(f"{kind} {one.score:.3f} {row.size} {one.case.source} {one.case.path}", file=out)
            print("    " + _carried(row.features, weights[model_of(row.features)]), file=out)


def _carried(features: Mapping[str, float], weighed: Mapping[str, float]) -> str:
    names = sorted(features, key=lambda name: -weighed.get(name, 0.0))
    return " ".join(f"{name}({weighed.get(name, 0.0):+.1f})" for name in names)
