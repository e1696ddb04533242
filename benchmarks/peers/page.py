"""The page ``docs/performance.md``, written from a stored run: goals, figures, what falls short."""

from __future__ import annotations

from statistics import median

from benchmarks.peers.figures import (
    MEGA,
    cpu,
    disagreements,
    goals,
    literal_share,
    peak_mb,
    rate,
    significant,
    times_as_fast,
)
from benchmarks.peers.results import Performance, Runs
from benchmarks.peers.templating import ENVIRONMENT
from msgspec import Struct


class Row(Struct, frozen=True, kw_only=True):
    """One row of the table, ready to be printed."""

    contender: str
    does: str
    kit: str
    megabytes: str
    rate: str
    least: str
    middle: str
    peak: str
    ratio: str
    answer: str


def render(performance: Performance, *, picture: str) -> str:
    """Give the page; ``picture`` is the picture's path as seen from it."""
    whole = [runs for runs in performance.runs if not runs.failed]
    return ENVIRONMENT.get_template("performance.md.j2").render(
        p=performance,
        goals=goals(performance),
        rows=[_row(performance, runs) for runs in whole],
        failed=[runs for runs in performance.runs if runs.failed],
        missing=[one for one in performance.contenders if one.missing],
        had=[one for one in performance.contenders if not one.missing],
        share=literal_share(performance),
        disagreements=disagreements(performance),
        picture=picture,
        megabytes=_megabytes,
    )


def _row(performance: Performance, runs: Runs) -> Row:
    seconds = cpu(performance, runs)
    same = "ripgrep:guilty" if runs.kit == "guilty" else "ripgrep:innocent"
    ratio = times_as_fast(performance, runs.key, same) if _is_text(runs) else None
    return Row(
        contender=runs.contender,
        does=runs.does,
        kit=runs.kit,
        megabytes=_megabytes(runs.size),
        rate=significant(rate(performance, runs)) if _tells_a_rate(runs) else "",
        least=significant(min(seconds)),
        middle=significant(median(seconds)),
        peak=f"{peak_mb(runs):,.0f}",
        ratio="" if ratio is None else significant(ratio),
        answer=_answer(runs),
    )


def _is_text(runs: Runs) -> bool:
    return runs.kit.split(".")[0] in {"innocent", "guilty", "small", "sample"} and runs.contender != "isal"


def _tells_a_rate(runs: Runs) -> bool:
    return runs.kit != "sample-start" and runs.size > 0


def _answer(runs: Runs) -> str:
    counts = ", ".join(f"{count:,} {what}" for what, count in runs.counts.items())
    return "; ".join(part for part in (runs.says, counts) if part)


def _megabytes(size: int) -> str:
    return significant(size / MEGA)
