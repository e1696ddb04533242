"""What every server on the internet gets: scanners that name themselves, guesses at other people's holes.

Options: ``rounds`` (3).
"""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.exercise.acts import truth
from tocsin.exercise.acts.scene import Scene
from tocsin.exercise.scenario import Act
from tocsin.exercise.story import Request, Trace

SCRIPT = "internet-noise"
_MANIFEST = "/ecp/Current/exporttool/microsoft.exchange.ediscovery.exporttool.application"
_ASKED = (
    ("GET", _MANIFEST, "Owa", "Mozilla/5.0 zgrab/0.x", 200),
    ("GET", "/owa/admin.cfg", "Owa", "-", 404),
    (
        "GET",
        "/owa/auth/x.js",
        "Owa",
        "Mozilla/5.0 (compatible; CensysInspect/1.1)",
        404,
    ),
    ("GET", "/robots.txt", "", "Mozilla/5.0 (compatible; bingbot/2.0)", 404),
    ("GET", "/phpmyadmin/index.php", "", "-", 404),
    ("POST", "/HNAP1/", "", "-", 404),
    ("GET", "/.env", "", "python-urllib3/1.26.5", 404),
    ("OPTIONS", "/owa/", "Owa", "-", 302),
)


def perform(act: Act, scene: Scene) -> Iterator[Trace]:
    """Yield the requests, from one address."""
    clock = scene.clock(act.at)
    for _ in range(int(act.options.get("rounds", "3"))):
        for method, stem, protocol, agent, status in _ASKED:
            request = Request(
                at=clock.after(0.5, 900),
                protocol=protocol or "Owa",
                method=method,
                stem=stem,
                client=act.address,
                agent="" if agent == "-" else agent,
                status=status,
                host=scene.outside,
                taken_ms=scene.dice.between(1, 60),
                response_bytes=scene.dice.between(300, 1500),
                proxied=bool(protocol),
                label=truth.benign("Noise of the internet"),
            )
            yield scene.seen_from(request)
        clock.after(3600, 90_000)
