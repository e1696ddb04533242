"""Windows event logs: what a trace leaves in them, among everyday events."""

from __future__ import annotations

from datetime import datetime

from tocsin.evidence.events import Event, kind_of
from tocsin.exercise.event_logs import KIND_OF_FORM, EventLog, open_log
from tocsin.exercise.event_noise import CHANNELS, Noise
from tocsin.exercise.event_rows import EventRows
from tocsin.exercise.story import Trace
from tocsin.exercise.workshop import Workshop
from tocsin.exercise.written_event import WrittenEvent


class Events:
    """Writes one log a channel, in the form that ``scenario.collection.events`` names.

    A withheld record kind takes its events away, and with them the log where it has no others.
    """

    KINDS: tuple[str, ...] = (
        "event.msexchange-management",
        "event.application",
        "event.security",
        "event.system",
        "event.sysmon",
        "event.defender",
        "event.powershell",
        "event.other",
    )

    def __init__(self, workshop: Workshop) -> None:
        """Open no log yet."""
        self._workshop = workshop
        self._rows = EventRows(workshop)
        self._form = workshop.scenario.collection.events
        self._withheld = set(workshop.scenario.collection.withhold)
        self._logs: dict[str, EventLog] = {}
        self._noise: dict[str, Noise] = {}
        if KIND_OF_FORM[self._form] in self._withheld:
            self._withheld.update(self.KINDS)

    def take(self, trace: Trace) -> None:
        """Write the events of a trace, and the everyday ones due before them."""
        for event in self._rows.of(trace):
            kind = _kind(event)
            if kind in self._withheld:
                continue
            self._catch_up(event.channel, event.time)
            path, record, line = self._write(event)
            self._workshop.ledger.note(trace, kind=kind, path=path, line=line, record=record)

    def close(self) -> None:
        """Write the everyday events up to the collection, close the logs."""
        for channel in CHANNELS:
            self._catch_up(channel, self._workshop.scenario.collected)
        for log in self._logs.values():
            log.close()

    def _catch_up(self, channel: str, moment: datetime) -> None:
        if channel not in self._noise:
            self._noise[channel] = Noise(self._workshop, channel)
        for event in self._noise[channel].until(moment):
            if _kind(event) not in self._withheld:
                self._write(event)

    def _write(self, event: WrittenEvent) -> tuple[str, int, int | None]:
        log = self._logs.get(event.channel)
        if log is None:
            first = self._workshop.dice.stream("first-record", event.channel).between(1_000, 90_000)
            log = open_log(self._workshop.tree, event.channel, self._form, first)
            self._logs[event.channel] = log
        record, line = log.add(event)
        return log.path, record, line


def _kind(event: WrittenEvent) -> str:
    return kind_of(Event(provider=event.provider, event_id=str(event.event_id), channel=event.channel))
