"""A monitoring system asks after the server's health, from outside and with an agent on it.

Options: ``rounds`` (24), ``every`` (seconds, 300).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tocsin.exercise.acts import truth
from tocsin.exercise.acts.scene import Scene
from tocsin.exercise.scenario import Act
from tocsin.exercise.story import ProcessStarted, Request, Trace

SCRIPT = "monitoring-agent"
_LABEL = truth.benign("A monitoring system looks at the server")
_AGENT = "check_http/v2.3.3 (monitoring-plugins 2.3.3)"
_ASKED = (
    ("Owa", "GET", "/owa/healthcheck.htm", 200),
    ("Ecp", "GET", "/ecp/healthcheck.htm", 200),
    ("Ecp", "GET", "/ecp/default.flt", 302),
    ("Owa", "GET", "/owa/auth/logon.aspx", 200),
)


def perform(act: Act, scene: Scene) -> Iterator[Trace]:
    """Yield the rounds."""
    clock = scene.clock(act.at)
    every = float(act.options.get("every", "300"))
    for _ in range(int(act.options.get("rounds", "24"))):
        for protocol, method, stem, status in _ASKED:
            request = Request(
                at=clock.after(0.1, 1),
                protocol=protocol,
                method=method,
                stem=stem,
                client=act.address,
                agent=act.agent or _AGENT,
                status=status,
                host=scene.outside,
                taken_ms=scene.dice.between(1, 20),
                response_bytes=scene.dice.between(20, 900),
                label=_LABEL,
            )
            yield scene.seen_from(request)
        yield _look(clock.after(0.2, 2))
        clock.after(every, every * 1.02)


def _look(at: datetime) -> ProcessStarted:
    return ProcessStarted(
        at=at,
        image="C:\\Windows\\System32\\cmd.exe",
        parent="C:\\Program Files\\Monitoring\\agent.exe",
        command_line='cmd.exe /c tasklist /fi "imagename eq w3wp.exe"',
        label=_LABEL,
    )
