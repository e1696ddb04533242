"""Why a page has its score: the places that carried it, in words, and what it is called by what it can do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from tocsin.detections.webshells.blocks import SAID
from tocsin.detections.webshells.features import code_in_list, names_of, opaque_stretches
from tocsin.detections.webshells.observing import Observed
from tocsin.detections.webshells.sightings import Flow, Sighting

MOST_SPANS = 20
_SOURCES = {
    "request": "a value of the request",
    "header": "a header of the request",
    "body": "the body of the request",
    "control": "what a visitor types",
    "parameter": "a parameter of a service",
    "method-parameter": "a parameter of a service",
    "upload": "an uploaded file",
    "wire": "what comes over a socket",
    "download": "what is fetched from elsewhere",
}
_GIVEN = {
    "made": "a text that the page puts together or decodes",
    "worked-out": "a text that the page decodes",
    "constant": "a constant",
    "unset": "a variable that the page never sets",
    "unknown": "a value",
    "none": "nothing",
}
_CAPABILITIES = {
    "eval": "run as code",
    "command": "run as a command",
    "assembly-load": "loaded and run as a program",
    "file-write": "written to disk",
    "file-read": "read from disk",
    "tunnel": "used for a connection",
    "sql": "sent to a database",
    "xslt-script": "run as script in a style sheet",
    "registry": "used on the registry",
    "directory": "sent to a directory service",
}
_FAMILIES = (
    (frozenset({"eval"}), "code runner"),
    (frozenset({"assembly-load"}), "code loader"),
    (frozenset({"xslt-script"}), "code runner"),
    (frozenset({"command"}), "command runner"),
    (frozenset({"tunnel"}), "tunnel"),
    (frozenset({"sql"}), "SQL console"),
    (frozenset({"file-write"}), "file writer"),
    (frozenset({"file-read"}), "file reader"),
)
_MANY = 3


class Place(Struct, frozen=True, kw_only=True):
    """A stretch of the file, in bytes from its start, the line it begins in, and what it shows."""

    start: int
    end: int
    line: int
    why: str


class Way(Struct, frozen=True, kw_only=True):
    """How a value of the request reaches what acts on it: bytes of every place on the way."""

    source: str
    sink: str
    capability: str
    places: tuple[Place, ...]


def places_of(seen: Observed, weighed: Mapping[str, float]) -> tuple[Place, ...]:
    """Give the places that carried the score: what becomes of the request first, then by weight."""
    best: dict[tuple[int, int], tuple[float, str]] = {}
    for names, start, end, why in _reasons(seen):
        weight = sum(weighed.get(name, 0.0) for name in names)
        if end > start and weight >= best.get((start, end), (-1.0, ""))[0]:
            best[(start, end)] = (weight, why)
    ranked = sorted(best.items(), key=_weighty)[:MOST_SPANS]
    if not ranked:
        return tuple(_shape_of(seen))
    return tuple(place_of(seen, start, end, why) for (start, end), (_, why) in ranked)


def _shape_of(seen: Observed) -> Iterator[Place]:
    """Yield the place that shows the shape of the whole: the longest text that no one wrote, or all code."""
    code = [(block.start, block.end) for block in seen.page.blocks if block.kind in SAID]
    hidden = [*opaque_stretches(seen)]
    longest = max(hidden or code, key=_length, default=None)
    if longest is not None:
        why = (
            "most of its code is text that no one wrote by hand"
            if hidden
            else "the shape of its code as a whole"
        )
        yield place_of(seen, *longest, why)


def _length(span: tuple[int, int]) -> int:
    return span[1] - span[0]


def _weighty(item: tuple[tuple[int, int], tuple[float, str]]) -> tuple[float, tuple[int, int]]:
    return -item[1][0], item[0]


def ways_of(seen: Observed) -> tuple[Way, ...]:
    """Give the flows, those that run something first."""
    flows = sorted(seen.traced.flows, key=lambda flow: (_gravity(flow.capability), flow.places[-1]))
    return tuple(_way(seen, flow) for flow in flows[:MOST_SPANS])


def capabilities_of(seen: Observed) -> tuple[str, ...]:
    """Give what the page can do with what a request brings, gravest first, then what it can do anyway."""
    with_flow = {one.capability for one in seen.traced.sightings if one.flow is not None}
    shown = {hit.capability for hit in seen.scan.hits if hit.capability}
    return tuple(sorted(with_flow | shown, key=lambda word: (_gravity(word), word)))


def family_of(capabilities: tuple[str, ...]) -> str:
    """Give a plain name by what it can do; empty for nothing."""
    known = [name for need, name in _FAMILIES if need <= set(capabilities)]
    if len(dict.fromkeys(known)) >= _MANY and known[0] in {"code runner", "code loader", "command runner"}:
        return "control panel"
    return known[0] if known else ""


def _reasons(seen: Observed) -> Iterator[tuple[tuple[str, ...], int, int, str]]:
    for one in seen.traced.sightings:
        yield names_of(one), one.start, one.end, _said(one)
    for use in seen.traced.uses:
        yield (f"use:{use.word}",), use.start, use.end, f"{use.name}: {use.word.replace('-', ' ')}"
    listed = code_in_list(seen)
    if listed is not None:
        yield ("grave:listed",), *listed, "server code stands among the settings of a virtual directory"
    for hit in seen.scan.hits:
        for start, end in hit.spans[:3]:
            yield (f"sig:{hit.key}",), start, end, hit.description


def _said(one: Sighting) -> str:
    does = _CAPABILITIES.get(one.capability, one.capability.replace("-", " "))
    what = (
        _SOURCES.get(one.flow.source, one.flow.source) if one.flow else _GIVEN.get(one.argument, one.argument)
    )
    return f"{what} is {does} ({one.sink.lstrip('*.')})"


def _way(seen: Observed, flow: Flow) -> Way:
    words = ["source", *["on the way"] * (len(flow.places) - 2), "sink"][-len(flow.places) :]
    places = tuple(
        place_of(seen, start, end, why) for (start, end), why in zip(flow.places, words, strict=True)
    )
    return Way(source=flow.source, sink=flow.sink, capability=flow.capability, places=places)


def place_of(seen: Observed, start: int, end: int, why: str) -> Place:
    """Give a stretch of the text as bytes of the file."""
    first, last = seen.text.byte_span(start, end)
    return Place(start=first, end=last, line=seen.text.line_of(start), why=why)


def _gravity(capability: str) -> int:
    order = [next(iter(need)) for need, _ in _FAMILIES]
    return order.index(capability) if capability in order else len(order)
