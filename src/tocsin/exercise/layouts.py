"""How collectors lay out what they take from a disk: KAPE, Velociraptor, or loose files.

A server is simulated as a disk (``C/…``); here the finished disk is moved to where a collector
would have put it, and the labels follow. ``evidence.layout`` reads all of these back.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import msgspec
from msgspec import Struct

from tocsin.exercise.scenario import Scenario
from tocsin.exercise.workshop import LabelledRow

SHADOW_COPY = "VSS1"
"""Folder of the disk under construction that holds a shadow copy: ``VSS1/C/…``, as KAPE leaves it."""
_SHADOW_DEVICE = "\\\\?\\GLOBALROOT\\Device\\HarddiskVolumeShadowCopy1"
_KEPT = 3
"""Loose files keep so many parts of their path, so that namesakes stay apart."""


class _Layout(Struct, frozen=True):
    scenario: Scenario

    def place(self, path: str) -> str:
        """Give the place of a file of the disk."""
        return path

    def papers(self) -> dict[str, bytes]:
        """Give what the collector itself writes beside: name and content."""
        return {"custody.json": self._custody("By hand")}

    def _custody(self, collector: str) -> bytes:
        record = {
            "collector": collector,
            "collected_at": self.scenario.collected,
            "host": self.scenario.server.name,
            "clock_offset_s": 0,
            "transfers": [],
        }
        return msgspec.json.encode(record) + b"\n"


class _Kape(_Layout, frozen=True):
    def place(self, path: str) -> str:
        return path

    def papers(self) -> dict[str, bytes]:
        moment = self.scenario.collected
        text = (
            f"KAPE version 1.0.0.3 Author: Eric Zimmerman (kape@kroll.com)\r\n"
            f"\r\nSystem info: Machine name: {self.scenario.server.name}, 64-bit: True, "
            f"User: Administrator OS: Windows10 (10.0.14393)\r\n"
        )
        return {f"{moment:%Y-%m-%dT%H_%M_%S}_0000000_ConsoleLog.txt": text.encode()}


class _Velociraptor(_Layout, frozen=True):
    def place(self, path: str) -> str:
        drive, *rest = path.split("/")
        if drive == SHADOW_COPY:
            return "/".join(["uploads", "ntfs", quote(_SHADOW_DEVICE, safe=""), *map(_escaped, rest[1:])])
        return "/".join(["uploads", "auto", quote(f"{drive}:", safe=""), *map(_escaped, rest)])

    def papers(self) -> dict[str, bytes]:
        server = self.scenario.server
        client = {
            "client_id": "C.0123456789abcdef",
            "agent_information": {"version": "0.6.0", "name": "velociraptor"},
            "os_info": {
                "system": "windows",
                "hostname": server.name,
                "fqdn": f"{server.name}.{server.domain}",
            },
        }
        stamp = int(self.scenario.collected.timestamp()) * 1_000_000
        context = {"client_id": "C.0123456789abcdef", "create_time": stamp, "start_time": stamp}
        return {
            "client_info.json": msgspec.json.encode(client) + b"\n",
            "collection_context.json": msgspec.json.encode(context) + b"\n",
        }


class _Loose(_Layout, frozen=True):
    """Logs copied by hand into one folder each; what stands in a web root keeps its place."""

    def place(self, path: str) -> str:
        parts = path.split("/")
        lower = path.lower()
        kept = parts[0] == SHADOW_COPY or "inetsrv" in lower
        if lower.endswith((".log", ".evtx", ".xml", ".jsonl", ".gz")) and not kept:
            return "/".join(parts[-_KEPT:])
        return path


_LAYOUTS = {"disk": _Layout, "kape": _Kape, "velociraptor": _Velociraptor, "loose": _Loose}


def arrange(root: Path, scenario: Scenario, rows: Sequence[LabelledRow]) -> list[LabelledRow]:
    """Move the finished disk into the scenario's layout, add the collector's papers; give the labels."""
    layout = _LAYOUTS[scenario.collection.layout](scenario)
    moves = dict(_moves(root, layout))
    for old, new in moves.items():
        place = root / new
        place.parent.mkdir(parents=True, exist_ok=True)
        (root / old).rename(place)
    _prune(root)
    for name, content in layout.papers().items():
        (root / name).write_bytes(content)
        os.utime(root / name, (scenario.collected.timestamp(), scenario.collected.timestamp()))
    return [msgspec.structs.replace(row, path=moves.get(row.path, row.path)) for row in rows]


def _moves(root: Path, layout: _Layout) -> list[tuple[str, str]]:
    """Pair old and new paths where they differ; a file whose new place is taken stays where it is."""
    paths = sorted(
        Path(folder, name).relative_to(root).as_posix()
        for folder, _, names in os.walk(root)
        for name in names
    )
    taken: set[str] = set(paths)
    moves = []
    for path in paths:
        new = layout.place(path)
        if new != path and "/" in path and new not in taken:
            taken.add(new)
            moves.append((path, new))
    return moves


def _prune(root: Path) -> None:
    for folder, _, _ in os.walk(root, topdown=False):
        if Path(folder) != root and not any(Path(folder).iterdir()):
            Path(folder).rmdir()


def _escaped(name: str) -> str:
    """Escape as Velociraptor does: what Windows and zip cannot hold in a name."""
    return quote(name, safe=" !#$&'()+,-.;=@[]^_`{}~")
