"""Packed bytes: whichever way they are unpacked, the same comes out, and all of it up to a damage."""

from __future__ import annotations

import gzip
import io
import os
import random
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import ArtefactError
from tocsin.evidence import inflating
from tocsin.evidence.archive import Archive
from tocsin.evidence.containers import Kind
from tocsin.evidence.entries import RawStream
from tocsin.evidence.gzipped import GzipStream
from tocsin.evidence.limits import MIB, Account, Budget, Limits
from tocsin.evidence.measured import Tally, measured
from tocsin.evidence.opening import open_evidence
from tocsin.evidence.packed import unpacked, unpacked_name, unpacked_place
from tocsin.evidence.zstd_file import ZstdStream

LINES = b"".join(b"2021-03-03 10:%02d:00 GET /owa/%d 200\n" % (at % 60, at * at) for at in range(4_000))
NOISE = random.Random(7).randbytes(20_000)  # noqa: S311 - bytes that do not pack, the same every time
Open = Callable[[bytes], RawStream]


def _stream(data: bytes) -> BinaryIO:
    return io.BufferedReader(io.BytesIO(data))  # type: ignore[type-var,arg-type]  # a raw stream for its purpose


def _gzip(data: bytes, *, quick: bool) -> RawStream:
    return GzipStream(partial(_stream, data), "x.gz", quick=quick)


def _zip(data: bytes, *, quick: bool) -> RawStream:
    archive = Archive(_stream(data), len(data), "x.zip", Limits())
    return archive.open(archive.members()[0], "x", quick=quick)


def _zstd(data: bytes) -> RawStream:
    return ZstdStream(partial(_stream, data), "x.zst")


OPENERS: dict[str, Open] = {
    "gzip, quick": partial(_gzip, quick=inflating.QUICK),
    "gzip, slow": partial(_gzip, quick=False),
    "zip, quick": partial(_zip, quick=inflating.QUICK),
    "zip, slow": partial(_zip, quick=False),
    "zstd": _zstd,
}


def _zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("x", data)
    return out.getvalue()


def _zstandard(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": partial(gzip.compress, mtime=0),
    "zip": _zipped,
    "zstd": _zstandard,
}


def _read(opener: Callable[[], RawStream], size: int = 70_000) -> tuple[bytes, str]:
    """Read as the rest of the program does: bytes, and what was wrong."""
    found = bytearray()
    tally = Tally("x", None, Budget(Limits()))
    try:
        with measured(opener, tally) as stream:
            while block := stream.read1(size):  # type: ignore[attr-defined]  # buffered streams have it
                found += block
    except ArtefactError as error:
        return bytes(found), error.what
    return bytes(found), ""


@pytest.mark.parametrize("way", OPENERS)
@pytest.mark.parametrize("data", [b"", b"x", LINES, NOISE, bytes(3_000_000)], ids=len)
def test_sound_bytes_come_out_as_they_went_in(way: str, data: bytes) -> None:
    packed = PACKERS[way.partition(",")[0]](data)
    for size in (1, 4_096, 1 << 22) if len(data) < len(LINES) else (4_096, 1 << 22):
        assert _read(partial(OPENERS[way], packed), size) == (data, "")


def _both(opener: Callable[..., RawStream], packed: bytes) -> tuple[tuple[bytes, str], tuple[bytes, str]]:
    quick = _read(partial(opener, packed, quick=True))
    return quick, _read(partial(opener, packed, quick=False))


needs_igzip = pytest.mark.parametrize("quick", [True] if inflating.QUICK else [])
"""Tests of the quick way are there where it is; a skip would look like a test that might have run."""


@needs_igzip
@given(cut=st.integers(0, 10_000), data=st.sampled_from([LINES, NOISE, LINES + NOISE]))
def test_cut_short_the_quick_way_gives_what_the_slow_way_gives(cut: int, data: bytes, quick: bool) -> None:
    packed = gzip.compress(data, mtime=0)[: -1 - cut] or b"\x1f\x8b"
    one, other = _both(_gzip, packed)
    assert quick
    assert one == other
    assert data.startswith(one[0])
    assert one[1].startswith("damaged or cut short (Compressed file ended")


@needs_igzip
@given(at=st.integers(40, 100_000), value=st.integers(1, 255), data=st.sampled_from([LINES, NOISE]))
def test_damaged_the_quick_way_gives_at_least_what_comes_before(
    at: int, value: int, data: bytes, quick: bool
) -> None:
    for opener, packer in ((_gzip, gzip.compress), (_zip, _zipped)):
        packed = bytearray(packer(data))
        packed[40 + at % (len(packed) - 140)] ^= value
        (one, why), (other, other_why) = _both(opener, bytes(packed))
        assert quick
        assert bool(why) == bool(other_why)
        assert one.startswith(_before(data, other))
        assert other.startswith(_before(data, one))


def _before(data: bytes, found: bytes) -> bytes:
    length = next(
        (at for at, (one, other) in enumerate(zip(data, found, strict=False)) if one != other), None
    )
    return found[:length]


@pytest.mark.parametrize("way", ["gzip, quick", "gzip, slow", "zip, quick", "zip, slow"])
def test_all_before_the_damage_is_given(way: str) -> None:
    """A block of an unknown type after a first block: the quick way alone would lose much of that."""
    first = zlib.compressobj(wbits=-15)
    body = first.compress(LINES) + first.flush(zlib.Z_SYNC_FLUSH)
    broken = body + b"\x07" + bytes(9)
    if way.startswith("gzip"):
        packed = b"\x1f\x8b\x08" + bytes(7) + broken
    else:
        packed = _zipped(LINES)
        start = 30 + len("x")
        packed = _with_body(packed, start, broken)
    assert _read(partial(OPENERS[way], packed)) == (
        LINES,
        _read(partial(OPENERS[way], packed))[1],
    )
    assert "invalid block type" in _read(partial(OPENERS[way], packed))[1]


def _with_body(packed: bytes, start: int, body: bytes) -> bytes:
    """Put another body into a zip of one member; sizes and places are put right."""
    entry = packed.index(b"PK\x01\x02")
    end = packed.index(b"PK\x05\x06")
    head = bytearray(packed[:start])
    head[18:22] = len(body).to_bytes(4, "little")
    listed = bytearray(packed[entry:end])
    listed[20:24] = len(body).to_bytes(4, "little")
    last = bytearray(packed[end:])
    last[16:20] = (start + len(body)).to_bytes(4, "little")
    return bytes(head + body + listed + last)


@pytest.mark.parametrize("way", OPENERS)
@given(data=st.binary(max_size=300))
def test_arbitrary_bytes_never_raise_anything_else(way: str, data: bytes) -> None:
    kind = way.partition(",")[0]
    if kind == "zip":
        packed = _with_body(_zipped(b"a"), 31, data)
    else:
        packed = {"gzip": b"\x1f\x8b\x08" + bytes(7), "zstd": b"\x28\xb5\x2f\xfd"}[kind] + data
    found, why = _read(partial(OPENERS[way], packed))
    assert why or found is not None
    assert _read(partial(OPENERS[way], packed)) == (found, why)


def test_several_members_padding_and_every_field_of_a_header() -> None:
    fields = b"\x1f\x8b\x08\x1e" + bytes(6) + b"\x03\x00abc" + b"name\0" + b"comment\0" + b"\0\0"
    body = gzip.compress(b"one\n", mtime=0)
    packed = fields + body[10:] + bytes(700) + gzip.compress(b"two\n", mtime=0) + bytes(100_000)
    for way in ("gzip, quick", "gzip, slow"):
        assert _read(partial(OPENERS[way], packed)) == (b"one\ntwo\n", "")
        assert gzip.decompress(packed) == b"one\ntwo\n"
        found, why = _read(partial(OPENERS[way], packed + b"tail"))
        assert (found, why) == (b"one\ntwo\n", "damaged or cut short (Not a gzipped file (b'ta'))")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda data: data[:-8] + bytes(4) + data[-4:], "CRC check failed"),
        (lambda data: data[:-4] + bytes(4), "Incorrect length"),
        (lambda data: data[:-3], "ended before the end-of-stream"),
        (lambda data: data[:2] + b"\x07" + data[3:], "Unknown compression method"),
        (lambda data: data[:3] + b"\x08" + data[4:10] + b"n" * 70_000, "name in the header does not end"),
    ],
)
def test_what_is_wrong_with_a_gzip_is_said(change: Callable[[bytes], bytes], why: str) -> None:
    packed = change(gzip.compress(LINES, mtime=0))
    quick, slow = (_read(partial(OPENERS[way], packed)) for way in ("gzip, quick", "gzip, slow"))
    assert quick == slow
    assert why in quick[1]


def test_frames_of_zstandard_and_those_that_are_passed_over() -> None:
    skipped = b"\x55\x2a\x4d\x18" + (70_000).to_bytes(4, "little") + bytes(70_000)
    unknown = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    open_ended = unknown.compress(LINES) + unknown.flush()
    packed = skipped + _zstandard(b"one\n") + skipped + _zstandard(b"") + open_ended
    assert _read(partial(_zstd, packed)) == (b"one\n" + LINES, "")


@given(cut=st.integers(1, 5_000))
def test_a_zstandard_file_cut_short_says_so(cut: int) -> None:
    packed = _zstandard(NOISE)
    found, why = _read(partial(_zstd, packed[: max(len(packed) - cut, 5)]))
    assert NOISE.startswith(found)
    assert why == "damaged or cut short (it ends before its end mark)"


@pytest.mark.parametrize(
    ("tail", "why"),
    [
        (b"\x28\xb5", "it ends before its end mark"),
        (b"tail", "what follows is no Zstandard frame"),
        (b"\x28\xb5\x2f\xfd\x00\x58\x07\x00\x00", "a block of an unknown type"),
        (b"\x28\xb5\x2f\xfd\x00\xff\x01\x00\x00", "damaged or cut short"),  # a window of 3.75 TiB
        (b"\x50\x2a\x4d\x18\xff\xff\xff\xff", "it ends before its end mark"),
    ],
)
def test_what_is_wrong_with_a_zstandard_file_is_said(tail: bytes, why: str) -> None:
    found, told = _read(partial(_zstd, _zstandard(LINES) + tail))
    assert found == LINES
    assert why in told


def test_a_wrong_checksum_of_zstandard_is_found() -> None:
    packed = bytearray(_zstandard(LINES))
    packed[-1] ^= 1
    found, why = _read(partial(_zstd, bytes(packed)))
    assert LINES.startswith(found)
    assert "checksum" in why


@pytest.mark.parametrize("kind", [Kind.GZIP, Kind.ZSTD])
def test_a_bomb_is_stopped_by_the_bytes_used_and_not_by_those_that_lie_ready(kind: Kind) -> None:
    bomb = bytes(4 * MIB)
    packed = PACKERS[kind.value](bomb) + os.urandom(1_000_000)
    limits = Limits(ratio=50, ratio_from=MIB)
    tally = Tally("x", Account(len(packed)), Budget(limits))
    opener = partial(unpacked, kind, partial(_stream, packed), "x")
    with measured(opener, tally) as stream, pytest.raises(ArtefactError, match="decompression bomb"):
        stream.seek(0, io.SEEK_END)
    assert tally.reached <= 2 * MIB


def test_a_rotated_log_in_zstandard_is_read_and_hashed_as_it_lies(tmp_path: Path) -> None:
    (tmp_path / "u_ex210303.log.zst").write_bytes(_zstandard(LINES))
    (tmp_path / "page.aspx.zst").write_bytes(_zstandard(b"<%%>"))
    (tmp_path / "all.zip.zst").write_bytes(_zstandard(_zipped(LINES)))
    (tmp_path / "plain.zst").write_bytes(b"nothing packed")
    with open_evidence(tmp_path) as evidence:
        found = {source.path: (source.where, source.read(MIB)) for source in evidence.sources()}
        hashes, skipped = evidence.hashes, {entry.path: entry.why for entry in evidence.skipped}
    assert found == {
        "u_ex210303.log.zst": ("u_ex210303.log", LINES),
        "page.aspx.zst": ("page.aspx.zst!/page.aspx", b"<%%>"),
        "plain.zst": ("plain.zst", b"nothing packed"),
    }
    assert skipped["all.zip.zst"].startswith("a zip within Zstandard")
    assert len(hashes["u_ex210303.log.zst"]) == 64


def test_names_of_what_is_packed() -> None:
    assert [unpacked_name(name) for name in ("a/b.log.gz", "b.zst", "B.LOG.GZ")] == ["a/b.log", "b", "B.LOG"]
    assert unpacked_place("c/inetpub/x.aspx.zst") == "c/inetpub/x.aspx.zst!/x.aspx"


def test_without_igzip_everything_is_read_by_zlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inflating, "_FAST", zlib)
    assert _read(partial(_gzip, gzip.compress(LINES), quick=True)) == (LINES, "")
