"""The same figures as flat rows: for CSV, and for the tables that stand beside charts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from tocsin.hub.rules.cells import safe_cell
from tocsin.hub.situation.figures import SHOWN, Situation, Table

COLUMNS = ("section", "day", "part", "figure", "value")
Row = tuple[str, str, str, str, str]


def flat_rows(found: Situation) -> Iterator[Row]:
    """Every figure of a situation as (section, day, part, figure, value)."""
    day = str(found.day)
    for section, totals in (("exposure", found.totals), ("compromise", found.compromise), ("queue", found.queues)):
        for name, number in totals.items():
            yield (section, day, "all", name, str(number))
    yield ("queue", day, "all", "patched_not_clean", str(found.patched_not_clean))
    yield ("queue", day, "all", "patched_suspected", str(found.patched_suspected))
    for point in found.curve:
        yield ("curve", str(point.day), "all", point.state, str(point.servers))
    for when, looked in sorted(found.looked.items()):
        yield ("coverage", str(when), "all", "known", str(looked.known))
        yield ("coverage", str(when), "all", "covered", str(looked.covered))
    for one in found.breaks:
        yield ("method", str(one.day), one.source, one.before, one.after)
    for dimension, table in found.by.items():
        for part, counts in table.items():
            for state, number in counts.items():
                yield (dimension, day, part, state, str(number))
    for life in found.half_lives:
        for figure in ("servers", "days", "low", "high"):
            value = life.get(figure)
            yield ("half-life", day, life["value"] or "all", figure, "" if value is None else str(value))
    for figure in ("seen", "total", "low", "high", "at_least", "method"):
        if figure in found.unseen:
            yield ("unseen", day, "all", figure, str(found.unseen[figure]))


def as_csv(found: Situation) -> str:
    """The flat rows as CSV; no cell is a formula to a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([safe_cell(cell) for cell in row] for row in flat_rows(found))
    return text.getvalue()


def wide(table: Table) -> tuple[list[str], list[tuple[str, list[int]]]]:
    """A table of parts by state: the states that occur, and each part's numbers; the most vulnerable first."""
    states = [state.value for state in SHOWN if any(counts.get(state) for counts in table.values())]
    order = sorted(table, key=lambda part: (-table[part].get("vulnerable", 0), part))
    return states, [(part or "(none)", [table[part].get(state, 0) for state in states]) for part in order]


def by_day(found: Situation) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """The curve as a table: the states that occur, and for each day the numbers and the share looked at."""
    states = [state.value for state in SHOWN if any(one.servers for one in found.curve if one.state == state)]
    days: dict[str, dict[str, int]] = {}
    for point in found.curve:
        days.setdefault(str(point.day), {})[point.state] = point.servers
    shares = {str(day): f"{looked.share:.0%}" for day, looked in found.looked.items()}
    rows = [
        (day, [*(str(counts.get(state, 0)) for state in states), shares.get(day, "–")])
        for day, counts in reversed(days.items())
    ]
    return [*states, "looked at"], rows


def parts(counts: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Counts in the order of the words, without zeros."""
    return [(name, number) for name, number in counts if number]
