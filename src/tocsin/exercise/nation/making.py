"""Make a nation: constituency, daily snapshots, the truth beside them, and a manifest that says what is what.

One day is in memory at a time, as arrays; rows are written as they are made.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import msgspec
import numpy as np

from tocsin import __version__
from tocsin.errors import EnvironmentFault
from tocsin.exercise.nation import people as who
from tocsin.exercise.nation import truth
from tocsin.exercise.nation.chance import Chance
from tocsin.exercise.nation.fates import Fates, decide
from tocsin.exercise.nation.manifest import Made, Manifest, SnapshotFile, SourceFacts
from tocsin.exercise.nation.people import People, populate
from tocsin.exercise.nation.rows import file_name, sightings, writer
from tocsin.exercise.nation.scenario import Nation, Source
from tocsin.exercise.nation.seeing import Eyes, Seen, looks_on, method_on, scope_of
from tocsin.exercise.nation.servers import Servers, move, settle

World = tuple[People, Servers, Fates]
Progress = Callable[[int, int], None]
TAKEN = time(23, 59, 59, tzinfo=UTC)


def make_nation(nation: Nation, *, name: str, seed: int, out: Path, progress: Progress | None = None) -> Made:
    """Write a nation into a folder. Equal scenario and seed give equal bytes.

    Args:
        nation: what is to be true.
        name: the scenario's.
        seed: what the chance is drawn from.
        out: the folder; made if need be, and must be empty.
        progress: told after each day: days done, days in all.

    Raises:
        EnvironmentFault: the folder is not empty, or cannot be written.
    """
    chance = Chance(seed)
    people = populate(nation, chance)
    servers = settle(nation, people, chance)
    world = (people, servers, decide(nation, people, servers, chance))
    try:
        _prepare(out)
        _write_people(nation, people, chance, out)
        _write_truth(nation, world, out)
        snapshots = list(_census(nation, world, chance, out, progress or (lambda _done, _all: None)))
        manifest = _manifest(nation, name=name, seed=seed, snapshots=snapshots)
        path = out / "manifest.json"
        path.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
    except OSError as fault:
        remedy = "Choose a folder on a disk with room."
        raise EnvironmentFault(f"{fault.strerror or fault}.", where=str(out), remedy=remedy) from fault
    return Made(folder=out, manifest=manifest)


def _prepare(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise EnvironmentFault("not an empty folder.", where=str(out), remedy="Name a new one.")
    for part in ("constituency", "snapshots", "truth"):
        (out / part).mkdir(parents=True)


def _write_people(nation: Nation, people: People, chance: Chance, out: Path) -> None:
    rows = who.organisation_rows(nation, people, chance)
    _write(out / "constituency" / "organisations.csv", who.ORGANISATIONS, rows)


def _write_truth(nation: Nation, world: World, out: Path) -> None:
    people, servers, fates = world
    folder = out / "truth"
    _write(folder / "servers.csv", truth.SERVERS, truth.server_rows(nation, people, servers, fates))
    _write(folder / "states.csv", truth.STATES, truth.state_rows(nation, fates))
    days = (truth.day_row(nation, fates, day) for day in range(nation.days))
    _write(folder / "days.csv", truth.DAYS, days)


def _census(
    nation: Nation, world: World, chance: Chance, out: Path, progress: Progress
) -> Iterator[SnapshotFile]:
    """Write each day's snapshots, and where servers moved to."""
    eyes = [(source, Eyes(nation, source, chance)) for source in nation.sources]
    address = world[1].address
    with (out / "truth" / "addresses.csv").open("w", encoding="utf-8", newline="") as stream:
        moved = csv.writer(stream, lineterminator="\n")
        moved.writerow(truth.ADDRESSES)
        for day in range(nation.days):
            before = address
            if day:
                address = move(address, world[1].moving, chance, day, moves=nation.moves)
            for server in np.flatnonzero(address != before).tolist():
                moved.writerow((server, day, IPv4Address(int(address[server]))))
            for source, eye in eyes:
                if looks_on(source, day):
                    yield _snapshot(nation, world, source, (day, eye.look(day, world, address)), out)
            progress(day + 1, nation.days)


def _snapshot(
    nation: Nation, world: World, source: Source, seen: tuple[int, Seen], out: Path
) -> SnapshotFile:
    day, found = seen
    when = nation.first_day + timedelta(days=day)
    how = method_on(source, day)
    name = f"snapshots/{source.key}/{file_name(how.layout, source.key, nation.country, when)}"
    people, servers, _ = world
    rows = writer(how.layout, nation.cve)(sightings(nation, people, servers, found, when))
    return SnapshotFile(
        file=name,
        source=source.key,
        taken=datetime.combine(when, TAKEN),
        layout=how.layout,
        scope=scope_of(nation, source),
        method=how.method,
        continues=how.continues,
        servers=len(found.server),
        sha256=_written(out / name, rows),
    )


def _manifest(nation: Nation, *, name: str, seed: int, snapshots: list[SnapshotFile]) -> Manifest:
    return Manifest(
        scenario=name,
        seed=seed,
        tool=__version__,
        country=nation.country,
        campaign=nation.campaign,
        first_day=nation.first_day,
        days=nation.days,
        sources=tuple(
            SourceFacts(key=one.key, name=one.name, group=one.group, lists_all=one.lists == "all")
            for one in nation.sources
        ),
        snapshots=tuple(snapshots),
    )


def _write(path: Path, header: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream, lineterminator="\n")
        out.writerow(header)
        out.writerows(rows)


def _written(path: Path, pieces: Iterable[str]) -> str:
    """Write a file and give its SHA-256."""
    path.parent.mkdir(exist_ok=True)
    digest = hashlib.sha256()
    with path.open("wb") as stream:
        for piece in pieces:
            data = piece.encode()
            digest.update(data)
            stream.write(data)
    return digest.hexdigest()
