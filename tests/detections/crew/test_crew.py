"""Several processes give the assessment that one gives, whatever the evidence."""

from __future__ import annotations

import gzip
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tocsin.assessment.server import Request, assess_evidence, load_knowledge
from tocsin.detections.crew.sizing import crew_of
from tocsin.detections.scanning.lanes import Scanning
from tocsin.errors import EvidenceError, UsageFault
from tocsin.evidence.limits import MIB, Limits
from tocsin.exercise.library import load, names
from tocsin.exercise.server import make_server, needs_zip
from tocsin.model.verdicts import Assessment

KNOWLEDGE = load_knowledge()
AT = datetime(2026, 1, 1, tzinfo=UTC)
HEAD = (
    "#Software: Microsoft Internet Information Services 10.0\n"
    "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port c-ip sc-status\n"
)
ROW = "2021-03-03 06:49:{:02} 192.0.2.9 POST /aspnet_client/{}.aspx - 443 198.51.100.{} 200\n"
LOGS = "C/inetpub/logs/LogFiles/W3SVC1"


def assessed(path: Path, workers: int, limits: Limits | None = None) -> Assessment:
    request = Request(
        evidence=path,
        at=AT,
        limits=limits or Limits(),
        scanning=Scanning(shortest=0),
        workers=workers,
        part=1 * MIB,
    )
    return assess_evidence(request, KNOWLEDGE)


def rows(count: int, *, name: str = "a") -> str:
    return HEAD + "".join(ROW.format(number % 60, name, number % 250) for number in range(count))


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def evidence(root: Path) -> Path:
    """Logs large and small, one packed, a shadow copy, an inner container, and what cannot be read."""
    files: dict[str, str | bytes] = {
        f"{LOGS}/u_ex210301.log": rows(60_000),
        f"{LOGS}/u_ex210302.log": rows(30, name="b"),
        f"{LOGS}/u_ex210303.log.gz": gzip.compress(rows(50, name="c").encode(), mtime=0),
        f"{LOGS}/u_ex210304.log.gz": gzip.compress(rows(5000).encode(), mtime=0)[:300],
        f"{LOGS}/u_ex210305.log": b"",
        "shadow-copies/VSS1/C/inetpub/logs/LogFiles/W3SVC1/u_ex210302.log": rows(20, name="b"),
        "C/inetpub/wwwroot/aspnet_client/a.aspx": "<%@ Page %>",
        "C/notes.txt": "nothing\n" * 50,
        "C/noise.bin": bytes(range(256)),
    }
    write(root, files)
    with zipfile.ZipFile(root / "more.zip", "w") as packed:
        packed.writestr("logs/u_ex210306.log", rows(40, name="d"))
    return root


def test_two_workers_give_what_one_process_gives(tmp_path: Path) -> None:
    path = evidence(tmp_path / "e")
    assert assessed(path, 2) == assessed(path, 1)


@pytest.mark.slow
def test_a_zip_is_read_by_members(tmp_path: Path) -> None:
    folder = evidence(tmp_path / "e")
    path = tmp_path / "e.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                packed.write(file, file.relative_to(folder).as_posix())
    assert assessed(path, 2) == assessed(path, 1)


def test_bounds_on_the_whole_are_met_at_the_same_place(tmp_path: Path) -> None:
    packed = {
        f"{LOGS}/u_ex21030{day}.log.gz": gzip.compress(rows(9000).encode(), mtime=0) for day in range(1, 6)
    }
    path = write(tmp_path / "e", packed)
    limits = Limits(total_bytes=2 * MIB)
    assert assessed(path, 2, limits) == assessed(path, 1, limits)
    assert assessed(path, 1, limits).coverage.skipped


def test_evidence_of_which_nothing_can_be_read_is_the_same_error(tmp_path: Path) -> None:
    path = write(tmp_path / "e", {"a.log": b"", "b.log": b""})
    with pytest.raises(EvidenceError) as one:
        assessed(path, 1)
    with pytest.raises(EvidenceError) as two:
        assessed(path, 2)
    assert str(two.value) == str(one.value)


@pytest.mark.slow
@pytest.mark.parametrize("name", names()[::4])
def test_scenarios_are_assessed_alike(tmp_path: Path, name: str) -> None:
    scenario = load(name)
    made = make_server(scenario, name=name, seed=7, out=tmp_path / ("s.zip" if needs_zip(scenario) else "s"))
    wanted = assessed(made.evidence, 1)
    assert assessed(made.evidence, 2) == wanted
    assert assessed(made.evidence, 3) == wanted


# --- sizes ----------------------------------------------------------------------------------------


def test_little_evidence_is_read_by_one_process() -> None:
    assert crew_of(None, None, 10 * MIB).workers == 1


def test_workers_asked_for_are_started() -> None:
    assert crew_of(3, None, 0).workers == 3


def test_memory_bounds_the_workers() -> None:
    assert crew_of(None, 250 * MIB, 1 << 40).workers == 1
    with pytest.raises(UsageFault, match="5 workers may need"):
        crew_of(5, 500 * MIB, 0)


def test_too_little_memory_is_said() -> None:
    with pytest.raises(UsageFault, match="too little"):
        crew_of(None, 50 * MIB, 0)
