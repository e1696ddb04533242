"""A made server as a whole: the same bytes everywhere, labels that point at the right rows."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from tests.exercise.workshops import items_of
from typer.testing import CliRunner

from tocsin.cli import app
from tocsin.errors import ScenarioError, UsageFault
from tocsin.evidence.opening import open_evidence
from tocsin.exercise.dice import Dice
from tocsin.exercise.library import load, names
from tocsin.exercise.performing import story_of
from tocsin.exercise.scenario import Fault, Scenario
from tocsin.exercise.server import Made, make_server, needs_zip
from tocsin.exercise.story import Command, Request, Trace
from tocsin.exercise.truth import read
from tocsin.model.records import Record, Unreadable

GOLDEN = Path(__file__).parent / "golden"
SMALL = GOLDEN / "small.in.yaml"
MAKE = """
import sys
from pathlib import Path
from tocsin.exercise.library import load
from tocsin.exercise.server import make_server
make_server(load(sys.argv[1]), name="small", seed=7, out=Path(sys.argv[2]))
"""
MEMORY = """
import resource, sys
from pathlib import Path
from tocsin.exercise.library import load
from tocsin.exercise.server import make_server
make_server(load(sys.argv[1]), name="small", seed=7, out=Path(sys.argv[2]), rows=int(sys.argv[3]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def made(folder: Path, scenario: Scenario | None = None, *, seed: int = 7) -> Made:
    return make_server(scenario or load(str(SMALL)), name="small", seed=seed, out=folder)


def digest(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_bytes_are_those_of_the_golden_run(tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    """``small.out.txt`` lists every file's SHA-256: a difference names the log that changed."""
    made(tmp_path / "out")
    found = digest(tmp_path / "out")
    found.pop("expected.json")  # holds the version of the tool
    found.pop("manifest.json")
    lines = [f"{value}  {path}\n" for path, value in found.items()]
    golden(GOLDEN / "small.out.txt", "".join(lines))


@pytest.mark.parametrize("form", ["out", "out.zip"])
def test_hashing_time_zone_and_language_change_nothing(tmp_path: Path, form: str) -> None:
    worlds = (
        {"PYTHONHASHSEED": "1", "TZ": "Asia/Kolkata", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "2", "TZ": "America/Los_Angeles", "LC_ALL": "C.UTF-8"},
    )
    for number, world in enumerate(worlds):
        place = tmp_path / str(number)
        place.mkdir()
        command = [sys.executable, "-c", MAKE, str(SMALL), str(place / form)]
        subprocess.run(command, check=True, env={**os.environ, **world})
    assert digest(tmp_path / "0") == digest(tmp_path / "1")
    assert digest(tmp_path / "0")


def test_another_seed_gives_another_server(tmp_path: Path) -> None:
    one, two = made(tmp_path / "1"), made(tmp_path / "2", seed=8)
    logs = [digest(each.evidence / "C/inetpub/logs") for each in (one, two)]
    assert logs[0] != logs[1]


def told(scenario: Scenario) -> list[Trace]:
    """What the story labels, up to the collection."""
    return [trace for trace in story_of(scenario, Dice(7, "small")) if trace.label]


def records_at(evidence: Path) -> dict[tuple[str, int], Record]:
    return {
        (path, item.locator.line): item
        for path, items in items_of(evidence).items()
        for item in items
        if isinstance(item, Record) and item.locator.line is not None
    }


@pytest.mark.parametrize("layout", ["disk", "kape", "velociraptor", "loose"])
def test_every_label_points_at_the_row_of_its_trace(tmp_path: Path, layout: str) -> None:
    small = load(str(SMALL))
    scenario = replace(small, collection=replace(small.collection, layout=layout))
    rows = made(tmp_path / "out", scenario).truth.rows
    records = records_at(tmp_path / "out/evidence")
    traces = told(scenario)
    asked = [trace for trace in traces if isinstance(trace, Request)]
    for row in rows:
        assert (tmp_path / "out/evidence" / row.path).is_file()
        if row.kind in {"iis.w3c", "exchange.httpproxy"} and "W3SVC2" not in row.path:
            record = records[row.path, row.line or 0]
            assert any(_tells(record, trace) and _same(trace, row.label.note) for trace in asked), row
        if row.kind == "exchange.ecp-server":
            cmdlets = {
                one.cmdlet for one in traces if isinstance(one, Command) and _same(one, row.label.note)
            }
            assert records[row.path, row.line or 0].fields["Cmdlet"] in cmdlets
    kinds = Counter(row.kind for row in rows)
    assert kinds["exchange.httpproxy"] == len(
        [one for one in asked if one.proxied and scenario_keeps(scenario, one)]
    )
    assert kinds["iis.w3c"] == len(asked) + len([one for one in asked if one.backend])
    assert kinds["exchange.ecp-server"] > 2


def scenario_keeps(scenario: Scenario, trace: Trace) -> bool:
    return (scenario.collected - trace.at).days < scenario.server.retention_days


def _tells(record: Record, trace: Request) -> bool:
    moment = record.time
    assert moment is not None
    return (
        abs((moment - trace.at).total_seconds()) < 1
        and record.fields["cs-uri-stem"] == trace.stem
        and record.fields["sc-status"] == str(trace.status)
        and record.fields["c-ip"] == trace.client
    )


def _same(trace: Trace, note: str) -> bool:
    return trace.label is not None and trace.label.note == note


def test_every_text_log_is_read_without_a_stray_line(tmp_path: Path) -> None:
    made(tmp_path / "out")
    items = [item for found in items_of(tmp_path / "out/evidence").values() for item in found]
    assert not [item for item in items if isinstance(item, Unreadable)]
    kinds = {item.kind for item in items if isinstance(item, Record)}
    wanted = {"iis.w3c", "exchange.httpproxy", "exchange.ecp-server", "exchange.ecp-activity", "http.err"}
    assert kinds >= {*wanted, "exchange.cmdletinfra", "exchange.oabgenerator"}


def test_one_request_is_joined_by_its_ident_in_both_logs(tmp_path: Path) -> None:
    made(tmp_path / "out")
    records = list(records_at(tmp_path / "out/evidence").values())
    proxied = {str(record.fields["RequestId"]) for record in records if record.kind == "exchange.httpproxy"}
    queries = " ".join(str(one.fields["cs-uri-query"]) for one in records if one.kind == "iis.w3c")
    assert len(proxied) > 50
    assert all(f"cafeReqId={ident};" in queries for ident in proxied)


def test_withheld_logs_are_not_there(tmp_path: Path) -> None:
    small = load(str(SMALL))
    withheld = ("iis.w3c", "exchange.httpproxy")
    scenario = replace(small, collection=replace(small.collection, withhold=withheld))
    rows = made(tmp_path / "out", scenario).truth.rows
    assert not list((tmp_path / "out").rglob("u_ex*")) + list((tmp_path / "out").rglob("HttpProxy_*"))
    assert not {row.kind for row in rows}.intersection(withheld)
    assert rows


def test_a_zip_holds_the_evidence_alone_and_says_when_files_changed(tmp_path: Path) -> None:
    folder, archive = made(tmp_path / "out"), made(tmp_path / "out.zip")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "out",
        "out.expected.json",
        "out.manifest.json",
        "out.zip",
    ]
    with zipfile.ZipFile(archive.evidence) as bundle:
        names_inside = bundle.namelist()
        assert names_inside == sorted(names_inside)
        assert {name: hashlib.sha256(bundle.read(name)).hexdigest() for name in names_inside} == digest(
            folder.evidence
        )
    assert archive.truth == folder.truth
    assert read(archive.expected) == archive.truth


def test_files_changed_when_their_last_row_was_written(tmp_path: Path) -> None:
    made(tmp_path / "out")
    log = tmp_path / "out/evidence/C/inetpub/logs/LogFiles/W3SVC1/u_ex210302.log"
    last = log.read_text().splitlines()[-1][:19]
    assert f"{datetime.fromtimestamp(log.stat().st_mtime, UTC):%Y-%m-%d %H:%M:%S}" == last


def test_the_manifest_lists_every_file(tmp_path: Path) -> None:
    one = made(tmp_path / "out")
    manifest = msgspec.json.decode(one.manifest.read_bytes())
    assert {each["path"]: each["sha256"] for each in manifest["files"]} == digest(one.evidence)


def test_a_place_that_is_taken_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/expected.json").write_text("mine")
    with pytest.raises(UsageFault, match="already"):
        made(tmp_path / "out")
    assert (tmp_path / "out/expected.json").read_text() == "mine"


def test_what_there_is_not_is_refused(tmp_path: Path) -> None:
    small = load(str(SMALL))
    faulty = replace(small, collection=replace(small.collection, faults=(Fault(kind="nonsense"),)))
    acting = replace(small, acts=(replace(small.acts[0], script="nonsense"),))
    for number, wrong in enumerate((faulty, acting)):
        with pytest.raises(ScenarioError, match="nonsense"):
            made(tmp_path / str(number), wrong)


def test_names_that_no_folder_can_hold_need_a_zip_and_are_left_out(tmp_path: Path) -> None:
    small = load(str(SMALL))
    odd = replace(small, collection=replace(small.collection, faults=(Fault(kind="zip-names"),)))
    assert needs_zip(odd)
    assert not needs_zip(small)
    with pytest.raises(ScenarioError, match="no folder can hold"):
        made(tmp_path / "folder", odd)
    assert not list(tmp_path.iterdir())
    zipped = [made(tmp_path / f"{number}.zip", odd).evidence for number in (1, 2)]
    assert zipped[0].read_bytes() == zipped[1].read_bytes()
    with zipfile.ZipFile(zipped[0]) as bundle:
        names = {info.orig_filename for info in bundle.infolist()}
    assert {"../../inert.txt", "C\\..\\..\\inert.txt", "\\\\192.0.2.9\\share\\inert.txt"} <= names
    with open_evidence(zipped[0]) as evidence:
        given = {source.path for source in evidence.sources()}
        left_out = {one.path: one.why for one in evidence.skipped}
    assert {"C/Temp/Remarks.txt", "C/Temp/REMARKS.TXT"} <= given
    assert not [path for path in given if path.endswith("inert.txt")]
    assert sum("outside the evidence" in why for why in left_out.values()) == 6  # both UNC names read alike
    assert sum("link" in why for why in left_out.values()) == 4


def test_the_command_makes_lists_and_shows(tmp_path: Path) -> None:
    run = CliRunner()
    out = tmp_path / "out.zip"
    result = run.invoke(
        app, ["exercise", "server", str(SMALL), "--seed", "7", "--out", str(out), "--rows", "90"]
    )
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == str(out)
    assert read(tmp_path / "out.expected.json").scenario == "small.in"
    listed = run.invoke(app, ["exercise", "list", "--json"])
    assert [one["name"] for one in msgspec.json.decode(listed.stdout)] == names()
    assert names()[0] in run.invoke(app, ["exercise", "list"]).stdout
    shown = run.invoke(app, ["exercise", "show", str(SMALL)])
    assert "proxylogon up to shell-tasked, from 198.51.100.23" in shown.stdout
    as_json = run.invoke(app, ["exercise", "show", str(SMALL), "--json"])
    assert msgspec.json.decode(as_json.stdout, type=Scenario) == load(str(SMALL))


@pytest.mark.slow
def test_a_million_requests_take_no_more_memory_than_a_few(tmp_path: Path) -> None:
    peaks = []
    for rows in (20_000, 1_000_000):
        place = tmp_path / str(rows)
        command = [sys.executable, "-c", MEMORY, str(SMALL), str(place), str(rows)]
        peaks.append(int(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    assert peaks[1] < peaks[0] + 64 * 1024  # KiB: more people at work, not more rows kept
