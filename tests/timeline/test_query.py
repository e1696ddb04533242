"""A question gets the timeline and nothing else, and its answer is harmless to look at."""

from __future__ import annotations

import _thread
import csv
import io
import json
import signal
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from tests.timeline.specimens import EXAMPLE, ONE_CORE, rows_of, small_collection

from tocsin.detections.database import interruptible
from tocsin.errors import EnvironmentFault, UsageFault
from tocsin.timeline.answers import FORMATS, MOST_SHOWN, show
from tocsin.timeline.query import Answer, Bounds, asked
from tocsin.timeline.questions import QUESTIONS
from tocsin.timeline.reading import Request, write_timeline

NAIVE = datetime(2021, 3, 3, 6, tzinfo=UTC).replace(tzinfo=None)
"""As DuckDB gives a TIMESTAMP: in UTC, and not saying so."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("timelines")


@pytest.fixture(scope="module", params=[".parquet", ".jsonl"])
def timeline(request: pytest.FixtureRequest, folder: Path) -> Path:
    target = folder / f"small{request.param}"
    write_timeline(Request(evidence=small_collection(folder / "case"), target=target))
    return target


def ask(file: Path, question: str, bounds: Bounds = ONE_CORE) -> list[tuple[object, ...]]:
    with asked(file, question, bounds=bounds) as answer:
        return list(answer.rows)


# --- answers ----------------------------------------------------------------------------------


def test_questions_are_answered(timeline: Path) -> None:
    question = (
        "SELECT client, count(*) AS hits FROM timeline WHERE client IS NOT NULL GROUP BY ALL ORDER BY 2, 1;"
    )
    with asked(timeline, question, bounds=ONE_CORE) as answer:
        assert answer.columns == ("client", "hits")
        assert list(answer.rows) == [("198.51.100.4", 2), ("203.0.113.7", 4)]
    assert ask(timeline, "SELECT fields->>'s-reason' FROM timeline WHERE kind = 'http.err'") == [
        ("AppOffline",)
    ]
    assert ask(timeline, "SELECT min(time) FROM timeline") == [(NAIVE.replace(minute=48),)]
    assert ask(timeline, "SELECT count(*) FROM timeline WHERE time IS NULL") == [(2,)]


@pytest.mark.parametrize("begin", ["DESCRIBE timeline", "SUMMARIZE timeline", "FROM timeline", "VALUES (1)"])
def test_other_ways_to_only_read(timeline: Path, begin: str) -> None:
    assert ask(timeline, begin)


@pytest.mark.parametrize(("asks", "sql"), QUESTIONS, ids=[asks for asks, _ in QUESTIONS])
def test_the_questions_that_we_teach_are_right(folder: Path, asks: str, sql: str) -> None:
    target = folder / "example.parquet"
    if not target.exists():
        write_timeline(Request(evidence=EXAMPLE, target=target))
    answer = ask(target, sql)
    assert bool(answer) == ("--findings" not in asks)


@pytest.mark.parametrize("name", ["it's [a] case*?.parquet", "ünï çode.parquet", "a;b--.parquet"])
def test_odd_names_of_files(timeline: Path, tmp_path: Path, name: str) -> None:
    target = (tmp_path / name).with_suffix(timeline.suffix)
    target.write_bytes(timeline.read_bytes())
    assert rows_of(target) == rows_of(timeline)


# --- no way out -------------------------------------------------------------------------------

WAYS_OUT = (
    "COPY timeline TO '{out}'",
    "COPY timeline TO '{file}'",
    "COPY (SELECT 1) TO '{out}' (FORMAT parquet)",
    "EXPLAIN ANALYZE COPY timeline TO '{out}'",
    "EXPORT DATABASE '{out}'",
    "ATTACH '{out}' AS a",
    "INSTALL httpfs",
    "LOAD httpfs",
    "FORCE INSTALL httpfs FROM community",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "RESET allowed_paths",
    "PRAGMA database_list",
    "CALL pragma_version()",
    "CREATE TABLE a AS FROM timeline",
    "DROP VIEW timeline",
    "CREATE SECRET a (TYPE s3)",
    "SELECT 1; COPY timeline TO '{out}'",
    "SELECT * FROM query('COPY timeline TO ''{out}''')",
    "WITH a AS (INSERT INTO timeline VALUES (1) RETURNING *) FROM a",
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM read_blob('{secret}')",
    "SELECT * FROM read_json('{secret}')",
    "SELECT * FROM read_parquet('{secret}')",
    "SELECT * FROM sniff_csv('{secret}')",
    "SELECT * FROM parquet_metadata('{secret}')",
    "SELECT * FROM '{secret}'",
    "SELECT * FROM query_table('{secret}')",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM read_parquet('https://192.0.2.1/a.parquet')",
    "SELECT * FROM read_parquet('s3://bucket/a.parquet')",
    "SELECT getenv('HOME')",
    "SELECT * FROM secret",  # a variable of the program is no table
)


@pytest.mark.parametrize("way", WAYS_OUT)
def test_there_is_no_way_out(timeline: Path, tmp_path: Path, way: str) -> None:
    secret, out = tmp_path / "secret.csv", tmp_path / "out"
    secret.write_text("a,b\n1,2\n")
    before = timeline.read_bytes()
    question = way.format(out=out, file=timeline, secret=secret, folder=tmp_path)
    with pytest.raises(UsageFault) as caught:
        ask(timeline, question)
    assert "1,2" not in str(caught.value)
    assert caught.value.remedy
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]
    assert timeline.read_bytes() == before


def test_the_lock_holds_without_the_first_wall(
    timeline: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every other file is closed to any statement, not only to what looks like a SELECT."""
    monkeypatch.setattr("tocsin.timeline.query._one_select", lambda _, question: question)
    for statement in (
        f"COPY timeline TO '{tmp_path / 'out'}'",
        f"ATTACH '{tmp_path / 'out'}'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
    ):
        with pytest.raises(UsageFault):
            ask(timeline, statement)
    assert not list(tmp_path.iterdir())


# --- wrong questions, wrong files -------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("ASK 1", "syntax error"),
        ("SELECT nope FROM timeline", "nope"),
        ("SELECT * FROM nowhere", "nowhere"),
        ("SELECT CAST(path AS INTEGER) FROM timeline", "Could not convert"),
        ("", "0 statements"),
        ("SELECT 1; SELECT 2", "2 statements"),
        ("SELECT " + "x" * 5000, "x"),
    ],
)
def test_wrong_questions(timeline: Path, question: str, says: str) -> None:
    with pytest.raises(UsageFault) as caught:
        ask(timeline, question)
    assert says in caught.value.what
    assert caught.value.exit_status == 2
    assert len(caught.value.where) < 250


def test_ctrl_c_ends_a_long_question(timeline: Path) -> None:
    def ask_and_stop() -> None:
        threading.Thread(target=_thread.interrupt_main).start()
        ask(timeline, "SELECT sum(hash(a.range + b.range)) FROM range(1000000) a, range(1000000) b")

    # a process that was started in the background may have been told to let Ctrl-C pass
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            ask_and_stop()
    finally:
        signal.signal(signal.SIGINT, before)


def test_what_duckdb_makes_of_ctrl_c() -> None:
    with pytest.raises(KeyboardInterrupt), interruptible():
        raise RuntimeError("Query interrupted")
    with pytest.raises(RuntimeError, match="another"), interruptible():
        raise RuntimeError("another")


def test_what_the_evidence_says_in_an_error_does_not_act(timeline: Path) -> None:
    with pytest.raises(UsageFault) as caught:
        ask(timeline, "SELECT CAST(fields->>'Content' AS INTEGER) FROM timeline WHERE kind = 'web.file'")
    assert "\u202e" not in str(caught.value)
    assert "\\u202e" in str(caught.value)


def test_a_question_that_needs_too_much_memory(timeline: Path) -> None:
    with pytest.raises(EnvironmentFault) as caught:
        ask(timeline, "SELECT * FROM range(20000000) ORDER BY hash(range)", Bounds(memory_mb=64, threads=1))
    assert "--memory" in caught.value.remedy


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl"])
def test_files_that_are_no_timeline(tmp_path: Path, suffix: str) -> None:
    for content in (b"", b"nonsense", b'{"a":', b"PAR1PAR1", b"\x00" * 64):
        path = tmp_path / f"a{suffix}"
        path.write_bytes(content)
        if suffix == ".jsonl" and not content:  # a timeline of no rows
            assert not rows_of(path)
            continue
        with pytest.raises(UsageFault) as caught:
            ask(path, "SELECT count(*) FROM timeline")
        assert caught.value.remedy


def test_a_parquet_file_of_somebody_else(tmp_path: Path) -> None:
    duckdb.sql("SELECT 1 AS a").write_parquet(str(tmp_path / "a.parquet"))
    with pytest.raises(UsageFault, match="other columns"):
        ask(tmp_path / "a.parquet", "FROM timeline")


def test_files_that_are_not_there_or_of_no_format(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n")
    for name in ("no.parquet", "a.csv", "."):
        with pytest.raises(UsageFault) as caught:
            ask(tmp_path / name, "FROM timeline")
        assert caught.value.where


# --- what people and programs read ------------------------------------------------------------


def of(columns: tuple[str, ...], *rows: tuple[object, ...]) -> Answer:
    return Answer(columns=columns, rows=iter(rows))


def text_of(shape: str, answer: Answer) -> str:
    return b"".join(FORMATS[shape](answer)).decode()


HOSTILE = "=cmd|' /C calc'!A0 <script>\x1b[2J\u202e"
MIXED = (
    NAIVE.replace(minute=49, second=42, microsecond=162000),
    datetime(2021, 3, 3, 7, 49, tzinfo=timezone(timedelta(hours=1))),
    None,
    True,
    1.5,
    Decimal("2.50"),
    b"\x00\xff",
    ["a", "b"],
    {"k": [1, None]},
    HOSTILE,
)
COLUMNS = tuple("abcdefghij")


def test_csv() -> None:
    text = text_of("csv", of(COLUMNS, MIXED))
    head, row = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    assert head == list(COLUMNS)
    assert row[:9] == [
        "2021-03-03T06:49:42.162000Z",
        "2021-03-03T06:49:00Z",
        "",
        "true",
        "1.5",
        "2.50",
        "00ff",
        "a; b",
        '{"k":[1,null]}',
    ]
    assert row[9].startswith("'=cmd")
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_json_and_json_lines() -> None:
    lines = text_of("jsonl", of(COLUMNS, MIXED, MIXED)).splitlines()
    whole = json.loads(text_of("json", of(COLUMNS, MIXED, MIXED)))
    assert [json.loads(line) for line in lines] == whole
    assert list(whole[0].values()) == [
        "2021-03-03T06:49:42.162000Z",
        "2021-03-03T06:49:00Z",
        None,
        True,
        1.5,
        "2.50",
        "00ff",
        ["a", "b"],
        {"k": [1, None]},
        HOSTILE,
    ]
    assert "<" not in lines[0]
    assert "\x1b" not in lines[0]


def test_columns_of_one_name_are_kept_apart() -> None:
    assert json.loads(text_of("json", of(("a", "a", "a_2"), (1, 2, 3)))) == [{"a": 1, "a_2": 2, "a_2_2": 3}]


@pytest.mark.parametrize(("shape", "empty"), [("csv", '\ufeff"a"\r\n'), ("json", "[]\n"), ("jsonl", "")])
def test_nothing_found(shape: str, empty: str) -> None:
    assert text_of(shape, of(("a",))) == empty


@given(
    value=st.text()
    | st.integers()
    | st.floats()
    | st.binary()
    | st.datetimes()
    | st.dates()
    | st.timedeltas()
)
def test_property_any_value_can_be_written(value: object) -> None:
    for shape in FORMATS:
        assert text_of(shape, of(("a",), (value,)))
    assert json.loads(text_of("jsonl", of(("a",), (value,)))).keys() == {"a"}


def shown(answer: Answer) -> str:
    page = io.StringIO()
    show(answer, Console(file=page, width=100))
    return page.getvalue()


def test_the_table_is_harmless_and_says_when_it_is_cut() -> None:
    text = shown(of(("a", "[red]b"), (HOSTILE, "[bold]x"), (datetime(2021, 3, 3, tzinfo=UTC), None)))
    assert "[red]b" in text
    assert "[bold]x" in text
    assert "2021-03-03 00:00:00Z" in text
    assert "\x1b" not in text
    assert "first" not in text


def test_a_table_shows_no_more_than_can_be_read() -> None:
    def endless() -> Iterator[tuple[object, ...]]:
        while True:
            yield ("row",)

    text = shown(Answer(columns=("a",), rows=endless()))
    assert text.count("row\n") + text.count("row ") >= MOST_SHOWN
    assert f"The first {MOST_SHOWN:,} rows" in text
