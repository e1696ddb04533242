"""What lies in a made nation's folder: ``manifest.json``. It does not name the truth, in ``truth/``."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from msgspec import Struct

SCHEMA = "tocsin/exercise-nation/1"


class SourceFacts(Struct, frozen=True, kw_only=True):
    """Somebody who looks; sources of one ``group`` are not independent."""

    key: str
    name: str
    group: str
    lists_all: bool


class SnapshotFile(Struct, frozen=True, kw_only=True):
    """One snapshot.

    Attributes:
        file: path inside the folder.
        source: key of a source.
        taken: end of the day that it covers, UTC.
        layout: one of the exercise's layouts.
        scope: what it covered, in the words of the hub's scopes.
        method: how it looked.
        continues: the method before, where this one is declared to continue it.
        servers: how many it lists.
        sha256: of the file.
    """

    file: str
    source: str
    taken: datetime
    layout: str
    scope: dict[str, object]
    method: str
    continues: str = ""
    servers: int
    sha256: str


class Manifest(Struct, frozen=True, kw_only=True):
    """All that was made, oldest snapshot first."""

    schema: str = SCHEMA
    scenario: str
    seed: int
    tool: str
    country: str
    campaign: str
    first_day: date
    days: int
    organisations: str = "constituency/organisations.csv"
    sources: tuple[SourceFacts, ...]
    snapshots: tuple[SnapshotFile, ...]


class Made(Struct, frozen=True, kw_only=True):
    """A made nation on disk."""

    folder: Path
    manifest: Manifest
