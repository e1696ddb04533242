"""``tocsin serve --demo``: `exercise` makes a nation, the hub takes its files in. They meet nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.errors import UsageFault

if TYPE_CHECKING:
    from tocsin.exercise.nation.manifest import Manifest, SnapshotFile

SCENARIO = "demonstration"
FOLDER = "demonstration"
SEED = 1
Say = Callable[[str, int, int], None]
"""What is being done, how much of it is done, and how much there is."""


def load_demonstration(data: Path, say: Say) -> None:
    """Make the demonstration nation below the hub's folder, and hand it to the hub, which is open.

    Censuses are registered here and taken in by the hub's worker, day after day, while pages can be looked
    at. A repeat does nothing; one that was interrupted goes on.

    Raises:
        UsageFault: the hub holds censuses of its own, which a demonstration would spoil.
    """
    from tocsin.hub.census.models import Snapshot

    folder = data / FOLDER
    if not folder.exists() and Snapshot.objects.exists():
        remedy = "Give --data a new folder for the demonstration."
        raise UsageFault("this hub holds censuses already.", where=str(data), remedy=remedy)
    manifest = _made(folder, say)
    _organisations(folder, manifest)
    for number, snapshot in enumerate(manifest.snapshots):
        say("handing censuses over", number, len(manifest.snapshots))
        _hand_over(folder, manifest, snapshot)
    say("handing censuses over", len(manifest.snapshots), len(manifest.snapshots))


def _made(folder: Path, say: Say) -> Manifest:
    import shutil

    import msgspec

    from tocsin.exercise.nation.library import load
    from tocsin.exercise.nation.making import make_nation
    from tocsin.exercise.nation.manifest import Manifest

    path = folder / "manifest.json"
    if path.is_file():  # written last: the nation is whole
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    shutil.rmtree(folder, ignore_errors=True)
    days = load(SCENARIO)
    return make_nation(
        days,
        name=SCENARIO,
        seed=SEED,
        out=folder,
        progress=lambda done, all_: say("making a nation", done, all_),
    ).manifest


def _organisations(folder: Path, manifest: Manifest) -> None:
    from tocsin.hub.constituency.importing import take_in
    from tocsin.hub.constituency.models import Organisation

    if not Organisation.objects.exists():
        path = folder / manifest.organisations
        take_in(path.read_bytes(), path.name, by=None)


def _hand_over(folder: Path, manifest: Manifest, snapshot: SnapshotFile) -> None:
    from tocsin.hub.census.services import Terms, take_in

    facts = {one.key: one for one in manifest.sources}[snapshot.source]
    terms = Terms(
        source=facts.key,
        taken=snapshot.taken,
        scope=snapshot.scope,
        method=snapshot.method,
        succeeds=(snapshot.continues,) if snapshot.continues else (),
        lists_all=facts.lists_all,
        given_by="demonstration",
    )
    take_in(folder / snapshot.file, terms)
