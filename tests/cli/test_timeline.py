"""``tocsin timeline`` and ``tocsin query``, as they are typed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.timeline.specimens import EXAMPLE, rows_of, small_collection
from typer.testing import CliRunner, Result

from tocsin.cli import app, main
from tocsin.errors import TocsinError
from tocsin.timeline.parquet import ParquetWriter
from tocsin.timeline.questions import QUESTIONS

ROOT = EXAMPLE.parents[1]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def typed(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tocsin.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, text=True, encoding="utf-8")


def failure(result: Result) -> TocsinError:
    assert isinstance(result.exception, TocsinError), result.output
    return result.exception


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return small_collection(tmp_path / "case")


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's timeline, its findings marked."""
    folder = tmp_path_factory.mktemp("example")
    (folder / "assessment.json").write_text(run("assess", EXAMPLE, "--json").stdout, "utf-8")
    target = folder / "server.parquet"
    assert run("timeline", EXAMPLE, "-o", target, "--findings", folder / "assessment.json").exit_code == 0
    return target


# --- timeline ---------------------------------------------------------------------------------


def test_it_writes_the_file_and_says_so(case: Path, tmp_path: Path) -> None:
    done = typed("timeline", case, "-o", tmp_path / "a.parquet")
    assert (done.returncode, done.stdout) == (0, "")
    first, second = done.stderr.splitlines()
    assert first.startswith(f"wrote {tmp_path / 'a.parquet'}: 9 rows, ")
    assert second == "lines that could not be parsed, kept as rows (item = 'unreadable'): 1"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.parquet", "case"]


def test_quiet_says_nothing(case: Path, tmp_path: Path) -> None:
    done = typed("timeline", case, "-o", tmp_path / "a.jsonl", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_could_not_be_read_is_told_and_is_not_0(case: Path, tmp_path: Path) -> None:
    (case / "C/empty.evtx").write_bytes(b"")
    done = typed("timeline", case, "-o", tmp_path / "a.parquet")
    assert done.returncode == 4
    assert "not read, or not to its end: C/empty.evtx: empty" in done.stderr
    assert len(rows_of(tmp_path / "a.parquet")) == 9


def test_evidence_without_a_record_is_not_0(tmp_path: Path) -> None:
    (tmp_path / "case").mkdir()
    (tmp_path / "case/a.bin").write_bytes(bytes(range(256)) * 40)
    assert run("timeline", tmp_path / "case", "-o", tmp_path / "a.parquet").exit_code == 4
    assert rows_of(tmp_path / "a.parquet") == []


def test_nothing_is_overwritten_unasked(case: Path, tmp_path: Path) -> None:
    target = tmp_path / "a.parquet"
    target.write_text("mine")
    error = failure(run("timeline", case, "-o", target))
    assert (error.exit_status, error.where) == (2, str(target))
    assert target.read_text() == "mine"
    assert run("timeline", case, "-o", target, "--force").exit_code == 0
    assert len(rows_of(target)) == 9


@pytest.mark.parametrize("name", ["case/a.parquet", "case/C/a.jsonl", "a.csv", "a", "case"])
def test_places_that_are_refused_before_the_work(case: Path, tmp_path: Path, name: str) -> None:
    before = sorted(case.rglob("*"))
    assert failure(run("timeline", case, "-o", tmp_path / name, "--force")).exit_status == 2
    assert sorted(case.rglob("*")) == before


def test_evidence_that_is_not_there(tmp_path: Path) -> None:
    assert failure(run("timeline", tmp_path / "no", "-o", tmp_path / "a.parquet")).exit_status == 4
    assert not list(tmp_path.iterdir())


def test_limits_are_kept(case: Path, tmp_path: Path) -> None:
    error = failure(run("timeline", case, "-o", tmp_path / "a.parquet", "--max-files", 2))
    assert error.exit_status == 4
    assert not (tmp_path / "a.parquet").exists()


def test_kinds_and_span_choose(case: Path, tmp_path: Path) -> None:
    span = ("--from", "2021-03-03T06:49:43Z", "--until", "2021-03-04")
    done = typed(
        "timeline", case, "-o", tmp_path / "a.parquet", "--kinds", "iis.*", "--kinds", "http.err", *span
    )
    assert done.returncode == 0
    assert "left out as you asked: 6 rows" in done.stderr
    assert [(row["kind"], row["line"]) for row in rows_of(tmp_path / "a.parquet")] == [
        ("iis.w3c", 6),
        ("iis.w3c", 8),
        ("iis.w3c", 9),
    ]


@pytest.mark.parametrize("text", ["yesterday", "2021-13-01", "03/04/2021", ""])
def test_a_moment_that_is_none(case: Path, tmp_path: Path, text: str) -> None:
    error = failure(run("timeline", case, "-o", tmp_path / "a.parquet", "--from", text))
    assert error.exit_status == 2
    assert "UTC" in error.remedy


def test_findings_mark_rows(example: Path) -> None:
    marked = rows_of(example, "FROM timeline WHERE means IS NOT NULL")
    assessment = json.loads((example.parent / "assessment.json").read_text("utf-8"))
    findings = [one for verdict in assessment["verdicts"] for one in verdict["findings"]]
    places = {(one["locator"]["path"], one["locator"]["line"]) for one in findings}
    page = "C/inetpub/wwwroot/aspnet_client/discover.aspx"
    assert (page, 3) in places  # of a page there is one row, whichever of its lines a finding names
    wanted = {(path, None if path == page else line) for path, line in places}
    assert {(row["path"], row.get("line")) for row in marked} == wanted
    assert {rule for row in marked for rule in row["rules"]} == {one["rule"] for one in findings}
    assert any(row["means"] == "compromised" for row in marked)


def test_findings_of_other_evidence_are_counted(case: Path, example: Path, tmp_path: Path) -> None:
    done = typed(
        "timeline", case, "-o", tmp_path / "a.parquet", "--findings", example.parent / "assessment.json"
    )
    assert done.returncode == 0
    assert "places of findings that no row stands for: " in done.stderr


def test_findings_that_are_none(case: Path, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    for name in ("a.json", "no.json"):
        error = failure(run("timeline", case, "-o", tmp_path / "a.parquet", "--findings", tmp_path / name))
        assert (error.exit_status, error.where) == (2, str(tmp_path / name))


def test_ctrl_c_leaves_nothing(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()

    def stopped(*_: object) -> None:
        assert list(out.iterdir())  # its draft is there
        raise KeyboardInterrupt

    monkeypatch.setattr(ParquetWriter, "write", stopped)
    monkeypatch.setattr(sys, "argv", ["tocsin", "timeline", str(case), "-o", str(out / "a.parquet")])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 130
    assert capsys.readouterr().err == "tocsin: stopped by you; nothing in the evidence was changed.\n"
    assert not list(out.iterdir())


# --- query ------------------------------------------------------------------------------------

COUNT = "SELECT kind, count(*) AS rows FROM timeline WHERE kind LIKE 'ex%' GROUP BY kind ORDER BY kind"


def test_an_answer_elsewhere_than_on_a_terminal_is_csv(example: Path) -> None:
    done = typed("query", example, COUNT)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[:2] == ['\ufeff"kind","rows"', '"exchange.ecp-server","5"']


@pytest.mark.parametrize("shape", ["table", "csv", "json", "jsonl"])
def test_formats(example: Path, tmp_path: Path, shape: str) -> None:
    done = typed("query", example, COUNT, "--format", shape)
    assert done.returncode == 0
    assert "exchange.httpproxy" in done.stdout
    if shape == "json":
        assert json.loads(done.stdout)[1] == {"kind": "exchange.httpproxy", "rows": 976}
    kept = typed("query", example, COUNT, "--format", shape, "-o", tmp_path / "a")
    assert (kept.returncode, kept.stdout, kept.stderr) == (0, "", f"wrote {tmp_path / 'a'}\n")
    assert "exchange.httpproxy" in (tmp_path / "a").read_text("utf-8")


def test_the_name_of_the_output_chooses(example: Path, tmp_path: Path) -> None:
    for name, begin in (
        ("a.json", "[\n"),
        ("a.jsonl", '{"kind"'),
        ("a.csv", '\ufeff"kind"'),
        ("a.txt", '\ufeff"'),
    ):
        assert run("query", example, COUNT, "-o", tmp_path / name).exit_code == 0
        assert (tmp_path / name).read_text("utf-8").startswith(begin)


def test_an_answer_overwrites_nothing_unasked(example: Path, tmp_path: Path) -> None:
    copy = shutil.copy(example, tmp_path / "a.parquet")
    for options in ((), ("--force",)):
        assert failure(run("query", copy, COUNT, "-o", copy, *options)).exit_status == 2
    assert Path(copy).read_bytes() == example.read_bytes()


def test_a_wrong_question(example: Path) -> None:
    done = typed("query", example, "SELECT nope FROM timeline")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tocsin: in 'SELECT nope FROM timeline': Binder Error")
    assert "DESCRIBE timeline" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_question_of_too_much(example: Path) -> None:
    done = typed("query", example, "FROM range(20000000) ORDER BY hash(range)", "--memory", 64)
    assert done.returncode == 3
    assert "--memory" in done.stderr


def test_help_teaches_by_example() -> None:
    shown = " ".join(run("query", "--help").stdout.split())
    for asks, sql in QUESTIONS:
        assert asks in shown
        assert sql in shown


def test_the_how_to_holds_every_question() -> None:
    page = (ROOT / "docs/how-to/look-further.md").read_text("utf-8")
    for asks, sql in QUESTIONS:
        assert f"{asks}:\n\n```sql\n{sql}\n```" in page
