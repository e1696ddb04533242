"""Who collected the evidence, when and where: the record of custody, or what collectors left.

Tocsin's own record is ``custody.json``, the shape of ``model.verdicts.Custody``, in the root of
the evidence or beside it. Velociraptor leaves ``client_info.json`` and ``collection_context.json``
(times in microseconds since 1970), KAPE a ``<time>_ConsoleLog.txt`` whose time is UTC.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tocsin.errors import ArtefactError, EvidenceError
from tocsin.evidence import manifest
from tocsin.evidence.entries import Entry
from tocsin.evidence.layout import place_of
from tocsin.evidence.limits import MIB
from tocsin.model.times import in_utc, parse_utc
from tocsin.model.verdicts import Custody

RECORD = "custody.json"
_LONGEST = 64 * MIB
_KAPE = re.compile(r"(\d{4}-\d\d-\d\dt\d\d_\d\d_\d\d)_\d+_consolelog\.txt")
_KAPE_VERSION = re.compile(r"KAPE version:?\s+([\d.]+\d)")
_KAPE_HOST = re.compile(r"Machine name:\s*([\w.-]+)")


class Found(Struct, frozen=True, kw_only=True):
    """What the root of the evidence says about its history.

    Attributes:
        custody: the record.
        record: the ``custody.json`` that it was read from: about the evidence, not part of it.
        manifest: path (folded) to SHA-256 as listed.
        notes: what could not be used, and why.
    """

    custody: Custody
    record: Entry | None = None
    manifest: Mapping[str, str] = {}
    notes: tuple[str, ...] = ()


def custody_of(entries: Sequence[Entry], custody_file: Path | None) -> Found:
    """Find the record of custody and the manifest.

    Args:
        entries: the listed evidence.
        custody_file: a record kept outside the evidence, which then counts alone.

    Raises:
        EvidenceError: the ``custody_file`` cannot be read.
    """
    root = _root(entries)
    notes: list[str] = []
    record = None
    if custody_file is not None:
        custody = _given(custody_file)
    elif (custody_read := _own(root.get(RECORD), notes)) is not None:
        custody, record = custody_read, root[RECORD]
        notes.append(f"{record.path}: read as the record of custody, not as evidence")
    else:
        custody = _left_behind(root)
    listed, digest = _manifest(root, notes)
    if digest and custody.manifest_sha256 and custody.manifest_sha256.lower() != digest:
        notes.append("manifest: its SHA-256 is not the one in the record of custody")
    custody = msgspec.structs.replace(custody, manifest_sha256=digest or custody.manifest_sha256)
    return Found(custody=custody, record=record, manifest=listed, notes=tuple(notes))


def statements(entries: Sequence[Entry]) -> tuple[bytes, ...]:
    """Give the record of custody and the manifests of the root, as they stand.

    What lies on the server's own disk is none of them.
    """
    root = _root(entries)
    return tuple(filter(None, (_read(root.get(name)) for name in (RECORD, *manifest.NAMES))))


def parse_record(data: bytes) -> Custody:
    """Read ``custody.json``. Times without an offset are taken as UTC; impossible ones are none.

    Raises:
        msgspec.DecodeError: it is not JSON of the shape of ``Custody``.
        RecursionError: it is JSON nested without reason.
    """
    text = data.removeprefix(b"\xef\xbb\xbf")
    custody = msgspec.json.decode(text, type=Custody, strict=False)
    transfers = tuple(msgspec.structs.replace(one, at=_utc(one.at)) for one in custody.transfers)
    return msgspec.structs.replace(custody, collected_at=_utc(custody.collected_at), transfers=transfers)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else in_utc(moment)


def _root(entries: Sequence[Entry]) -> dict[str, Entry]:
    """Files of the root by lower-case name; below one top folder, that folder is the root.

    Files of the server's disk never count: whoever owned the server could have written them.
    """
    tops = {entry.inner.partition("/")[0] for entry in entries}
    depth = 1 if len(tops) == 1 and all("/" in entry.inner for entry in entries) else 0
    return {
        entry.inner.rpartition("/")[2].lower(): entry
        for entry in reversed(entries)
        if entry.inner.count("/") == depth and not place_of(entry.inner).on_disk
    }


def _read(entry: Entry | None) -> bytes:
    """Read a file of the root whole, or nothing if it is absent, damaged or too long."""
    if entry is None:
        return b""
    data, buffer = bytearray(), memoryview(bytearray(MIB))
    try:
        stream = entry.open()
    except (ArtefactError, EvidenceError):
        return b""
    try:
        while (size := stream.readinto(buffer)) and len(data) <= _LONGEST:
            data += buffer[:size]
    except ArtefactError:
        return b""
    finally:
        stream.close()
    return b"" if len(data) > _LONGEST else bytes(data)


def _own(entry: Entry | None, notes: list[str]) -> Custody | None:
    if entry is None:
        return None
    try:
        return parse_record(_read(entry))
    except (msgspec.DecodeError, RecursionError) as error:
        notes.append(f"{entry.path}: not a record of custody ({error}); read as evidence")
        return None


def _given(path: Path) -> Custody:
    try:
        return parse_record(path.read_bytes())
    except (OSError, msgspec.DecodeError, RecursionError) as error:
        raise EvidenceError(
            f"not a record of custody ({error}).",
            where=str(path),
            remedy="See the guide to evidence for its shape.",
        ) from error


def _manifest(root: Mapping[str, Entry], notes: list[str]) -> tuple[Mapping[str, str], str]:
    entry = next((root[name] for name in manifest.NAMES if name in root), None)
    data = _read(entry)
    if entry is None or not data:
        return {}, ""
    listed = manifest.parse(data, entry.path.removesuffix(entry.path.rpartition("/")[2]))
    if not listed:
        notes.append(f"{entry.path}: hashed, but not in the form 'sha256  path', so not compared")
    return listed, hashlib.sha256(data).hexdigest()


def _left_behind(root: Mapping[str, Entry]) -> Custody:
    if "client_info.json" in root or "collection_context.json" in root:
        return _velociraptor(
            _objects(_read(root.get("client_info.json"))),
            _objects(_read(root.get("collection_context.json"))),
        )
    return next(_kape(root), Custody())


def _objects(data: bytes) -> dict[str, Any]:
    """Merge the objects of JSON or of JSON lines into one; what is neither gives nothing."""
    merged: dict[str, Any] = {}
    for text in (data, *data.split(b"\n")):
        try:
            value = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            continue
        if isinstance(value, dict):
            for name, part in value.items():
                merged.setdefault(name, part)
    return merged


def _velociraptor(client: Mapping[str, Any], context: Mapping[str, Any]) -> Custody:
    agent = _inner(client, "agent_information")
    system = _inner(client, "os_info")
    version = agent.get("version") or client.get("Version") or client.get("BuildTime")
    host = system.get("fqdn") or system.get("hostname") or client.get("Fqdn") or client.get("Hostname")
    moment = context.get("create_time") or context.get("start_time")
    return Custody(
        collector=f"Velociraptor {version}" if isinstance(version, str) else "Velociraptor",
        collected_at=_microseconds(moment),
        host=host if isinstance(host, str) else None,
    )


def _inner(client: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = client.get(key)
    return value if isinstance(value, dict) else {}


def _microseconds(stamp: object) -> datetime | None:
    try:
        seconds = float(str(stamp)) / 1_000_000
        return in_utc(datetime.fromtimestamp(seconds, UTC)) if seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def _kape(root: Mapping[str, Entry]) -> Iterator[Custody]:
    for name in sorted(root):
        stamp = _KAPE.fullmatch(name)
        if stamp:
            text = _read(root[name])[:65_536].decode("utf-8", "replace")
            version, host = _KAPE_VERSION.search(text), _KAPE_HOST.search(text)
            yield Custody(
                collector=f"KAPE {version[1]}" if version else "KAPE",
                collected_at=parse_utc(stamp[1].replace("_", ":").upper()),
                host=host[1] if host else None,
            )
