"""``tocsin assess`` and ``tocsin schema``, as they are typed."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from rich.console import Console
from tests.assessment.whole_logs import collection
from tests.packs.pack_folders import sound_pack
from typer.testing import CliRunner, Result

import tocsin.assessment.server
from tocsin import __version__
from tocsin.cli import app, main, progress
from tocsin.cli.progress import watching
from tocsin.errors import TocsinError
from tocsin.evidence.limits import Budget
from tocsin.evidence.opening import open_evidence
from tocsin.report.json_document import decode
from tocsin.report.writing import FILES

EXAMPLE = Path(__file__).parents[2] / "examples" / "proxylogon-march-2021"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def assess(*arguments: object) -> Result:
    return run("assess", *arguments)


def typed(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "tocsin.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, text=True, encoding="utf-8", **options)


def failure(result: Result) -> TocsinError:
    assert isinstance(result.exception, TocsinError), result.output
    assert result.stdout == ""
    return result.exception


def prints(folder: Path) -> dict[str, tuple[str, int, int]]:
    """Content, mode and time of change of everything in a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        info = path.stat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path.relative_to(folder))] = (content, info.st_mode, info.st_mtime_ns)
    return found


@pytest.fixture(scope="module")
def quiet_month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small collection of a server that is open and was left alone."""
    return collection(tmp_path_factory.mktemp("quiet") / "c", patched=999)


# --- the answer -------------------------------------------------------------------------------


def test_the_answer_stands_on_standard_output_alone() -> None:
    done = typed("assess", EXAMPLE)
    assert done.returncode == 20
    assert done.stderr == ""
    assert "COMPROMISED" in done.stdout.splitlines()[0]
    assert "What now" in done.stdout
    assert "\x1b" not in done.stdout


def test_json_is_one_document_and_nothing_else() -> None:
    done = typed("assess", EXAMPLE, "--json")
    assert (done.returncode, done.stderr) == (20, "")
    assert done.stdout.endswith("}\n")
    assert not done.stdout.endswith("\n\n")
    document = json.loads(done.stdout)
    assert document["exit_status"] == 20
    assert document["tool"] == {"name": "tocsin", "version": __version__}
    assert decode(done.stdout.encode()).verdicts


def test_the_schema_holds_for_the_document() -> None:
    schema = json.loads(run("schema").stdout)
    document = json.loads(assess(EXAMPLE, "--json").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema, jsonschema.Draft202012Validator)
    for key in ("verdicts", "coverage", "exit_status"):
        broken = {name: value for name, value in document.items() if name != key}
        assert not jsonschema.Draft202012Validator(schema).is_valid(broken)


def test_the_schema_is_printed_as_it_is_published() -> None:
    published = EXAMPLE.parents[1] / "docs/reference/assessment.schema.json"
    done = typed("schema")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == published.read_text("utf-8")


def test_detail_prints_every_place() -> None:
    brief, full = assess(EXAMPLE), assess(EXAMPLE, "--detail")
    assert (brief.exit_code, full.exit_code) == (20, 20)
    document = json.loads(assess(EXAMPLE, "--json").stdout)
    findings = [one for verdict in document["verdicts"] for one in verdict["findings"]]
    assert findings
    for place in (one["locator"] for one in findings):
        assert f"{place['path']}:{place['line']}" in full.stdout or place["path"] in full.stdout
    assert len(full.stdout.splitlines()) > 2 * len(brief.stdout.splitlines())


def test_json_and_detail_exclude_each_other() -> None:
    error = failure(assess(EXAMPLE, "--json", "--detail"))
    assert (error.exit_status, error.remedy) == (2, "The JSON holds every detail.")


def test_the_evidence_is_left_as_it_was(tmp_path: Path) -> None:
    case = tmp_path / "case"
    shutil.copytree(EXAMPLE, case)
    before = prints(case)
    assert assess(case, "--detail", "--output", tmp_path / "out").exit_code == 20
    assert prints(case) == before


# --- exit statuses ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "status"),
    [
        (collection, 0),
        (lambda folder: collection(folder, attack="503"), 11),
        (lambda folder: collection(folder, patched=999), 10),
        (lambda folder: collection(folder, attack="200"), 15),
        (lambda folder: collection(folder, attack="241"), 20),
        (lambda folder: collection(folder, days=20), 10),
        (lambda folder: collection(folder, patched=0, days=20), 4),
    ],
)
def test_exit_status_is_the_answer(tmp_path: Path, make: Callable[[Path], Path], status: int) -> None:
    result = assess(make(tmp_path / "c"), "--json")
    assert result.exit_code == status
    assert json.loads(result.stdout)["exit_status"] == status


def test_evidence_that_is_not_there() -> None:
    done = typed("assess", "/nowhere/at/all")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == "tocsin: /nowhere/at/all: no such file or folder. Check the path.\n"


def test_empty_evidence(tmp_path: Path) -> None:
    error = failure(assess(tmp_path))
    assert (error.exit_status, error.where) == (4, str(tmp_path))
    assert error.remedy


@pytest.mark.parametrize(
    "content",
    [b"PK\x03\x04", b"PK\x05\x06" + b"\0" * 10, b"7z\xbc\xaf\x27\x1c" + b"\0" * 100, b"Rar!\x1a\x07\x01\x00"],
    ids=["cut zip", "cut end of zip", "7-zip", "rar"],
)
def test_containers_that_cannot_be_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "case.zip"
    path.write_bytes(content)
    error = failure(assess(path))
    assert error.exit_status == 4
    assert error.where
    assert error.remedy


def test_a_password_is_named_as_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "case.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("u_ex210303.log", "x")
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # what says "encrypted" in the list of members
    path.write_bytes(data)
    error = failure(assess(path))
    assert error.exit_status == 4
    assert "password" in str(error)


# --- options ----------------------------------------------------------------------------------


def test_output_writes_the_files_and_says_so(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    done = typed("assess", EXAMPLE, "--json", "--output", out)
    assert done.returncode == 20
    assert sorted(path.name for path in out.iterdir()) == sorted(name for name, _ in FILES)
    assert done.stderr.splitlines() == [f"wrote {out / name}" for name, _ in FILES]
    assert (out / "assessment.json").read_text("utf-8") == done.stdout
    again = typed("assess", EXAMPLE, "-o", out)
    assert again.returncode == 20


@pytest.mark.parametrize("inside", ["", "out", "C/inetpub/out"])
def test_output_into_the_evidence_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    case = tmp_path / "case"
    shutil.copytree(EXAMPLE, case)
    before = prints(case)
    monkeypatch.setattr(tocsin.assessment.server, "assess_evidence", _never)
    error = failure(assess(case, "--output", case / inside))
    assert error.exit_status == 2
    assert "never written to" in error.what
    assert prints(case) == before


def test_output_through_a_link_into_the_evidence_is_refused(tmp_path: Path) -> None:
    case = tmp_path / "case"
    shutil.copytree(EXAMPLE, case)
    (tmp_path / "link").symlink_to(case / "C", target_is_directory=True)
    assert failure(assess(case, "--output", tmp_path / "link" / "new")).exit_status == 2


def test_output_that_holds_other_things_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    monkeypatch.setattr(tocsin.assessment.server, "assess_evidence", _never)
    error = failure(assess(EXAMPLE, "--output", tmp_path))
    assert (error.exit_status, error.where) == (2, str(tmp_path))
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_output_that_cannot_be_made_is_a_fault_of_the_machine(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = assess(EXAMPLE, "--output", tmp_path / "file" / "out")
    assert isinstance(result.exception, TocsinError)
    assert result.exception.exit_status == 3


def _never(*_: object, **__: object) -> None:
    raise AssertionError("the work began before the folder was looked at")


def test_redact_hides_names_and_keeps_the_verdict() -> None:
    plain, hidden = assess(EXAMPLE, "--json").stdout, assess(EXAMPLE, "--json", "--redact").stdout
    for name in ("contoso", "mail01"):
        assert name in plain.lower()
        assert name not in hidden.lower()
    told = [
        [(one["campaign"], one["compromise"], one["exposure"]) for one in json.loads(text)["verdicts"]]
        for text in (plain, hidden)
    ]
    assert told[0] == told[1]


def test_redact_covers_the_files_too(tmp_path: Path) -> None:
    result = assess(EXAMPLE, "--redact", "--output", tmp_path / "out")
    assert "contoso" not in result.stdout.lower()
    for name, _ in FILES:
        assert "contoso" not in (tmp_path / "out" / name).read_text("utf-8").lower()


def test_campaign_chooses(quiet_month: Path) -> None:
    for chosen in (["proxylogon"], ["web-shell-activity"], ["web-shell-activity", "proxylogon"]):
        options = [part for name in chosen for part in ("--campaign", name)]
        document = json.loads(assess(quiet_month, "--json", *options).stdout)
        assert sorted(pack["id"] for pack in document["packs"]) == sorted(chosen)
        assert sorted(one["campaign"] for one in document["verdicts"]) == sorted(chosen)


def test_an_unknown_campaign_names_the_known_ones() -> None:
    error = failure(assess(EXAMPLE, "-c", "proxyshelf"))
    assert (error.exit_status, error.what) == (2, "no such pack: proxyshelf.")
    assert "proxylogon" in error.remedy


def test_packs_adds_a_folder_of_packs(tmp_path: Path, quiet_month: Path) -> None:
    own = sound_pack(tmp_path)
    for folder in (tmp_path, own):
        document = json.loads(assess(quiet_month, "--json", "--packs", folder).stdout)
        assert {pack["id"] for pack in document["packs"]} == {"proxylogon", "web-shell-activity", "sample"}


def test_packs_may_be_the_current_folder(
    tmp_path: Path, quiet_month: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sound_pack(tmp_path))
    document = json.loads(assess(quiet_month, "--json", "--packs", ".", "-c", "sample").stdout)
    assert [pack["id"] for pack in document["packs"]] == ["sample"]


def test_packs_without_a_pack(tmp_path: Path) -> None:
    error = failure(assess(EXAMPLE, "--packs", tmp_path))
    assert (error.exit_status, error.where) == (2, str(tmp_path))


def test_a_broken_pack_is_told_at_its_line(tmp_path: Path) -> None:
    pack = sound_pack(tmp_path) / "pack.yaml"
    pack.write_text(pack.read_text("utf-8").replace("title:", "headline:", 1), "utf-8")
    error = failure(assess(EXAMPLE, "--packs", tmp_path))
    assert error.exit_status == 2
    assert error.where.startswith(f"{pack}:")


def test_custody_from_outside_the_evidence(tmp_path: Path, quiet_month: Path) -> None:
    record = tmp_path / "custody.json"
    record.write_text(json.dumps({"collector": "A. Person", "collected_at": "2021-04-06T10:00:00+02:00"}))
    document = json.loads(assess(quiet_month, "--json", "--custody", record).stdout)
    assert document["evidence"]["custody"]["collector"] == "A. Person"
    assert document["evidence"]["custody"]["collected_at"] == "2021-04-06T08:00:00Z"


def test_custody_that_is_none(tmp_path: Path, quiet_month: Path) -> None:
    record = tmp_path / "custody.json"
    record.write_text("[1, 2")
    error = failure(assess(quiet_month, "--custody", record))
    assert (error.exit_status, error.where) == (4, str(record))


def test_custody_that_is_not_there(tmp_path: Path, quiet_month: Path) -> None:
    result = assess(quiet_month, "--custody", tmp_path / "custody.json")
    assert result.exit_code == 2
    assert "--custody" in result.stderr


@pytest.mark.parametrize(
    "options",
    [
        ["--max-files", "0"],
        ["--max-gib", "0"],
        ["--max-gib", "nan"],
        ["--max-gib", "inf"],
        ["--max-minutes", "-1"],
        ["--max-minutes", "inf"],
        ["--max-minutes", "soon"],
        ["--no-such-option"],
    ],
)
def test_wrong_usage_is_2(quiet_month: Path, options: list[str]) -> None:
    result = assess(quiet_month, *options)
    assert result.exit_code == 2
    assert options[0] in result.stderr
    assert result.stdout == ""


def test_more_files_than_the_bound_cannot_be_listed(quiet_month: Path) -> None:
    error = failure(assess(quiet_month, "--max-files", "3"))
    assert error.exit_status == 4
    assert "3 entries" in error.what


def test_bytes_beyond_the_bound_are_accounted_and_never_clear(tmp_path: Path) -> None:
    folder = collection(tmp_path / "c")
    big = folder / "C/inetpub/logs/LogFiles/W3SVC1/u_ex210202.log"
    big.write_text(big.read_text() + "#" * 2_000_000)
    result = assess(folder, "--json", "--max-gib", "0.001")
    document = json.loads(result.stdout)
    assert result.exit_code == 4
    why = {one["why"] for one in document["coverage"]["skipped"]}
    assert any("bytes for the whole evidence" in reason for reason in why)


def test_time_beyond_the_bound_is_told(quiet_month: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10_000_000, 40))
    monkeypatch.setattr(Budget.__init__, "__defaults__", (lambda: float(next(clock)),))
    error = failure(assess(quiet_month, "--max-minutes", "1"))
    assert error.exit_status == 4
    assert "bound of 60 seconds" in error.what


def test_help_tells_every_option() -> None:
    shown = typed("assess", "--help", env={**os.environ, "COLUMNS": "200", "TERM": "dumb"}).stdout
    for option in (
        *("--json", "--output", "--detail", "--redact", "--campaign", "--packs", "--custody", "--quiet"),
        *("--max-files", "--max-gib", "--max-minutes"),
    ):
        assert option in shown


def test_version() -> None:
    assert run("--version").stdout == f"tocsin {__version__}\n"


# --- progress, interruption, closed pipes -----------------------------------------------------


def _terminal(monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool) -> io.StringIO:
    monkeypatch.setenv("TERM", "xterm")  # a dumb terminal shows no bar, whatever the machine has
    out = io.StringIO()

    def console(*, stderr: bool) -> Console:
        assert stderr
        return Console(file=out, force_terminal=is_terminal, width=80, color_system=None)

    monkeypatch.setattr(progress, "Console", console)
    return out


def test_progress_is_for_a_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    out = _terminal(monkeypatch, is_terminal=True)
    (tmp_path / "[bold]\x1b[2J.log").write_text("x\n")
    with open_evidence(tmp_path) as evidence, watching(quiet=False) as watch:
        assert watch is not None
        advance = watch(evidence)
        for source in evidence.sources():
            advance(source.path, source.size)
    assert "[bold]\\x1b[2J.log" in out.getvalue()
    assert "2/2 bytes" in out.getvalue()


@pytest.mark.parametrize(("quiet", "is_terminal"), [(True, True), (True, False), (False, False)])
def test_no_progress_where_nobody_watches(
    monkeypatch: pytest.MonkeyPatch, quiet: bool, is_terminal: bool
) -> None:
    out = _terminal(monkeypatch, is_terminal=is_terminal)
    with watching(quiet=quiet) as watch:
        assert watch is None
    assert out.getvalue() == ""


def test_quiet_says_nothing_beside_the_answer(monkeypatch: pytest.MonkeyPatch, quiet_month: Path) -> None:
    out = _terminal(monkeypatch, is_terminal=True)
    assert assess(quiet_month, "--quiet").exit_code == 10
    assert out.getvalue() == ""
    assert assess(quiet_month).exit_code == 10
    assert out.getvalue() != ""


def test_interruption_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tocsin.assessment.server, "assess_evidence", stopped)
    monkeypatch.setattr(sys, "argv", ["tocsin", "assess", str(EXAMPLE)])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 130
    told = capsys.readouterr()
    assert (told.out, told.err) == (
        "",
        "tocsin: stopped by you; nothing in the evidence was changed.\n",
    )


@pytest.mark.parametrize("options", [[], ["--json"], ["--detail"]])
def test_a_reader_who_went_away_is_no_fault(options: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tocsin.cli", "assess", str(EXAMPLE), *options],
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_terminal_that_knows_only_ascii_gets_an_answer() -> None:
    done = typed("assess", EXAMPLE, env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert done.returncode == 20
    assert done.stdout.isascii()
