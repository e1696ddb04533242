"""A log read in parts, wherever it is divided, gives what the whole gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.artefacts import iis_w3c
from tocsin.assessment.server import load_knowledge
from tocsin.detections.crew.joining import DividedLog
from tocsin.detections.crew.messages import Account, Divided, Job, PartDone, ReadPart
from tocsin.detections.crew.survey import survey
from tocsin.detections.one_pass import Pass
from tocsin.detections.scanning.lanes import Scanning
from tocsin.evidence import blocks
from tocsin.evidence.entries import Entry
from tocsin.evidence.folder import single
from tocsin.evidence.giving import Given
from tocsin.evidence.lines import Line
from tocsin.evidence.opening import open_evidence
from tocsin.evidence.parts import Part, part_of
from tocsin.evidence.source import Source

KNOWLEDGE = load_knowledge()
RUN = Pass(KNOWLEDGE.packs, list(KNOWLEDGE.products.values()), Scanning(shortest=0))
LINES = (
    b"#Software: Microsoft Internet Information Services 10.0",
    b"#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port c-ip sc-status",
    b"#Fields: date time cs-method cs-uri-stem c-ip sc-status",
    b"#Fields: time cs-method cs-uri-stem c-ip sc-status",
    b"#Date: 2021-03-03 06:00:00",
    b"2021-03-03 06:49:42 192.0.2.9 GET /owa/ - 443 198.51.100.7 200",
    b"2021-03-03 07:49:42 192.0.2.9 POST /ecp/y.js - 443 198.51.100.7 200",
    b"2021-03-03 09:49:42 192.0.2.9 POST /aspnet_client/a.aspx - 443 198.51.100.7 200",
    b"2021-03-04 06:49:42 GET /ecp/15.1.2106.2/x.js 198.51.100.7 200",
    b"23:49:42 GET /owa/ 198.51.100.7 200",
    b"00:49:42 GET /owa/ 198.51.100.7 404",
    b"date time cs-method cs-uri-stem c-ip sc-status",
    b"nothing of the kind",
    b"",
    b"\xef\xbb\xbf#Fields: date time cs-method cs-uri-stem c-ip sc-status",
    b"2021-03-03 06:49:42 GET /caf\xe9 198.51.100.7 200",
)


def fingerprint(run: Pass) -> object:
    collected = run.take()
    run.merge(collected)
    matches = run.matcher.finish()
    rows = run.account.rows({})
    products = [run.builds.result(product).seen for product in KNOWLEDGE.products.values()]
    identity = (run.identity.name(), run.identity.utc_offset(), run.disk.looked, sorted(run.signs.seen))
    answer = (rows, {pack: found.findings for pack, found in matches.items()}, products, identity)
    run.take()
    return answer


def cut(text: bytes, places: list[int]) -> list[Part]:
    """Divide at line starts, with the state that reading line by line leaves."""
    real = iis_w3c.reader(Source(path="p", where="p", size=0, modified=None, opener=open, head=b""))  # type: ignore[arg-type]
    parts, start, before, state, at = [], 0, 0, None, 0
    for number, raw in enumerate(text.splitlines(keepends=True)):
        if number in places and at > start:
            parts.append(Part(start=start, stop=at, before=before, state=state))
            start, before, state = at, number, real.state
        real.item(Line(number + 1, raw.decode("latin-1").rstrip("\n").removeprefix("ï»¿")))
        at += len(raw)
    parts.append(Part(start=start, stop=at, before=before, state=state))
    return parts


def read_in_parts(entry: Entry, whole: Source, parts: list[Part]) -> tuple[DividedLog, Divided]:
    log, job = DividedLog(), Job(index=0, entry=entry, size=entry.size)
    RUN.see(whole)
    beginning = RUN.take()
    for number, part in enumerate(parts):
        task = ReadPart(
            job=job, number=number, kind=iis_w3c.KIND, where=whole.where, head=whole.head, part=part
        )
        log.found(task)
        read = RUN.read_part(part_of(entry, whole, part), iis_w3c, part, 0)
        log.read(PartDone(index=0, number=number, read=read, collected=RUN.take()))
    nothing = Given(
        hashes={}, skipped=(), notes=(), files=1, bytes=0, read_files=1, read_bytes=0, broken=False
    )
    account = Account(index=0, given=nothing, skipped=())
    divided = Divided(job=job, account=account, collected=beginning, parts=len(parts), fault="", alone=False)
    log.divided(divided)
    assert log.complete is divided
    return log, divided


@given(
    rows=st.lists(st.sampled_from(LINES), min_size=1, max_size=40),
    places=st.lists(st.integers(1, 40), max_size=4),
)
def test_parts_that_fit_are_the_whole(
    tmp_path_factory: pytest.TempPathFactory, rows: list[bytes], places: list[int]
) -> None:
    text = b"\n".join([*LINES[:2], *rows]) + b"\n"
    path = tmp_path_factory.mktemp("logs") / "u_ex210303.log"
    path.write_bytes(text)
    with open_evidence(path) as evidence:
        source = next(evidence.sources())
        assert RUN.read(source) == []
        wanted = fingerprint(RUN)
        entry = single(path)
        log, divided = read_in_parts(entry, source, cut(text, places))
        if log.fits(divided):
            for collected in log.collected(divided):
                RUN.merge(collected)
            log.close(RUN, divided.job)
            assert fingerprint(RUN) == wanted
        else:
            assert len(places) > 0


def test_a_wrong_guess_of_the_state_does_not_fit(tmp_path: Path) -> None:
    text = b"\n".join([*LINES[:2], LINES[5], LINES[11], LINES[8], LINES[8]]) + b"\n"
    path = tmp_path / "u_ex210303.log"
    path.write_bytes(text)
    with open_evidence(path) as evidence:
        source = next(evidence.sources())
        parts = cut(text, [5])
        guessed = [
            parts[0],
            Part(start=parts[1].start, stop=parts[1].stop, before=5, state=cut(text, [2])[1].state),
        ]
        right, divided = read_in_parts(single(path), source, parts)
        assert right.fits(divided)
        log, divided = read_in_parts(single(path), source, guessed)
        assert not log.fits(divided)
    RUN.take()


@given(rows=st.lists(st.sampled_from(LINES), min_size=1, max_size=60), size=st.integers(1, 600))
def test_the_survey_finds_parts_that_cover_the_file(
    tmp_path_factory: pytest.TempPathFactory, rows: list[bytes], size: int
) -> None:
    text = b"\n".join([*LINES[:2], *rows]) + b"\n"
    path = tmp_path_factory.mktemp("logs") / "u_ex210303.log"
    path.write_bytes(text)
    with open_evidence(path) as evidence:
        parts = list(survey(next(evidence.sources()), iis_w3c, size))
    assert [part.start for part in parts[1:]] == [part.stop for part in parts[:-1]]
    assert (parts[0].start, parts[-1].stop) == (0, len(text))
    assert all(part.before == text[: part.start].count(b"\n") for part in parts)


def test_a_part_has_the_blocks_of_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "u_ex210303.log"
    path.write_bytes((LINES[0] + b"\n" + LINES[1] + b"\n") + (LINES[5] + b"\n") * 120_000)
    with open_evidence(path) as evidence:
        source = next(evidence.sources())
        whole = [(place, bytes(block)) for place, block in blocks.placed_blocks(source, 1 << 20)]
        place = whole[2][0]
        part = Part(start=place, stop=path.stat().st_size, before=0, state=None)
        rest = [bytes(block) for block in blocks.blocks(part_of(single(path), source, part), 1 << 20)]
    assert len(whole) > 3
    assert rest == [block for _, block in whole[2:]]
