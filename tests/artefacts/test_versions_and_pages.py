"""Versions, compiled pages, server pages and property lists, beyond what the golden files hold."""

from __future__ import annotations

import hashlib
import importlib
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.artefacts.specimens import source_of, source_of_bytes

from tocsin.artefacts import (
    aspnet_compiled,
    file_version,
    vdir_dump,
    version_clixml,
    version_export,
    web_file,
)
from tocsin.artefacts.registry import identify
from tocsin.errors import ArtefactError
from tocsin.evidence.source import Source
from tocsin.exercise.pe import write_executable
from tocsin.model.records import Item, Record
from tocsin.model.words import Confidence

GOLDEN = Path(__file__).parent / "golden"
MODULES = (aspnet_compiled, file_version, vdir_dump, version_clixml, version_export, web_file)
SPECIMENS = sorted(
    path
    for module in MODULES
    for path in (GOLDEN / module.__name__.rpartition(".")[2]).glob("*.in.*")
)  # fmt: skip


@given(
    st.tuples(*[st.integers(0, 65_535)] * 4), st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
)
def test_the_numbers_of_an_executable_are_read(build: tuple[int, int, int, int], text: str) -> None:
    data = write_executable(build, {"FileVersion": text})
    (item,) = file_version.parse(source_of_bytes(data, "C/bin/ExSetup.exe"))
    assert isinstance(item, Record)
    if any(build):
        assert item.fields["Build"] == ".".join(map(str, build))


@pytest.mark.parametrize(
    "data", [b"", b"MZ", b"MZ" + b"\0" * 300, b"not an executable", b"MZ" + b"\xff" * 5000]
)
def test_a_damaged_executable_is_an_error(data: bytes) -> None:
    with pytest.raises(ArtefactError, match="executable"):
        list(file_version.parse(source_of_bytes(data, "C/bin/ExSetup.exe")))


@pytest.mark.parametrize("path", SPECIMENS, ids=lambda path: path.name)
@given(data=st.data())
def test_a_damaged_specimen_gives_items_or_an_artefact_error(path: Path, data: st.DataObject) -> None:
    source = source_of(path)
    raw = bytearray(source.open().read())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw)))
        length = data.draw(st.integers(0, 8))
        raw[at : at + length] = data.draw(st.binary(max_size=8))
    module = importlib.import_module(f"tocsin.artefacts.{path.parent.name}")
    try:
        items: list[Item] = list(module.parse(source_of_bytes(bytes(raw), source.path)))
    except ArtefactError:
        return
    assert all(item.locator.path == source.path for item in items)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
@given(junk=st.binary(max_size=600))
def test_any_bytes_give_items_or_an_artefact_error(module: object, junk: bytes) -> None:
    assert hasattr(module, "parse")
    source = source_of_bytes(junk, "C/inetpub/wwwroot/aspnet_client/x.aspx")
    try:
        items: list[Item] = list(module.parse(source))
    except ArtefactError:
        return
    assert all(item.locator.path == source.path for item in items)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("C/inetpub/wwwroot/aspnet_client/x.aspx", "web.file"),
        ("C/inetpub/wwwroot/aspnet_client/system_web/odd name", "web.file"),
        ("C/Users/a/AppData/x.ASHX", "web.file"),
        ("E/Exchange/FrontEnd/HttpProxy/owa/auth/a.aspx", "web.file"),
        ("C/inetpub/wwwroot/aspnet_client/web.config", None),
        ("C/inetpub/wwwroot/index.html", None),
        ("C/inetpub/wwwroot/bin/App.dll", None),
        ("C/notes/aspx", None),
    ],
)
def test_what_counts_as_a_web_file(path: str, kind: str | None) -> None:
    source = source_of_bytes(b"<%@ Page %>\n", path)
    expected = Confidence.NO if kind is None else Confidence.SHAPE
    assert web_file.recognise(source) is expected


@pytest.mark.parametrize(
    ("path", "url", "root"),
    [
        ("C/inetpub/wwwroot/aspnet_client/x.aspx", "/aspnet_client/x.aspx", "C/inetpub/wwwroot"),
        ("E/Ex/V15/FrontEnd/HttpProxy/owa/auth/A.aspx", "/owa/auth/a.aspx", "E/Ex/V15/FrontEnd/HttpProxy"),
        ("E/Ex/V15/ClientAccess/ecp/A.aspx", "/ecp/a.aspx", "E/Ex/V15/ClientAccess"),
        ("aspnet_client/k.aspx", "/aspnet_client/k.aspx", "aspnet_client"),
        ("C/Temp/k.aspx", None, None),
    ],
)
def test_place_and_url(path: str, url: str | None, root: str | None) -> None:
    (item,) = web_file.parse(source_of_bytes(b"x", path))
    assert isinstance(item, Record)
    assert (item.fields["Url"], item.fields["WebRoot"]) == (url, root)


def test_a_long_page_is_hashed_whole_and_shown_in_part() -> None:
    data = b"<%@ Page %>" * 300_000
    (item,) = web_file.parse(source_of_bytes(data, "C/x.aspx"))
    assert isinstance(item, Record)
    assert item.fields["Sha256"] == hashlib.sha256(data).hexdigest()
    assert item.fields["Size"] == str(len(data))
    assert len(item.fields["Content"] or "") == web_file.CONTENT


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
def test_pages_are_decoded(encoding: str) -> None:
    text = "<%@ Page Language='C#' %> café, naïve"
    (item,) = web_file.parse(source_of_bytes(text.encode(encoding), "C/x.aspx"))
    assert isinstance(item, Record)
    assert item.fields["Content"] == text


def test_the_time_of_change_is_a_field_and_not_the_time_of_the_record() -> None:
    moment = datetime(2021, 3, 4, tzinfo=UTC)
    source = Source(
        path="C/x.aspx", where="x.aspx", size=1, modified=moment, opener=lambda: io.BytesIO(b"x"), head=b"x"
    )
    (item,) = web_file.parse(source)
    assert isinstance(item, Record)
    assert item.time is None
    assert item.fields["Modified"] == "2021-03-04T00:00:00+00:00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "AdminDisplayVersion\n",
        "function x { Get-ExchangeServer | fl AdminDisplayVersion } # Version 15.1 (Build 2375.7)",
        "ExternalUrl : http://x/\nAdminDisplayVersion : Version 15.1 (Build 2375.7)\n",
        "#Fields: date time FileVersion 15.1.2375.7",
    ],
)
def test_what_is_no_version_export(text: str) -> None:
    assert version_export.recognise(source_of_bytes(text.encode(), "C/a.txt")) is Confidence.NO


def test_an_export_without_versions_is_an_error() -> None:
    with pytest.raises(ArtefactError, match="no version"):
        list(version_export.parse(source_of_bytes(b"FileVersion : none\n", "C/a.txt")))
    with pytest.raises(ArtefactError, match="without any"):
        list(version_clixml.parse(source_of_bytes(b"<Objs xmlns='x'><Obj/></Objs>", "C/a.clixml")))


def test_an_administrators_notes_are_not_a_property_list() -> None:
    text = b"To check: Name, ExternalUrl : set it\nInternalUrl is fine\nPollInterval what?\n"
    source = source_of_bytes(text, "C/notes.txt")
    assert vdir_dump.recognise(source) is Confidence.NO
    chosen = identify(source)
    assert chosen is not None
    assert chosen.KIND == "text.unknown"


OBJS = '<Objs xmlns="http://schemas.microsoft.com/powershell/2004/04">'
SAID = '<Obj><?p i?><Props><?p i?><S N="FileVersion">15.01.2106.002</S></Props></Obj>'


def test_clixml_with_processing_instructions_is_read() -> None:
    source = source_of_bytes(f"{OBJS}<?p i?>{SAID}</Objs>".encode(), "C/collector/ExSetup.clixml")
    (record,) = version_clixml.parse(source)
    assert isinstance(record, Record)
    assert record.fields["Build"] == "15.1.2106.2"


def test_clixml_with_an_odd_root_is_no_fault_of_the_parser() -> None:
    source = source_of_bytes(f"<:Objs>{SAID}</:Objs>".encode(), "C/collector/ExSetup.clixml")
    assert all(item.locator.path == source.path for item in version_clixml.parse(source))


def test_an_export_beyond_its_bound_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version_export, "_LONGEST", 100)
    text = "FileVersion : 15.01.2106.002\n" * 4
    with pytest.raises(ArtefactError, match="longer than 100 characters") as caught:
        list(version_export.parse(source_of_bytes(text.encode(), "C/collector/ExSetup.txt")))
    assert caught.value.remedy
