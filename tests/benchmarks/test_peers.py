"""The benchmark against the peers: the page out of stored figures, the harness with peers made up here."""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from benchmarks.peers import __main__ as command
from benchmarks.peers import data, figures, page, picture
from benchmarks.peers.contenders import contenders
from benchmarks.peers.contending import Contender, Ground, Task, counted
from benchmarks.peers.data import Made, measured
from benchmarks.peers.obtaining import obtain
from benchmarks.peers.results import (
    Had,
    Kit,
    Literals,
    Machine,
    Performance,
    Runs,
    Spent,
    load,
    save,
)
from benchmarks.peers.rounds import measure
from benchmarks.peers.running import run
from msgspec.structs import replace

GOLDEN = Path(__file__).parent / "golden"
COUNT = (
    "import pathlib, sys; print(sum(p.read_bytes().count(10) for p in pathlib.Path(sys.argv[1]).iterdir()))"
)


def spent(seconds: float, *, wall: float = 0.0, peak: int = 100_000, status: int = 0) -> Spent:
    return Spent(user=seconds, system=0.0, wall=wall or seconds, peak_kib=peak, status=status)


def runs(key: str, size: int, *seconds: float, wall: float = 0.0, start_up: str = "", **counts: int) -> Runs:
    name, _, kit = key.partition(":")
    return Runs(
        key=key,
        contender=name,
        does="counts lines",
        kit=kit.partition(":")[0],
        size=size,
        rounds=tuple(spent(each, wall=wall) for each in seconds),
        counts=counts,
        start_up=start_up,
    )


def stored() -> Performance:
    """Figures that are easy to check in the head."""
    had = Had(
        name="ripgrep", version="13.0.0", licence="MIT", answers="which lines", source="Debian's ripgrep"
    )
    told = {"lines": 10_000_000, "records": 9_990_000, "candidates": 20_000}
    return Performance(
        taken="2026-01-02",
        command="python -m benchmarks.peers --size 1GB",
        commit="0123abc",
        machine=Machine(
            processor="A processor",
            cores=2,
            memory_gib=16,
            system="Linux 6",
            python="3.11.9",
            load_before=0.1,
            load_after=1.0,
        ),
        literals=Literals(count=45, source="somewhere"),
        rounds=3,
        kits=(Kit(name="innocent", says="a server", files=10, size=10**9, lines=10_000_000),),
        contenders=(had, replace(had, name="zircolite", version="", missing="it is in <no> index")),
        runs=(
            replace(runs("tocsin:innocent", 10**9, 1.0, 2.0, 1.1, **told), says="no-evidence"),
            replace(runs("tocsin:guilty", 10**9, 1.0, 1.0, 1.0), says="compromised"),
            replace(runs("tocsin:innocent.gz", 10**9, 1.5, 3.0, 1.6, **told), says="no-evidence"),
            replace(runs("tocsin:innocent:1 of 2 cores", 10**9, 1.0, wall=1.0, **told), says="no-evidence"),
            replace(runs("tocsin:innocent:2 of 2 cores", 10**9, 1.1, wall=0.5, **told), says="no-evidence"),
            runs("isal:innocent.gz", 10**9, 0.5, 1.0, 0.5),
            runs("ripgrep:innocent", 10**9, 2.0, 4.0, 2.2, lines=400_000),
            runs("grep:innocent", 10**9, 4.0, 8.0, 4.4, lines=400_000),
            runs("plaso:sample", 10**7, 21.0, 21.0, 21.0, start_up="plaso:sample-start", records=9),
            runs("plaso:sample-start", 2000, 1.0, 1.0, 1.0, records=1),
            replace(runs("polars:innocent", 10**9), failed="exit status 1: out | of memory"),
        ),
    )


def goal(performance: Performance, name: str) -> figures.Goal:
    (found,) = [one for one in figures.goals(performance) if one.name.startswith(name)]
    return found


def test_the_page_is_the_stored_figures(golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / "performance.md", page.render(stored(), picture="images/performance.svg"))


def test_the_picture_is_the_stored_figures(golden: Callable[[Path, str], None]) -> None:
    drawn = picture.render(stored())
    assert ET.fromstring(drawn).tag.endswith("svg")  # noqa: S314 - our own
    golden(GOLDEN / "performance.svg", drawn)


def test_the_stored_figures_survive(tmp_path: Path) -> None:
    save(stored(), tmp_path / "docs" / "performance.json")
    assert load(tmp_path / "docs" / "performance.json") == stored()


def test_the_page_can_be_written_again_without_measuring(tmp_path: Path) -> None:
    save(stored(), tmp_path / "performance.json")
    command.main(["--render", "--out", str(tmp_path / "performance")])
    text = (tmp_path / "performance.md").read_text("utf-8")
    assert "images/performance.svg" in text
    assert (tmp_path / "images" / "performance.svg").exists()


def test_a_ratio_is_taken_round_by_round() -> None:
    """The second round ran on a machine half as fast: it slows both, and leaves the ratio."""
    assert figures.times_as_fast(stored(), "tocsin:innocent", "ripgrep:innocent") == pytest.approx(2.0)


def test_starting_is_taken_off_where_it_is_known() -> None:
    assert figures.rate(stored(), stored().runs[8]) == pytest.approx(0.5)
    assert goal(stored(), "Against plaso").met is True


def test_packed_input_is_held_against_plain_and_decompression() -> None:
    assert goal(stored(), "gzip").found == "1x"
    assert goal(stored(), "zip").met is None


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    nothing = replace(stored(), runs=())
    assert {one.met for one in figures.goals(nothing)} == {None}
    assert "not measured" in page.render(nothing, picture="x.svg")


def test_a_missed_goal_is_said() -> None:
    slow = replace(stored(), runs=(runs("tocsin:innocent", 10**9, 9.0), stored().runs[6]))
    assert goal(slow, "One core, innocent").met is False
    assert "**missed**" in page.render(slow, picture="x.svg")


@pytest.mark.parametrize(
    ("place", "says", "told"),
    [(0, "targeted", "innocent: targeted"), (1, "undetermined", "guilty: undetermined")],
)
def test_a_wrong_answer_is_said(place: int, says: str, told: str) -> None:
    found = [replace(one, says=says) if number == place else one for number, one in enumerate(stored().runs)]
    answers = goal(replace(stored(), runs=tuple(found)), "Answers")
    assert answers.met is False
    assert told in answers.found


def test_packed_input_that_is_answered_otherwise_is_said() -> None:
    found = [replace(one, counts={}) if one.kit == "innocent.gz" else one for one in stored().runs]
    assert "innocent.gz: not the answer" in goal(replace(stored(), runs=tuple(found)), "Answers").found


def test_those_that_count_otherwise_are_said() -> None:
    assert not figures.disagreements(stored())
    found = [
        replace(one, counts={"lines": 3}) if one.key == "grep:innocent" else one for one in stored().runs
    ]
    assert figures.disagreements(replace(stored(), runs=tuple(found))) == ["ripgrep: 400,000", "grep: 3"]


def test_sizes_are_powers_of_ten() -> None:
    assert [command.amount(text) for text in ("20GB", "1.5 mb", "7")] == [20 * 10**9, 1_500_000, 7]
    with pytest.raises(argparse.ArgumentTypeError, match="500MB"):
        command.amount("much")


@pytest.fixture
def kit(tmp_path: Path) -> Made:
    folder = tmp_path / "kit" / "evidence"
    folder.mkdir(parents=True)
    (folder / "u_ex210303.log").write_text("one\ntwo\n")
    (folder / "custody.json").write_text("{}\n")
    return measured("innocent", "two files", folder, text=True)


def fake(*script: str, key: str = "fake:innocent", statuses: tuple[int, ...] = (0,)) -> Task:
    return Task(
        key=key,
        does="counts",
        kit="innocent",
        size=1000,
        command=(sys.executable, "-I", "-c", *script),
        statuses=statuses,
    )


def test_a_peer_is_measured_in_every_round(tmp_path: Path, kit: Made) -> None:
    (found,) = measure({"fake": [fake(COUNT, kit.path)]}, rounds=2, scratch=tmp_path / "scratch")
    assert not found.failed
    assert found.counts == {"lines": 3}
    assert len(found.rounds) == 2
    assert all(one.cpu > 0 and one.peak_kib > 1000 and one.status == 0 for one in found.rounds)


def test_every_second_round_runs_backwards(tmp_path: Path) -> None:
    note = "import sys; open(sys.argv[1], 'a').write(sys.argv[2]); print(1)"
    log = tmp_path / "order"
    tasks = {name: [fake(note, str(log), name, key=name)] for name in "abc"}
    measure(tasks, rounds=3, scratch=tmp_path / "scratch")
    assert log.read_text() == "abccbaabc"


def test_a_peer_that_fails_is_told_with_its_last_words_and_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "tries"
    broken = f"import sys; open({str(log)!r}, 'a').write('x'); sys.exit('no such table')"
    (found,) = measure({"fake": [fake(broken)]}, rounds=3, scratch=tmp_path / "scratch")
    assert found.failed == "exit status 1: no such table"
    assert log.read_text() == "x"


def test_an_answer_that_changes_is_a_failure(tmp_path: Path) -> None:
    log = tmp_path / "tries"
    moody = f"f = open({str(log)!r}, 'a+'); f.write('x'); print(f.tell())"
    (found,) = measure({"fake": [fake(moody)]}, rounds=2, scratch=tmp_path / "scratch")
    assert "then" in found.failed


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    task = replace(fake(), command=("no-such-program-anywhere",))
    (found,) = measure({"fake": [task]}, rounds=1, scratch=tmp_path / "scratch")
    assert found.failed.startswith("exit status 127: cannot be started")


def test_a_program_that_never_ends_is_ended(tmp_path: Path) -> None:
    done = run(["tail", "-f", "/dev/null"], folder=tmp_path, seconds=0.2)
    assert done.status == -1


def test_more_cores_than_there_are_is_told(tmp_path: Path) -> None:
    task = replace(fake(COUNT, str(tmp_path)), pinned_to=100_000)
    (found,) = measure({"fake": [task]}, rounds=1, scratch=tmp_path / "scratch")
    assert "100000 are asked for" in found.failed


def test_peak_memory_is_the_programs_own(tmp_path: Path) -> None:
    """Not that of this process, which is larger: both fork and exec would hand it down."""
    ballast = bytearray(b"x") * (200 << 20)
    small = run(["true"], folder=tmp_path)
    assert len(ballast) > 0
    assert small.peak_kib < 100 << 10


def test_contenders_do_not_see_this_programs_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    run(["env"], folder=tmp_path, environment={"LC_ALL": "C"})
    told = (tmp_path / "stdout").read_text().splitlines()
    assert "LC_ALL=C" in told
    assert not [line for line in told if line.startswith("PYTHONPATH=")]


def nothing(_: Ground) -> Iterator[Task]:
    return iter(())


def made_up(**more: object) -> Contender:
    return replace(Contender(name="fake", licence="MIT", answers="nothing", tasks=nothing), **more)


def test_a_peer_that_is_not_installed_is_told_with_what_to_install(tmp_path: Path) -> None:
    had = obtain(made_up(program="no-such-program", debian="fake-tools"), tmp_path).had
    assert had.missing == "no-such-program is not installed (Debian: fake-tools)"


def test_a_peer_of_no_index_asks_for_its_checkout(tmp_path: Path) -> None:
    had = obtain(made_up(packages=("fake",), checkout="fake"), tmp_path).had
    assert "--fake FOLDER" in had.missing


def test_a_program_of_the_system_tells_its_version(tmp_path: Path) -> None:
    found = obtain(made_up(program=sys.executable), tmp_path)
    assert found.program == sys.executable
    assert found.had.version == sys.version.split()[0]
    assert not found.had.missing


def test_every_contender_can_be_asked(kit: Made, tmp_path: Path) -> None:
    """Each names its tasks apart, and asks only for data that there is."""
    ground = Ground(
        kits={"innocent": kit}, literals=tmp_path / "literals.txt", program=sys.executable, checkout=tmp_path
    )
    keys = [task.key for one in contenders() for task in one.tasks(ground)]
    assert keys[0] == "tocsin:innocent"
    assert len(keys) == len(set(keys))
    assert {"ripgrep:innocent", "grep:innocent", "duckdb:innocent", "polars:innocent"} <= set(keys)
    assert all(one.packages or one.program for one in contenders())


def test_packed_data_unpacks_to_the_plain(kit: Made, tmp_path: Path) -> None:
    packed, archive = data.gzipped(tmp_path, kit), data.zipped(tmp_path, kit)
    plain = {path.name: path.read_bytes() for path in Path(kit.path).iterdir()}
    assert (packed.size, archive.size, packed.lines) == (kit.size, kit.size, kit.lines)
    assert gzip.decompress(Path(packed.path, "u_ex210303.log.gz").read_bytes()) == plain["u_ex210303.log"]
    assert Path(packed.path, "custody.json").read_bytes() == plain["custody.json"]
    with zipfile.ZipFile(archive.path) as opened:
        assert {name: opened.read(name) for name in opened.namelist()} == plain


def test_a_cut_holds_whole_lines_of_the_front_end_site(tmp_path: Path) -> None:
    folder = tmp_path / "kit" / "evidence"
    for site in ("W3SVC1", "W3SVC2"):
        (folder / site).mkdir(parents=True)
        (folder / site / f"{site}.log").write_text("0123456789\n" * 10)
    plain = measured("innocent", "", folder, text=True)
    found = data.cut(tmp_path, plain, "sample", "", size=25)
    assert (found.files, found.lines, found.size) == (1, 3, 33)


def test_data_is_made_once_and_made_anew_when_it_is_not_whole(kit: Made, tmp_path: Path) -> None:
    first = data.zipped(tmp_path, kit)
    Path(first.path).write_bytes(b"kept")
    assert data.zipped(tmp_path, kit) == first
    assert Path(first.path).read_bytes() == b"kept"
    (Path(first.path).parent / "made.json").unlink()
    data.zipped(tmp_path, kit)
    assert zipfile.is_zipfile(first.path)


def test_answers_are_added_up(tmp_path: Path) -> None:
    (tmp_path / "stdout").write_text("3\n4\n")
    assert counted("lines")(tmp_path).counts == {"lines": 7}


@pytest.mark.slow
def test_a_whole_session_with_tocsin_alone(tmp_path: Path) -> None:
    """A server of a few rows is made, assessed and told of."""
    arguments = ["--size", "1MB", "--only", "tocsin,grep", "--kits", "innocent,guilty,zip", "--rounds", "1"]
    out = tmp_path / "performance"
    command.main([*arguments, "--cache", str(tmp_path / "cache"), "--out", str(out)])
    told = load(out.with_suffix(".json"))
    assert not [one for one in told.runs if one.failed]
    assert goal(told, "Answers").found == "right"
    assert {kit.name for kit in told.kits} == {"innocent", "guilty", "innocent.zip"}
    assert json.loads(out.with_suffix(".json").read_text())["schema"] == "tocsin/performance/1"
