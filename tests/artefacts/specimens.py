"""Sources made of golden inputs: binary formats are described as JSON, server pages lie there in base64."""

from __future__ import annotations

import base64
import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from tocsin.evidence.source import HEAD, Source
from tocsin.exercise.evtx import Element, WrittenEvent, write_evtx
from tocsin.exercise.pe import write_executable
from tocsin.model.records import Item

FOLDERS = {
    "windows_evtx": "C/Windows/System32/winevt/Logs",
    "web_file": "C/inetpub/wwwroot/aspnet_client",
    "file_version": "C/Program Files/Microsoft/Exchange Server/V15/bin",
    "aspnet_compiled": "C/Windows/Microsoft.NET/Framework64/v4.0.30319/Temporary ASP.NET Files/owa/8e05b027",
}


def source_of_bytes(data: bytes, path: str) -> Source:
    """Give a source that holds the bytes, at a path as collected from drive C."""
    where = path.removeprefix("C/").lower()
    return Source(
        path=path,
        where=where,
        size=len(data),
        modified=None,
        opener=lambda: io.BytesIO(data),
        head=data[:HEAD],
    )


def source_of(path: Path) -> Source:
    """Give the source that a golden input stands for; ``x.in.aspx.b64`` is the file ``x.aspx``."""
    name = path.name.replace(".in.", ".", 1)
    data = path.read_bytes()
    if name.endswith(".b64"):
        name, data = name.removesuffix(".b64"), base64.b64decode(data)
    if path.parent.name == "windows_evtx":
        name, data = name.replace(".json", ".evtx"), _event_log(json.loads(data))
    elif path.parent.name == "file_version":
        name, data = name.replace(".json", ".exe"), _executable(json.loads(data))
    return source_of_bytes(data, f"{FOLDERS.get(path.parent.name, 'C/collector')}/{name}")


def rendered(items: list[Item]) -> str:
    """Give items as JSON, one kind of item told from another, as golden files hold them."""
    rows = [{"item": type(item).__name__, **msgspec.to_builtins(item)} for item in items]
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


def event(given: dict[str, Any]) -> WrittenEvent:
    """Give the event that a JSON description stands for."""
    tree = given.get("user_data")
    return WrittenEvent(
        provider=given["provider"],
        event_id=given["id"],
        channel=given["channel"],
        time=datetime.fromisoformat(given["time"]),
        data=[(name, value) for name, value in given.get("data", [])],
        user_data=_element(tree) if tree else None,
    )


def _element(given: dict[str, Any]) -> Element:
    children = [_element(child) for child in given.get("children", [])]
    return Element(name=given["name"], text=given.get("text"), children=children)


def _event_log(given: dict[str, Any]) -> bytes:
    data = bytearray(
        write_evtx(
            map(event, given["events"]),
            first_record=given.get("first_record", 1),
            per_chunk=given.get("per_chunk"),
        )
    )
    for hit in given.get("damage", []):
        data[hit["at"] : hit["at"] + hit["length"]] = bytes([hit.get("byte", 0)]) * hit["length"]
    return bytes(data[: given.get("cut_at", len(data))])


def _executable(given: dict[str, Any]) -> bytes:
    build = given["build"]
    return write_executable((build[0], build[1], build[2], build[3]), given["strings"])
