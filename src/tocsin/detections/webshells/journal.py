"""What one walk over a page notes down: sinks with what is given to them, telling objects, sources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from tocsin.detections.webshells.sightings import Flow, Sighting, Traced, Use
from tocsin.detections.webshells.tables import Sink
from tocsin.detections.webshells.values import Step, Value, origin_of

_MOST = 400
"""Sightings kept of one page: more of them change no answer."""
_SERVER_CODE = re.compile(
    r"<%|<\?(?:php|=|\s)|<!--\s*#include|runat\s*=\s*.?server|<jsp:|language\s*=\s*.?(?:php|jscript|vbscript)",
    re.IGNORECASE,
)
_SERVER_PAGE = re.compile(
    r"\.(?:as[pamh]x?|ascx|ashx|asmx|asax|svc|soap|cshtml|vbhtml|cer|cdx|asa|php\d?|phtml|pht|jspx?|jspf|jsw|jsv|cfml?|config)\b(?!\w)",
    re.IGNORECASE,
)
_SCRIPT_SHEET = re.compile(r"<\s*ms[x]sl:script|urn:schemas-microsoft-com:xslt", re.IGNORECASE)
_FIXED_HOST = re.compile(r"\bhttps?://[^/\s\x1f\"']+[/?:]", re.IGNORECASE)
_UNSERVED = re.compile(r"(?:^|[\\/~\x1f])(?:App_Data|logs?|WEB-INF|META-INF)[\\/]", re.IGNORECASE)
"""Folders whose files no server runs."""
_PLAIN_FILE = re.compile(
    r"\.(?:txt|log|xml|json|csv|ini|dat|html?|css|js|jpe?g|png|gif|bmp|ico|pdf|te?mp|bak|mdb|sql|lock|rss|zip)$",
    re.IGNORECASE,
)
_FIXED_EXTENSION = re.compile(r"\x1f\.(?!as[pamhc]|php|jsp|cer|cdx)[a-z0-9]{1,5}$", re.IGNORECASE)
_ACTING = re.compile(
    r"\b(?:ev[a]l|ex[e]cute|ex[e]cuteglobal|request|process|sys[t]em|ex[e]c|shell_ex[e]c|pass[t]hru|ass[e]rt|base64_decode|getparameter|runtime|wscript)\b"
    r"|\$_(?:GET|POST|REQUEST|COOKIE)",
    re.IGNORECASE,
)
_SHELL = re.compile(
    r"\bcmd(?:\.exe)?\b|%comspec%|/bin/(?:ba|da|z|k|c)?sh\b|\bpowershell|\bbash\b|\bsh -c\b|\bw?cscript\b|/c "
    r"|\bnet (?:user|localgroup)\b|\bwhoami\b",
    re.IGNORECASE,
)


_READ = 20_000
"""Characters of a constant that are looked at for what they hold."""
_NAME = 300
_LONG = 120
"""Characters of a text that a page works out and that is more than a word or two put together."""
_RUNNING = frozenset({"eval", "command", "assembly-load"})
_ENOUGH = 3
_BOUNDS = frozenset({"fixed-host", "fixed-extension", "unserved"})
_FILLED = frozenset({"content", "upload"})


class Journal:
    """Collects; every sink once per place, with the gravest argument seen there."""

    def __init__(self) -> None:
        """Begin empty."""
        self._sightings: dict[tuple[int, int, str, str], Sighting] = {}
        self._running = 0
        self._uses: dict[tuple[str, str], Use] = {}
        self._sources: dict[str, tuple[str, int, int]] = {}

    def sink(
        self,
        sink: Sink,
        given: Sequence[Value],
        span: tuple[int, int],
        *,
        depth: int,
        notes: tuple[str, ...] = (),
    ) -> None:
        """Note a sink and what is given to it."""
        if len(self._sightings) >= _MOST:
            return
        origin = origin_of(*given)
        key = (span[0], span[1], sink.capability, sink.role)
        before = self._sightings.get(key)
        if before is not None and (before.flow is not None or origin is None):
            return
        seen = (*notes, *_notes(given), *_shape(given), *(("nested",) if depth else ()))
        sighting = Sighting(
            capability=sink.capability,
            role=sink.role,
            sink=sink.pattern,
            start=span[0],
            end=span[1],
            argument="request" if origin else _argument(given),
            notes=(*seen, "bound") if origin and _is_bound(sink, seen) else seen,
            depth=depth,
            flow=_flow(sink, origin, span) if origin else None,
        )
        self._sightings[key] = sighting
        self._running += sighting.flow is not None and sink.capability in _RUNNING

    def use(self, word: str, name: str, start: int, end: int) -> None:
        """Note the use of a telling object or function; the first place counts."""
        self._uses.setdefault((word, name), Use(word=word, name=name, start=start, end=end))

    @property
    def idle(self) -> bool:
        """Whether nothing of a request was read."""
        return not self._sources

    @property
    def certain(self) -> bool:
        """Whether the request is run in more than one way: what else it can do changes no answer."""
        return self._running >= _ENOUGH

    def source(self, step: Step) -> None:
        """Note that a source is read; the first place of its kind counts."""
        self._sources.setdefault(step.kind, (step.kind, step.start, step.end))

    def traced(self, limits: tuple[str, ...]) -> Traced:
        """Give it all in the order of the text."""
        return Traced(
            sightings=tuple(sorted(_recorded(self._sightings.values()), key=_in_order)),
            uses=tuple(sorted(self._uses.values(), key=lambda one: (one.start, one.word, one.name))),
            sources=tuple(sorted(self._sources.values(), key=lambda one: one[1])),
            limits=limits,
        )


def _in_order(one: Sighting) -> tuple[int, int, str, str]:
    return one.start, one.end, one.capability, one.role


def _is_bound(sink: Sink, notes: Sequence[str]) -> bool:
    """Tell whether the page leaves the request only a part to decide that cannot do much by itself."""
    if "bound" in notes:
        return False  # said already
    piece = sink.capability == "sql" and sink.role == "query" and "whole" not in notes
    return piece or not _BOUNDS.isdisjoint(notes)


def _recorded(sightings: Iterable[Sighting]) -> Iterator[Sighting]:
    """Bind what goes into files where the page says of every file that it writes that no server runs it."""
    held = list(sightings)
    places = [one for one in held if (one.capability, one.role) == ("file-write", "path")]
    plain = bool(places) and all({"plain-file", "bound"}.intersection(one.notes) for one in places)
    for one in held:
        filled = plain and one.flow is not None and one.capability == "file-write" and one.role in _FILLED
        yield replace(one, notes=(*one.notes, "bound")) if filled and "bound" not in one.notes else one


def _argument(given: Sequence[Value]) -> str:
    if not given:
        return "none"
    if any(value.made and not value.sure for value in given):
        return "made"
    if all(value.sure for value in given):
        return "worked-out" if any(value.made for value in given) else "constant"
    if any(value.path.startswith("$") and not value.declared and "." not in value.path for value in given):
        return "unset"
    return "unknown"


def _notes(given: Sequence[Value]) -> list[str]:
    text = " ".join(value.pieces[:_READ] for value in given if value.pieces)
    if not text:
        return []
    acting = ["acting-code"] if _SERVER_CODE.search(text) and _ACTING.search(text) else []
    long = ["cipher"] if any(value.made and len(value.text or "") >= _LONG for value in given) else []
    plain = (
        ["plain-file"]
        if all(value.text and _PLAIN_FILE.search(value.text[-_NAME:]) for value in given)
        else []
    )
    marks = (
        ("script-sheet", _SCRIPT_SHEET),
        ("server-code", _SERVER_CODE),
        ("server-page", _SERVER_PAGE),
        ("shell", _SHELL),
    )
    lifted = ["unsafe"] if any(value.text == "unsafe" for value in given) else []
    return [*acting, *long, *plain, *lifted, *(note for note, pattern in marks if pattern.search(text))]


def _shape(given: Sequence[Value]) -> list[str]:
    """What the constant pieces around a value of the request leave it to decide."""
    pieces = [value.pieces for value in given if value.origin is not None]
    if not pieces:
        return []
    text = " ".join(pieces).strip()
    marks = (("fixed-host", _FIXED_HOST), ("fixed-extension", _FIXED_EXTENSION), ("unserved", _UNSERVED))
    found = [note for note, pattern in marks if pattern.search(text)]
    return found if text else ["whole"]


def _flow(sink: Sink, origin: Step, span: tuple[int, int]) -> Flow:
    places: list[tuple[int, int]] = [span]
    step: Step | None = origin
    while step is not None:
        if places[-1] != (step.start, step.end):
            places.append((step.start, step.end))
        step = step.before
    return Flow(
        source=origin.kind,
        sink=sink.pattern,
        capability=sink.capability,
        role=sink.role,
        places=tuple(reversed(places)),
    )
