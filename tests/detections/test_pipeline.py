"""One pass over the evidence: whatever fails in one file, the others are read and every line is told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from msgspec.structs import replace
from tests.detections.exposure_makers import exchange
from tests.detections.rule_makers import record

from tocsin.artefacts import iis_w3c, vdir_dump
from tocsin.detections.known_good import KnownFiles
from tocsin.detections.matching import Matcher
from tocsin.detections.pipeline import Detections, detect
from tocsin.detections.reading import OTHER_FILES
from tocsin.errors import ArtefactError, LimitExceeded
from tocsin.evidence.opening import open_evidence
from tocsin.evidence.source import Source
from tocsin.model.findings import Finding
from tocsin.model.places import Locator
from tocsin.model.records import Item, Record
from tocsin.model.words import Means
from tocsin.packs.loading import load_packs

HEAD = (
    "#Software: Microsoft Internet Information Services 10.0\n"
    "#Fields: date time c-ip cs-method cs-uri-stem sc-status\n"
)
ROW = "2021-03-03 06:49:42 192.0.2.1 GET /owa/ 200\n"
LOG = "C/inetpub/logs/LogFiles/W3SVC1/u_ex210303.log"


def detected(folder: Path, **files: str | bytes) -> Detections:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with open_evidence(folder) as evidence:
        return detect(evidence, load_packs(), [exchange()])


def rows(found: Detections) -> dict[str, tuple[int, int, int, int, int, int]]:
    return {
        one.kind: (one.files, one.lines, one.records, one.unreadable, one.headers, one.errors)
        for one in found.account.rows({})
    }


def _fails(error: Exception) -> object:
    """Give a parser that reads two lines and then fails."""

    def parse(source: Source) -> Iterator[Item]:
        items = _PARSE(source)
        yield next(items)
        yield next(items)
        raise error

    return parse


_PARSE = iis_w3c.parse


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ArtefactError("damaged in its container"), "damaged in its container"),
        (ZeroDivisionError("by hand"), "the parser failed: ZeroDivisionError: by hand"),
        (MemoryError("by hand"), "the parser failed: MemoryError: by hand"),
    ],
)
def test_a_parser_that_fails_costs_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, why: str
) -> None:
    monkeypatch.setattr(iis_w3c, "parse", _fails(error))
    found = detected(tmp_path, **{LOG: HEAD + ROW * 5, "C/notes.txt": "one\ntwo\n"})
    assert [(one.path, one.why) for one in found.skipped] == [(LOG, why)]
    assert rows(found) == {"iis.w3c": (1, 7, 0, 5, 2, 1), "text.unknown": (1, 2, 2, 0, 0, 0)}


def test_what_a_failed_parser_left_is_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iis_w3c, "parse", _fails(ValueError()))
    tell = "2021-03-03 06:49:42 198.51.100.7 POST /ecp/DDI/DDIService.svc/SetObject msExchEcpCanary=x 200\n"
    found = detected(tmp_path, **{LOG: HEAD + ROW + tell})
    places = {one.locator.line for findings in found.findings.values() for one in findings}
    assert places == {4}


def test_a_matcher_that_fails_costs_no_line_and_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: Matcher, record: Record) -> NoReturn:
        raise RuntimeError(record.kind)

    monkeypatch.setattr(Matcher, "observe", fails)
    found = detected(tmp_path, **{LOG: HEAD + ROW * 5, "C/notes.txt": "one\ntwo\n"})
    assert rows(found) == {"iis.w3c": (1, 7, 1, 4, 2, 1), "text.unknown": (1, 2, 1, 1, 0, 1)}
    assert [(one.path, one.why) for one in found.skipped] == [
        (LOG, "the parser failed: RuntimeError: iis.w3c"),
        (LOG, "what was left of it could not be searched: the parser failed: RuntimeError: text.unknown"),
        ("C/notes.txt", "the parser failed: RuntimeError: text.unknown"),
        (
            "C/notes.txt",
            "what was left of it could not be searched: the parser failed: RuntimeError: text.unknown",
        ),
    ]


def test_evidence_that_cannot_be_read_ends_the_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iis_w3c, "parse", _fails(LimitExceeded("enough")))
    with pytest.raises(LimitExceeded, match="enough"):
        detected(tmp_path, **{LOG: HEAD + ROW})


def test_a_file_that_is_no_log_and_fails_is_accounted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: Source) -> NoReturn:
        raise ArtefactError("by hand")

    monkeypatch.setattr(vdir_dump, "parse", fails)
    text = "Name : OAB\nPollInterval : 480\nExternalUrl : http://f/\nInternalUrl : http://f/\n"
    found = detected(tmp_path, **{"C/vdir.txt": text})
    assert [one.why for one in found.skipped] == ["by hand"]
    assert rows(found)[vdir_dump.KIND] == (1, 0, 0, 0, 0, 1)


def test_a_file_of_no_known_kind_is_counted(tmp_path: Path) -> None:
    found = detected(tmp_path, **{"C/noise.bin": bytes(range(256)) * 9})
    assert rows(found) == {OTHER_FILES: (1, 0, 0, 0, 0, 0)}


def test_progress_is_told_of_every_byte(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("x\n")
    told: list[tuple[str, int]] = []
    with open_evidence(tmp_path) as evidence:
        detect(evidence, load_packs(), [], told=lambda path, size: told.append((path, size)))
    assert told == [("a.txt", 2), ("b.txt", 2)]


# --- the vendor's own files -------------------------------------------------------------------

CONTENT = b"<%@ Page Language='c#' %>"
FOUND = Finding(
    id="1",
    rule="yara: x",
    author="Tocsin",
    means=Means.COMPROMISED,
    weak=False,
    rung="shell-live",
    time=None,
    locator=Locator(path="C/inetpub/wwwroot/aspnet_client/x.aspx", line=3),
    summary="s",
    kind="web.file",
)


@pytest.mark.parametrize(
    ("place", "sha256", "kind", "means"),
    [
        ("C/inetpub/wwwroot/aspnet_client/x.aspx", CONTENT, "web.file", Means.CONTEXT),
        ("C/inetpub/wwwroot/aspnet_client/y.aspx", CONTENT, "web.file", Means.COMPROMISED),
        ("C/inetpub/wwwroot/aspnet_client/x.aspx", b"other", "web.file", Means.COMPROMISED),
        ("C/inetpub/wwwroot/aspnet_client/x.aspx", CONTENT, "aspnet.compiled", Means.COMPROMISED),
    ],
)
def test_only_the_content_of_a_known_file_in_its_place_is_explained(
    place: str, sha256: bytes, kind: str, means: Means
) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    product = replace(exchange(), known_good={digest: ("/aspnet_client/x.aspx",)})
    known = KnownFiles([product])
    known.observe(record(kind, path=place, Path=place, Sha256=hashlib.sha256(sha256).hexdigest().upper()))
    (found,) = known.explain([replace(FOUND, locator=Locator(path=place, line=3))])
    assert found.means is means
    if means is Means.CONTEXT:
        assert found.rung is None
        assert found.benign is not None
        assert (found.benign.rule, found.benign.was) == ("known-good file", Means.COMPROMISED)
        assert "Microsoft Exchange Server" in found.benign.why


def test_what_is_context_already_and_what_is_no_file_stay_as_they_are() -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    known = KnownFiles([replace(exchange(), known_good={digest: ("/x.aspx",)})])
    known.observe(record("web.file", path="C/x.aspx", Path="C/x.aspx", Sha256=digest))
    place = Locator(path="C/x.aspx")
    for one in (
        replace(FOUND, means=Means.CONTEXT, locator=place),
        replace(FOUND, kind="iis.w3c", locator=place),
    ):
        assert known.explain([one]) == (one,)


# --- shadow copies: how the server was, not how it is -----------------------------------------

PAGE = "C/inetpub/wwwroot/aspnet_client/x.aspx"


@pytest.mark.parametrize(
    ("path", "present", "collected"),
    [(PAGE, True, True), (f"VSS1/{PAGE}", False, False), (f"shadow copy 2/{PAGE}", False, True)],
)
def test_a_page_in_a_shadow_copy_is_not_on_the_disk(
    tmp_path: Path, path: str, present: bool, collected: bool
) -> None:
    disk = detected(tmp_path, **{path: "<%@ Page %>"}).disk
    assert (disk.file_at("/aspnet_client/x.aspx") is not None) is present
    if not path.startswith("shadow"):  # a folder's name that no layout knows leaves it to the path
        assert disk.folder_collected("/aspnet_client/x.aspx") is collected


def test_versions_in_a_shadow_copy_are_no_conflict(tmp_path: Path) -> None:
    named = "FileName : C:\\x\\bin\\ExSetup.exe\n"
    bin_folder = "C/Program Files/Microsoft/Exchange Server/V15/bin"
    found = detected(
        tmp_path,
        **{
            f"{bin_folder}/v-version.txt": f"FileVersion : 15.01.2176.014\n{named}",
            f"VSS1/{bin_folder}/v-version.txt": f"FileVersion : 15.01.2106.002\n{named}",
        },
    )
    builds = found.builds.result(exchange())
    assert [one.build for one in builds.seen if one.rank == 1] == ["15.1.2176.14"]
    assert builds.conflicts == ()
