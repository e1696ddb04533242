"""Delimited values as logs and exports write them, and rows whose values do not fit their names.

``csv`` is not used: it raises on a bare CR and on long values, and a log may hold both. Splitting
first and joining again what quotes hold together is as fast for rows without quotes, and linear.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate

from tocsin.evidence.shapes import Shape

MOST_COLUMNS = 512
"""Columns of a header that is believed, and values of a row whose shape is looked at."""

_LONG_NAME = 64
"""Names of columns come again and again and are remembered; longer values are no names."""

EMPTY = frozenset({"", "-"})
"""What stands for an empty value in any of the logs."""


def split_values(text: str, delimiter: str = ",", quote: str = '"') -> list[str]:
    """Split one row; values may be quoted, with quotes in them doubled.

    A quote that is never closed holds the rest of the row, as in a row that was cut.
    """
    pieces = text.split(delimiter)
    if quote not in text:
        return pieces
    values: list[str] = []
    held: list[str] = []
    odd = 0
    for piece in pieces:
        if held or piece.startswith(quote):
            held.append(piece)
            odd ^= piece.count(quote) & 1
            if not odd:
                values.append(unquote(delimiter.join(held), quote))
                held = []
        else:
            values.append(piece)
    if held:
        values.append(unquote(delimiter.join(held), quote))
    return values


def unquote(value: str, quote: str = '"') -> str:
    """Take the quotes off a value and undouble those in it; a missing end is forgiven."""
    if not value.startswith(quote):
        return value
    inner = value[1:-1] if len(value) > 1 and value.endswith(quote) else value[1:]
    return inner.replace(quote * 2, quote)


def squeeze(name: str) -> str:
    """Give a column's name for comparison: lower case, letters and digits only."""
    return _squeezed(name) if len(name) <= _LONG_NAME else _letters(name)


@lru_cache(maxsize=8192)
def _squeezed(name: str) -> str:
    return _letters(name)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """Make the names of columns distinct and non-empty.

    A column without a name is called ``Column5`` after its place, a second one of a name ``Name#2``.
    """
    seen: dict[str, int] = {}
    distinct: list[str] = []
    for place, name in enumerate(names, start=1):
        own = name or f"Column{place}"
        seen[own] = seen.get(own, 0) + 1
        distinct.append(own if seen[own] == 1 else f"{own}#{seen[own]}")
    return tuple(distinct)


def score(names: Sequence[str], values: Sequence[str], shapes: Mapping[str, Shape]) -> int:
    """Count the values that fit the shape of their column, less those that do not."""
    return sum(_fit(name, value, shapes) for name, value in zip(names, values, strict=False))


def absorb(
    names: Sequence[str],
    values: Sequence[str],
    shapes: Mapping[str, Shape],
    *,
    free: Sequence[str],
    joiner: str,
) -> tuple[dict[str, str], int]:
    """Fit a row with too many values: one free-text column holds delimiters of its own.

    The column is the one that leaves the others best in shape; of equals the one that ``free`` names first.

    Returns:
        Column to value, and the score of the fit; nothing if no column is free.
    """
    extra = len(values) - len(names)
    before = _running(names, values, shapes)
    after = _running(names[::-1], values[::-1], shapes)
    place_of = {name: place for place, name in enumerate(names)}
    places = [place_of[name] for name in free if name in place_of]
    if not places:
        return {}, 0

    def fit_at(place: int) -> int:
        own = max(0, _fit(names[place], values[place], shapes))
        return before[place] + own + after[len(names) - place - 1]

    best = max(places, key=fit_at)
    row = [*values[:best], joiner.join(values[best : best + extra + 1]), *values[best + extra + 1 :]]
    return dict(zip(names, row, strict=True)), fit_at(best)


def skip(
    names: Sequence[str], values: Sequence[str], shapes: Mapping[str, Shape]
) -> tuple[dict[str, str], int]:
    """Fit a row with too few values: neighbouring columns are missing, or the end is.

    Returns:
        Column to value without the missing columns, and the score of the fit.
    """
    lacking = len(names) - len(values)
    before = _running(names, values, shapes)
    after = _running(names[::-1], values[::-1], shapes)
    places = range(len(values), -1, -1)
    best = max(places, key=lambda place: before[place] + after[len(values) - place])
    kept = [*names[:best], *names[best + lacking :]]
    return dict(zip(kept, values, strict=True)), before[best] + after[len(values) - best]


def insert(
    names: Sequence[str],
    values: Sequence[str],
    shapes: Mapping[str, Shape],
    unnamed: Mapping[str, Shape],
) -> tuple[dict[str, str], int]:
    """Fit a row with one value too many: a column that the header does not name stands among the others.

    Args:
        names: the header's columns.
        values: one more than names.
        shapes: of the columns.
        unnamed: columns that could be the one without a name, in order of preference.

    Returns:
        Column to value, and the score of the fit; nothing if no value looks like an unnamed column.
    """
    before = _running(names, values, shapes)
    after = _running(names[::-1], values[::-1], shapes)
    wanted = {name: shape for name, shape in unnamed.items() if name not in names}
    found = [
        (before[place] + after[len(names) - place] + 1, -place, name)
        for place, value in enumerate(values)
        for name, shape in wanted.items()
        if shape(value)
    ]
    if not found:
        return {}, 0
    best, place, name = max(found, key=lambda candidate: candidate[:2])
    row = [*names[:-place], name, *names[-place:]] if place else [name, *names]
    return dict(zip(row, values, strict=True)), best


def _running(names: Sequence[str], values: Sequence[str], shapes: Mapping[str, Shape]) -> list[int]:
    fits = (_fit(name, value, shapes) for name, value in zip(names, values, strict=False))
    return list(accumulate(fits, initial=0))


def _fit(name: str, value: str, shapes: Mapping[str, Shape]) -> int:
    shape = shapes.get(name)
    if shape is None or value in EMPTY:
        return 0
    return 1 if shape(value) else -1


def by_shape(values: Sequence[str], wanted: Mapping[str, Shape]) -> dict[str, str]:
    """Name values by their shape alone: each takes the first column still free that it fits.

    A value that fits none is called ``Column5`` after its place. Of a row of more than
    ``MOST_COLUMNS`` values nothing is named.
    """
    fields: dict[str, str] = {}
    if len(values) > MOST_COLUMNS:
        return fields
    for place, value in enumerate(values, start=1):
        fitting = (name for name, shape in wanted.items() if name not in fields and shape(value))
        fields[next(fitting, f"Column{place}")] = value
    return fields
