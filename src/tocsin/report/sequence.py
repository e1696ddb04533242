"""What happened, in order: grave findings and the turns of every web shell, with the pauses between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from tocsin.model.findings import Finding
from tocsin.model.verdicts import Verdict, WebShell
from tocsin.model.words import Means
from tocsin.report import words
from tocsin.report.view import as_utc, lasting

MOST = 60


class Event(Struct, frozen=True, kw_only=True):
    """One thing that happened.

    ``pause``: since the one before, in words, or empty. ``finding``: what shows it.
    """

    time: datetime
    says: str
    tone: str
    finding: Finding | None = None
    pause: str = ""


def sequence(verdict: Verdict) -> tuple[tuple[Event, ...], int]:
    """Give the first events in order of time, and how many more there are."""
    events = [
        *_from_findings(verdict),
        *(event for shell in verdict.webshells for event in _from_shell(shell)),
    ]
    events.sort(key=lambda each: (each.time, each.says))
    return tuple(_paced(events[:MOST])), max(len(events) - MOST, 0)


def _from_findings(verdict: Verdict) -> Iterator[Event]:
    for finding in verdict.findings:
        if finding.time is not None and finding.means in {Means.EXPLOITED, Means.COMPROMISED}:
            yield _event(finding, as_utc(finding.time))


def _event(finding: Finding, moment: datetime) -> Event:
    return Event(
        time=moment,
        says=finding.summary,
        tone=words.MEANS[finding.means].tone,
        finding=finding,
    )


def _from_shell(shell: WebShell) -> Iterator[Event]:
    name = shell.url or shell.path or "a web shell"
    turns = (
        (shell.written_at, f"{name} was written.", "grave"),
        (shell.last_seen if shell.requests else None, f"{name} was last seen.", "serious"),
        (shell.not_served_since, f"{name} is not served any more.", "caution"),
    )
    for moment, says, tone in turns:
        if moment is not None:
            yield Event(time=as_utc(moment), says=says, tone=tone)


def _paced(events: list[Event]) -> Iterator[Event]:
    before: datetime | None = None
    for event in events:
        gap = event.time - before if before else timedelta()
        pause = lasting(gap) if gap >= timedelta(seconds=1) else ""
        before = event.time
        yield replace(event, pause=pause)
