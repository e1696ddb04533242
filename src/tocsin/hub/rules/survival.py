"""How long servers stay open: Kaplan-Meier curves, and the half-life with its interval.

A duration is *observed* when the fix was seen, *censored* when the server was last known open. Entries may be
weighted, so that a nation is a few hundred rows of counts. Where the day of the fix lies between two scans,
`interval_censored` is the better tool. Formulas: Kaplan and Meier 1958, Greenwood 1926; the interval is the
exponential one (log-log), which stays between 0 and 1 (Kalbfleisch and Prentice 2002, section 1.4).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from math import exp, inf, log, sqrt
from statistics import NormalDist

from msgspec import Struct


class Duration(Struct, frozen=True, kw_only=True):
    """So many servers (``weight``) that were fixed after ``days``, or last known open then."""

    days: float
    fixed: bool
    weight: float = 1.0


class Step(Struct, frozen=True, kw_only=True):
    """The curve from one time on.

    Attributes:
        days: the time at which the step stands.
        at_risk: how many were known to be open just before.
        fixed: how many were fixed then.
        open_share: the estimated share still open from then on.
        low: lower end of its interval.
        high: upper end of its interval.
    """

    days: float
    at_risk: float
    fixed: float
    open_share: float
    low: float
    high: float


class HalfLife(Struct, frozen=True, kw_only=True):
    """Days until half were fixed. ``inf`` where the curve or its bound never came down to one half."""

    days: float
    low: float
    high: float


def kaplan_meier(durations: Iterable[Duration], *, level: float = 0.95) -> tuple[Step, ...]:
    """The share still open over time; one step for each distinct time, after one at 0.

    Args:
        durations: times of 0 or more, with weights above 0.
        level: of the interval at each step.
    """
    fixed, left = _counted(durations)
    z = NormalDist().inv_cdf((1 + level) / 2)
    at_risk, share, variance = sum(left.values()), 1.0, 0.0
    steps = [] if 0 in left else [_step(0.0, at_risk, 0.0, (1.0, 0.0), z)]
    for time in sorted(left):
        events = fixed.get(time, 0.0)
        share = share * (1 - events / at_risk) if events < at_risk else 0.0
        variance += events / (at_risk * (at_risk - events)) if events < at_risk else 0.0
        steps.append(_step(time, at_risk, events, (share, variance), z))
        at_risk -= left[time]
    return tuple(steps)


def half_life(steps: Iterable[Step]) -> HalfLife:
    """When the curve, and each end of its interval, first came down to one half."""
    known = tuple(steps)
    return HalfLife(
        days=_first_half((step.days, step.open_share) for step in known),
        low=_first_half((step.days, step.low) for step in known),
        high=_first_half((step.days, step.high) for step in known),
    )


def share_after(steps: Iterable[Step], days: float) -> float:
    """The estimated share still open after so many days; 1.0 before the first step."""
    share = 1.0
    for step in steps:
        if step.days > days:
            break
        share = step.open_share
    return share


def log_log_interval(share: float, variance: float, z: float) -> tuple[float, float]:
    """Greenwood's interval on the log-log scale, from the sum that estimates the relative variance."""
    if not 0.0 < share < 1.0:
        return share, share
    width = z * sqrt(variance) / log(share)
    return exp(log(share) * exp(-width)), exp(log(share) * exp(width))


def _counted(durations: Iterable[Duration]) -> tuple[dict[float, float], dict[float, float]]:
    fixed: dict[float, float] = defaultdict(float)
    left: dict[float, float] = defaultdict(float)
    for one in durations:
        left[one.days] += one.weight
        if one.fixed:
            fixed[one.days] += one.weight
    return fixed, left


def _step(days: float, at_risk: float, fixed: float, estimate: tuple[float, float], z: float) -> Step:
    share, variance = estimate
    low, high = log_log_interval(share, variance, z)
    return Step(days=days, at_risk=at_risk, fixed=fixed, open_share=share, low=low, high=high)


def _first_half(points: Iterable[tuple[float, float]]) -> float:
    return next((days for days, share in points if share <= 0.5), inf)  # noqa: PLR2004 - one half
