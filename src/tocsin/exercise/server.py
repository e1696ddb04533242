"""Make one simulated server: its story written into every log, then collected, faults included."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from tocsin import __version__
from tocsin.errors import EnvironmentFault, ScenarioError, UsageFault
from tocsin.exercise import truth as truths
from tocsin.exercise.dice import Dice
from tocsin.exercise.faulting import spoil, zip_members
from tocsin.exercise.layouts import arrange
from tocsin.exercise.packing import Member, listing, pack
from tocsin.exercise.performing import story_of
from tocsin.exercise.scenario import Scenario
from tocsin.exercise.workshop import LabelledRow, Ledger, Tree, Workshop
from tocsin.exercise.writers.registry import writers

MANIFEST = "manifest.json"


class Made(Struct, frozen=True, kw_only=True):
    """What was made.

    Attributes:
        evidence: the folder or zip to be assessed.
        expected: ``expected.json``.
        manifest: ``manifest.json``: path, bytes, SHA-256 and time of change of every file.
        truth: what stands in ``expected.json``.
    """

    evidence: Path
    expected: Path
    manifest: Path
    truth: truths.Truth


def make_server(scenario: Scenario, *, name: str, seed: int, out: Path, rows: int | None = None) -> Made:
    """Make the evidence of one server.

    Equal scenario, seed and ``rows`` give equal bytes on every machine.

    Args:
        scenario: what is true of it.
        name: of the scenario, for ``expected.json``.
        seed: what the chance is drawn from.
        out: a folder (gets ``evidence/``, ``expected.json``, ``manifest.json``), or a name ending in
            ``.zip`` (the evidence; ``NAME.expected.json`` and ``NAME.manifest.json`` go beside it).
        rows: everyday requests in all; None for ``scenario.traffic`` a day.

    Raises:
        UsageFault: the place is taken.
        ScenarioError: the scenario asks for what there is not, or for a zip where ``out`` is a folder.
    """
    places = _places(out)
    further = _zip_members(scenario, places)
    scenario = scenario if rows is None else _scaled(scenario, rows)
    with _disk(places) as root:
        labels = _collected(scenario, Dice(seed, name), root)
        if places.zipped:
            pack(root, places.evidence, further, at=scenario.collected)
        contents = {"tool": __version__, "scenario": name, "seed": seed, "files": listing(root)}
    truth = truths.Truth(
        scenario=name,
        seed=seed,
        tool=__version__,
        innocent=scenario.innocent,
        expected=scenario.expected,
        rows=labels,
    )
    places.expected.write_bytes(truths.encode(truth))
    places.manifest.write_bytes(msgspec.json.format(msgspec.json.encode(contents), indent=1) + b"\n")
    return Made(evidence=places.evidence, expected=places.expected, manifest=places.manifest, truth=truth)


def needs_zip(scenario: Scenario) -> bool:
    """Tell whether a fault of the scenario puts into a zip what no folder can hold."""
    return bool(zip_members(scenario.collection.faults))


def _zip_members(scenario: Scenario, places: _Places) -> tuple[Member, ...]:
    further = zip_members(scenario.collection.faults)
    if further and not places.zipped:
        raise ScenarioError(
            "this scenario holds names that no folder can hold.",
            where=str(places.evidence),
            remedy="Give a name that ends in .zip.",
        )
    return further


def _collected(scenario: Scenario, dice: Dice, root: Path) -> tuple[LabelledRow, ...]:
    """Write the server's disk, spoil it, lay it out as it was collected; give the sorted labels."""
    tree, ledger = Tree(root), Ledger()
    workshop = Workshop(scenario=scenario, tree=tree, ledger=ledger, dice=dice.stream("writers"))
    hands = writers(workshop)
    for trace in story_of(scenario, dice):
        for hand in hands:
            hand.take(trace)
    for hand in hands:
        hand.close()
    tree.settle(scenario.collected)
    labels = spoil(scenario.collection.faults, root, ledger.rows, dice.stream("faults"))
    tree.settle(scenario.collected)
    labels = arrange(root, scenario, labels)
    return tuple(sorted(labels, key=truths.place_of_row))


def _scaled(scenario: Scenario, rows: int) -> Scenario:
    days = (scenario.collected.date() - scenario.first_day).days + 1
    return msgspec.structs.replace(scenario, traffic=max(1, round(rows / days)))


class _Places(Struct, frozen=True, kw_only=True):
    evidence: Path
    expected: Path
    manifest: Path
    zipped: bool


def _places(out: Path) -> _Places:
    """Say where all goes; nothing may be there yet."""
    zipped = out.suffix.lower() == ".zip"
    places = _Places(
        evidence=out if zipped else out / truths.EVIDENCE_FOLDER,
        expected=_beside(out, truths.TRUTH_FILE, zipped=zipped),
        manifest=_beside(out, MANIFEST, zipped=zipped),
        zipped=zipped,
    )
    for place in (places.evidence, places.expected, places.manifest):
        if place.exists():
            raise UsageFault("something is here already.", where=str(place), remedy="Give another place.")
    return places


def _beside(out: Path, name: str, *, zipped: bool) -> Path:
    return out.with_name(f"{out.stem}.{name}") if zipped else out / name


@contextmanager
def _disk(places: _Places) -> Iterator[Path]:
    """Give an empty folder for the disk: the evidence itself, or one that goes once it is packed."""
    try:
        places.expected.parent.mkdir(parents=True, exist_ok=True)
        if not places.zipped:
            places.evidence.mkdir()
            yield places.evidence
            return
        with tempfile.TemporaryDirectory(prefix=".exercise-", dir=places.evidence.parent) as folder:
            yield Path(folder)
    except OSError as error:
        raise EnvironmentFault(
            f"cannot be written: {error.strerror or error}.",
            where=str(error.filename or places.evidence),
            remedy="Give another place, or make room.",
        ) from error
