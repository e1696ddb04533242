"""Values out of JSON objects by the paths of layouts (`layout` tells how paths are written)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

MOST = 1_000
"""Values that one path may give."""

_STEP = re.compile(r"(?P<name>[^.\[\]{}]+)(?P<all>\[\])?(?:\{(?P<where>[^{}]*)\})?", re.ASCII)
Step = tuple[str, bool, str | None]
Getter = Callable[[Any, Any], list[Any]]


@lru_cache(maxsize=4_096)
def getter(path: str) -> Getter:
    """Give a function from a row and its line's own object to the values at a path, empty ones left out.

    Raises:
        ValueError: it is no path.
    """
    from_top = path.startswith("^")
    steps = tuple(_step(part) for part in path.removeprefix("^").split("."))

    def values(row: Any, top: Any) -> list[Any]:
        found: list[Any] = []
        for value in _walk(top if from_top else row, steps):
            found.extend(one for one in _each(value, every=True) if one not in (None, "", [], {}))
            if len(found) >= MOST:
                break
        return found

    return values


def _step(part: str) -> Step:
    match = _STEP.fullmatch(part)
    if match is None:
        raise ValueError(f"{part!r} is no step of a path")
    return match["name"], match["all"] is not None, match["where"]


def _walk(value: Any, steps: tuple[Step, ...]) -> Iterator[Any]:
    if not steps:
        yield value
        return
    (name, every, where), rest = steps[0], steps[1:]
    if isinstance(value, list):
        value = next((one for one in value if isinstance(one, dict) and one.get(name) is not None), None)
    if not isinstance(value, dict):
        return
    below = value.get(name)
    if where is not None:
        below = _keys(below, where)
        every = True
    for one in _each(below, every=every):
        yield from _walk(one, rest)


def _each(value: Any, *, every: bool) -> list[Any]:
    if every:
        return value if isinstance(value, list) else [value]
    return [value]


def _keys(value: Any, where: str) -> list[str]:
    if not isinstance(value, dict):
        return []
    return [
        str(key)
        for key, below in value.items()
        if not where or (isinstance(below, dict) and below.get(where))
    ]
