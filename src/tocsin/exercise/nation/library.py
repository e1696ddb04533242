"""The nations' scenarios: those that came with the program, by name, and those in a file of the user's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tocsin.errors import PackError, ScenarioError, UsageFault
from tocsin.exercise.nation.scenario import LAYOUTS, Nation
from tocsin.packs.loading import data_folder
from tocsin.packs.yaml_text import converted, read_yaml

FOLDER = "nations"
REMEDY = "See docs/how-to/run-an-exercise.md."
MOST_SERVERS = 2_000_000
MOST_DAYS = 3_660
MOST_REGIONS = 16  # /8s of 240.0.0.0/4

Place = tuple[str | int, ...]


def names() -> list[str]:
    """Give the names of the scenarios that came with the program, sorted."""
    return sorted(path.stem for path in (data_folder("scenarios") / FOLDER).glob("*.yaml"))


def load(name_or_path: str) -> Nation:
    """Read a scenario by its name, or from a YAML file.

    Raises:
        UsageFault: there is no such scenario.
        ScenarioError: it is wrong, at ``file:line``.
    """
    try:
        document = read_yaml(_found(name_or_path))
        nation = converted(document, Nation)
    except PackError as error:
        raise ScenarioError(error.what, where=error.where, remedy=REMEDY) from error
    for what, place in _problems(nation):
        raise ScenarioError(what, where=document.where(*place), remedy=REMEDY)
    return nation


def _found(name_or_path: str) -> Path:
    if name_or_path in names():
        return data_folder("scenarios") / FOLDER / f"{name_or_path}.yaml"
    path = Path(name_or_path)
    if path.suffix in {".yaml", ".yml"} and path.is_file():
        return path
    raise UsageFault(
        f"no such nation: {name_or_path}.",
        remedy=f"Give a YAML file, or one of: {', '.join(names()) or '(none came with the program)'}.",
    )


def _problems(nation: Nation) -> Iterator[tuple[str, Place]]:
    limits = (("servers", MOST_SERVERS), ("days", MOST_DAYS), ("organisations", nation.servers))
    for key, most in limits:
        if not 1 <= getattr(nation, key) <= most:
            yield f"{key} is not between 1 and {most}.", (key,)
    if not nation.organisations <= nation.networks <= MOST_SERVERS:
        yield "there are fewer networks than organisations, or too many.", ("networks",)
    for key in ("sectors", "branches", "sources"):
        if not getattr(nation, key):
            yield f"{key} is empty.", (key,)
    if not 1 <= len(nation.regions) <= MOST_REGIONS:
        yield f"there are not between 1 and {MOST_REGIONS} regions.", ("regions",)
    if not (len(nation.country) == 2 and "XA" <= nation.country <= "XZ"):  # noqa: PLR2004 - two letters
        yield "country is not between XA and XZ, which ISO 3166 leaves to users.", ("country",)
    yield from _shares(nation)
    yield from _sources(nation)


def _shares(nation: Nation) -> Iterator[tuple[str, Place]]:
    for key in nation.__struct_fields__:
        value = getattr(nation, key)
        if isinstance(value, float) and not 0 <= value <= 1:
            yield f"{key} is no share between 0 and 1.", (key,)
    for index, sector in enumerate(nation.sectors):
        if sector.half_life <= 0 or sector.weight <= 0:
            yield "half_life and weight are above 0.", ("sectors", index)


def _sources(nation: Nation) -> Iterator[tuple[str, Place]]:
    known = {region.name for region in nation.regions}
    for index, source in enumerate(nation.sources):
        place = ("sources", index)
        for layout in (source.layout, *(change.layout for change in source.changes if change.layout)):
            if layout not in LAYOUTS:
                yield f"layout is none of {', '.join(LAYOUTS)}.", (*place, "layout")
        if source.lists not in {"vulnerable", "all"}:
            yield "lists is neither vulnerable nor all.", (*place, "lists")
        if source.every < 1 or source.first < 0:
            yield "every is at least 1, first at least 0.", place
        if not set(source.regions) <= known:
            yield "regions names one that the nation does not have.", (*place, "regions")
