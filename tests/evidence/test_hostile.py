"""Evidence that is damaged, hostile or not what it says: a clear word, an account, no harm."""

from __future__ import annotations

import gzip
import io
import os
import socket
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.errors import ArtefactError, EvidenceError, LimitExceeded
from tocsin.evidence.containers import Kind, container_inside, container_named
from tocsin.evidence.limits import MIB, Budget, Limits
from tocsin.evidence.lines import Line
from tocsin.evidence.opening import Evidence, open_evidence

Build = Callable[..., Path]
LOG = b"2021-03-03 04:14:51 POST /ecp/y.js\n"


def _read(path: Path, **limits: float) -> tuple[Evidence, dict[str, bytes | str]]:
    """Read everything; an artefact's error stands for its bytes."""
    found: dict[str, bytes | str] = {}
    with open_evidence(path, limits=Limits(**limits)) as evidence:  # type: ignore[arg-type]  # names of limits
        for source in evidence.sources():
            try:
                found[source.path] = b"".join(line.text.encode() + b"\n" for line in source.lines())
            except ArtefactError as error:
                found[source.path] = error.what
        evidence.info()
    return evidence, found


def _until_damage(lines: Iterator[Line]) -> tuple[list[Line], str]:
    """Give the lines before the error, and its word."""
    found: list[Line] = []
    try:
        found.extend(lines)
    except ArtefactError as error:
        return found, error.what
    return found, ""


def _why(evidence: Evidence) -> dict[str, str]:
    return {entry.path: entry.why for entry in evidence.skipped}


# --- what cannot be opened at all


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"absent: no such file or folder"):
        open_evidence(tmp_path / "absent")


def test_an_empty_folder_is_no_evidence(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(EvidenceError, match="holds no files"):
        open_evidence(tmp_path)


def test_a_pipe_as_evidence_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(EvidenceError, match="neither a folder nor a regular file"):
        open_evidence(tmp_path / "pipe")


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("a.tar", b"\0" * 257 + b"ustar" + b"\0" * 250, "tar archive.* Unpack it"),
        ("a.tar.gz", gzip.compress(b"x", mtime=0), "tar archive.* Unpack it"),
        ("a.tgz", gzip.compress(b"x", mtime=0), "tar archive.* Unpack it"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c", "7-Zip archive.* Unpack it"),
        ("a.rar", b"Rar!\x1a\x07\x01\x00", "RAR archive.* Unpack it"),
        ("a.vhdx", b"vhdxfile", "VHDX.* Mount it"),
        ("a.vhd", b"\0" * 512, "VHD.* Mount it"),
        ("a.vmdk", b"KDMV", "VMDK.* Mount it"),
        ("a.E01", b"EVF\x09\x0d\x0a\xff\0", "EnCase image.* Mount it"),
        ("a.aff4", b"PK\x03\x04", "AFF4 image.* Mount it"),
        ("renamed.bin", b"7z\xbc\xaf\x27\x1c", "7-Zip archive"),
        ("disk.bin", b"\xeb\x52\x90NTFS    " + b"\0" * 499 + b"\x55\xaa", "disk image"),
        ("a.zip", b"PK\x03\x04" + b"x" * 100, "damaged, cut short or not a zip"),
        ("a.zip", b"", "damaged, cut short or not a zip"),
        ("a.zip", b"PK\x05\x06" + b"\0" * 18, "holds no files"),
        ("u_ex.log", b"", "holds no file that can be read.*stubs"),
        ("u_ex.log.gz", b"\x1f\x8b\x08", "holds no file that can be read.*damaged or cut short"),
    ],
)
def test_a_file_that_cannot_be_evidence_says_why(
    name: str, content: bytes, word: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(EvidenceError, match=word):
        _read(tmp_path / name)


def test_a_zip_cut_short_is_an_error_with_a_remedy(zipped: Build) -> None:
    path = zipped({"a.log": LOG * 1000, "b.log": os.urandom(5000)})
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(EvidenceError, match=r"Copy it again"):
        open_evidence(path)


# --- entries that are left out, with the reason


def _flagged(path: Path, *names: str) -> Path:
    """Set the flag of encryption in the list of a zip."""
    data = bytearray(path.read_bytes())
    for name in names:
        place = data.rfind(name.encode()) - 46
        assert data[place : place + 4] == b"PK\x01\x02"
        data[place + 8] |= 1
    path.write_bytes(data)
    return path


def test_a_protected_member_is_left_out_and_the_rest_is_read(zipped: Build) -> None:
    evidence, found = _read(_flagged(zipped({"a.log": LOG, "b.log": LOG}), "b.log"))
    assert found == {"a.log": LOG}
    assert "protected by a password" in _why(evidence)["b.log"]


def test_a_zip_protected_as_a_whole_is_an_error(zipped: Build) -> None:
    with pytest.raises(EvidenceError, match=r"protected by a password: unpack it"):
        open_evidence(_flagged(zipped({"a.log": LOG, "b.log": LOG}), "a.log", "b.log"))


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("../a.log", "climbs"),
        ("x/../../a.log", "climbs"),
        ("..\\a.log", "climbs"),
        ("/etc/passwd", "absolute"),
        ("\\\\server\\share\\a.log", "absolute"),
        ("C:a.log", "relative to a drive"),
        ("x/" * 70 + "a.log", "deeper than 64 folders"),
        ("a" * 5000, "longer than 4,096 characters"),
    ],
)
def test_a_name_that_leads_outside_is_refused(name: str, word: str, zipped: Build) -> None:
    evidence, found = _read(zipped({name: LOG, "C:/a.log": LOG}))
    assert found == {"C:/a.log": LOG}
    assert word in _why(evidence)[name.replace("\\", "/")]


def test_links_and_devices_in_a_zip_are_not_followed(zipped: Build) -> None:
    link, device = zipfile.ZipInfo("link"), zipfile.ZipInfo("device")
    link.external_attr, device.external_attr = 0o120777 << 16, 0o060600 << 16
    evidence, found = _read(zipped({link: b"/etc/passwd", device: b"", "a.log": LOG}))
    assert found == {"a.log": LOG}
    assert _why(evidence) == {"link": "symbolic link; not followed", "device": "device or pipe, not a file"}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_method_without_bound_on_memory_is_left_out(method: int, zipped: Build) -> None:
    with pytest.raises(EvidenceError, match=r"packed with (bzip2|LZMA), which is not read here"):
        open_evidence(zipped({"a.log": LOG}, method=method))


def test_links_in_a_folder_are_never_followed(folder: Build, tmp_path: Path) -> None:
    outside = tmp_path / "outside.log"
    outside.write_bytes(b"secret\n")
    root = folder({"C/a.log": LOG})
    for name, target in {
        "out": outside,
        "out-folder": tmp_path,
        "twin": root / "C/a.log",
        "C/loop": root / "C",
        "round": root / "round",
        "gone": root / "absent",
    }.items():
        (root / name).symlink_to(target)
    evidence, found = _read(root)
    assert found == {"C/a.log": LOG}
    assert _why(evidence) == {
        "out": "symbolic link that leads outside the evidence; not followed",
        "out-folder": "symbolic link that leads outside the evidence; not followed",
        "twin": "symbolic link; its target is read under its own name",
        "C/loop": "symbolic link that leads back into itself; not followed",
        "round": "symbolic link that leads back into itself; not followed",
        "gone": "symbolic link whose target is absent; not followed",
    }


def test_pipes_and_sockets_in_a_folder_are_left_out_without_waiting(
    folder: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = folder({"a.log": LOG})
    os.mkfifo(root / "pipe.log")
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.log")
        evidence, found = _read(root)
    assert found == {"a.log": LOG}
    assert _why(evidence) == {"pipe.log": "named pipe, not a file", "s.log": "socket, not a file"}


def test_a_pipe_put_in_place_after_the_listing_does_not_hang(folder: Build) -> None:
    root = folder({"a.log": LOG, "b.log": LOG})
    with open_evidence(root) as evidence:
        (root / "a.log").unlink()
        os.mkfifo(root / "a.log")
        assert [source.path for source in evidence.sources()] == ["b.log"]
    assert _why(evidence) == {"a.log": "no longer a regular file"}


def test_a_link_put_in_place_after_the_listing_is_not_followed(folder: Build) -> None:
    root = folder({"a.log": LOG, "b.log": LOG})
    with open_evidence(root) as evidence:
        (root / "a.log").unlink()
        (root / "a.log").symlink_to("/etc/hostname")
        assert [source.path for source in evidence.sources()] == ["b.log"]
    assert _why(evidence)["a.log"].startswith("cannot be opened")


def test_files_and_folders_without_the_right_to_read_are_accounted(
    folder: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = folder({"a.log": LOG, "locked.log": LOG, "closed/b.log": LOG})
    real_open, real_scan = os.open, os.scandir

    def refuse_file(path: Path, *rest: int) -> int:
        if Path(path).name == "locked.log":
            raise PermissionError(13, "Permission denied")
        return real_open(path, *rest)

    def refuse_folder(path: Path) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return real_scan(path)

    monkeypatch.setattr("tocsin.evidence.folder.os.open", refuse_file)
    monkeypatch.setattr("tocsin.evidence.folder.os.scandir", refuse_folder)
    evidence, found = _read(root)
    assert found == {"a.log": LOG}
    assert _why(evidence) == {
        "locked.log": "cannot be opened: permission denied",
        "closed/": "folder cannot be listed: permission denied",
    }


def test_empty_stubs_of_logs_are_accounted_and_empty_pages_are_given(folder: Build) -> None:
    evidence, found = _read(folder({"Security.evtx": b"", "u_ex.LOG": b"", "shell.aspx": b""}))
    assert found == {"shell.aspx": b""}
    assert set(_why(evidence)) == {"Security.evtx", "u_ex.LOG"}
    assert "held locked" in _why(evidence)["u_ex.LOG"]


def test_inner_containers_that_are_not_read_are_accounted(folder: Build, zipped: Build) -> None:
    root = folder(
        {
            "a.7z": b"7z\xbc\xaf\x27\x1c",
            "b.vhdx": b"vhdxfile",
            "broken.zip": b"PK\x03\x04 and no more",
            "locked.zip": _flagged(zipped({"x.log": LOG}), "x.log").read_bytes(),
            "cut.log.gz": gzip.compress(LOG * 9)[:10],
            "C/inetpub/wwwroot/loot.rar": b"Rar!\x1a\x07\x00",
            "page.aspx": b"7z\xbc\xaf\x27\x1c<%%>",
            "text.7z": b"no archive\n",
        }
    )
    evidence, found = _read(root)
    assert set(found) == {"C/inetpub/wwwroot/loot.rar", "page.aspx", "text.7z"}
    why = _why(evidence)
    assert set(why) == {
        "a.7z",
        "b.vhdx",
        "broken.zip",
        "locked.zip!/x.log",
        "cut.log.gz",
        "C/inetpub/wwwroot/loot.rar",
    }
    assert "Unpack it" in why["a.7z"]
    assert set(evidence.hashes) == set(found) | {"broken.zip", "locked.zip", "cut.log.gz"}


def test_names_that_are_not_unicode_are_shown_and_read(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / os.fsdecode(b"caf\xe9.log")).write_bytes(LOG)
    _, found = _read(tmp_path)
    assert found == {"c/caf\\xe9.log": LOG}


# --- damage inside a file costs nothing that stands before it


def test_a_wrong_checksum_is_reported_after_every_line_was_given(zipped: Build) -> None:
    path = zipped({"a.log": LOG * 100}, method=zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"y.js", b"z.js", 1))
    with open_evidence(path) as evidence:
        ((lines, why),) = [_until_damage(source.lines()) for source in evidence.sources()]
    assert (len(lines), why) == (100, "damaged in its container (wrong checksum)")
    assert "could not be hashed to its end" in evidence.notes[0]
    assert evidence.hashes == {}


def test_a_gzip_cut_short_gives_what_it_holds(folder: Build) -> None:
    packed = gzip.compress(b"".join(os.urandom(50).hex().encode() + b"\n" for _ in range(1000)))[:-2000]
    with open_evidence(folder({"a.log.gz": packed})) as evidence:
        for source in evidence.sources():
            lines, why = _until_damage(source.lines())
            assert "damaged or cut short" in why
            assert len(lines) > 900
            assert len(source.head) == 8192
    assert set(evidence.hashes) == {"a.log.gz"}


def test_a_member_longer_than_stated_is_read_whole(zipped: Build) -> None:
    path = zipped({"a.log": LOG * 50})
    data = bytearray(path.read_bytes())
    struct.pack_into("<L", data, data.rfind(b"PK\x01\x02") + 24, len(LOG))
    path.write_bytes(data)
    assert _read(path)[1] == {"a.log": LOG * 50}


def test_a_member_without_its_header_is_left_out_and_the_rest_is_read(zipped: Build) -> None:
    path = zipped({"a.log": LOG, "b.log": LOG})
    path.write_bytes(path.read_bytes().replace(b"PK\x03\x04", b"PK\x03\x05", 1))
    evidence, found = _read(path)
    assert found == {"b.log": LOG}
    assert _why(evidence)["a.log"].startswith("damaged in its container (Bad magic number")


def test_a_damaged_stream_is_the_error_of_its_member_alone(zipped: Build) -> None:
    noise = b"".join(os.urandom(60).hex().encode() + b"\n" for _ in range(20_000))
    path = zipped({"a.log": noise, "b.log": LOG})
    data = bytearray(path.read_bytes())
    data[600_000:600_100] = b"\xff" * 100
    path.write_bytes(data)
    _, found = _read(path)
    assert str(found["a.log"]).startswith("damaged in its container")
    assert found["b.log"] == LOG


def test_a_disk_that_fails_while_reading_is_named(folder: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing(io.FileIO):
        def readinto(self, _: object, /) -> int:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr("tocsin.evidence.folder.io.FileIO", Failing)
    with pytest.raises(EvidenceError, match="reading fails: input/output error"):
        _read(folder({"a.log": LOG}))


def test_a_full_temporary_folder_costs_the_inner_container_alone(
    zipped: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.BytesIO):
        def write(self, _: object, /) -> int:
            raise OSError(28, "No space left on device")

    inner = zipped({"a.log": LOG}, name="inner.zip").read_bytes()
    path = zipped({"inner.zip": inner, "b.log": LOG})
    monkeypatch.setattr("tocsin.evidence.shelf.tempfile.SpooledTemporaryFile", lambda _: Full())
    evidence, found = _read(path)
    assert found == {"b.log": LOG}
    assert "the temporary folder cannot hold it" in _why(evidence)["inner.zip"]


def test_a_folder_in_a_zip_that_holds_bytes_is_accounted(zipped: Build) -> None:
    evidence, found = _read(zipped({"C/": b"hidden", "a.log": LOG}))
    assert found == {"a.log": LOG}
    assert _why(evidence) == {"C/": "folder that claims to hold bytes"}


def test_a_time_beyond_the_calendar_is_no_time(zipped: Build) -> None:
    info = zipfile.ZipInfo("a.log")
    info.extra = b"\x0a\x00\x20\x00\0\0\0\0\x01\x00\x18\x00" + b"\xff" * 24
    with open_evidence(zipped({info: LOG})) as evidence:
        assert [source.modified for source in evidence.sources()] == [None]


# --- bombs and bounds


def _bomb(out: Path, mebibytes: int) -> None:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack, pack.open("C/a.log", "w") as member:
        for _ in range(mebibytes):
            member.write(bytes(MIB))


def _lie(path: Path, size: int) -> None:
    data = bytearray(path.read_bytes())
    struct.pack_into("<L", data, data.rfind(b"PK\x01\x02") + 24, size)
    path.write_bytes(data)


def test_a_bomb_that_states_its_size_is_refused_unread(tmp_path: Path) -> None:
    _bomb(tmp_path / "bomb.zip", 80)
    with pytest.raises(EvidenceError, match="as a decompression bomb does"):
        open_evidence(tmp_path / "bomb.zip")


def test_a_bomb_that_lies_is_stopped_early_in_flat_memory(tmp_path: Path) -> None:
    _bomb(tmp_path / "bomb.zip", 100)
    _lie(tmp_path / "bomb.zip", 1000)
    tracemalloc.start()
    evidence, found = _read(tmp_path / "bomb.zip", ratio_from=4 * MIB, ratio=50)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "decompression bomb" in str(found["C/a.log"])
    assert evidence.info().bytes < 8 * MIB
    assert peak < 16 * MIB


def test_a_gzip_bomb_is_stopped_early(tmp_path: Path) -> None:
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(bytes(64 * MIB)))
    _, found = _read(tmp_path, ratio_from=4 * MIB)
    assert "decompression bomb" in str(found["a.log.gz"])


def test_many_small_bombs_are_judged_together(zipped: Build) -> None:
    path = zipped({f"{n}.log": bytes(MIB) for n in range(20)})
    evidence, found = _read(path, ratio_from=4 * MIB)
    assert set(evidence.hashes) == {f"{n}.log" for n in (0, 1, 10, 11)}
    assert all("decompression bomb" in why for why in _why(evidence).values())
    assert set(found) | set(_why(evidence)) == {f"{n}.log" for n in range(20)}


def test_a_file_that_packs_well_is_no_bomb(zipped: Build) -> None:
    path = zipped({"a.log": (LOG + os.urandom(1).hex().encode() * 5) * 50_000})
    assert path.stat().st_size * 51 < 50_000 * 45
    _, found = _read(path, ratio_from=MIB)
    assert isinstance(found["a.log"], bytes)


def test_a_zip_that_holds_itself_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    inner = b"PK\x05\x06" + bytes(18)
    for _ in range(12):
        with zipfile.ZipFile(path, "w") as out:
            out.writestr("a.zip", inner)
            out.writestr("a.log", LOG)
        inner = path.read_bytes()
    evidence, found = _read(path)
    assert len(found) == 3
    assert _why(evidence) == {"a.zip!/a.zip!/a.zip": "zip within zip, deeper than 3"}


def test_a_list_of_too_many_members_is_refused_before_it_is_built(zipped: Build) -> None:
    with pytest.raises(LimitExceeded, match="lists more than 10 files"):
        open_evidence(zipped({f"{n}.log": LOG for n in range(11)}), limits=Limits(files=10))


def test_the_list_of_a_large_zip_is_bounded_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 5)  # forces the zip64 form of the end
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        for number in range(11):
            out.writestr(f"{number}.log", LOG)
    with pytest.raises(LimitExceeded, match="lists more than 10 files"):
        open_evidence(tmp_path / "a.zip", limits=Limits(files=10))
    assert len(_read(tmp_path / "a.zip", files=11)[1]) == 11


def test_a_folder_of_too_many_entries_is_refused(folder: Build) -> None:
    with pytest.raises(LimitExceeded, match="more than 3 entries"):
        open_evidence(folder({f"{n}.log": LOG for n in range(4)}), limits=Limits(files=3))


def test_folders_too_deep_are_accounted(folder: Build) -> None:
    evidence, found = _read(folder({"a/b/c.log": LOG, "a/b/c/d.log": LOG}), path_depth=2)
    assert found == {"a/b/c.log": LOG}
    assert _why(evidence) == {"a/b/c": "deeper than 2 folders"}


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_beyond_the_bound_for_one_file_is_left_out(packed: bool, folder: Build, zipped: Build) -> None:
    files = {"a.log": LOG, "b.log": LOG * 9}
    evidence, found = _read(zipped(files) if packed else folder(files), file_bytes=len(LOG))
    assert found == {"a.log": LOG}
    assert _why(evidence)["b.log"].startswith("longer than 35 bytes")


def test_when_the_bytes_of_the_whole_are_used_up_the_rest_is_accounted(folder: Build) -> None:
    files = {f"{n}.log": LOG * 1000 for n in range(5)}
    evidence, found = _read(folder(files), total_bytes=len(LOG) * 2500)
    assert set(found) | set(_why(evidence)) == set(files)
    assert "4.log" in _why(evidence)
    assert "bytes for the whole evidence is used up" in _why(evidence)["4.log"]
    assert found["0.log"] == files["0.log"]


def test_files_in_inner_containers_count_too(folder: Build, zipped: Build) -> None:
    inner = zipped({f"{n}.log": LOG for n in range(4)}).read_bytes()
    evidence, found = _read(folder({"a.zip": inner, "b.zip": inner}), files=6)
    assert len(found) + len(evidence.skipped) == 8
    assert len(found) == 4


def test_when_time_is_up_the_rest_is_accounted() -> None:
    moments = iter([0.0, 5.0, 11.0])
    budget = Budget(Limits(seconds=10), clock=lambda: next(moments))
    assert budget.spent() is None
    assert budget.spent() == "the bound of 10 seconds for the whole evidence is used up"


def test_an_inner_container_too_long_to_be_held_is_left_out(zipped: Build) -> None:
    inner = zipped({"a.log": os.urandom(5000)}, name="inner.zip").read_bytes()
    evidence, _ = _read(zipped({"inner.zip": inner, "a.log": LOG}), spool_bytes=1000)
    assert "longer than 1,000 bytes" in _why(evidence)["inner.zip"]


# --- properties


def _outcome(path: Path) -> set[str]:
    """Give the names that were read or left out with a reason, or the words of the error."""
    try:
        evidence, found = _read(path)
    except EvidenceError as error:
        return {str(error)} if error.what and error.where else set()
    return set(found) | {entry.path for entry in evidence.skipped if entry.why}


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_zip_never_ends_in_anything_but_an_account(data: st.DataObject, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", data.draw(st.sampled_from([0, 8]))) as out:
        out.writestr("C/a.log", LOG * 20)
        out.writestr("C/b.log.gz", gzip.compress(LOG * 20))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    assert _outcome(path)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=400),
    name=st.sampled_from(["a.zip", "a.gz", "a.log.gz", "a.tar", "a.log", "a"]),
)
def test_any_bytes_under_any_name_are_read_or_refused(content: bytes, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert _outcome(tmp_path / name)
    (tmp_path / name).unlink()


@given(st.binary(max_size=600), st.sampled_from([".aspx", ".log", ".evtx", ".txt", ".dll", ".config", ""]))
def test_no_content_makes_a_page_or_log_a_container_inside_evidence(content: bytes, suffix: str) -> None:
    assert container_inside(f"a{suffix}", content) is None


def test_what_the_user_named_is_judged_by_name_or_content() -> None:
    assert container_named("a.bin", b"PK\x03\x04") == container_named("a.zip", b"no zip")
    named = container_named("a.bin", b"\x1f\x8b\x08")
    assert named is not None
    assert named.kind in {Kind.GZIP, Kind.REFUSED}


def test_a_list_of_members_that_would_fill_the_memory_is_refused(zipped: Build) -> None:
    path = zipped({f"{'n' * 200}{number}.log": LOG for number in range(40)})
    with pytest.raises(LimitExceeded, match=r"its list of members is longer than 4,096 bytes"):
        open_evidence(path, limits=Limits(list_bytes=4096))
    open_evidence(path, limits=Limits(list_bytes=40 * 400)).close()


def test_a_time_of_change_beyond_the_calendar_is_none(folder: Build) -> None:
    path = folder({"a.log": LOG, "b.log": LOG})
    os.utime(path / "a.log", (5_000_000_000, 5_000_000_000))
    with open_evidence(path) as evidence:
        times = {source.path: source.modified for source in evidence.sources()}
    assert times["a.log"] is None
    assert times["b.log"] is not None
