"""Workbooks: what is filled reads back, nothing else changes, nothing is lost, nothing runs."""

from __future__ import annotations

import io
import re
import string
import warnings
import zipfile
from contextlib import suppress
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.errors import TocsinError, UsageFault
from tocsin.hub.rules.directives import Directive, load
from tocsin.hub.rules.proofs import PROOFS
from tocsin.hub.rules.workbooks.filling import Entry, Filled, Filling, fill, proof_rows
from tocsin.hub.rules.workbooks.layout import Layout, Target, load_layout
from tocsin.hub.rules.workbooks.package import open_book
from tocsin.hub.rules.workbooks.reading import read
from tocsin.hub.rules.workbooks.sheet import Sheet, spelt, unspelt

ROOT = Path(__file__).parents[4]
PLACES = (ROOT / "directives" / "ed-21-02" / "workbook", Path(__file__).parent / "other")
SHEET = b'<worksheet xmlns="x"><sheetData>%s</sheetData></worksheet>'
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(
    lambda text: text.strip()
)


@cache
def directive() -> Directive:
    return load(ROOT / "directives" / "ed-21-02" / "directive.yaml", proofs=PROOFS)


@cache
def workbook(place: Path) -> tuple[Layout, bytes]:
    asked = {each.id for each in directive().requirements}
    layout = load_layout(place / "workbook.yaml", requirements=asked, questions=directive().questions)
    return layout, (place / layout.file).read_bytes()


def values(target: Target) -> st.SearchStrategy[Any]:
    if target.says:
        return st.sampled_from(sorted(target.says))
    return {
        "text": TEXT,
        "number": st.integers(-(10**9), 10**9),
        "day": st.dates(date(1950, 1, 1), date(2100, 1, 1)),
    }[target.kind]


def entries(targets: list[Target]) -> st.SearchStrategy[dict[str, Entry]]:
    one = {
        target.key: values(target).map(lambda value: Entry(value=value))
        for target in targets
        if not target.notes
    }
    return st.fixed_dictionaries({}, optional=one)


def fillings(layout: Layout) -> st.SearchStrategy[Filling]:
    cells = [target for sheet in layout.sheets for target in sheet.cells.values()]
    columns = [target for sheet in layout.sheets if sheet.table for target in sheet.table.columns.values()]
    rows = st.lists(entries(columns).filter(bool), max_size=5)
    return st.builds(lambda one, many: Filling(cells=one, rows={"server": many}), entries(cells), rows)


def said(value: object) -> str:
    """What is read back; what no database keeps is replaced."""
    text = value.isoformat() if isinstance(value, date) else str(value)
    return re.sub("[\0\ud800-\udfff]", "\ufffd", text)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.parent.name)
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_what_is_filled_reads_back(place: Path, data: st.DataObject) -> None:
    layout, template = workbook(place)
    filling = data.draw(fillings(layout))
    files = fill(layout, template, filling)
    taken = [read(layout, each.data, where="x") for each in files]
    assert not any(each.doubts for each in taken)
    rows = [row.said for each in taken for row in each.rows["server"]]
    assert len(rows) == len(filling.rows["server"])
    for wanted, found in [(filling.cells, taken[0].cells), *zip(filling.rows["server"], rows, strict=True)]:
        assert {name: one.word or one.text for name, one in found.items()} == {
            name: said(entry.value) for name, entry in wanted.items()
        }


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.parent.name)
def test_every_other_byte_stays(place: Path) -> None:
    layout, template = workbook(place)
    row = {"requirement:msert": Entry(value="yes"), "fact:server.hostname": Entry(value="a")}
    filling = Filling(cells={"fact:organisation.name": Entry(value="Contoso")}, rows={"server": [row]})
    (made,) = fill(layout, template, filling)
    before, after = (zipfile.ZipFile(io.BytesIO(each)) for each in (template, made.data))
    assert [(info.filename, info.date_time, info.compress_type) for info in before.infolist()] == [
        (info.filename, info.date_time, info.compress_type) for info in after.infolist()
    ]
    sheets = {part: name for name, part in open_book(template, where="x").sheets.items()}
    for name in before.namelist():
        filled = b"|".join(cell.cell.encode() for cell in made.cells if cell.sheet == sheets.get(name))
        old, new = before.read(name), after.read(name)
        if not filled:
            assert old == new, name
            continue
        told = re.compile(rb'<c r="(%s)"( s="[0-9]+")? t="inlineStr"><is>.*?</is></c>' % filled, re.DOTALL)
        empty = re.compile(rb'<c r="(%s)"( s="[0-9]+")?\s*/>' % filled)
        rows = re.compile(rb"<row [^>]*></row>")
        assert rows.sub(b"", told.sub(b"", new)) == rows.sub(b"", empty.sub(b"", old))


def test_an_untouched_workbook_is_the_template() -> None:
    layout, template = workbook(PLACES[0])
    (made,) = fill(layout, template, Filling(cells={}, rows={}))
    book, same = open_book(template, where="x"), open_book(made.data, where="x")
    assert {part: book.part(part) for part in book.sheets.values()} == {
        part: same.part(part) for part in same.sheets.values()
    }


@pytest.mark.parametrize(("rows", "files"), [(0, 1), (3, 1), (4, 2), (7, 3)])
def test_more_rows_than_the_sheet_has_go_on_in_another_file(rows: int, files: int) -> None:
    layout, template = workbook(PLACES[1])
    wanted = [{"fact:server.hostname": Entry(value=f"h{number}")} for number in range(rows)]
    filling = Filling(cells={"fact:organisation.name": Entry(value="Contoso")}, rows={"server": wanted})
    made = fill(layout, template, filling)
    assert len(made) == files
    taken = [read(layout, each.data, where="x") for each in made]
    found = [row.said["fact:server.hostname"].text for each in taken for row in each.rows["server"]]
    assert found == [f"h{number}" for number in range(rows)]
    assert all(each.cells["fact:organisation.name"].text == "Contoso" for each in taken)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\t=1", "=cmd|' /C calc'!A0", "<f>1</f>", "\uff1d1"]
)
def test_no_text_is_a_formula(text: str) -> None:
    layout, template = workbook(PLACES[1])
    filling = Filling(cells={"fact:organisation.name": Entry(value=text)}, rows={})
    (made,) = fill(layout, template, filling)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cell = openpyxl.load_workbook(io.BytesIO(made.data))["Lagebericht"]["B3"]
    assert (cell.value, cell.data_type) == (text, "s")


def test_every_filled_cell_is_told_with_its_proof() -> None:
    layout, template = workbook(PLACES[1])
    row = {
        "requirement:msert": Entry(
            value="found", standing="proven", reason="a scan", locators=("log:7", "log:9")
        ),
        "requirement:test-proxylogon": Entry(value="no", standing="excepted", reason="no PowerShell"),
    }
    (made,) = fill(layout, template, Filling(cells={}, rows={"server": [row]}))
    assert [tuple(each) for each in proof_rows([made])] == [
        (1, "Lagebericht", "E12", "requirement:msert", "ja - mit Fund", "proven", "a scan", "log:7; log:9"),
        (1, "Lagebericht", "F12", "requirement:test-proxylogon", "nein", "excepted", "no PowerShell", ""),
        (
            1,
            "Lagebericht",
            "G12",
            "notes:msert+test-proxylogon",
            "msert: proven: a scan (log:7, log:9)\ntest-proxylogon: excepted: no PowerShell",
            "",
            "",
            "log:7; log:9",
        ),
    ]


def edited(change: dict[str, object]) -> bytes:
    """The other workbook as another program writes it: other parts, shared texts, days as numbers."""
    book = openpyxl.load_workbook(io.BytesIO(workbook(PLACES[1])[1]))
    for place, value in change.items():
        book["Lagebericht"][place] = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_what_another_program_wrote_is_read() -> None:
    layout, _ = workbook(PLACES[1])
    data = edited(
        {
            "B3": "Contoso",
            "B5": " JA ",
            "A12": 4,
            "D12": date(2021, 4, 2),
            "E12": "Ja - mit  Fund",
            "F12": "vielleicht",
            "B20": "x",
        }
    )
    taken = read(layout, data, where="x")
    assert taken.cells["question:hosted"].word == "yes"
    first, last = taken.rows["server"]
    assert (first.said["fact:server.number"].text, first.said["fact:server.last-seen"].text) == (
        "4",
        "2021-04-02",
    )
    assert first.said["requirement:msert"].word == "found"
    assert (first.said["requirement:test-proxylogon"].text, last.number) == ("vielleicht", 20)
    assert taken.doubts == ("Lagebericht!F12: 'vielleicht' is none of the answers that this cell offers",)


@pytest.mark.parametrize("change", [{"A1": "Something else"}, {"E11": None}])
def test_another_workbook_is_refused(change: dict[str, object]) -> None:
    layout, _ = workbook(PLACES[1])
    with pytest.raises(UsageFault, match="another workbook"):
        read(layout, edited(change), where="x")


def test_a_formula_is_not_overwritten_and_a_long_text_not_cut() -> None:
    layout, template = workbook(PLACES[1])
    book = open_book(template, where="x")
    sheet = Sheet(book.part(book.sheets["Lagebericht"]), strings=book.strings)
    with pytest.raises(UsageFault, match="B6: a formula"):
        sheet.changed({"B6": "x"})
    with pytest.raises(UsageFault, match="32,767"):
        fill(layout, template, Filling(cells={"fact:organisation.name": Entry(value="x" * 40_000)}, rows={}))
    with pytest.raises(UsageFault, match="no words for"):
        fill(layout, template, Filling(cells={"question:hosted": Entry(value="found")}, rows={}))


@pytest.mark.parametrize(
    ("rows", "places"),
    [
        (b"", ["B7"]),
        (b'<row r="3"/>', ["A3", "C3", "B1", "A9"]),
        (b'<row r="3"><c r="B3" s="4"/></row>', ["A3", "B3", "C3", "AA3"]),
        (b'<row r="2"></row><row r="4"><c r="C4" t="s"><v>0</v></c></row>', ["A3", "C4", "D4", "A2"]),
        (b'<row r="3" a=\'>/\'><c r="B3" b=">"></c></row>', ["B3", "A3"]),
    ],
)
def test_cells_are_put_where_they_belong(rows: bytes, places: list[str]) -> None:
    sheet = Sheet(SHEET % rows, strings=["shared"])
    made = sheet.changed({place: f"at {place}" for place in places})
    again = Sheet(made, strings=["shared"])
    assert [again.text(place) for place in places] == [f"at {place}" for place in places]
    found = re.findall(rb'<c r="([A-Z]+)([0-9]+)"', made)
    order = [(int(row), len(column), column) for column, row in found]
    assert order == sorted(order)


def test_a_prefixed_sheet_keeps_its_prefix() -> None:
    data = b'<x:worksheet xmlns:x="x"><x:sheetData><x:row r="1"/></x:sheetData></x:worksheet>'
    made = Sheet(data, strings=()).changed({"A1": "y", "A2": 5})
    assert (
        b'<x:row r="1"><x:c r="A1" t="inlineStr"><x:is><x:t xml:space="preserve">y</x:t></x:is></x:c></x:row>'
        in made
    )
    assert Sheet(made, strings=()).text("A2") == "5"


@given(st.text(max_size=60))
def test_spelling_loses_nothing(text: str) -> None:
    assert unspelt(spelt(text)) == text


@given(st.text(string.printable + "_x000Dé\x00\x0b", max_size=30))
def test_any_text_survives_a_cell(text: str) -> None:
    sheet = Sheet(SHEET % b"", strings=())
    assert Sheet(sheet.changed({"A1": text}), strings=()).text("A1") == text


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_clearly(data: bytes) -> None:
    layout, template = workbook(PLACES[1])
    for given_ in (data, b"PK\x03\x04" + data, template[: len(data) * 9]):
        with pytest.raises(TocsinError):
            read(layout, given_, where="x")


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_damaged_workbooks_are_read_or_refused(data: st.DataObject) -> None:
    layout, template = workbook(PLACES[1])
    whole = bytearray(template)
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(UsageFault):
        read(layout, bytes(whole), where="x")


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=200))
def test_arbitrary_sheets_are_read_or_refused(data: bytes) -> None:
    for given_ in (data, SHEET % data):
        with suppress(UsageFault):
            Sheet(given_, strings=()).text("A1")


def repacked(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(PLACES[1])[1])) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, parts.get(name, old.read(name)))
    return out.getvalue()


@pytest.mark.parametrize(
    ("part", "content", "says"),
    [
        ("xl/worksheets/sheet1.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "document type"),
        ("xl/workbook.xml", b"<!DOCTYPE a><a/>", "document type"),
        ("xl/worksheets/sheet1.xml", b"<worksheet/>", "holds no table"),
        ("xl/worksheets/sheet1.xml", b"<worksheet><sheetData/></worksheet>", "is empty"),
        ("xl/worksheets/sheet1.xml", b"<worksheet>", "damaged"),
        ("xl/worksheets/sheet1.xml", b" " * (65 << 20), "unpacks to more"),
        (
            "xl/worksheets/sheet1.xml",
            SHEET % b'<row r="1"><c r="A1" t="s"><v>99999</v></c></row>',
            "does not have",
        ),
    ],
)
def test_hostile_parts_are_refused(part: str, content: bytes, says: str) -> None:
    layout, _ = workbook(PLACES[1])
    with pytest.raises(UsageFault, match=says):
        read(layout, repacked(**{part: content}), where="x")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("fact: organisation.name", "fact: weather", "knows no fact"),
        ("requirement: msert", "requirement: luck", "no requirement luck"),
        ("question: hosted", "question: luck", "no question"),
        ("notes: [msert, test-proxylogon]", "notes: [luck]", "no requirement luck"),
        ("first: 12", "first: 15", "ends before it begins"),
        ("B3:", "B0:", "is no cell"),
        ("F: {req", "f: {req", "is no column"),
        ("file: lagebericht.xlsx", "file: ../x.xlsx", "beside its layout"),
        ("kind: number", "kind: colour", "cannot read"),
        ("fact: server.build", "fact: server.hostname", "stands twice"),
        ('says: {"yes": ja, "no": nein}}', 'says: {"yes": ja, "no": JA}}', "said alike"),
        ("fact: server.build", "fact: server.build, question: hosted", "give one of"),
        ('msert, says: &scan {"yes": ja, found', "msert, says: &scan {found", "yes and for no"),
    ],
)
def test_a_wrong_layout_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = (PLACES[1] / "workbook.yaml").read_text("utf-8")
    assert old in text
    (tmp_path / "workbook.yaml").write_text(text.replace(old, new, 1), "utf-8")
    asked = {each.id for each in directive().requirements}
    with pytest.raises(UsageFault, match=says):
        load_layout(tmp_path / "workbook.yaml", requirements=asked, questions=directive().questions)


def test_no_code_knows_a_workbook() -> None:
    """The second workbook is filled by its layout alone: no name of either stands in any code."""
    code = [path.read_text("utf-8") for path in (ROOT / "src" / "tocsin" / "hub").rglob("*.py")]
    names = [sheet.name for place in PLACES for sheet in workbook(place)[0].sheets]
    assert not [
        name for name in (*names, "ed21-02status", "lagebericht") for text in code if f'"{name}' in text
    ]


def test_files_of_a_filling_are_alike() -> None:
    made: list[Filled] = fill(*workbook(PLACES[1]), Filling(cells={}, rows={}))
    again = fill(*workbook(PLACES[1]), Filling(cells={}, rows={}))
    assert made == again
