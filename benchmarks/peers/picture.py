"""The picture: how many megabytes of log a CPU second does, one bar a contender, on a log scale.

``templates/performance.svg.j2`` draws it. It is narrow with the labels above the bars, so that it can
be read on a phone; colours follow the reader's light or dark setting.
"""

from __future__ import annotations

import math

from benchmarks.peers.figures import rate, significant
from benchmarks.peers.results import Performance, Runs
from benchmarks.peers.templating import ENVIRONMENT
from msgspec import Struct

WIDTH = 460
_LEFT, _RIGHT = 2, 14
_PITCH, _TOP, _FOOT = 46, 64, 34


class Bar(Struct, frozen=True, kw_only=True):
    """A bar with its label above; lengths in pixels."""

    label: str
    note: str
    y: int
    length: float
    tone: str


class Tick(Struct, frozen=True, kw_only=True):
    """A line of the scale."""

    x: float
    label: str
    anchor: str


class Picture(Struct, frozen=True, kw_only=True):
    """The whole of it."""

    description: str
    width: int
    height: int
    left: int
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]


def render(performance: Performance) -> str:
    """Give the picture as an SVG file."""
    return ENVIRONMENT.get_template("performance.svg.j2").render(drawn=drawn(performance))


def drawn(performance: Performance) -> Picture:
    """Lay out the bars, the fastest on top."""
    rows = sorted(((rate(performance, runs), runs) for runs in shown(performance)), key=lambda row: -row[0])
    low, high = _decades([value for value, _ in rows])
    bars = tuple(_bar(value, runs, place, (low, high)) for place, (value, runs) in enumerate(rows))
    return Picture(
        description=" ".join(f"{bar.label}: {bar.note}." for bar in bars),
        width=WIDTH,
        height=_TOP + _PITCH * len(bars) + _FOOT,
        left=_LEFT,
        bars=bars,
        ticks=tuple(_tick(power, (low, high)) for power in range(low, high + 1)),
    )


def shown(performance: Performance) -> list[Runs]:
    """Give what reads the plain text logs: the whole innocent server, or a sample of it."""
    wanted = [runs for runs in performance.runs if runs.kit in {"innocent", "sample"} and not runs.failed]
    return [runs for runs in wanted if "cores" not in runs.key]


def _decades(values: list[float]) -> tuple[int, int]:
    """Give the powers of ten between which all bars end."""
    low = math.floor(math.log10(min(values, default=1)) - 0.2)
    high = math.ceil(math.log10(max(values, default=1)))
    return low, max(high, low + 1)


def _x(value: float, span: tuple[int, int]) -> float:
    share = (math.log10(value) - span[0]) / (span[1] - span[0])
    return round(share * (WIDTH - _LEFT - _RIGHT), 1)


def _bar(value: float, runs: Runs, place: int, span: tuple[int, int]) -> Bar:
    return Bar(
        label=runs.contender,
        note=f"{significant(value)} MB/s, {runs.does}",
        y=_TOP + _PITCH * place,
        length=_x(value, span),
        tone="own" if runs.contender == "tocsin" else "peer",
    )


def _tick(power: int, span: tuple[int, int]) -> Tick:
    anchor = {span[0]: "start", span[1]: "end"}.get(power, "middle")
    return Tick(x=_LEFT + _x(10.0**power, span), label=f"{10.0**power:,.10g}", anchor=anchor)
