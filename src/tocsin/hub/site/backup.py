"""One encrypted file that holds the whole hub, and its way back into an empty folder.

Inside is a tar: the database (SQLite's own online copy, or pg_dump), the secret, the held files, and at the
end a manifest with the digest of each. The hub may run while it is made.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

import msgspec

from tocsin import __version__
from tocsin.errors import EnvironmentFault, UsageFault
from tocsin.hub.rules.sealing import Key, Opener, Sealer

SQLITE, DUMP, SECRET, HELD, MANIFEST = "hub.sqlite3", "hub.pgdump", "secret.key", "held", "manifest.json"
PIECE = 1024 * 1024
MOST_FILES = 1_000_000
STRANGE = "the backup holds what no backup holds"
LARGEST_MANIFEST = 512 * 1024 * 1024


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds: digests by name, and what it came from."""

    made: datetime
    version: str
    files: dict[str, str]


def backup(folder: Path, target: Path, keys: Sequence[Key], *, settings: dict[str, Any]) -> Backup:
    """Write a backup of the hub in ``folder`` to ``target``, which must not be there.

    Args:
        folder: the data folder.
        target: the file to write; readable by its owner alone, whole or not there at all.
        keys: for whom it is sealed.
        settings: Django's settings of the database.

    Raises:
        UsageFault: the target is there already.
        EnvironmentFault: the target cannot be written, or pg_dump is missing or fails.
    """
    if target.exists():
        raise UsageFault("this is there already", where=str(target), remedy="Name another file.")
    waiting = target.with_name(f".{target.name}.{os.getpid()}")
    descriptor = _new(waiting)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            made = _write(folder, handle, keys, settings)
            handle.flush()
            os.fsync(handle.fileno())
        waiting.rename(target)
    finally:
        waiting.unlink(missing_ok=True)
    return made


def _new(path: Path) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise EnvironmentFault(
            f"no backup can be written here: {error.strerror}", where=str(path.parent)
        ) from error


def _write(folder: Path, handle: IO[bytes], keys: Sequence[Key], settings: dict[str, Any]) -> Backup:
    sealer = Sealer(handle, keys)
    files: dict[str, str] = {}
    with (
        tarfile.open(fileobj=cast("IO[bytes]", sealer), mode="w|") as tar,
        _database(folder, settings) as database,
    ):
        for path, name in [(database, database.name), (folder / SECRET, SECRET)]:
            files[name] = _add(tar, path, name)
        for path, name in _held(folder):
            with suppress(FileNotFoundError):  # an upload that got its name, or was past its time
                files[name] = _add(tar, path, name)
        made = Backup(made=datetime.now(UTC), version=__version__, files=files)
        _add_manifest(tar, made)
    sealer.close()
    return made


def _add(tar: tarfile.TarFile, path: Path, name: str) -> str:
    """Add a file as long as it is now; gives the digest of what was added, in the same reading."""
    with path.open("rb") as handle:
        entry = tar.gettarinfo(arcname=name, fileobj=handle)
        digested = _Digested(handle)
        tar.addfile(entry, cast("IO[bytes]", digested))
    return digested.total.hexdigest()


class _Digested:
    """A file's bytes, digested as they are read."""

    def __init__(self, handle: IO[bytes]) -> None:
        self._handle = handle
        self.total = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Some bytes."""
        found = self._handle.read(size)
        self.total.update(found)
        return found


def _held(folder: Path) -> Iterator[tuple[Path, str]]:
    """Plain files below ``held``; links are none of the hub's own."""
    for path in sorted((folder / HELD).rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path, path.relative_to(folder).as_posix()


def _add_manifest(tar: tarfile.TarFile, made: Backup) -> None:
    with tempfile.TemporaryFile() as spool:
        size = spool.write(msgspec.json.encode(made))
        spool.seek(0)
        entry = tarfile.TarInfo(MANIFEST)
        entry.size = size
        tar.addfile(entry, spool)


@contextmanager
def _database(folder: Path, settings: dict[str, Any]) -> Iterator[Path]:
    """A copy of the database as it is at one moment, gone afterwards."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".backup-") as place:
        if settings["ENGINE"].endswith("sqlite3"):
            copy = Path(place) / SQLITE
            _copy_sqlite(Path(settings["NAME"]), copy)
        else:
            copy = Path(place) / DUMP
            _postgres("pg_dump", settings, "--format=custom", "--no-owner", f"--file={copy}")
        yield copy


def _copy_sqlite(source: Path, copy: Path) -> None:
    descriptor = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.close(descriptor)
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(copy)) as new:
        old.backup(new)  # in one go: in pieces, SQLite begins again whenever somebody wrote in between
        new.execute("PRAGMA journal_mode=DELETE")


def _postgres(program: str, settings: dict[str, Any], *arguments: str) -> None:
    """Run one of PostgreSQL's programs; the password goes by its environment, not by its arguments."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda path: path.parts)
    found = shutil.which(program) or (str(places[-1]) if places else "")
    if not found:
        raise EnvironmentFault(f"{program} is not here", remedy="Install PostgreSQL's client programs.")
    where = {"PGHOST": settings["HOST"], "PGPORT": settings["PORT"], "PGUSER": settings["USER"]}
    where |= {"PGPASSWORD": settings["PASSWORD"], "PGDATABASE": settings["NAME"]}
    environment = {**os.environ, **{name: str(value) for name, value in where.items() if value}}
    done = subprocess.run([found, *arguments], env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed program
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise EnvironmentFault(f"{program} failed: {said[0]}")


def restore(
    source: Path, folder: Path, keys: Sequence[Key], *, settings: dict[str, Any] | None = None
) -> Backup:
    """Bring a backup into an empty folder. Every file is checked before the folder holds any of it.

    Args:
        source: the backup.
        folder: where the hub shall be; empty or not there.
        keys: of which one opens it.
        settings: Django's settings of an empty PostgreSQL database, if the backup came from one.

    Raises:
        UsageFault: the folder holds something, or no key opens the file.
        EnvironmentFault: the file is missing, was changed or is cut off; nothing was restored.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UsageFault(
            "this folder holds something", where=str(folder), remedy="Restore into an empty one."
        )
    with (
        _opened(source) as handle,
        tempfile.TemporaryDirectory(dir=_there(folder.parent), prefix=".restore-") as place,
    ):
        made = _unpack(Opener(handle, keys), Path(place))
        _check(Path(place), made)
        if DUMP in made.files:
            _load_dump(Path(place) / DUMP, settings)
        _move(Path(place), folder)
    return made


def _opened(source: Path) -> IO[bytes]:
    try:
        return source.open("rb")
    except OSError as error:
        raise EnvironmentFault(f"the backup cannot be read: {error.strerror}", where=str(source)) from error


def _there(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _move(place: Path, folder: Path) -> None:
    """Give the folder what was restored: all at once, or, into a mounted one, the database last."""
    try:
        if folder.exists():
            folder.rmdir()
        place.rename(folder)
    except OSError:
        folder.mkdir(mode=0o700, exist_ok=True)
        for path in sorted(place.iterdir(), key=lambda one: one.name == SQLITE):
            shutil.move(path, folder / path.name)


def _unpack(opener: Opener, place: Path) -> Backup:
    """Write the members, each under a name that the hub itself would give, and nothing else."""
    manifest = b""
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", opener), mode="r|") as tar:
            for number, member in enumerate(tar):
                stream = tar.extractfile(member) if member.isreg() and number < MOST_FILES else None
                if stream is None:
                    raise EnvironmentFault(STRANGE, where=member.name)
                if member.name == MANIFEST:
                    manifest = stream.read(LARGEST_MANIFEST)
                else:
                    _put(stream, _place(place, member.name))
        while opener.read(PIECE):  # to the end, which is checked
            pass
        return msgspec.json.decode(manifest, type=Backup)
    except (tarfile.TarError, FileExistsError, msgspec.DecodeError) as error:
        raise EnvironmentFault("the backup has no sound content", remedy="Use another copy.") from error


def _place(place: Path, name: str) -> Path:
    parts = PurePosixPath(name).parts
    known = parts in {(SQLITE,), (DUMP,), (SECRET,)} or (len(parts) > 1 and parts[0] == HELD)
    if not known or ".." in parts or "\\" in name:
        raise EnvironmentFault(STRANGE, where=name)
    path = place.joinpath(*parts)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _put(stream: IO[bytes], path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        shutil.copyfileobj(stream, handle, PIECE)


def _check(place: Path, made: Backup) -> None:
    """All that the manifest names is there, unchanged, and the database is sound."""
    found = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
    wrong = found.symmetric_difference(made.files) or {
        name for name, digest in made.files.items() if _digest(place / name) != digest
    }
    if wrong:
        raise EnvironmentFault("the backup is not whole", where=min(wrong), remedy="Use another copy.")
    if SQLITE in made.files:
        with closing(sqlite3.connect(place / SQLITE)) as database:
            said = database.execute("PRAGMA integrity_check").fetchone()[0]
        if said != "ok":
            raise EnvironmentFault(f"the database is damaged: {said}", where=SQLITE)


def _load_dump(dump: Path, settings: dict[str, Any] | None) -> None:
    if settings is None or settings["ENGINE"].endswith("sqlite3"):
        raise UsageFault(
            "this backup is of PostgreSQL", remedy="Name an empty database: DATABASE_URL=postgresql://…"
        )
    _postgres(
        "pg_restore",
        settings,
        "--no-owner",
        "--exit-on-error",
        "--single-transaction",
        "-d",
        settings["NAME"],
        str(dump),
    )
    dump.unlink()


def _digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
