"""Every fault applies to a made server, changes it the same way twice, and its labels stay true."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from tocsin.artefacts.registry import identify
from tocsin.errors import ScenarioError
from tocsin.evidence.opening import open_evidence
from tocsin.exercise.dice import Dice
from tocsin.exercise.faulting import kinds, spoil
from tocsin.exercise.faults.rewriting import Written, rewrite
from tocsin.exercise.scenario import Act, BuildSpan, Collection, Fault, MitigationSpan, Scenario, Server
from tocsin.exercise.server import make_server
from tocsin.exercise.story import Label
from tocsin.exercise.workshop import LabelledRow
from tocsin.model.records import Record

SHELL = "/owa/auth/OutlookUS.aspx"
GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
OPTIONS: Mapping[str, tuple[dict[str, str], ...]] = {
    "evtx-damage": tuple(
        {"what": what}
        for what in (
            "header",
            "magic",
            "times",
            "checksum",
            "lost",
            "cut",
            "slack",
            "zero-size",
            "dirty",
        )
    ),
    "zip-names": ({}, *({"what": what} for what in ("climbing", "absolute", "unc", "case", "loop"))),
    "etw-events": tuple({"form": form} for form in ("evtx", "xml", "jsonl")),
    "renamed-directories": tuple({"what": what} for what in ("served", "anonymised")),
    "shadow-copy": ({"until": "210303"}, {"what": "moved"}),
    "doubled-separators": ({}, {"line-ends": "escaped"}),
    "anonymised-server-address": ({}, {"column": "c-ip"}),
    "older-columns": ({}, {"identifiers": "plain"}),
    "odd-names": tuple({"what": what} for what in ("slip", "absolute", "case", "long", "loop")),
    "missing-days": ({}, {"from": "210302", "to": "210303"}),
    "other-format": tuple({"what": what} for what in ("native", "ncsa", "quoted", "table")),
    "local-time-rows": ({}, {"offset": "-03:30"}),
}
WHERE = {"moved": "c/inetpub/logs/*"}
CASES = [
    Fault(kind=kind, on=WHERE.get(options.get("what", ""), ""), options=options)
    for kind in kinds()
    for options in OPTIONS.get(kind, ({},))
]
IN_XML = frozenset({"unnamed-data"})
"""Faults of exported event logs."""
AS_FILE = {"iis.etw": "iis.w3c"}
"""Two forms of one log."""

Truth = tuple[Path, tuple[LabelledRow, ...]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """A small server that somebody broke into, as it was collected; with the truth about it."""
    return small_server(tmp_path_factory.mktemp("server"), events="evtx")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """The same with its event logs as XML."""
    return small_server(tmp_path_factory.mktemp("exported"), events="xml")


def small_server(folder: Path, *, events: str) -> Truth:
    acts = (
        Act(
            script="proxylogon", at=datetime(2021, 3, 3, 6, 49, tzinfo=UTC), rung="shell-tasked", shell=SHELL
        ),
        Act(script="shell-scan", at=datetime(2021, 3, 4, 3, 6, tzinfo=UTC), shell=SHELL),
        Act(script="autodiscover-probe-blocked", at=datetime(2021, 3, 4, 1, tzinfo=UTC)),
    )
    scenario = Scenario(
        title="A server",
        description="Broken into.",
        innocent=False,
        first_day=date(2021, 3, 1),
        collected=datetime(2021, 3, 4, 12, tzinfo=UTC),
        traffic=150,
        server=Server(
            builds=(BuildSpan(build="15.1.2106.2", since=date(2020, 10, 2)),),
            reverse_proxy="192.0.2.5",
            auditing=True,
            sysmon=True,
            mailboxes=10,
            mitigations=(MitigationSpan(id="backend-cookie-rules", since=date(2021, 3, 4)),),
        ),
        acts=acts,
        collection=Collection(events=events),
        expected=(),
    )
    made = make_server(scenario, name="faults", seed=5, out=folder)
    return made.evidence, made.truth.rows


def records(root: Path, wanted: set[str]) -> Iterator[Record]:
    with open_evidence(root) as evidence:
        for source in evidence.sources():
            if source.path in wanted:
                module = identify(source)
                assert module is not None, source.path
                yield from (item for item in module.parse(source) if isinstance(item, Record))


def joined(root: Path, rows: tuple[LabelledRow, ...]) -> dict[tuple[str, int], Record]:
    """Read again the records that labels point at, by file and line or record number."""
    lined = {row.path for row in rows if row.line is not None or row.record is not None}
    places = {(row.path, row.line or row.record) for row in rows}
    found = {}
    for record in records(root, lined):
        at = record.locator
        number = at.line if at.line is not None else at.record
        if number is not None and (at.path, number) in places:
            found[at.path, number] = record
    return found


def guid(record: Record) -> str:
    """Give the identifier that joins a request's rows; empty where it is not legible."""
    found = GUID.search(f"{record.fields.get('RequestId')} {record.fields.get('cs-uri-query')}".lower())
    return found[0] if found else ""


def gist(record: Record, key: str) -> tuple[str | None, ...]:
    """Give what a fault leaves of a record: what was asked and answered."""
    fields = record.fields
    return (
        AS_FILE.get(record.kind, record.kind),
        key,
        *(fields.get(name) for name in ("sc-status", "Cmdlet", "EventID")),
    )


def digests(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def spoilt(made: Truth, fault: Fault, folder: Path) -> tuple[LabelledRow, ...]:
    shutil.copytree(made[0], folder, symlinks=True)
    return tuple(spoil([fault], folder, list(made[1]), Dice(11, "faults")))


@pytest.mark.parametrize("fault", CASES, ids=lambda fault: "-".join((fault.kind, *fault.options.values())))
def test_a_fault_spoils_the_disk_alike_each_time_and_labels_stay_true(
    made: Truth, exported: Truth, fault: Fault, tmp_path: Path
) -> None:
    made = exported if fault.kind in IN_XML else made
    rows = spoilt(made, fault, tmp_path / "one")
    assert rows == spoilt(made, fault, tmp_path / "two")
    changed_alike(made, fault, tmp_path)
    times_are_kept(made[0], tmp_path / "one")
    labels_are_true(made, rows, tmp_path / "one")


def changed_alike(made: Truth, fault: Fault, folder: Path) -> None:
    one = digests(folder / "one")
    assert one == digests(folder / "two")
    links = any(path.is_symlink() for path in (folder / "one").rglob("*"))
    few_chunks = fault.options.get("what") == "lost"  # a log of one chunk has none that can be lost
    in_zip = fault.kind == "zip-names"  # changes nothing that a folder can hold
    assert links or few_chunks or in_zip or one != digests(made[0])
    assert not [path for path in one if path.endswith(".draft")]


def times_are_kept(before: Path, after: Path) -> None:
    for path in before.rglob("*.log"):
        copy = after / path.relative_to(before)
        for place in (copy, copy.with_name(f"{copy.name}.gz")):
            assert not place.exists() or place.stat().st_mtime_ns == path.stat().st_mtime_ns


def labels_are_true(made: Truth, rows: tuple[LabelledRow, ...], disk: Path) -> None:
    before, after = joined(*made), joined(disk, rows)
    labels = set()
    for row in _placed(made[1]):
        record = before[row.path, row.line or row.record or 0]
        whole = replace(row.label, provable=True)
        labels |= {(whole, gist(record, guid(record))), (whole, gist(record, ""))}
    for row in _placed(rows):
        found = after.get((row.path, row.line or row.record or 0))
        assert found is not None, row
        if row.label.provable:
            assert (replace(row.label, provable=True), gist(found, guid(found))) in labels, row
    assert len(rows) > len(made[1]) // 3


def _placed(rows: tuple[LabelledRow, ...]) -> list[LabelledRow]:
    return [row for row in rows if row.line is not None or row.record is not None]


def test_a_label_goes_with_its_row_and_only_then(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"one\r\ntwo\r\nthree\r\nfour\r\n")
    label = Label(means="compromised")
    rows = [
        LabelledRow(path=path, line=line, record=None, label=label, kind="iis.w3c")
        for path, line in (("a.log", 2), ("a.log", 3), ("a.log", 4), ("b.log", 2))
    ]

    def change(_: int, line: bytes) -> Written | bytes | None:
        if line == b"two":
            return Written(lines=(), own=None)
        if line == b"three":
            return Written(lines=(b"x", b"y", b"3"), own=2, spoilt=True)
        return line.upper() if line == b"four" else None

    moved = rewrite(tmp_path, "a.log", rows, change)
    assert (tmp_path / "a.log").read_bytes() == b"one\r\nx\r\ny\r\n3\r\nFOUR\r\n"
    assert [(row.path, row.line, row.label.provable) for row in moved] == [
        ("a.log", 4, False),
        ("a.log", 5, True),
        ("b.log", 2, True),
    ]


@pytest.mark.parametrize(
    "kind",
    [
        "evtx-damage",
        "odd-names",
        "other-format",
        "renamed-directories",
        "shadow-copy",
        "zip-names",
    ],
)
def test_a_damage_that_there_is_not_is_refused(kind: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no such"):
        spoil([Fault(kind=kind, options={"what": "nonsense"})], tmp_path, [], Dice(1))


def test_a_glob_chooses_what_is_hit(made: Truth, tmp_path: Path) -> None:
    spoilt(made, Fault(kind="truncated-last-line", on="*/w3svc1/*"), tmp_path / "disk")
    before, after = digests(made[0]), digests(tmp_path / "disk")
    assert {"W3SVC1" in path for path in before if before[path] != after[path]} == {True}
