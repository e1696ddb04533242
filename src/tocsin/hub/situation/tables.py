"""The same figures as flat rows: for CSV, and for the tables that stand beside charts."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.hub.rules.cells import as_csv as lines
from tocsin.hub.situation.figures import SHOWN, Situation, Table

COLUMNS = ("section", "day", "part", "figure", "value")
Row = tuple[str, str, str, str, str]


def flat_rows(found: Situation) -> Iterator[Row]:
    """Every figure of a situation as (section, day, part, figure, value)."""
    yield from _totals(found)
    yield from _by_day(found)
    yield from _by_part(found)
    yield from _estimates(found)


def _totals(found: Situation) -> Iterator[Row]:
    day = str(found.day)
    patched = {"patched_not_clean": found.patched_not_clean, "patched_suspected": found.patched_suspected}
    sections = {"exposure": found.totals, "compromise": found.compromise, "queue": found.queues | patched}
    for section, totals in sections.items():
        for name, number in totals.items():
            yield (section, day, "all", name, str(number))


def _by_day(found: Situation) -> Iterator[Row]:
    for point in found.curve:
        yield ("curve", str(point.day), "all", point.state, str(point.servers))
    for when, looked in sorted(found.looked.items()):
        yield ("coverage", str(when), "all", "known", str(looked.known))
        yield ("coverage", str(when), "all", "covered", str(looked.covered))
    for one in found.breaks:
        yield ("method", str(one.day), one.source, one.before, one.after)


def _by_part(found: Situation) -> Iterator[Row]:
    for dimension, table in found.by.items():
        for part, counts in table.items():
            for state, number in counts.items():
                yield (dimension, str(found.day), part, state, str(number))


def _estimates(found: Situation) -> Iterator[Row]:
    for life in found.half_lives:
        for figure in ("servers", "least", "days", "low", "high"):
            value = life.get(figure)
            yield ("half-life", str(found.day), life["value"] or "all", figure, _text(value))
    for figure in ("seen", "total", "low", "high", "at_least", "method"):
        if figure in found.unseen:
            yield ("unseen", str(found.day), "all", figure, _text(found.unseen[figure]))


def _text(value: object) -> str:
    return "" if value is None else str(value)


def as_csv(found: Situation) -> str:
    """The flat rows as CSV; no cell is a formula to a spreadsheet."""
    return "".join(lines(COLUMNS, flat_rows(found)))


def wide(table: Table) -> tuple[list[str], list[tuple[str, list[int]]]]:
    """A table of parts by state: the states that occur, and each part's numbers; most vulnerable first."""
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
        (day, [*(str(counts.get(state, 0)) for state in states), shares.get(day, "")])
        for day, counts in reversed(days.items())
    ]
    return [*states, "looked at"], rows
