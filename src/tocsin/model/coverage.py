"""Coverage: what was wanted, what could be read, from when to when, and what was not."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from tocsin.model.places import TimeSpan


class ArtefactCoverage(Struct, frozen=True, kw_only=True, rename={"start": "from", "end": "until"}):
    """How far one kind of artefact could be read.

    For line-oriented kinds ``records + unreadable + headers + blank == lines``.
    ``excerpt`` says that at least one file lacked its native header or was retyped or cut: such a
    file never proves that something did not happen.
    """

    kind: str
    wanted: bool
    files: int = 0
    bytes: int = 0
    start: datetime | None = None
    end: datetime | None = None
    lines: int = 0
    records: int = 0
    unreadable: int = 0
    headers: int = 0
    blank: int = 0
    errors: int = 0
    lost: int = 0
    excerpt: bool = False
    gaps: tuple[TimeSpan, ...] = ()


class Skipped(Struct, frozen=True, kw_only=True):
    """A file or entry of the evidence that was not read, and why."""

    path: str
    why: str


class Missing(Struct, frozen=True, kw_only=True):
    """A wanted kind of artefact that the evidence does not hold."""

    kind: str
    why_wanted: str


class Coverage(Struct, frozen=True, kw_only=True):
    """The whole account. ``notes`` are plain words about the evidence as such or about what was folded."""

    artefacts: tuple[ArtefactCoverage, ...] = ()
    missing: tuple[Missing, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
