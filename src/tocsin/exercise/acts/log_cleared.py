"""Somebody clears an event log: the log itself says so. Option ``log``: ``Security`` or ``System``."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.exercise.acts import truth
from tocsin.exercise.acts.scene import Scene
from tocsin.exercise.scenario import Act
from tocsin.exercise.story import EventWritten, Trace

SCRIPT = "log-cleared"
_EVENTS = {"Security": 1102, "System": 104}


def perform(act: Act, scene: Scene) -> Iterator[Trace]:
    """Yield the event; who clears a log may have good reasons."""
    log = act.options.get("log", "Security")
    yield EventWritten(
        at=act.at,
        channel=log,
        provider="Microsoft-Windows-Eventlog",
        event_id=_EVENTS[log],
        level=4,
        data=(("SubjectUserName", "Administrator"), ("SubjectDomainName", scene.realm)),
        label=truth.context("An event log is cleared"),
    )
