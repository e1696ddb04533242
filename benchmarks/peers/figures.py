"""Figures out of a stored run: rates, ratios round by round, and whether each goal was met.

A ratio is the median of the ratios of each round: a machine that slows down in between slows both.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from benchmarks.peers.results import Performance, Runs
from msgspec import Struct

MEGA = 1_000_000
_ACCUSED = {"targeted", "exploited", "compromised"}


class Goal(Struct, frozen=True, kw_only=True):
    """One goal: what was wanted, what came out; ``met`` is None where it was not measured."""

    name: str
    wanted: str
    found: str
    met: bool | None


def cpu(performance: Performance, runs: Runs) -> list[float]:
    """Give the CPU seconds of each round, the start-up taken off where it is known."""
    start = performance.of(runs.start_up)
    less = median(spent.cpu for spent in start.rounds) if start else 0.0
    return [max(spent.cpu - less, 0.001) for spent in runs.rounds]


def rate(performance: Performance, runs: Runs) -> float:
    """Give MB (million bytes, unpacked) per CPU second, by the median."""
    return runs.size / MEGA / median(cpu(performance, runs))


def peak_mb(runs: Runs) -> float:
    """Give the largest resident set of any round, in MB."""
    return max(spent.peak_kib for spent in runs.rounds) * 1024 / MEGA


def times_as_fast(performance: Performance, one: str, other: str) -> float | None:
    """Give how many times as fast, byte for byte, ``one`` is as ``other``; None if either has no figure."""
    mine, theirs = performance.of(one), performance.of(other)
    if mine is None or theirs is None:
        return None
    mine_each = [mine.size / seconds for seconds in cpu(performance, mine)]
    their_each = [theirs.size / seconds for seconds in cpu(performance, theirs)]
    return median(a / b for a, b in zip(mine_each, their_each, strict=False))


def packed_cost(performance: Performance, form: str) -> float | None:
    """Give CPU over packed input, divided by that over plain input and that of mere decompression."""
    keys = (f"tocsin:innocent.{form}", "tocsin:innocent", f"isal:innocent.{form}")
    found = [performance.of(key) for key in keys]
    packed, plain, bare = ([spent.cpu for spent in runs.rounds] if runs else [] for runs in found)
    ratios = [a / (b + c) for a, b, c in zip(packed, plain, bare, strict=False)]
    return median(ratios) if ratios else None


def two_workers(performance: Performance) -> float | None:
    """Give the wall time of one worker divided by that of two, both free to use two cores."""
    one, two = (performance.of(f"tocsin:innocent:{count} of 2 cores") for count in (1, 2))
    if one is None or two is None:
        return None
    return median(a.wall / b.wall for a, b in zip(one.rounds, two.rounds, strict=False))


def candidate_share(performance: Performance) -> float | None:
    """Give the share of an innocent server's lines that were parsed as candidates."""
    runs = performance.of("tocsin:innocent")
    if runs is None or "candidates" not in runs.counts or not runs.counts.get("lines"):
        return None
    return runs.counts["candidates"] / runs.counts["lines"]


def literal_share(performance: Performance) -> float | None:
    """Give the share of an innocent server's lines that hold a literal, by ripgrep."""
    runs = performance.of("ripgrep:innocent")
    kit = next((kit for kit in performance.kits if kit.name == "innocent"), None)
    if runs is None or kit is None or not kit.lines:
        return None
    return runs.counts["lines"] / kit.lines


def per_second(performance: Performance, key: str, what: str) -> float | None:
    """Give how many ``what`` a CPU second."""
    runs = performance.of(key)
    if runs is None or what not in runs.counts:
        return None
    return runs.counts[what] / median(cpu(performance, runs))


def disagreements(performance: Performance) -> list[str]:
    """Say which of those that count lines with a literal do not count the same."""
    counted = [
        (runs.contender, runs.counts["lines"])
        for runs in performance.runs
        if runs.kit == "innocent" and runs.contender != "tocsin" and "lines" in runs.counts
    ]
    return [f"{name}: {lines:,}" for name, lines in counted] if len({n for _, n in counted}) > 1 else []


def goals(performance: Performance) -> list[Goal]:
    """Give every goal with what came out."""
    fast = _of_ratio(performance)
    return [
        _answers(performance),
        fast("One core, innocent logs, against ripgrep", "ripgrep:innocent", 1.0),
        fast("One core, logs of a break-in, against ripgrep", "ripgrep:guilty", 1.0, "tocsin:guilty"),
        fast("Against dissect.target, IIS logs", "dissect:sample", 200),
        fast("Against plaso, IIS logs", "plaso:sample", 500),
        _at_most("Innocent lines parsed as candidates", candidate_share(performance), 0.005, _percent),
        _at_most(
            "gzip: CPU against plain and mere decompression", packed_cost(performance, "gz"), 1.1, _times
        ),
        _at_most(
            "zip: CPU against plain and mere decompression", packed_cost(performance, "zip"), 1.1, _times
        ),
        _at_least("Two workers against one, wall time", two_workers(performance), 1.8, _times),
        _memory(performance, "innocent"),
        _memory(performance, "small"),
        _at_least(
            "Event logs, records a CPU second",
            per_second(performance, "tocsin:events", "records"),
            50_000,
            _count,
        ),
        _at_least(
            "Many small files walked and hashed, against find and sha256sum",
            times_as_fast(performance, "tocsin:files:walk", "sha256sum:files"),
            0.5,
            _times,
        ),
    ]


def _of_ratio(performance: Performance) -> Callable[..., Goal]:
    def goal(name: str, other: str, wanted: float, one: str = "tocsin:innocent") -> Goal:
        return _at_least(name, times_as_fast(performance, one, other), wanted, _times)

    return goal


def _answers(performance: Performance) -> Goal:
    """Speed is worth nothing where the answer is wrong."""
    plain = performance.of("tocsin:innocent")
    guilty = performance.of("tocsin:guilty")
    faults = [f"{runs.kit}: {runs.says}" for runs in (plain,) if runs and runs.says in _ACCUSED]
    faults += [f"{runs.kit}: {runs.says}" for runs in (guilty,) if runs and runs.says != "compromised"]
    for runs in performance.runs:
        if plain and runs.key.startswith("tocsin:innocent") and runs.rounds and not _same(runs, plain):
            faults.append(f"{runs.kit}: not the answer of {plain.kit}")
    found = "; ".join(faults) or "right" if plain or guilty else "not measured"
    met = not faults if plain or guilty else None
    return Goal(name="Answers: innocent, broken into, packed as plain", wanted="right", found=found, met=met)


def _same(one: Runs, other: Runs) -> bool:
    """Tell whether the answers are the same; candidates, of which blocks make more or fewer, are no part."""
    return (one.says, _answered(one)) == (other.says, _answered(other))


def _answered(runs: Runs) -> dict[str, int]:
    return {what: count for what, count in runs.counts.items() if what != "candidates"}


def _memory(performance: Performance, name: str) -> Goal:
    runs = performance.of(f"tocsin:{name}")
    size = f", {runs.size / MEGA:,.0f} MB of logs" if runs else ""
    return _at_most(f"Peak memory{size}", peak_mb(runs) if runs else None, 500, _megabytes)


def _at_least(name: str, found: float | None, wanted: float, show: Callable[[float], str]) -> Goal:
    met = None if found is None else found >= wanted
    return Goal(name=name, wanted=f"at least {show(wanted)}", found=_shown(found, show), met=met)


def _at_most(name: str, found: float | None, wanted: float, show: Callable[[float], str]) -> Goal:
    met = None if found is None else found <= wanted
    return Goal(name=name, wanted=f"at most {show(wanted)}", found=_shown(found, show), met=met)


def _shown(found: float | None, show: Callable[[float], str]) -> str:
    return "not measured" if found is None else show(found)


def _times(value: float) -> str:
    return f"{significant(value)}x"


def _percent(value: float) -> str:
    return f"{100 * value:.2g} %"


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _megabytes(value: float) -> str:
    return f"{value:,.0f} MB"


def significant(value: float) -> str:
    """Write a figure with three places that mean something, such as 0.0123, 1.84, 512."""
    if value >= 100:  # noqa: PLR2004 - three places
        return f"{value:,.0f}"
    return f"{value:.3g}"
