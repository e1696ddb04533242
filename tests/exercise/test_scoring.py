"""The scoring tells right from wrong: whatever is changed in a truth, it notices, and nothing else."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.exercise.made_by_hand import PAGE, RIGHT, ROWS, example_server, row
from typer.testing import CliRunner

from tocsin.cli import app
from tocsin.errors import UsageFault
from tocsin.exercise.score import Task, run_score
from tocsin.exercise.scoring.page import render
from tocsin.exercise.scoring.shares import share
from tocsin.exercise.scoring.totals import Score
from tocsin.exercise.scoring.validation import page as page_of
from tocsin.exercise.scoring.writing import decode, encode
from tocsin.exercise.truth import made_servers


def score_of(folder: Path, *, withhold: bool = False, **truth: object) -> Score:
    made = example_server(folder / "server", **truth)  # type: ignore[arg-type]  # keywords pass through
    return run_score([Task(made=made, withhold=withhold)])


def wrongs(score: Score) -> list[tuple[str, str, str]]:
    return [(one.what, one.expected, one.found) for one in score.wrong]


def test_a_right_answer_is_flawless(tmp_path: Path) -> None:
    score = score_of(tmp_path, withhold=True)
    assert wrongs(score) == []
    assert score.flawless
    assert {check.right.hits for check in score.checks if check.right.of} == {1}
    rows = [one.rows for one in score.kinds if one.rows.of]
    assert sum(one.hits for one in rows) == sum(one.of for one in rows) == len(ROWS)
    assert {one.kind for one in score.withheld} == {
        "exchange.ecp-server",
        "exchange.httpproxy",
        "exchange.setup-log",
        "iis.config",
        "iis.w3c",
        "web.file",
    }
    assert all(one.named.hits == one.named.of for one in score.withheld)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("compromise", "exploited"),
        ("exposure", "vulnerable"),
        ("residual", "none-seen"),
        ("rung", "shell-tasked"),
    ],
)
def test_a_wrong_word_is_listed_with_reason(tmp_path: Path, question: str, said: str) -> None:
    expected = replace(RIGHT, **{question: said})
    score = score_of(tmp_path, expected=[expected])
    assert wrongs(score) == [(question, said, getattr(RIGHT, question))]
    assert score.wrong[0].why
    cells = [cell for cell in score.confusion if cell.question == question]
    assert [(cell.expected, cell.found) for cell in cells] == [(said, getattr(RIGHT, question))]


def test_an_accused_campaign_that_did_nothing_is_wrong(tmp_path: Path) -> None:
    innocent = replace(RIGHT, campaign="proxyshell", compromise="no-evidence", rung="")
    score = score_of(tmp_path, expected=[innocent], innocent=True)
    assert ("campaign", "none", "compromised") in wrongs(score)
    assert next(check for check in score.checks if check.what == "campaign").right.hits == 0


def test_a_row_that_no_finding_stands_at_is_missed(tmp_path: Path) -> None:
    extra = row(PAGE.replace("discover", "other"), None, "web.file", "compromised", "file-written")
    score = score_of(tmp_path, rows=[*ROWS, extra])
    assert [one[0] for one in wrongs(score)] == ["row missed"]
    assert score.wrong[0].places == (extra.path,)
    found = next(one.rows for one in score.rungs if one.rung == "file-written")
    assert (found.hits, found.of) == (2, 3)


def test_a_graver_label_than_the_finding_is_missed(tmp_path: Path) -> None:
    graver = row(ROWS[0].path, ROWS[0].line, ROWS[0].kind, "compromised", "autodiscover-probe")
    assert [one[0] for one in wrongs(score_of(tmp_path, rows=[graver, *ROWS[1:]]))] == ["row missed"]


@pytest.mark.parametrize("means", ["benign", "context", "targeted", "exploited"])
def test_a_graver_finding_than_the_label_is_false(tmp_path: Path, means: str) -> None:
    milder = row(ROWS[2].path, ROWS[2].line, ROWS[2].kind, means, "ecp-session")
    score = score_of(tmp_path, rows=[*ROWS[:2], milder, *ROWS[3:]], innocent=True)
    assert [one[:2] for one in wrongs(score)] == [("false finding", means)]
    assert score.innocent_compromised == 1


def test_a_finding_without_label_is_false(tmp_path: Path) -> None:
    score = score_of(tmp_path, rows=ROWS[:-1])
    assert {one[:2] for one in wrongs(score)} == {("false finding", "no label")}


def test_rows_that_prove_nothing_are_not_wanted_but_bear_a_finding_out(tmp_path: Path) -> None:
    silent = [replace(one, label=replace(one.label, provable=False)) for one in ROWS]
    score = score_of(tmp_path, rows=silent)
    assert score.flawless
    assert all(one.rows.of == 0 for one in score.kinds)


def test_a_score_survives_its_file(tmp_path: Path) -> None:
    score = score_of(tmp_path, expected=[replace(RIGHT, exposure="mitigated")])
    assert decode(encode(score)) == score


def test_no_score_is_refused() -> None:
    with pytest.raises(UsageFault, match="not a score"):
        decode(b"{}")
    with pytest.raises(UsageFault, match="nothing to score"):
        run_score([])


def test_the_page_asks_the_network_for_nothing_and_tells_what_was_wrong(tmp_path: Path) -> None:
    page = render(score_of(tmp_path, withhold=True, expected=[replace(RIGHT, exposure="mitigated")]))
    assert "http" not in page.replace("http.err", "").replace("httpproxy", "").replace('http-equiv="', "")
    assert "default-src &#39;none&#39;" in page
    assert "<script" not in page
    assert page.count("<svg") == page.count("</svg>")
    assert "Expected <b>mitigated</b>, found <b>patched</b>" in page


def test_the_published_page_says_what_was_wrong_and_where_it_comes_from(tmp_path: Path) -> None:
    document = encode(score_of(tmp_path, withhold=True, expected=[replace(RIGHT, rung="shell-tasked")]))
    text = "".join(page_of(document))
    assert hashlib.sha256(document).hexdigest() in text
    assert "| shell-tasked | · | · |" in text.replace("| 1 |", "| · |")
    assert "| `example` 1 | rung | proxylogon | shell-tasked | shell-reachable |" in text
    assert "`proxylogon/mail-read`" in text.partition("## What was not tested")[2]
    assert "None" not in text
    assert "".join(page_of(document)) == text


def test_the_command_prints_json_and_tells_wrong_by_its_status(tmp_path: Path) -> None:
    example_server(tmp_path / "wrong", expected=[replace(RIGHT, rung="shell-tasked")])
    arguments = ["exercise", "score", str(tmp_path / "wrong"), "--withheld-seeds", "0"]
    told = CliRunner().invoke(app, [*arguments, "--json", "--quiet", "--output", str(tmp_path / "out")])
    assert told.exit_code == 1
    assert decode(told.stdout.encode()).wrong[0].what == "rung"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"score.json", "score.html"}
    shown = CliRunner().invoke(app, arguments)
    assert "expected shell-tasked, found shell-reachable" in " ".join(shown.stdout.split())
    assert "1/1 example, seed 1: 1 wrong" in shown.stderr


@pytest.mark.parametrize("more", [[], ["--scenario", "all", "."]])
def test_servers_or_scenarios_and_not_both(more: list[str]) -> None:
    told = CliRunner().invoke(app, ["exercise", "score", *more])
    assert isinstance(told.exception, UsageFault)


def test_made_servers_are_found_below_a_folder(tmp_path: Path) -> None:
    example_server(tmp_path / "many" / "b")
    made = example_server(tmp_path / "many" / "a")
    (tmp_path / "many" / "c.zip").write_bytes(b"")
    (tmp_path / "many" / "c.expected.json").write_bytes(made.truth.read_bytes())
    found = [one.evidence.relative_to(tmp_path).as_posix() for one in made_servers(tmp_path)]
    assert found == ["many/a/evidence", "many/b/evidence", "many/c.zip"]
    with pytest.raises(UsageFault, match="no made server"):
        made_servers(tmp_path / "many" / "a" / "evidence")


@given(of=st.integers(1, 5000), data=st.data())
def test_a_share_lies_in_its_interval(of: int, data: st.DataObject) -> None:
    found = share(data.draw(st.integers(0, of)), of)
    assert found.share is not None
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= found.share <= found.high <= 1


def test_a_share_is_wilsons() -> None:
    found = share(8, 10)  # 0.4902 to 0.9433: the worked figure of many textbooks
    assert (found.low, found.high) == (0.4902, 0.9433)
    assert share(0, 0).share is None
