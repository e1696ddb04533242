"""Take a census in: register the file, import it, fold what it touches. Everything here may be done twice.

`take_in` keeps the file and makes a row; the worker (`chores`) or the caller (`run`) does the rest.
"""

from __future__ import annotations

import hashlib
import os
import re
import time as clock
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from msgspec import Struct

from tocsin.errors import CensusError, UsageFault
from tocsin.hub.census.bulk import writing
from tocsin.hub.census.followers import followers
from tocsin.hub.census.ingest import Ingest, Progress
from tocsin.hub.census.lease import lease
from tocsin.hub.census.models import CensusSource, Snapshot
from tocsin.hub.census.owners import Ownership
from tocsin.hub.census.pace import LEAST
from tocsin.hub.census.settling import plans, settle
from tocsin.hub.rules.layouts.choosing import LOOKED_AT, choose, day_named
from tocsin.hub.rules.layouts.layout import Layout, all_layouts, read_layout
from tocsin.hub.rules.layouts.lines import CensusFile
from tocsin.hub.rules.scope import Scope, parse_scope, spell

HELD = "held/census"
"""Where files lie, below the data folder."""
PENDING = Snapshot.PENDING
_KEY = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")


class Terms(Struct, frozen=True, kw_only=True):
    """What whoever brings a census knows of it.

    Attributes:
        source: key of who looked (``shadowserver``); empty where the layout knows.
        taken: when; None where the file's name tells the day.
        scope: what was covered: words (``all``, ``192.0.2.0/24 port:443``), an object, or None.
        method: how it looked, with its version; empty if nobody knows.
        succeeds: methods that this one continues, so that it can miss what they saw.
        lists_all: every server of the kind is listed; None for what the layout says.
        layout: its key; empty to recognise it.
        mapping: a layout's file of one's own, or None.
        given_by: who brings it.
    """

    source: str = ""
    taken: datetime | date | None = None
    scope: str | dict[str, object] | None = None
    method: str = ""
    succeeds: Sequence[str] = ()
    lists_all: bool | None = None
    layout: str = ""
    mapping: Path | None = None
    given_by: str = ""


class TakenIn(Struct, frozen=True):
    """A snapshot's id, and whether this call made it."""

    snapshot: int
    new: bool


def take_in(path: Path, terms: Terms, *, filename: str = "") -> TakenIn:
    """Keep a census file and register it; the same content of the same source and day is registered once.

    An import of it that failed is begun again.

    Args:
        path: the file, plain or gzip. It is copied.
        terms: what is known of it.
        filename: what it was called where it came from.

    Raises:
        CensusError: no layout fits, or the file cannot be read.
        UsageFault: source or day are missing, or scope or layout are wrong.
    """
    filename = Path(filename or path.name).name[:300]
    layout = _layout(path, terms, filename)
    mapping = _keep(terms.mapping, ".yaml") if terms.mapping else ""
    source = _source(terms, layout)
    taken = _taken(terms, layout, filename)
    scope = _scope(terms)
    digest = _digest(path, f"{source.key}\n{taken.date().isoformat()}\n{mapping}\n".encode())
    return _registered(
        path,
        digest,
        {
            "mapping": mapping,
            "source": source,
            "taken": taken,
            "layout": layout.key,
            "scope": _plain(scope),
            "method": terms.method[:200],
            "succeeds": list(terms.succeeds),
            "lists_all": layout.lists_all if terms.lists_all is None else terms.lists_all,
            "window_days": layout.window_days,
            "filename": filename,
            "given_by": terms.given_by[:200],
            "size": path.stat().st_size,
        },
    )


def run(snapshot: int, progress: Progress | None = None) -> bool:
    """Import one registered snapshot to its end. Gives False if another process is importing.

    Raises:
        CensusError: the file cannot be read to its end; the snapshot is marked as failed.
        UsageFault: its layout is there no longer; likewise.
    """
    with lease() as held:
        if held:
            _import(Snapshot.objects.select_related("source").get(pk=snapshot), progress)
        return held


def run_next() -> bool:
    """Import the oldest snapshot that waits or was left half done. Gives whether there was one."""
    with lease() as held:
        waiting = Snapshot.objects.filter(state__in=PENDING).order_by("taken", "id")
        snapshot = waiting.select_related("source").first() if held else None
        if snapshot is None:
            return False
        with suppress(CensusError, UsageFault):  # its row says why
            _import(snapshot, None)
        return True


def import_file(
    path: Path, terms: Terms, *, progress: Progress | None = None, wait_seconds: float = 3600
) -> Snapshot:
    """Take a file in and wait until it is imported, by this process or by the one that already imports.

    Raises:
        CensusError: it cannot be taken in, or not to its end.
        UsageFault: see `take_in`.
    """
    taken = take_in(path, terms)
    until = clock.monotonic() + wait_seconds
    while not run(taken.snapshot, progress) and clock.monotonic() < until:
        snapshot = Snapshot.objects.get(pk=taken.snapshot)
        if progress:
            progress(snapshot)
        if snapshot.state in {Snapshot.COMPLETE, Snapshot.FAILED}:
            break
        clock.sleep(0.5)
    return Snapshot.objects.select_related("source").get(pk=taken.snapshot)


def refold(servers: Iterable[int]) -> None:
    """Fold servers anew, with owners matched again, in chunks: claims, decisions or facts have changed."""
    ids, ownership = sorted(set(servers)), Ownership()
    for start in range(0, len(ids), LEAST):
        with writing():  # an import may be under way: what is read here is what is written over
            for write in plans(ids[start : start + LEAST], ownership, followers()):
                write()


def held_file(snapshot: Snapshot) -> Path:
    """Give where a snapshot's file lies."""
    return Path(settings.DATA) / snapshot.held


# --- registering --------------------------------------------------------------------------------------


def _layout(path: Path, terms: Terms, filename: str) -> Layout:
    if terms.mapping is not None:
        return read_layout(terms.mapping)
    if terms.layout:
        return _named(terms.layout)
    return choose(CensusFile(path).head(LOOKED_AT), filename=filename)


def _named(key: str) -> Layout:
    for layout in all_layouts():
        if layout.key == key:
            return layout
    known = ", ".join(layout.key for layout in all_layouts())
    raise UsageFault(f"there is no layout {key}.", remedy=f"There are: {known}.")


def _source(terms: Terms, layout: Layout) -> CensusSource:
    key = terms.source or layout.source
    if not _KEY.fullmatch(key):
        raise UsageFault(
            f"{key!r} is no key of a source." if key else "nobody says who looked.",
            remedy="Give --source, in lower-case letters, digits and hyphens.",
        )
    named = layout.source_name if key == layout.source else key
    defaults = {"name": named, "independent_group": layout.group if key == layout.source else key}
    return CensusSource.objects.get_or_create(key=key, defaults=defaults)[0]


def _taken(terms: Terms, layout: Layout, filename: str) -> datetime:
    taken = terms.taken or day_named(layout, filename)
    if taken is None:
        raise UsageFault("nobody says when it was taken.", where=filename, remedy="Give --taken YYYY-MM-DD.")
    if not isinstance(taken, datetime):
        taken = datetime.combine(taken, time.min, UTC)
    if not datetime(2000, 1, 1, tzinfo=UTC) <= taken <= timezone.now() + timedelta(days=1):
        raise UsageFault(f"{taken:%Y-%m-%d} is no day of a census.", where=filename)
    return taken.astimezone(UTC)


def _scope(terms: Terms) -> Scope:
    try:
        if isinstance(terms.scope, str):
            return spell(terms.scope)
        return parse_scope(terms.scope or {})
    except ValueError as error:
        raise UsageFault(
            f"this is no scope: {error}.", remedy="Such as: all, or 192.0.2.0/24 port:443"
        ) from error


def _plain(scope: Scope) -> dict[str, object]:
    return {name: value for name in scope.__struct_fields__ if (value := getattr(scope, name))}


def _digest(path: Path, seed: bytes) -> str:
    total = hashlib.sha256(seed)
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            total.update(block)
    return total.hexdigest()


def _registered(path: Path, digest: str, values: dict[str, object]) -> TakenIn:
    known = Snapshot.objects.filter(digest=digest).first()
    if known is not None and known.state != Snapshot.FAILED:
        return TakenIn(known.pk, new=False)
    values["held"] = _keep(path, "")
    if known is not None:
        return _again(known)
    with writing():
        snapshot, new = Snapshot.objects.get_or_create(digest=digest, defaults=values)
    return TakenIn(snapshot.pk, new=new)


def _again(failed: Snapshot) -> TakenIn:
    """Let an import that failed, such as for want of its file, go on behind the rows that were taken in."""
    with writing():
        failed.state = Snapshot.RUNNING if failed.read else Snapshot.WAITING
        failed.fault, failed.finished = "", None
        failed.save(update_fields=["state", "fault", "finished"])
    return TakenIn(failed.pk, new=False)


def _keep(path: Path, suffix: str) -> str:
    """Copy a file, whole or not at all, to where its content's digest names it; gives that place."""
    held = f"{HELD}/{_digest(path, b'')}{suffix}"
    target = Path(settings.DATA) / held
    if target.exists():
        return held
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("rb") as stream, NamedTemporaryFile(dir=target.parent, delete=False) as copy:
        while block := stream.read(1 << 20):
            copy.write(block)
        copy.flush()
        os.fsync(copy.fileno())
    Path(copy.name).replace(target)
    return held


# --- importing ----------------------------------------------------------------------------------------


def _import(snapshot: Snapshot, progress: Progress | None) -> None:
    """Go through the states that are left. Only the holder of the lease comes here."""
    try:
        if snapshot.state in {Snapshot.WAITING, Snapshot.RUNNING}:
            Ingest(snapshot, held_file(snapshot), _kept_layout(snapshot)).run(progress)
            _enter(snapshot, Snapshot.SETTLING)
        if snapshot.state == Snapshot.SETTLING:
            settle(snapshot, progress)
            _enter(snapshot, Snapshot.COMPLETE)
    except (CensusError, UsageFault) as error:  # a layout may be gone since
        snapshot.fault = str(error)
        _enter(snapshot, Snapshot.FAILED)
        raise


def _kept_layout(snapshot: Snapshot) -> Layout:
    return (
        read_layout(Path(settings.DATA) / snapshot.mapping) if snapshot.mapping else _named(snapshot.layout)
    )


def _enter(snapshot: Snapshot, state: str) -> None:
    snapshot.state = state
    if state in {Snapshot.COMPLETE, Snapshot.FAILED}:
        snapshot.finished = timezone.now()
    with transaction.atomic():
        snapshot.save(update_fields=["state", "finished", "fault"])
