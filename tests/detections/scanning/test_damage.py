"""A log that breaks off has the same account in both lanes, and what it held until then is found."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from typing import BinaryIO

import pytest
from tests.detections.scanning.made_logs import IIS_LOG, PROXY_LOG, read, told
from tests.detections.scanning.test_both_lanes import ENGINES, IIS_TOP, PAGE, PROXY_TOP, ROW

from tocsin.detections.scanning import lane
from tocsin.errors import ArtefactError
from tocsin.evidence import source

PROXY_ROW = b"2021-03-03T06:49:42.162Z,1,Ecp,/ecp/y.js,POST,200\n"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.999])
def test_a_truncated_gzip(engine: str, kept: float) -> None:
    whole = gzip.compress(IIS_TOP + ROW * 50 + PAGE + b"".join(b"# %d\n" % (n * n) for n in range(9000)))
    files = {f"{IIS_LOG}.gz": whole[: int(len(whole) * kept)]}
    assert told(read(files, engine)) == told(read(files, "none"))


class _Breaks(io.RawIOBase):
    """Gives some bytes, then fails as a damaged container does."""

    def __init__(self, data: bytes, at: int) -> None:
        self._rest = io.BytesIO(data[:at])

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # a buffer that can be written
        got = self._rest.readinto(buffer)
        if not got:
            raise ArtefactError("damaged in its container")
        return got


def breaking(at: int) -> Callable[[source.Source], BinaryIO]:
    def opened(self: source.Source) -> BinaryIO:
        with self.opener() as stream:
            data = stream.read()
        return io.BufferedReader(_Breaks(data, at), 64)

    return opened


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("at", [700, 2000, 3333, 9000])
def test_a_stream_that_fails(engine: str, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source.Source, "open", breaking(at))
    files = {IIS_LOG: IIS_TOP + PAGE + ROW * 300, PROXY_LOG: PROXY_TOP + PROXY_ROW * 300}
    fast, whole = told(read(files, engine, block=2000)), told(read(files, "none", block=2000))
    assert [name for name in whole if fast[name] != whole[name]] == []
    assert fast["skipped"]


@pytest.mark.parametrize("engine", ENGINES)
def test_what_fails_between_blocks_costs_no_line(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows_of, calls = lane.rows_of, []

    def fails(*given: object) -> object:
        calls.append(given)
        if len(calls) > 1:
            raise ZeroDivisionError("by hand")
        return rows_of(*given)  # type: ignore[arg-type]  # what it was given

    monkeypatch.setattr(lane, "rows_of", fails)
    found = read({IIS_LOG: IIS_TOP + PAGE + ROW * 300 + PAGE}, engine, block=5000)
    (row,) = found.account.rows({})
    assert row.records + row.unreadable + row.headers == row.lines == 304
    assert (row.errors, row.headers) == (1, 2)
    assert 0 < row.records < 302
    places = {one.locator.line for findings in found.findings.values() for one in findings}
    assert {3, 304} <= places
