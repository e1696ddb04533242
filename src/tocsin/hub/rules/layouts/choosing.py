"""Which layout does a census have? Its columns or members say; the name of its file helps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from itertools import islice

from tocsin.errors import CensusError
from tocsin.hub.rules.layouts.layout import Layout, all_layouts
from tocsin.hub.rules.layouts.lines import Line
from tocsin.hub.rules.layouts.paths import getter
from tocsin.hub.rules.layouts.rows import decoded, header_names, plain
from tocsin.model.expressions import compiled

LOOKED_AT = 50
"""Lines looked at before giving up."""

_DAY = re.compile(r"(?<!\d)(?P<year>20\d\d)-?(?P<month>[01]\d)-?(?P<day>[0-3]\d)(?!\d)")


def choose(lines: Iterable[Line], *, filename: str, layouts: Sequence[Layout] | None = None) -> Layout:
    """Give the layout that fits a census best.

    Args:
        lines: its beginning.
        filename: what the file is called.
        layouts: to choose among; None for those that came with the program.

    Raises:
        CensusError: none fits.
    """
    first = next((line.text for line in islice(lines, LOOKED_AT) if line.text and line.text.strip()), None)
    if first is None:
        raise CensusError("it holds no rows.", where=filename)
    fitting = [layout for layout in layouts or all_layouts() if fits(layout, first)]
    if not fitting:
        raise CensusError(
            "no layout fits it.",
            where=f"{filename}:1",
            remedy="Write one (docs/hub/layouts.md) and give it with --mapping, or name one with --layout.",
        )
    return max(fitting, key=lambda layout: (_names(layout, filename), len(layout.needs), layout.key))


def fits(layout: Layout, first: str) -> bool:
    """Whether the first line that is not empty is one of the layout."""
    document = decoded(first) if first.lstrip().startswith("{") else None
    if layout.form == "jsonl":
        if not isinstance(document, dict):
            return False
        needs = layout.needs and all(getter(path)(document, document) for path in layout.needs)
        return bool(needs or (not layout.needs and _any(layout, document)))
    if document is not None:
        return False
    columns = {plain(name) for name in header_names(first)}
    return set(layout.needs) <= columns and not columns.isdisjoint(layout.places("ip"))


def day_named(layout: Layout, filename: str) -> date | None:
    """Give the day that the file's name tells, or None."""
    match = (compiled(layout.file).search(filename) if layout.file else None) or _DAY.search(filename)
    if match is None:
        return None
    try:
        if "year" in match.groupdict():
            return date(int(match["year"]), int(match["month"]), int(match["day"]))
        return datetime.strptime(match["day"], "%Y-%m-%d").replace(tzinfo=UTC).date()
    except (ValueError, IndexError):
        return None


def _names(layout: Layout, filename: str) -> bool:
    return bool(layout.file and compiled(layout.file).search(filename))


def _any(layout: Layout, document: object) -> bool:
    return any(getter(path)(document, document) for path in layout.places("ip"))
