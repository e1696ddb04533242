"""One event log file being written: as EVTX, as XML, or as JSON lines."""

from __future__ import annotations

import json
import re
from typing import BinaryIO, Protocol

from tocsin.exercise.evtx import EvtxFile
from tocsin.exercise.workshop import LogFile, Tree
from tocsin.exercise.written_event import WrittenEvent

FOLDER = "C/Windows/System32/winevt/Logs"
KIND_OF_FORM = {"evtx": "event.evtx", "xml": "event.xml", "jsonl": "event.json"}
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Place = tuple[int, int | None]
"""Record number, and the line on which it stands in a text form."""


class EventLog(Protocol):
    """A log of one channel; ``path`` is relative to the root of the collection."""

    path: str

    def add(self, event: WrittenEvent) -> Place:
        """Write an event."""
        ...

    def close(self) -> None:
        """Write what is due at the end."""
        ...


def open_log(tree: Tree, channel: str, form: str, first_record: int) -> EventLog:
    """Begin the log of a channel in one of the forms of ``KIND_OF_FORM``."""
    name = f"{FOLDER}/{channel.replace('/', '%4')}"
    if form == "xml":
        return _XmlLog(tree.log(f"{name}.xml"), first_record)
    if form == "jsonl":
        return _JsonLog(tree.log(f"{name}.jsonl"), first_record)
    place = tree.root / f"{name}.evtx"
    place.parent.mkdir(parents=True, exist_ok=True)
    return _EvtxLog(place.open("wb"), f"{name}.evtx", first_record)


class _EvtxLog:
    def __init__(self, stream: BinaryIO, path: str, first_record: int) -> None:
        self.path = path
        self._stream = stream
        self._log = EvtxFile(stream, first_record=first_record)

    def add(self, event: WrittenEvent) -> Place:
        return self._log.add(event), None

    def close(self) -> None:
        self._log.close()
        self._stream.close()


class _TextLog:
    """Events one a line; values may bring line ends of their own."""

    def __init__(self, log: LogFile, first_record: int) -> None:
        self.path = log.path
        self.log = log
        self.next_record = first_record

    def write(self, text: str) -> Place:
        line = self.log.line(text)
        self.log.lines += text.count("\n")
        self.next_record += 1
        return self.next_record - 1, line


class _XmlLog(_TextLog):
    def __init__(self, log: LogFile, first_record: int) -> None:
        super().__init__(log, first_record)
        log.line('<?xml version="1.0" encoding="utf-8" standalone="yes"?>')
        log.line("<Events>")

    def add(self, event: WrittenEvent) -> Place:
        return self.write(_NOT_IN_XML.sub("", event.element(self.next_record).xml()))

    def close(self) -> None:
        self.log.line("</Events>")
        self.log.close()


class _JsonLog(_TextLog):
    def add(self, event: WrittenEvent) -> Place:
        return self.write(json.dumps(event.json_object(self.next_record), ensure_ascii=False))

    def close(self) -> None:
        self.log.close()
