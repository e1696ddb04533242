"""Damaged event logs.

Option ``what``: ``header`` (flags and checksum of the file header are zero), ``times`` (records were
written in 1601), ``magic`` (the file does not begin as it
should), ``checksum`` (a chunk's checksum is zero), ``lost`` (one chunk is overwritten), ``cut`` (the file
ends in the middle of its last chunk), ``slack`` (remains of records of an earlier use stand behind the
last record), ``zero-size`` (one record states that it has no bytes), ``dirty`` (the file was not closed:
its header knows of one chunk, and empty chunks follow).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

from tocsin.errors import ScenarioError
from tocsin.exercise.dice import Dice
from tocsin.exercise.evtx import record_offsets
from tocsin.exercise.faults.rewriting import chosen, relabel, same_time, unprovable
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "evtx-damage"
_HEADER = 4096
_CHUNK = 65_536
_MAGIC = b"ElfChnk\x00"
_RECORD = b"**\x00\x00"
_FIRST = 512
_FREE = 48
"""Where a chunk states the end of its last record."""
_IDENTIFIERS = 24
"""Where a chunk states the first and the last EventRecordID that it holds."""

Lost = tuple[int, int] | None
"""First and last record that cannot be read any more."""


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Damage each file; labels of records that are lost go.

    Raises:
        ScenarioError: there is no such damage.
    """
    what = fault.options.get("what", "header")
    if what not in _DAMAGES:
        known = ", ".join(sorted(_DAMAGES))
        raise ScenarioError(f"no such damage to an event log: {what}.", remedy=f"There are: {known}.")
    for path in chosen(root, fault, ("*.evtx",)):
        place = root / path
        content = bytearray(place.read_bytes())
        lost = _DAMAGES[what](content, dice.stream(path)) if len(content) >= _HEADER + _CHUNK else None
        with same_time(place):
            place.write_bytes(content)
        rows = _without(rows, path, lost, what)
    return rows


def _without(rows: list[LabelledRow], path: str, lost: Lost, what: str) -> list[LabelledRow]:
    """Drop the labels of lost records; of a record that may be read all the same nothing is provable."""
    if lost is None:
        return rows
    first, last = lost

    def change(row: LabelledRow) -> LabelledRow | None:
        if not first <= (row.record or 0) <= last:
            return row
        return unprovable(row) if what == "zero-size" else None

    return relabel(rows, path, change)


def _header(content: bytearray, dice: Dice) -> Lost:
    del dice
    content[120:128] = bytes(8)
    return None


def _magic(content: bytearray, dice: Dice) -> Lost:
    content[:8] = dice.letters(8).encode()
    return None


def _checksum(content: bytearray, dice: Dice) -> Lost:
    start = _HEADER + _CHUNK * dice.between(0, _chunks(content) - 1)
    content[start + 52 : start + 56] = bytes(4)
    content[start + 124 : start + 128] = bytes(4)
    return None


def _times(content: bytearray, dice: Dice) -> Lost:
    del dice
    for chunk in range(_chunks(content)):
        at, end = _HEADER + _CHUNK * chunk + 512, _HEADER + _CHUNK * (chunk + 1)
        while at < end - 24 and content.startswith(_RECORD, at):
            content[at + 16 : at + 24] = bytes(8)
            at += max(24, struct.unpack_from("<I", content, at + 4)[0])
    return None


def _lost(content: bytearray, dice: Dice) -> Lost:
    """Overwrite a chunk that is neither the first nor the last, if there is one."""
    count = _chunks(content)
    if count < 3:  # noqa: PLR2004 - one before, one after
        return None
    start = _HEADER + _CHUNK * dice.between(1, count - 2)
    lost = _records(content, start)
    content[start : start + _CHUNK] = bytes(_CHUNK)
    return lost


def _cut(content: bytearray, dice: Dice) -> Lost:
    start = _HEADER + _CHUNK * (_chunks(content) - 1)
    lost = _records(content, start)
    del content[start + dice.between(1024, _CHUNK // 2) :]
    return lost


def _slack(content: bytearray, dice: Dice) -> Lost:
    """Put the chunk's first records, under older numbers, behind the end of what is in use."""
    start = _HEADER + _CHUNK * (_chunks(content) - 1)
    (free,) = struct.unpack_from("<I", content, start + _FREE)
    place, source, before = free, _FIRST, dice.between(500, 900)
    while source < free:
        (size, number) = struct.unpack_from("<IQ", content, start + source + 4)
        if place + size > _CHUNK:
            break
        content[start + place : start + place + size] = content[start + source : start + source + size]
        struct.pack_into("<Q", content, start + place + 8, max(1, number - before))
        place, source = place + size, source + size
    return None


def _zero_size(content: bytearray, dice: Dice) -> Lost:
    start = _HEADER + _CHUNK * dice.between(0, _chunks(content) - 1)
    offsets = record_offsets(bytes(content[start : start + _CHUNK]))
    at = start + dice.pick(offsets[1:] or offsets)
    (number,) = struct.unpack_from("<Q", content, at + 8)
    struct.pack_into("<I", content, at + 4, 0)
    return number, number


def _dirty(content: bytearray, dice: Dice) -> Lost:
    """Let the header be that of a log of one chunk that is being written; add room never used."""
    struct.pack_into("<QQQ", content, 8, 0, 0, 1)
    struct.pack_into("<H", content, 42, 1)
    struct.pack_into("<I", content, 120, 1)
    content += bytes(_CHUNK * dice.between(1, 3))
    return None


def _chunks(content: bytearray) -> int:
    """Count the chunks in use: the file may end in empty ones."""
    starts = range(_HEADER, len(content) - _CHUNK + 1, _CHUNK)
    return max(1, sum(content.startswith(_MAGIC, start) for start in starts))


def _records(content: bytearray, start: int) -> tuple[int, int]:
    first, last = struct.unpack_from("<QQ", content, start + _IDENTIFIERS)
    return first, last


_DAMAGES: dict[str, Callable[[bytearray, Dice], Lost]] = {
    "header": _header,
    "magic": _magic,
    "checksum": _checksum,
    "times": _times,
    "lost": _lost,
    "cut": _cut,
    "slack": _slack,
    "zero-size": _zero_size,
    "dirty": _dirty,
}
