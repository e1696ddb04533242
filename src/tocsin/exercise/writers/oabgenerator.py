"""OABGeneratorLog: runs of the address book generator, and downloads that failed (CVE-2021-26858).

No public sample is known: the header is that of Exchange's own logs, and the message about a failed
download is the one that Microsoft's advice of March 2021 looks for.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tocsin.exercise.rolling import Rolling, cell, day_of, exchange_head, spoken_version, stamp
from tocsin.exercise.story import FileWritten, Trace
from tocsin.exercise.workshop import Workshop

_FIELDS = "DateTime,ThreadId,Status,Message"
_EVERY = timedelta(hours=8)
_GENERATORS = ("msexchangemailboxassistants.exe", "microsoft.exchange.oabgenerator.exe")


class OabGenerator:
    """Writes a run of the generator every eight hours, and files that it left where a caller wanted them."""

    KINDS = ("exchange.oabgenerator",)

    def __init__(self, workshop: Workshop) -> None:
        """Take what is shared."""
        self._workshop = workshop
        self._dice = workshop.dice.stream("oabgenerator")
        self._next: datetime | None = None
        folder = f"{workshop.exchange}/Logging/OABGeneratorLog"
        self._log = Rolling(
            workshop.tree, lambda key, number: f"{folder}/OABGeneratorLog{key}-{number}.LOG", self._head
        )

    def take(self, trace: Trace) -> None:
        """Write the runs that were due by now, and a file of the generator's outside its folder."""
        if not self._workshop.kept(trace.at):
            return
        while self._next is None or self._next <= trace.at:
            self._next = self._run(self._next or trace.at)
        if isinstance(trace, FileWritten) and trace.image.lower().endswith(_GENERATORS):
            text = f"Download failed and temporary file '{trace.path}' needs to be removed"
            path, line = self._line(trace.at, "Error", text)
            self._workshop.ledger.note(trace, kind="exchange.oabgenerator", path=path, line=line)

    def close(self) -> None:
        """Close the open file."""
        self._log.close()

    def _run(self, due: datetime) -> datetime:
        """Write one run; give when the next is due."""
        guid = self._dice.guid()
        self._line(due, "Info", f"OAB generation started for '\\Default Offline Address Book' ({guid})")
        count = self._workshop.scenario.server.mailboxes + self._dice.between(3, 9)
        self._line(due, "Info", f"OAB generation finished, {count} entries written")
        return due + _EVERY + timedelta(seconds=self._dice.between(0, 40))

    def _line(self, at: datetime, status: str, message: str) -> tuple[str, int]:
        row = f"{stamp(at)},{self._dice.between(5, 60)},{status},{cell(message)}"
        return self._log.line(at, day_of(at), row)

    def _head(self, at: datetime) -> tuple[str, ...]:
        version = spoken_version(self._workshop.running_at(at))
        return exchange_head(at, version=version, log_type="OAB Generator Log", fields=_FIELDS)
