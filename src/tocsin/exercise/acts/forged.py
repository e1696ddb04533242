"""Server-side requests: anonymous, for a static file, passed on to wherever the client says."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from tocsin.exercise.acts.scene import Scene
from tocsin.exercise.scenario import Act
from tocsin.exercise.story import Label, Request

STEM = "/ecp/y.js"
SCRIPT_AGENT = "python-requests/2.25.1"
PROBE_AGENT = "ExchangeServicesClient/0.0.0.0"
_REFUSED_FROM = 300
_CANARY = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"


class Forger(Struct, frozen=True, kw_only=True):
    """One run of an intruder's script: its address, its entrance, its canary."""

    scene: Scene
    act: Act
    canary: str

    @classmethod
    def of(cls, act: Act, scene: Scene) -> Forger:
        """Make the run; the canary is that of its control panel session."""
        return cls(scene=scene, act=act, canary=f"{scene.dice.stream('canary').letters(46, _CANARY)}.")

    def ask(
        self, at: datetime, path: str, *, status: int, label: Label, size: int = 0, agent: str = ""
    ) -> Request:
        """Ask the back end for a path by way of the front end; ``at`` is when it was answered."""
        options = self.act.options
        stem = options.get("stem", STEM)
        host = options.get("target", f"a]@{self.scene.inside}:444")
        target, _, query = path.partition("?")
        refused = status >= _REFUSED_FROM
        request = Request(
            at=at,
            protocol="Owa" if stem.lower().startswith("/owa") else "Ecp",
            method=options.get("method", "POST"),
            stem=stem,
            client=self.act.address,
            agent=agent or self.act.agent or SCRIPT_AGENT,
            status=status,
            host=options.get("host", self.scene.outside),
            backend_status=None if refused else status,
            taken_ms=self.scene.dice.between(40, 900),
            request_bytes=self.scene.dice.between(0, 900),
            response_bytes=size,
            anchor=f"ServerInfo~{host}{path}#",
            routing_hint="X-BEResource-Cookie",
            error="HttpException=The remote server refused the request" if refused else "",
            backend=not refused,
            backend_stem=target,
            backend_query=query,
            label=label,
        )
        return self.scene.seen_from(request)

    def service(self, call: str, schema: str) -> str:
        """Give the path of a call to the control panel's data service in the forged session."""
        return f"/ecp/DDI/DDIService.svc/{call}?msExchEcpCanary={self.canary}&schema={schema}"
