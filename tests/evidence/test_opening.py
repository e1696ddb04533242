"""Opening a folder, a zip or a file: every file once, hashed, in order, and nothing changed."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import subprocess
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import ArtefactError, EvidenceError
from tocsin.evidence.limits import Limits
from tocsin.evidence.opening import Evidence, open_evidence
from tocsin.evidence.source import Source

Build = Callable[..., Path]
LOG = b"#Fields: date time\r\n2021-03-03 04:14:51\r\n"
FILES = {
    "C/inetpub/logs/LogFiles/W3SVC1/u_ex210303.log": LOG,
    "C/Inetpub/wwwroot/a.aspx": b"<%@ Page %>",
    "C/inetpub/wwwroot/A.aspx": b"",
    "notes.txt": b"note",
}


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _all(path: Path, **options: object) -> tuple[Evidence, dict[str, bytes]]:
    """Read everything, and close."""
    with open_evidence(path, **options) as evidence:  # type: ignore[arg-type]  # keywords of the call
        data = {source.path: source.read(1 << 20) for source in evidence.sources()}
    return evidence, data


def test_a_folder_gives_each_file_once_in_order_with_its_hash(folder: Build) -> None:
    evidence, data = _all(folder(FILES))
    assert data == FILES
    assert list(data) == sorted(FILES)
    assert evidence.hashes == {path: _sha(content) for path, content in FILES.items()}
    assert (evidence.total_files, evidence.total_bytes) == (4, sum(map(len, FILES.values())))
    assert evidence.skipped == []


def test_a_zip_gives_the_same_as_the_folder(folder: Build, zipped: Build) -> None:
    from_folder, data = _all(folder(FILES))
    path = zipped(dict(reversed(FILES.items())))
    from_zip, same = _all(path)
    assert list(data.items()) == list(same.items())
    assert from_zip.hashes == from_folder.hashes
    assert from_zip.info().sha256 == _sha(path.read_bytes())
    assert (from_zip.info().files, from_zip.info().bytes) == (4, from_folder.info().bytes)


def test_the_digest_of_a_folder_is_that_of_sha256sum(folder: Build) -> None:
    root = folder(FILES | {"a\nb.txt": b"1", "back\\slash.txt": b"2", "z é.txt": b"3"})
    evidence, data = _all(root)
    names = sorted(data, key=str.encode)
    printed = subprocess.run(["sha256sum", "--", *names], cwd=root, capture_output=True, check=True).stdout
    assert evidence.info().sha256 == _sha(printed)


def test_a_single_log_is_evidence(tmp_path: Path) -> None:
    path = tmp_path / "u_ex210303.log"
    path.write_bytes(LOG)
    evidence, data = _all(path)
    assert data == {"u_ex210303.log": LOG}
    assert evidence.info().sha256 == _sha(LOG)
    assert evidence.info().name == "u_ex210303.log"


def test_a_source_tells_where_it_stood_and_when_it_changed(folder: Build) -> None:
    root = folder({"EXCH01/C/Inetpub/a.LOG": LOG})
    os.utime(root / "EXCH01/C/Inetpub/a.LOG", (0, 1_614_744_891))
    with open_evidence(root) as evidence:
        (source,) = evidence.sources()
    assert (source.path, source.where, source.name) == ("EXCH01/C/Inetpub/a.LOG", "inetpub/a.log", "a.log")
    assert source.modified == datetime(2021, 3, 3, 4, 14, 51, tzinfo=UTC)
    assert source.head == LOG
    assert source.size == len(LOG)


def test_a_source_opens_again_and_again_even_after_the_next_was_given(zipped: Build) -> None:
    with open_evidence(zipped(FILES)) as evidence:
        for source in list(evidence.sources()):
            assert source.read(100) == source.read(100) == FILES[source.path]


def test_a_source_longer_than_the_caller_wants_is_an_error_and_not_a_part(folder: Build) -> None:
    with open_evidence(folder({"a.log": b"12345"})) as evidence:
        (source,) = evidence.sources()
        assert source.read(5) == b"12345"
        with pytest.raises(ArtefactError, match=r"longer than 4 bytes"):
            source.read(4)


@pytest.mark.parametrize("suffix", ["", ".zip"])
def test_a_source_seeks_as_a_file_does(suffix: str, folder: Build, zipped: Build) -> None:
    content = os.urandom(700_000)
    path = zipped({"a.bin": content}) if suffix else folder({"a.bin": content})
    with open_evidence(path) as evidence:
        for source in evidence.sources():
            with source.open() as stream:
                assert stream.seek(0, io.SEEK_END) == len(content)
                assert (stream.seek(600_000), stream.read(10)) == (600_000, content[600_000:600_010])
                assert (stream.seek(5), stream.read(10)) == (5, content[5:15])
                assert (stream.seek(10, io.SEEK_CUR), stream.read()) == (25, content[25:])
    assert evidence.hashes == {"a.bin": _sha(content)}


@given(
    steps=st.lists(
        st.tuples(st.sampled_from([0, 1, 2]), st.integers(-2000, 2000), st.integers(0, 1500)), max_size=12
    )
)
def test_any_walk_through_a_packed_source_is_that_through_a_file(
    steps: list[tuple[int, int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytes(range(256)) * 5
    path = tmp_path_factory.mktemp("walk") / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("a.bin", content)
    plain = io.BytesIO(content)
    with open_evidence(path) as evidence:
        for source in evidence.sources():
            with source.open() as stream:
                for whence, offset, size in steps:
                    base = (0, plain.tell(), len(content))[whence]
                    if 0 <= base + offset <= len(content):
                        assert stream.seek(offset, whence) == plain.seek(base + offset)
                    assert stream.read(size) == plain.read(size)
    assert evidence.hashes == {"a.bin": _sha(content)}


@pytest.mark.parametrize("part", [0, 1, 300_000])
def test_the_hash_is_of_the_whole_file_however_little_was_read(part: int, folder: Build) -> None:
    content = os.urandom(600_000)
    with open_evidence(folder({"a.bin": content})) as evidence:
        for source in evidence.sources():
            with source.open() as stream:
                stream.seek(200_000)
                stream.read(part)
    assert evidence.hashes == {"a.bin": _sha(content)}
    assert evidence.info().bytes == len(content)


def test_a_rotated_log_is_read_through_gzip_and_hashed_as_it_lies(folder: Build) -> None:
    packed = gzip.compress(LOG)
    evidence, data = _all(folder({"C/inetpub/logs/u_ex.log.gz": packed}))
    assert data == {"C/inetpub/logs/u_ex.log.gz": LOG}
    assert evidence.hashes == {"C/inetpub/logs/u_ex.log.gz": _sha(packed)}


def test_a_packed_log_stands_for_the_log_and_a_packed_page_does_not(folder: Build) -> None:
    root = folder(
        {"C/a.log.gz": gzip.compress(LOG), "C/b.aspx.gz": gzip.compress(b"<%%>"), "C/c.gz": b"plain"}
    )
    with open_evidence(root) as evidence:
        places = [source.where for source in evidence.sources()]
    assert places == ["a.log", "b.aspx.gz!/b.aspx", "c.gz"]


def test_a_zip_in_a_zip_in_a_folder_is_read_to_the_bound_of_depth(folder: Build, zipped: Build) -> None:
    level = LOG
    for depth in range(4):
        level = zipped({"a.log" if depth == 0 else "in.zip": level}, name=f"{depth}.zip").read_bytes()
    evidence, data = _all(folder({"host.zip": level}), limits=Limits(nesting=4))
    assert data == {"host.zip!/in.zip!/in.zip!/in.zip!/a.log": LOG}
    with pytest.raises(EvidenceError, match="zip within zip, deeper than 3"):
        _all(Path(evidence._where))


def test_a_collection_in_a_zip_takes_its_own_layout_and_a_zip_on_the_disk_does_not(
    folder: Build, zipped: Build
) -> None:
    inner = zipped({"C/inetpub/wwwroot/a.aspx": b"<%%>"}).read_bytes()
    root = folder({"host.zip": inner, "C/inetpub/wwwroot/backup.zip": inner})
    with open_evidence(root) as evidence:
        found = {source.path: source.where for source in evidence.sources()}
    assert found == {
        "C/inetpub/wwwroot/backup.zip": "inetpub/wwwroot/backup.zip",
        "C/inetpub/wwwroot/backup.zip!/C/inetpub/wwwroot/a.aspx": (
            "inetpub/wwwroot/backup.zip!/inetpub/wwwroot/a.aspx"
        ),
        "host.zip!/C/inetpub/wwwroot/a.aspx": "inetpub/wwwroot/a.aspx",
    }


def test_more_inner_zips_than_are_held_open_are_still_read_in_any_order(zipped: Build) -> None:
    inner = {f"{n}.zip": zipped({"a.log": b"%d" % n}, name=f"{n}.zip").read_bytes() for n in range(9)}
    outer = zipped(inner, name="outer.zip")
    with open_evidence(outer) as evidence:
        sources = list(evidence.sources())
        streams = [source.open() for source in sources]
        assert [stream.read() for stream in reversed(streams)] == [b"%d" % n for n in reversed(range(9))]
        for stream in streams:
            stream.close()
        assert [source.read(9) for source in sources] == [b"%d" % n for n in range(9)]


def test_two_members_of_one_name_are_both_given(tmp_path: Path) -> None:
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("a.log", b"one")
        with pytest.warns(UserWarning, match="Duplicate name"):
            out.writestr("a.log", b"two")
    _, data = _all(path)
    assert data == {"a.log": b"one", "a.log#2": b"two"}


def test_backslashes_in_a_zip_separate_folders(zipped: Build) -> None:
    with open_evidence(zipped({"C\\inetpub\\a.log": LOG, "C\\empty\\": b""})) as evidence:
        (source,) = evidence.sources()
    assert (source.path, source.where) == ("C/inetpub/a.log", "inetpub/a.log")
    assert evidence.skipped == []


def test_a_time_in_a_zip_counts_only_with_its_time_zone(zipped: Build) -> None:
    plain, unix, ntfs = (
        zipfile.ZipInfo(name, (2021, 3, 3, 5, 14, 50)) for name in ("dos", "unix", "windows")
    )
    unix.extra = b"\x0a\x00\x02\x00zzUT\x05\x00\x03" + (1_614_744_891).to_bytes(4, "little")
    ticks = (1_614_744_891 + 11_644_473_600) * 10_000_000
    ntfs.extra = b"\x0a\x00\x20\x00\0\0\0\0\x01\x00\x18\x00" + ticks.to_bytes(8, "little") + b"\0" * 16
    with open_evidence(zipped({plain: b"1", unix: b"2", ntfs: b"3"})) as evidence:
        found = {source.path: source.modified for source in evidence.sources()}
    moment = datetime(2021, 3, 3, 4, 14, 51, tzinfo=UTC)
    assert found == {"dos": None, "unix": moment, "windows": moment}


def test_nothing_in_the_evidence_is_changed(folder: Build, zipped: Build) -> None:
    root = folder(FILES | {"in.zip": zipped(FILES).read_bytes(), "a.log.gz": gzip.compress(LOG)})

    def state() -> dict[str, tuple[int, int, int]]:
        found = {str(path): path.stat() for path in [root, *root.rglob("*")]}
        return {path: (info.st_mtime_ns, info.st_ctime_ns, info.st_size) for path, info in found.items()}

    before = state()
    evidence, data = _all(root)
    evidence.info()
    assert len(data) == 9
    assert state() == before


def test_a_read_only_tree_is_read_and_no_file_is_opened_for_writing(
    folder: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = folder(FILES)
    for path in [*root.rglob("*"), root]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    flags: list[int] = []
    real = os.open

    def spy(path: str, mode: int, *rest: int, **more: int) -> int:
        flags.append(mode)
        return real(path, mode, *rest, **more)

    monkeypatch.setattr(os, "open", spy)
    _, data = _all(root)
    monkeypatch.undo()
    for path in [root, *root.rglob("*")]:
        path.chmod(0o755)
    assert data == FILES
    assert flags
    assert not any(mode & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND) for mode in flags)


def test_reading_a_second_time_gives_the_same(folder: Build) -> None:
    with open_evidence(folder(FILES | {"b.7z": b"7z\xbc\xaf\x27\x1c"})) as evidence:
        first = [source.path for source in evidence.sources()]
        assert [source.path for source in evidence.sources()] == first
        assert len(evidence.skipped) == 1


def test_lines_of_a_source_come_with_numbers(zipped: Build) -> None:
    with open_evidence(zipped({"a.log": LOG})) as evidence:
        lines = [(line.number, line.text) for source in evidence.sources() for line in source.lines()]
    assert lines == [(1, "#Fields: date time"), (2, "2021-03-03 04:14:51")]


def test_a_shadow_copy_is_marked(folder: Build) -> None:
    with open_evidence(folder({"VSS1/C/a.log": LOG, "C/a.log": LOG})) as evidence:
        marks = {source.path: source.shadow_copy for source in evidence.sources()}
    assert marks == {"C/a.log": False, "VSS1/C/a.log": True}


def test_the_configuration_comes_first_and_shadow_copies_last(folder: Build) -> None:
    config = "C/Windows/System32/inetsrv/config/applicationHost.config"
    shadow = "uploads/ntfs/%5C%5C%3F%5CGLOBALROOT%5CDevice%5CHarddiskVolumeShadowCopy3/a.log"
    files = ["A/a.log", config, "VSS1/C/a.log", shadow, "uploads/ntfs/%5C%5C.%5CC%3A/a.log"]
    with open_evidence(folder(dict.fromkeys(files, LOG))) as evidence:
        found = [source.path for source in evidence.sources()]
    assert found == [config, "A/a.log", "uploads/ntfs/%5C%5C.%5CC%3A/a.log", shadow, "VSS1/C/a.log"]


def test_a_source_holds_no_more_of_the_file_than_its_head() -> None:
    assert set(Source.__struct_fields__) == {"path", "where", "size", "modified", "opener", "head"}
