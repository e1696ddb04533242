"""The page of figures: written from what was measured, no figure by hand."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from benchmarks.webshells.corpus import Case
from benchmarks.webshells.figures import Figures, Judged, figures
from benchmarks.webshells.ordinary import NOTHING
from benchmarks.webshells.shifting import WANTED
from benchmarks.webshells.speed import Speed

PAGE = "webshell-scores.md"
DATA = "webshell-scores.json"
_WITHOUT_CODE = Path(__file__).with_name("without_code.csv")
_TEMPLATE = Path(__file__).with_name("page.md")
_COLUMNS = (
    "family", "shells", "recall", "95 % interval", "by cluster", "by source", "harmless files", "alarms",
    "per 10,000", "alarms by application",
)  # fmt: skip
_HEAD = (f"| {' | '.join(_COLUMNS)} |", "|" + "---|" * len(_COLUMNS))


def split(judged: Sequence[Judged], *, by: str) -> dict[str, Figures]:
    """Give the figures of every group, by an attribute of the cases."""
    groups: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        groups[getattr(one.case, by)].append(one)
    return {name: figures(group) for name, group in sorted(groups.items())}


def without_code() -> Mapping[str, str]:
    """Give the files that collections of shells hold though they hold no working code: digest and reason."""
    with _WITHOUT_CODE.open(encoding="utf-8", newline="") as rows:
        return {row["sha256"]: row["reason"] for row in csv.DictReader(rows)}


def publish(
    folder: Path, left_out: Sequence[Judged], fixed: Sequence[Judged], speeds: Sequence[Speed]
) -> None:
    """Write the page and its data into a folder of documents."""
    named = without_code()
    rest = [one for one in left_out if one.case.sha256 not in named]
    tables = {
        "left_out": split(left_out, by="group"),
        "left_out_language": split(left_out, by="language"),
        "left_out_with_code": split(rest, by="group"),
        "fixed_rule": split(fixed, by="group"),
    }
    data = {
        **msgspec.to_builtins(tables),
        "without_code": len(named),
        "speed": msgspec.to_builtins(list(speeds)),
    }
    (folder / DATA).write_bytes(msgspec.json.format(msgspec.json.encode(data), indent=1) + b"\n")
    (folder / PAGE).write_text(_page(tables, [one.case for one in left_out], speeds), "utf-8")


def _page(tables: Mapping[str, Mapping[str, Figures]], found: Sequence[Case], speeds: Sequence[Speed]) -> str:
    return _TEMPLATE.read_text("utf-8").format(
        files=f"{len(found):,}",
        sources=len({case.source for case in found}),
        shells=f"{sum(case.shell for case in found):,}",
        wanted=", ".join(f"{model} {rate:.0f}" for model, rate in WANTED.items()),
        nothing=f"{NOTHING:.0f}",
        named=len(without_code()),
        left_out=_table(tables["left_out"]),
        with_code=_table(tables["left_out_with_code"]),
        by_language=_table(tables["left_out_language"]),
        fixed=_table(tables["fixed_rule"]),
        speed="\n".join(map(_speed, speeds)),
    )


def _table(rows: Mapping[str, Figures]) -> str:
    return "\n".join((*_HEAD, *(_row(name, row) for name, row in rows.items())))


def _row(name: str, row: Figures) -> str:
    where = ", ".join(f"{source} {count}" for source, count in sorted(row.applications.items())) or "none"
    low, high = row.interval
    recall = f"{row.recall:.3f} | {low:.3f} to {high:.3f} | {row.by_cluster:.3f} | {row.by_source:.3f}"
    shown = recall if row.shells else "| | |"
    alarms = f"{row.alarms} | {row.per_ten_thousand:.1f} | {where}" if row.pages else "0 | |"
    return f"| {name} | {row.shells:,} | {shown} | {row.pages:,} | {alarms} |"


def _speed(one: Speed) -> str:
    cells = (
        one.name,
        f"{one.files:,}",
        f"{one.megabytes:.1f}",
        f"{one.examined:.2f} MB/s",
        f"{one.yardstick} {one.scanned:.2f} MB/s",
        f"{one.examined / one.scanned:.2f}",
        f"{one.slowest:.2f} s for {one.largest:,} bytes",
    )
    return f"| {' | '.join(cells)} |"
