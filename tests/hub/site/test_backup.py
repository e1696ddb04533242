"""The whole hub goes into one encrypted file and comes back; anything else is refused before it is there."""

from __future__ import annotations

import io
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tocsin.errors import EnvironmentFault, TocsinError, UsageFault
from tocsin.hub.rules.sealing import Opener, Passphrase, Sealer
from tocsin.hub.site import backup as module
from tocsin.hub.site.backup import HELD, MANIFEST, SECRET, SQLITE, backup, restore

KEYS = [Passphrase("correct horse battery staple")]


@pytest.fixture
def hub(tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path / "hub"
    (folder / HELD / "census").mkdir(parents=True)
    (folder / HELD / "census" / "0f").write_bytes(b"a census")
    (folder / HELD / "way out").symlink_to("/etc/passwd")
    (folder / SECRET).write_text("secret")
    with closing(sqlite3.connect(folder / SQLITE)) as database, database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE victims (name)")
        database.execute("INSERT INTO victims VALUES ('Contoso')")
    return folder, {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / SQLITE}


def test_there_and_back(hub: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, settings = hub
    target = tmp_path / "hub.backup"
    with closing(sqlite3.connect(folder / SQLITE)) as busy:
        busy.execute("BEGIN")
        busy.execute("SELECT * FROM victims").fetchall()
        made = backup(folder, target, KEYS, settings=settings)
    assert set(made.files) == {SQLITE, SECRET, f"{HELD}/census/0f"}
    assert b"Contoso" not in target.read_bytes()
    assert target.stat().st_mode & 0o777 == 0o600
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
    again = tmp_path / "again"
    assert restore(target, again, KEYS).files == made.files
    with closing(sqlite3.connect(again / SQLITE)) as database:
        assert database.execute("SELECT name FROM victims").fetchall() == [("Contoso",)]
    assert (again / HELD / "census" / "0f").read_bytes() == b"a census"
    assert (again / SECRET).stat().st_mode & 0o777 == 0o600


def test_whoever_writes_meanwhile_does_not_make_it_begin_again(
    hub: tuple[Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, settings = hub
    looks: list[int] = []
    with closing(sqlite3.connect(folder / SQLITE)) as other:
        other.execute("INSERT INTO victims VALUES (zeroblob(?))", [20 << 20])
        other.commit()

        class Busy(sqlite3.Connection):
            def backup(self, target: sqlite3.Connection, **how: Any) -> None:
                super().backup(target, progress=write, **how)

        def write(*left: int) -> None:
            looks.append(left[1])
            assert len(looks) < 10, "it never ends while somebody writes"
            other.execute("INSERT INTO victims VALUES ('Fabrikam')")
            other.commit()

        connect = sqlite3.connect
        with monkeypatch.context() as patch:
            patch.setattr(sqlite3, "connect", lambda path: connect(path, factory=Busy))
            backup(folder, tmp_path / "b", KEYS, settings=settings)
    assert looks
    restore(tmp_path / "b", tmp_path / "again", KEYS)


def test_uploads_come_and_go_meanwhile(
    hub: tuple[Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, settings = hub
    growing = folder / HELD / "incoming-1"
    growing.write_bytes(b"half of")

    def held(_: Path) -> Iterator[tuple[Path, str]]:
        yield folder / HELD / "incoming-2", "held/incoming-2"
        yield growing, "held/incoming-1"

    class Growing(module._Digested):
        def read(self, size: int = -1) -> bytes:
            if self._handle.name == str(growing):
                with growing.open("ab") as more:
                    more.write(b" the rest")
            return super().read(size)

    monkeypatch.setattr(module, "_held", held)
    monkeypatch.setattr(module, "_Digested", Growing)
    made = backup(folder, tmp_path / "b", KEYS, settings=settings)
    assert set(made.files) == {SQLITE, SECRET, "held/incoming-1"}
    restore(tmp_path / "b", tmp_path / "again", KEYS)
    assert (tmp_path / "again" / HELD / "incoming-1").read_bytes() == b"half of"


def test_into_an_empty_folder_and_into_a_mounted_one(
    hub: tuple[Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, settings = hub
    made = backup(folder, tmp_path / "b", KEYS, settings=settings)
    empty, mounted = tmp_path / "empty", tmp_path / "mounted"
    for place in (empty, mounted):
        place.mkdir()
    restore(tmp_path / "b", empty, KEYS)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rmdir", busy)
        restore(tmp_path / "b", mounted, KEYS)
    for place in (empty, mounted):
        found = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
        assert found == set(made.files)
    assert empty.stat().st_mode & 0o777 == 0o700
    assert not list(tmp_path.glob(".restore-*"))


def busy(self: Path) -> None:
    raise OSError(16, "Device or resource busy", str(self))


def test_what_cannot_be_read_or_written_is_said(hub: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, settings = hub
    with pytest.raises(EnvironmentFault, match="no backup can be written here"):
        backup(folder, tmp_path / "nowhere" / "b", KEYS, settings=settings)
    with pytest.raises(EnvironmentFault, match="the backup cannot be read"):
        restore(tmp_path / "nowhere", tmp_path / "again", KEYS)
    assert not (tmp_path / "again").exists()


def test_nothing_is_overwritten(hub: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, settings = hub
    target = tmp_path / "hub.backup"
    backup(folder, target, KEYS, settings=settings)
    before = target.read_bytes()
    with pytest.raises(UsageFault):
        backup(folder, target, KEYS, settings=settings)
    assert target.read_bytes() == before
    with pytest.raises(UsageFault):
        restore(target, folder, KEYS)


def test_a_damaged_backup_restores_nothing(hub: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, settings = hub
    target = tmp_path / "hub.backup"
    backup(folder, target, KEYS, settings=settings)
    whole = target.read_bytes()
    for damaged in (whole[:-1], whole[: len(whole) // 2], whole[:-50] + b"x" * 50, b""):
        target.write_bytes(damaged)
        with pytest.raises(TocsinError):
            restore(target, tmp_path / "again", KEYS)
        assert not (tmp_path / "again").exists()
    target.write_bytes(whole)
    with pytest.raises(UsageFault):
        restore(target, tmp_path / "again", [Passphrase("another long passphrase")])


def forged(target: Path, fill: Callable[[tarfile.TarFile], None]) -> Path:
    """A backup by somebody who has the key, with members of his own."""
    with target.open("wb") as handle:
        sealer = Sealer(handle, KEYS, cost=2**4)
        plain = io.BytesIO()
        with tarfile.open(fileobj=plain, mode="w") as tar:
            fill(tar)
        sealer.write(plain.getvalue())
        sealer.close()
    return target


@pytest.mark.parametrize(
    "name", ["../out", "/etc/cron.d/x", "held/../../out", "held", "settings.py", "held/..\\x"]
)
def test_members_that_no_backup_holds_are_refused(tmp_path: Path, name: str) -> None:
    def fill(tar: tarfile.TarFile) -> None:
        entry = tarfile.TarInfo(name)
        entry.size = 1
        tar.addfile(entry, io.BytesIO(b"x"))

    with pytest.raises(EnvironmentFault):
        restore(forged(tmp_path / "forged", fill), tmp_path / "again", KEYS)
    assert not (tmp_path / "out").exists()


def test_links_and_missing_manifests_are_refused(tmp_path: Path) -> None:
    def link(tar: tarfile.TarFile) -> None:
        entry = tarfile.TarInfo(SECRET)
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(entry)

    def nothing(tar: tarfile.TarFile) -> None:
        entry = tarfile.TarInfo(MANIFEST)
        tar.addfile(entry, io.BytesIO())

    for fill in (link, nothing):
        with pytest.raises(EnvironmentFault):
            restore(forged(tmp_path / "forged", fill), tmp_path / "again", KEYS)


def test_what_is_inside_is_a_tar(hub: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, settings = hub
    backup(folder, tmp_path / "b", KEYS, settings=settings)
    with (
        (tmp_path / "b").open("rb") as handle,
        tarfile.open(fileobj=io.BytesIO(Opener(handle, KEYS).read())) as tar,
    ):
        assert tar.getnames()[-1] == MANIFEST
