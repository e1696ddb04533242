"""What is written is what was read: every row once, in order, whole or not at all."""

from __future__ import annotations

import errno
import json
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.timeline.specimens import EXAMPLE, items_of, rows_of, small_collection

from tocsin.artefacts import iis_w3c
from tocsin.errors import EnvironmentFault, UsageFault
from tocsin.evidence.opening import Evidence
from tocsin.evidence.source import Source
from tocsin.model.findings import Finding
from tocsin.model.places import Locator
from tocsin.model.records import Item
from tocsin.model.words import Means
from tocsin.timeline.columns import COLUMNS
from tocsin.timeline.drafts import check_target, drafting
from tocsin.timeline.jsonl import JsonlWriter
from tocsin.timeline.marks import Marks
from tocsin.timeline.parquet import ParquetWriter
from tocsin.timeline.reading import Request, Selection, Written, write_timeline
from tocsin.timeline.rows import Row, RowMaker
from tocsin.timeline.writing import SUFFIXES, check_suffix

GOLDEN = Path(__file__).parent / "golden"
IIS = "C/inetpub/logs/LogFiles/W3SVC1/u_ex210303.log"


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return small_collection(tmp_path / "case")


def written(evidence: Path, target: Path, selection: Selection | None = None, **more: Any) -> Written:
    request = Request(evidence=evidence, target=target, selection=selection or Selection())
    return write_timeline(request, **more)


def as_read(row: Row) -> dict[str, object]:
    """A row as SQL gives it back."""
    known = {name: value for name, value in row.items() if value is not None}
    if "time" in known:
        known["time"] = datetime.fromisoformat(str(known["time"])).replace(tzinfo=None)
    return known


# --- every row once ---------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_record_of_the_example_is_there_once(tmp_path: Path, suffix: str) -> None:
    result = written(EXAMPLE, tmp_path / f"out{suffix}")
    maker = RowMaker()
    expected = [as_read(row) for item in items_of(EXAMPLE) if (row := maker.row(item))]
    assert len(expected) == result.rows > 1000
    assert rows_of(tmp_path / f"out{suffix}") == expected


def test_the_whole_of_a_small_collection(
    case: Path, tmp_path: Path, golden: Callable[[Path, str], None]
) -> None:
    written(case, tmp_path / "out.jsonl")
    golden(GOLDEN / "small.jsonl", (tmp_path / "out.jsonl").read_text("utf-8"))


def test_parquet_holds_the_same_as_json_lines(case: Path, tmp_path: Path) -> None:
    for name in ("out.parquet", "out.jsonl"):
        written(case, tmp_path / name)
    assert rows_of(tmp_path / "out.parquet") == rows_of(tmp_path / "out.jsonl")


MOMENTS = st.integers(-(2**41), 2**41).map(
    lambda ms: datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=ms)
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "item": st.just("record"),
            "kind": st.text(max_size=5),
            "path": st.text(max_size=8),
            "message": st.text(max_size=8),
            "fields": st.dictionaries(st.text(max_size=5), st.none() | st.text(max_size=9), max_size=4),
        },
        optional={
            "time": MOMENTS.map(datetime.isoformat),
            "line": st.integers(0, 2**63 - 1),
            "status": st.integers(0, 999_999_999),
            "raw": st.text(max_size=9),
            "weak": st.just(True),
            "rules": st.lists(st.text(max_size=5), min_size=1, max_size=3),
        },
    ),
    max_size=8,
)


@settings(max_examples=40)
@given(rows=ROWS, stretch=st.sampled_from([1, 1 << 26]))
def test_property_whatever_is_in_a_row_comes_back(rows: list[Row], stretch: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "scratch").mkdir()
        writer = ParquetWriter(place / "a.parquet", place / "scratch", stretch=stretch)
        lines = JsonlWriter(place / "a.jsonl")
        for row in rows:
            writer.write(dict(row))
            lines.write(dict(row))
        writer.finish({"tocsin.evidence": "it's"})
        lines.finish({})
        expected = [as_read(row) for row in rows]
        assert rows_of(place / "a.parquet") == expected
        assert rows_of(place / "a.jsonl") == expected


def test_stretches_are_joined_in_order(tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    writer = ParquetWriter(tmp_path / "a.parquet", tmp_path / "scratch", stretch=1)
    for number in range(5000):
        row: Row = {
            "item": "record",
            "kind": "k",
            "path": "p",
            "line": number,
            "message": "m" * 900,
            "fields": {},
        }
        writer.write(row)
    parts = list((tmp_path / "scratch").glob("*.parquet"))
    writer.finish({})
    assert len(parts) > 3
    assert [row["line"] for row in rows_of(tmp_path / "a.parquet")] == list(range(5000))


def test_a_row_may_be_longer_than_a_stretch(tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    writer = ParquetWriter(tmp_path / "a.parquet", tmp_path / "scratch", stretch=1)
    long = "\x01" * (3 << 20)  # six bytes each in JSON: more than DuckDB takes unasked
    writer.write({"item": "record", "kind": "k", "path": "p", "message": "m", "fields": {"a": long}})
    writer.finish({})
    assert rows_of(tmp_path / "a.parquet")[0]["fields"] == {"a": long}


# --- what the file says of itself -------------------------------------------------------------


def test_parquet_says_what_it_is_and_whence(case: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.parquet"
    written(case, target, Selection(kinds=("iis.*",), start=datetime(2021, 3, 1, tzinfo=UTC)))
    found = duckdb.sql("SELECT key, value FROM parquet_kv_metadata(?)", params=[str(target)]).fetchall()
    notes = {key.decode(): value.decode() for key, value in found}
    assert notes["tocsin.schema"] == "tocsin/timeline/1"
    assert notes["tocsin.evidence"] == "case"
    assert len(notes["tocsin.evidence_sha256"]) == 64
    assert (notes["tocsin.kinds"], notes["tocsin.from"]) == ("iis.*", "2021-03-01T00:00:00+00:00")
    relation = duckdb.read_parquet(str(target))
    types = [str(kind) for kind in relation.types]
    assert list(zip(relation.columns, types, strict=True)) == [
        (column.name, column.type) for column in COLUMNS
    ]


def test_json_lines_are_what_timesketch_asks_for_and_inert(case: Path, tmp_path: Path) -> None:
    written(case, tmp_path / "out.jsonl")
    text = (tmp_path / "out.jsonl").read_text("utf-8")
    for line in text.splitlines():
        row = json.loads(line)
        assert isinstance(row["message"], str)
        assert isinstance(row["timestamp_desc"], str)
        moment = datetime.fromisoformat(row["datetime"])
        assert moment.tzinfo is not None
        assert (moment.year == 1970) == (row["timestamp_desc"] == "Not a time")
    assert text.endswith("}\n")
    assert "<" not in text
    assert "\u202e" not in text
    assert "eval (" not in text


# --- selections -------------------------------------------------------------------------------


def test_kinds_choose_and_what_is_left_out_is_counted(case: Path, tmp_path: Path) -> None:
    everything = written(case, tmp_path / "all.parquet")
    chosen = written(case, tmp_path / "some.parquet", Selection(kinds=("event.*", "http.err")))
    assert {row["kind"] for row in rows_of(tmp_path / "some.parquet")} == {"event.security", "http.err"}
    assert (everything.left_out, chosen.rows, chosen.rows + chosen.left_out) == (0, 2, everything.rows)


def test_a_span_holds_its_start_and_not_its_end(case: Path, tmp_path: Path) -> None:
    span = Selection(
        start=datetime(2021, 3, 3, 6, 49, 42, tzinfo=UTC), end=datetime(2021, 3, 3, 6, 50, tzinfo=UTC)
    )
    result = written(case, tmp_path / "a.parquet", span)
    rows = rows_of(tmp_path / "a.parquet")
    assert sorted(row["time"].isoformat() for row in rows if "time" in row) == [
        "2021-03-03T06:49:42",
        "2021-03-03T06:49:42.162000",
        "2021-03-03T06:49:43",
    ]
    assert any("time" not in row for row in rows)
    assert result.left_out == 4


# --- findings ---------------------------------------------------------------------------------


def finding(rule: str, means: Means, line: int | None, path: str = IIS) -> Finding:
    return Finding(
        id=rule,
        rule=rule,
        author="",
        means=means,
        weak=False,
        rung=None,
        time=None,
        locator=Locator(path=path, line=line),
        summary="",
    )


def test_findings_mark_the_rows_they_point_at(case: Path, tmp_path: Path) -> None:
    marks = Marks(
        (
            finding("B", Means.TARGETED, 5),
            finding("A", Means.EXPLOITED, 5),
            finding("A", Means.CONTEXT, 5),
            finding("C", Means.CONTEXT, 999),
        )
    )
    result = written(case, tmp_path / "a.parquet", marks=marks)
    marked = [row for row in rows_of(tmp_path / "a.parquet") if "rules" in row or "means" in row]
    assert [(row["path"], row["line"], row["rules"], row["means"]) for row in marked] == [
        (IIS, 5, ["A", "B"], "exploited")
    ]
    assert result.unmet == 1


# --- failures ---------------------------------------------------------------------------------


def test_a_parser_that_fails_loses_no_line(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse = iis_w3c.parse

    def failing(source: Source) -> Iterator[Item]:
        for item in parse(source):
            yield item
            if item.locator.line == 5:
                raise RuntimeError("a fault of ours")

    monkeypatch.setattr(iis_w3c, "parse", failing)
    result = written(case, tmp_path / "a.parquet")
    rows = [row for row in rows_of(tmp_path / "a.parquet") if row["path"] == IIS]
    assert [(row["line"], row["item"]) for row in rows] == [
        (5, "record"),
        *((line, "unreadable") for line in range(6, 10)),
    ]
    assert rows[-1]["raw"].startswith("2021-03-03 06:51:00")
    assert [(one.path, one.why) for one in result.skipped] == [
        (IIS, "the parser failed: RuntimeError: a fault of ours")
    ]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("existing", [True, False])
def test_an_interrupted_run_leaves_nothing(case: Path, tmp_path: Path, suffix: str, existing: bool) -> None:
    out = tmp_path / "out"
    out.mkdir()
    target = out / f"a{suffix}"
    if existing:
        target.write_text("before")

    def interrupt(_: Evidence) -> Callable[[str, int], None]:
        def after(_: str, __: int) -> None:
            assert len(list(out.iterdir())) > existing  # a draft is under way
            raise KeyboardInterrupt

        return after

    with pytest.raises(KeyboardInterrupt):
        written(case, target, watch=interrupt)
    assert list(out.iterdir()) == ([target] if existing else [])
    assert not existing or target.read_text() == "before"


def test_a_full_disk_is_no_fault_of_the_evidence(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(JsonlWriter, "write", full)
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(EnvironmentFault, match="No space left"):
        written(case, out / "a.jsonl")
    assert not list(out.iterdir())


def test_a_folder_that_is_not_there(case: Path, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault) as caught:
        written(case, tmp_path / "no" / "a.parquet")
    assert caught.value.where == str(tmp_path / "no" / "a.parquet")


def test_what_duckdb_cannot_write_is_a_fault_of_the_machine(tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    writer = ParquetWriter(tmp_path / "no" / "a.parquet", tmp_path / "scratch")
    with pytest.raises(EnvironmentFault, match="cannot write the timeline"):
        writer.finish({})
    writer.close()


# --- targets ----------------------------------------------------------------------------------


def test_targets_that_are_refused(tmp_path: Path) -> None:
    case, file = tmp_path / "case", tmp_path / "a.parquet"
    case.mkdir()
    file.write_text("")
    for target, force in (
        (file, False),
        (case, True),
        (case / "b.parquet", True),
        (case / "x" / "b.parquet", True),
    ):
        with pytest.raises(UsageFault):
            check_target(target, force=force, apart_from=case)
    check_target(file, force=True, apart_from=case)
    check_target(tmp_path / "new.parquet", force=False, apart_from=case)


def test_names_that_tell_no_format() -> None:
    for name in ("a", "a.csv", "a.json", ".parquet"):
        with pytest.raises(UsageFault):
            check_suffix(Path(name))
    for name in ("a.parquet", "a.PARQUET", "a.jsonl"):
        check_suffix(Path(name))


def test_a_draft_takes_the_place_only_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with drafting(target) as (draft, scratch):
        draft.write_text("new")
        (scratch / "x").write_text("y")
        assert not target.exists()
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.txt", "new")]
