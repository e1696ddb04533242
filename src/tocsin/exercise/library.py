"""The scenarios: those that came with the program, by name, and those in a file of the user's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

from tocsin.errors import PackError, ScenarioError, UsageFault
from tocsin.exercise.faulting import kinds
from tocsin.exercise.performing import scripts
from tocsin.exercise.scenario import Scenario
from tocsin.exercise.writers.registry import classes
from tocsin.model.words import Compromise, Exposure, Residual
from tocsin.packs.loading import data_folder
from tocsin.packs.yaml_text import Document, converted, read_yaml

LAYOUTS = ("disk", "kape", "velociraptor", "loose")
EVENT_FORMS = ("evtx", "xml", "jsonl")
LONGEST = timedelta(days=3660)
_OFFSET = re.compile(r"[+-](?:0\d|1[0-4]):[0-5]\d")
_BUILD = re.compile(r"15\.[0-2]\.\d{1,5}\.\d{1,3}")

Problem = tuple[str, tuple[str | int, ...]]
"""What is wrong, and at which place of the document."""


def names() -> list[str]:
    """Give the names of the scenarios that came with the program, sorted."""
    return sorted(path.stem for path in data_folder("scenarios").glob("*.yaml"))


def load(name_or_path: str) -> Scenario:
    """Read a scenario by its name, or from a YAML file.

    Raises:
        UsageFault: there is no such scenario.
        ScenarioError: it is wrong, at ``file:line``.
    """
    path = _found(name_or_path)
    try:
        document = read_yaml(path)
        scenario = converted(document, Scenario)
    except PackError as error:
        remedy = "See docs/how-to/run-an-exercise.md."
        raise ScenarioError(error.what, where=error.where, remedy=remedy) from error
    _refuse(document, scenario)
    return scenario


def _found(name_or_path: str) -> Path:
    if name_or_path in names():
        return data_folder("scenarios") / f"{name_or_path}.yaml"
    path = Path(name_or_path)
    if path.suffix in {".yaml", ".yml"} and path.is_file():
        return path
    raise UsageFault(
        f"no such scenario: {name_or_path}.",
        remedy=f"Give a YAML file, or one of: {', '.join(names()) or '(none came with the program)'}.",
    )


def _refuse(document: Document, scenario: Scenario) -> None:
    for what, place in _problems(scenario):
        raise ScenarioError(what, where=document.where(*place), remedy="See docs/how-to/run-an-exercise.md.")


def _problems(scenario: Scenario) -> Iterator[Problem]:
    yield from _period(scenario)
    yield from _machine(scenario)
    yield from _acts(scenario)
    yield from _collection(scenario)
    yield from _expected(scenario)


def _period(scenario: Scenario) -> Iterator[Problem]:
    if scenario.collected.tzinfo is None:
        yield "the moment has no time zone: write 2021-03-11T08:00:00Z.", ("collected",)
    elif not timedelta() <= scenario.collected.date() - scenario.first_day <= LONGEST:
        yield "collected is before first_day, or more than ten years after it.", ("collected",)
    if scenario.traffic < 0:
        yield "traffic is below nothing.", ("traffic",)


def _machine(scenario: Scenario) -> Iterator[Problem]:
    server = scenario.server
    if not _OFFSET.fullmatch(server.utc_offset):
        yield 'utc_offset is no offset such as "+01:00".', ("server", "utc_offset")
    if not re.fullmatch("[A-Z]", server.drive):
        yield "drive is no upper-case letter.", ("server", "drive")
    if server.mailboxes < 1:
        yield "a server without mailboxes has no everyday traffic.", ("server", "mailboxes")
    for index, span in enumerate(server.builds):
        for key, value in (("build", span.build), ("dlls", span.dlls)):
            if not _BUILD.fullmatch(value) and (value or key == "build"):
                yield f"{value} is no build such as 15.1.2106.2.", ("server", "builds", index, key)


def _acts(scenario: Scenario) -> Iterator[Problem]:
    for index, act in enumerate(scenario.acts):
        place = ("acts", index)
        if act.at.tzinfo is None:
            yield "the moment has no time zone: write 2021-03-03T06:49:42Z.", (*place, "at")
        if act.script not in scripts():
            yield f"no such script: {act.script}. There are: {', '.join(scripts())}.", (*place, "script")
        if not _is_address(act.address):
            yield f"{act.address} is no IP address.", (*place, "address")


def _collection(scenario: Scenario) -> Iterator[Problem]:
    collection = scenario.collection
    if collection.layout not in LAYOUTS:
        yield f"layout is none of {', '.join(LAYOUTS)}.", ("collection", "layout")
    if collection.events not in EVENT_FORMS:
        yield f"events is none of {', '.join(EVENT_FORMS)}.", ("collection", "events")
    written = {kind for writer in classes() for kind in writer.KINDS}
    for index, kind in enumerate(collection.withhold):
        if kind not in written:
            yield f"no log of kind {kind} is made.", ("collection", "withhold", index)
    for index, fault in enumerate(collection.faults):
        if fault.kind not in kinds():
            yield f"no such fault: {fault.kind}.", ("collection", "faults", index, "kind")


def _expected(scenario: Scenario) -> Iterator[Problem]:
    for index, one in enumerate(scenario.expected):
        for key, value, words in (
            ("exposure", one.exposure, Exposure),
            ("compromise", one.compromise, Compromise),
            ("residual", one.residual or Residual.UNKNOWN, Residual),
        ):
            if value not in list(words):
                yield f"{key} is none of {', '.join(words)}.", ("expected", index, key)


def _is_address(text: str) -> bool:
    try:
        ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True
