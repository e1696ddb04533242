"""What templates are given: figures with their words, charts in both looks, and the tables beside them."""

from __future__ import annotations

from typing import Any, NamedTuple

from tocsin.hub.situation import charts, tables
from tocsin.hub.situation.drawing import Chart, chart
from tocsin.hub.situation.figures import Situation
from tocsin.hub.situation.selectors import QUEUES

DIMENSIONS = {"sector": "sector", "region": "region", "branch": "version"}


class Figure(NamedTuple):
    """A number with its name, a word of `hub.css` for its colour, and what it says."""

    number: int
    name: str
    look: str
    note: str
    queue: str = ""


class Grid(NamedTuple):
    """A table: heads of the columns after the first, and rows."""

    first: str
    heads: list[str]
    rows: list[tuple[str, list[Any]]]


def figures(found: Situation) -> list[Figure]:
    """The figures at the head of the picture."""
    totals = found.totals
    patched = totals.get("patched", 0) + totals.get("patch-verified", 0)
    mitigated = totals.get("mitigated", 0) + totals.get("partially-mitigated", 0)
    unclear = totals.get("unknown", 0) + totals.get("unreachable", 0)
    return [
        Figure(totals.get("vulnerable", 0), "vulnerable", "bad", "known to be open"),
        Figure(mitigated, "mitigated", "warn", "no remedy, and none if somebody is inside"),
        Figure(patched, "patched", "calm", "closed; says nothing of what happened before"),
        Figure(unclear, "not known", "mute", "not reported or not reachable any more: still open work"),
    ]


def queues(found: Situation) -> list[Figure]:
    """The queues, with how long they are."""
    numbers = {
        "patched-not-clean": found.patched_not_clean,
        "patched-shell-seen": found.queues.get("patched_shell_seen", 0),
        "contradictory": found.queues.get("contradictory", 0),
    }
    looks = {"patched-not-clean": "calm", "patched-shell-seen": "bad", "contradictory": "warn"}
    return [Figure(numbers[name], words, looks[name], "", name) for name, words in QUEUES.items()]


def curve_chart(found: Situation) -> Chart | None:
    """The curve, in both looks; None where no server is known."""
    if not any(point.servers for point in found.curve):
        return None
    light, dark = (charts.curve(found.curve, found.breaks, dark=dark) for dark in (False, True))
    return chart(light, dark)


def curve_grid(found: Situation) -> Grid:
    """The curve as a table, the newest day first."""
    heads, rows = tables.by_day(found)
    return Grid("day", heads, [(day, list(cells)) for day, cells in rows])


def parts_chart(found: Situation, dimension: str) -> Chart | None:
    """Bars of one dimension, in both looks; None where no server is known."""
    if not any(found.by[dimension].values()):
        return None
    label = f"Servers by {DIMENSIONS[dimension]} and state"
    light, dark = (charts.bars(found.by[dimension], label, dark=dark) for dark in (False, True))
    return chart(light, dark)


def parts_grid(found: Situation, dimension: str) -> Grid:
    """One dimension as a table."""
    heads, rows = tables.wide(found.by[dimension])
    return Grid(DIMENSIONS[dimension], heads, [(part, list(cells)) for part, cells in rows])


def survival_chart(found: Situation) -> Chart | None:
    """The share still open by days, in both looks; None where too few are known."""
    whole = next((one for one in found.half_lives if one["dimension"] == "all"), None)
    if whole is None or not whole.get("curve"):
        return None
    light, dark = (charts.survival(whole["curve"], dark=dark) for dark in (False, True))
    return chart(light, dark)


def half_life_rows(found: Situation) -> list[tuple[str, int, str, str]]:
    """(part, servers, half-life, interval) in words; the whole first."""
    order = sorted(found.half_lives, key=lambda one: (one["dimension"] != "all", one["value"]))
    return [
        (
            one["value"] or "all",
            one["servers"],
            _days(one["days"]),
            f"{_days(one['low'])} to {_days(one['high'])}",
        )
        for one in order
        if one["days"] is not None or one["low"] is not None
    ]


def unseen_words(found: Situation) -> str:
    """The estimate of what nobody has seen, in one sentence; empty where there is none."""
    figures = found.unseen
    if not figures or figures.get("total") is None:
        return ""
    high = "no bound" if figures["high"] is None else f"{figures['high']:,.0f}"
    missing = figures["total"] - figures["seen"]
    return (
        f"{figures['seen']:,} open servers were seen in the last looks of {', '.join(figures['groups'])}; "
        f"about {missing:,.0f} more are estimated ({figures['low']:,.0f} to {high} in all, 95 %)."
    )


def _life(one: dict[str, Any]) -> str:
    if one["least"] is None or one["days"] == one["least"]:
        return _days(one["days"])
    return f"{_days(one['least'])} to {_days(one['days'])}"


def _days(value: float | None) -> str:
    return "not reached" if value is None else f"{value:.1f} days"
