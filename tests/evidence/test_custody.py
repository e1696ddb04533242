"""The record of custody and the manifest: read where they lie, compared, never taken on trust."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import EvidenceError
from tocsin.evidence import manifest
from tocsin.evidence.opening import Evidence, open_evidence
from tocsin.model.verdicts import Custody, Transfer

Build = Callable[..., Path]
LOG = b"2021-03-03 04:14:51 POST /ecp/y.js\n"
RECORD = {
    "collector": "A. Examiner",
    "collected_at": "2021-03-08T11:12:13+01:00",
    "host": "exch01.contoso.example",
    "clock_offset_s": -2.5,
    "transfers": [{"at": "2021-03-08T12:00:00", "from": "A", "to": "B", "note": "by hand"}],
}
READ = Custody(
    collector="A. Examiner",
    collected_at=datetime(2021, 3, 8, 10, 12, 13, tzinfo=UTC),
    host="exch01.contoso.example",
    clock_offset_s=-2.5,
    transfers=(Transfer(at=datetime(2021, 3, 8, 12, tzinfo=UTC), giver="A", receiver="B", note="by hand"),),
)


def _read(path: Path, custody_file: Path | None = None) -> tuple[Evidence, Custody, list[str]]:
    with open_evidence(path, custody_file=custody_file) as evidence:
        paths = [source.path for source in evidence.sources()]
        custody = evidence.info().custody
    return evidence, custody, paths


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("top", ["", "EXCH01/"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_the_record_in_the_root_is_read_and_is_not_evidence(
    top: str, mark: bytes, folder: Build, zipped: Build
) -> None:
    files = {f"{top}Custody.json": mark + json.dumps(RECORD).encode(), f"{top}C/a.log": LOG}
    for path in (folder(files), zipped(files)):
        evidence, custody, paths = _read(path)
        assert custody == READ
        assert paths == [f"{top}C/a.log"]
        assert evidence.notes == [f"{top}Custody.json: read as the record of custody, not as evidence"]


def test_a_transfer_added_to_the_record_does_not_change_the_digest(folder: Build) -> None:
    root = folder({"custody.json": b"{}", "a.log": LOG})
    before = _read(root)[0].info().sha256
    (root / "custody.json").write_text(json.dumps(RECORD))
    assert _read(root)[0].info().sha256 == before


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b'{"transfers": 1}', b'{"a":' * 5000, b"\xff"])
def test_a_file_of_that_name_that_is_no_record_is_evidence(content: bytes, folder: Build) -> None:
    evidence, custody, paths = _read(folder({"custody.json": content, "a.log": LOG}))
    assert custody == Custody()
    assert "not a record of custody" in evidence.notes[0]
    assert set(paths) | {entry.path for entry in evidence.skipped} == {"a.log", "custody.json"}


def test_a_record_that_stood_on_the_servers_disk_is_not_believed(folder: Build) -> None:
    _, custody, paths = _read(folder({"C/custody.json": json.dumps(RECORD).encode(), "C/a.log": LOG}))
    assert custody == Custody()
    assert "C/custody.json" in paths


def test_a_record_given_by_the_caller_counts_alone(folder: Build, tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text(json.dumps(RECORD))
    root = folder({"custody.json": b'{"host": "other"}', "a.log": LOG})
    _, custody, paths = _read(root, tmp_path / "mine.json")
    assert (custody, paths) == (READ, ["a.log", "custody.json"])


@pytest.mark.parametrize("content", [None, b"{"])
def test_a_record_given_by_the_caller_must_be_one(
    content: bytes | None, folder: Build, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "mine.json").write_bytes(content)
    with pytest.raises(EvidenceError, match=r"mine\.json: not a record of custody"):
        open_evidence(folder({"a.log": LOG}), custody_file=tmp_path / "mine.json")


@pytest.mark.parametrize(
    "client",
    [
        {
            "agent_information": {"version": "0.7.0"},
            "os_info": {"hostname": "EXCH01", "fqdn": "exch01.contoso.example"},
        },
        {"Version": "0.7.0", "Hostname": "EXCH01", "Fqdn": "exch01.contoso.example"},
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_what_velociraptor_leaves_is_read(
    client: dict[str, object], indent: int | None, zipped: Build
) -> None:
    path = zipped(
        {
            "client_info.json": json.dumps(client, indent=indent).encode(),
            "collection_context.json": json.dumps({"create_time": 1_615_198_333_000_000}).encode(),
            "uploads/auto/C%3A/a.log": LOG,
        }
    )
    evidence, custody, paths = _read(path)
    assert (custody.collector, custody.host) == ("Velociraptor 0.7.0", "exch01.contoso.example")
    assert custody.collected_at == datetime(2021, 3, 8, 10, 12, 13, tzinfo=UTC)
    assert len(paths) == 3
    assert evidence.notes == []


def test_what_velociraptor_leaves_may_be_anything(zipped: Build) -> None:
    bad = {"client_info.json": b'{"agent_information": 1, "Hostname": 2}', "collection_context.json": b"nul"}
    _, custody, _ = _read(zipped(bad))
    assert custody == Custody(collector="Velociraptor")


def test_what_kape_leaves_is_read(folder: Build) -> None:
    text = (
        "[2021-03-08 10:12:13.0 | INF] KAPE version 1.3.0.2, Author: x\r\n"
        "[2021-03-08 10:12:13.1 | INF] System info: Machine name: EXCH01, 64-bit: True\r\n"
    )
    root = folder({"2021-03-08T10_12_13_0512345_ConsoleLog.txt": text.encode(), "C/a.log": LOG})
    assert _read(root)[1] == Custody(
        collector="KAPE 1.3.0.2", collected_at=datetime(2021, 3, 8, 10, 12, 13, tzinfo=UTC), host="EXCH01"
    )


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sha256", "SHA256SUMS"])
def test_the_hash_of_a_manifest_is_kept(name: str, folder: Build) -> None:
    content = b'{"nonce": "1"}'
    evidence, custody, paths = _read(folder({name: content, "a.log": LOG}))
    assert custody.manifest_sha256 == _sha(content)
    assert name in paths
    assert evidence.notes == [f"{name}: hashed, but not in the form 'sha256  path', so not compared"]


@pytest.mark.parametrize("top", ["", "EXCH01/"])
def test_a_manifest_is_compared_with_what_was_read(top: str, folder: Build, zipped: Build) -> None:
    rows = {"C/a.log": LOG, "./C/B.LOG": b"was", "C\\c.log": LOG, "C/gone.log": b"", "C/d.evtx": b""}
    text = "".join(f"{_sha(data)} {'*' if 'a' in path else ' '}{path}\r\n" for path, data in rows.items())
    files = {
        f"{top}SHA256SUMS": text.encode(),
        f"{top}C/a.log": LOG,
        f"{top}C/b.log": b"is",
        f"{top}C/c.log": LOG,
        f"{top}C/d.evtx": b"",
    }
    below = top.casefold()
    for path in (folder(files), zipped(files)):
        assert _read(path)[0].notes == [
            "manifest: 2 of 5 listed files were read and agree with it",
            f"manifest: differs from the listed SHA-256: {below}c/b.log",
            f"manifest: listed, but not in the evidence: {below}c/gone.log",
        ]


def test_a_manifest_other_than_the_one_in_the_record_is_noted(folder: Build) -> None:
    record = json.dumps({"manifest_sha256": "0" * 64}).encode()
    evidence, custody, _ = _read(folder({"custody.json": record, "manifest.json": b"{}", "a.log": LOG}))
    assert custody.manifest_sha256 == _sha(b"{}")
    assert "manifest: its SHA-256 is not the one in the record of custody" in evidence.notes


def test_a_long_list_of_differences_is_cut() -> None:
    listed = {f"{n}.log": "0" * 64 for n in range(50)}
    notes = list(manifest.compare(listed, dict.fromkeys(listed, "1" * 64), []))
    assert len(notes) == 22
    assert notes[-1] == "manifest: differs from the listed SHA-256: 30 more"


def test_two_files_that_differ_in_case_do_not_make_a_false_difference() -> None:
    listed = {"a.log": "0" * 64}
    assert len(list(manifest.compare(listed, {"a.log": "0" * 64, "A.LOG": "1" * 64}, []))) == 1


@given(st.binary())
def test_any_bytes_are_a_manifest_or_none(data: bytes) -> None:
    assert all(len(digest) == 64 for digest in manifest.parse(data).values())


@pytest.mark.parametrize("stamp", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_a_time_at_the_edge_of_the_calendar_is_none(folder: Build, stamp: str) -> None:
    record = json.dumps({"collected_at": stamp, "transfers": [{"at": stamp, "to": "B"}]}).encode()
    _, custody, _ = _read(folder({"custody.json": record, "a.log": LOG}))
    assert (custody.collected_at, custody.transfers[0].at) == (None, None)


def test_a_console_log_of_an_impossible_day_is_no_traceback(folder: Build) -> None:
    name = "2021-02-31T25_61_61_1234567_ConsoleLog.txt"
    _, custody, _ = _read(folder({name: b"KAPE version: 1.3.0.2\n", "c/a.log": LOG}))
    assert (custody.collector, custody.collected_at) == ("KAPE 1.3.0.2", None)


def test_a_long_record_of_a_collector_costs_its_own_length(folder: Build) -> None:
    """Were every line merged into all before it, this would not end."""
    lines = b"\n".join(b'{"k%d": 1}' % number for number in range(200_000))
    record = lines + b'\n{"os_info": {"fqdn": "mail01.contoso.example"}}'
    _, custody, _ = _read(folder({"client_info.json": record, "c/a.log": LOG}))
    assert custody.host == "mail01.contoso.example"
