"""The data: two servers' logs, plain and packed, and cuts of them; made once from a seed, kept in the cache.

A folder's name says what it was made from (scenario, generator, size, seed), so nothing stale is used.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import msgspec
import yaml
from msgspec import Struct

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SOURCE = ROOT / "src"
_BYTES_A_ROW = 2200
"""One everyday request gives about so many bytes over all text logs."""
_BYTES_A_DAY = 430_000_000
"""A busy server's text logs of a day; 13 GB a month."""
_CHUNK = 1 << 20


class Made(Struct, frozen=True, kw_only=True):
    """One set of data.

    Attributes:
        name: such as ``innocent`` or ``innocent.gz``.
        says: what it is.
        path: the folder or file to be read.
        files: how many files, unpacked.
        size: bytes, unpacked.
        lines: lines, where it is text.
    """

    name: str
    says: str
    path: str
    files: int
    size: int
    lines: int = 0


class Wanted(Struct, frozen=True, kw_only=True):
    """How much of everything: bytes, seed, how many small files."""

    size: int
    guilty: int
    small: int
    sample: int
    small_files: int
    seed: int = 1


def server(cache: Path, name: str, scenario: str, says: str, *, size: int, seed: int) -> Made:
    """Make one server's collection of about ``size`` bytes; 0 leaves the size to the scenario."""
    path = HERE / "scenarios" / f"{scenario}.yaml"
    key = f"{name}-{_generator(path)}-{size}-{seed}"

    def write(folder: Path) -> Made:
        rows = ["--rows", str(max(size // _BYTES_A_ROW, 1))] if size else []
        told = _lasting(path, folder / path.name, size) if size else path
        _tocsin(
            ["exercise", "server", str(told), "--out", str(folder / "server"), "--seed", str(seed), *rows]
        )
        return measured(name, says, folder / "server" / "evidence", text=bool(size))

    return _kept(cache / key, write)


def _lasting(scenario: Path, target: Path, size: int) -> Path:
    """Write a scenario that lasts as many days as a busy server needs for so many bytes.

    A month with a tenth of the traffic would be thousands of tiny logs.
    """
    told = yaml.safe_load(scenario.read_text("utf-8"))
    days = timedelta(days=max(1, round(size / _BYTES_A_DAY)))
    told["collected"] = datetime.combine(told["first_day"] + days, time(8), UTC)
    target.write_text(yaml.safe_dump(told), "utf-8")
    return target


def gzipped(cache: Path, plain: Made) -> Made:
    """Compress every log by itself, as a rotation does."""

    def write(folder: Path) -> Made:
        for path, inside in _files(Path(plain.path)):
            _gzip(path, folder / "evidence" / inside)
        return _packed(plain, "gz", folder / "evidence", "each log gzipped")

    return _kept(_beside(cache, plain, "gz"), write)


def zipped(cache: Path, plain: Made) -> Made:
    """Put the whole collection into one zip."""

    def write(folder: Path) -> Made:
        target = folder / "evidence.zip"
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for path, inside in _files(Path(plain.path)):
                archive.write(path, inside)
        return _packed(plain, "zip", target, "one zip")

    return _kept(_beside(cache, plain, "zip"), write)


def cut(cache: Path, plain: Made, name: str, says: str, *, size: int) -> Made:
    """Copy the first ``size`` bytes of the IIS logs, whole lines, for tools that need hours for the rest."""

    def write(folder: Path) -> Made:
        left, target = size, folder / "evidence"
        target.mkdir()
        for path, inside in _files(Path(plain.path)):
            if left > 0 and "W3SVC1/" in inside:
                left -= _copy(path, target / path.name, left)
        return measured(name, says, target, text=True)

    return _kept(_beside(cache, plain, f"{name}-{size}"), write)


def small_files(cache: Path, count: int) -> Made:
    """Make so many binary files of 400 bytes to 4 KiB that no tool knows, 100 in a folder."""

    def write(folder: Path) -> Made:
        for number in range(count):
            digest = hashlib.sha256(str(number).encode()).hexdigest()
            target = (
                folder / "evidence" / f"{number // 10_000:03}" / f"{number // 100:06}" / f"{digest[:12]}.dat"
            )
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(bytes.fromhex(digest + "00") * (12 + number % 112))
        return measured(
            "files", f"{count:,} small binary files of no known kind", folder / "evidence", text=False
        )

    return _kept(cache / f"binaries-{count}", write)


def measured(name: str, says: str, path: Path, *, text: bool) -> Made:
    """Count what lies in a folder; reads it all, which warms the cache too."""
    files = size = lines = 0
    for each, _ in _files(path):
        files += 1
        size += each.stat().st_size
        lines += _lines(each) if text else 0
    return Made(name=name, says=says, path=str(path), files=files, size=size, lines=lines)


def warm(made: Made) -> None:
    """Read everything once, so that all contenders find it in memory."""
    path = Path(made.path)
    for each in [path] if path.is_file() else [file for file, _ in _files(path)]:
        with each.open("rb") as source:
            while source.read(_CHUNK):
                pass


def tocsin_environment() -> dict[str, str]:
    """Give what makes this checkout's Tocsin importable."""
    return {"PYTHONPATH": str(SOURCE)}


def _kept(folder: Path, write: Callable[[Path], Made]) -> Made:
    """Give what the cache has; make it anew if it is not whole."""
    marker = folder / "made.json"
    if marker.exists():
        return msgspec.json.decode(marker.read_bytes(), type=Made)
    print(f"making {folder.name} ...", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    made = write(folder)
    marker.write_bytes(msgspec.json.encode(made))
    return made


def _beside(cache: Path, plain: Made, suffix: str) -> Path:
    """Name a folder after the one that it is made from."""
    origin = Path(plain.path).relative_to(cache).parts[0]
    return cache / f"{origin}.{suffix}"


def _packed(plain: Made, suffix: str, path: Path, how: str) -> Made:
    return msgspec.structs.replace(
        plain, name=f"{plain.name}.{suffix}", says=f"{plain.says}, {how}", path=str(path)
    )


def _generator(scenario: Path) -> str:
    """Give a digest of everything that decides what is made."""
    digest = hashlib.sha256(scenario.read_bytes())
    for path in sorted((SOURCE / "tocsin" / "exercise").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _tocsin(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "tocsin.cli", *arguments]
    environment = {**os.environ, **tocsin_environment()}
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603 - our own


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield every file and its path inside, sorted."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path, path.relative_to(folder).as_posix()


def _gzip(path: Path, target: Path) -> None:
    """Write ``target.gz``, or a plain copy of what is no log; the time of change stays."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() != ".log":
        shutil.copy2(path, target)
        return
    target = target.with_name(f"{target.name}.gz")
    with path.open("rb") as source, gzip.open(target, "wb", 6) as sink:
        shutil.copyfileobj(source, sink, _CHUNK)
    shutil.copystat(path, target)


def _copy(path: Path, target: Path, most: int) -> int:
    with path.open("rb") as source, target.open("wb") as sink:
        for line in source:
            if sink.tell() >= most:
                break
            sink.write(line)
        return sink.tell()


def _lines(path: Path) -> int:
    with path.open("rb") as source:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: source.read(_CHUNK), b""))
