"""One file in, one examination out: score, verdict, state, and the places that show why.

Every file gets a verdict and a reason, whatever its bytes. Nothing of it is run. The score says how sure
it is that this is the code of a web shell; the state says whether it would act. What is known besides
(``Context``) may lower or raise the answer, but never makes one.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec
from msgspec import Struct

from tocsin.detections.webshells import inventory
from tocsin.detections.webshells.content import Content
from tocsin.detections.webshells.excerpts import excerpts_of
from tocsin.detections.webshells.explaining import (
    Place,
    Way,
    capabilities_of,
    family_of,
    place_of,
    places_of,
    ways_of,
)
from tocsin.detections.webshells.features import features_of
from tocsin.detections.webshells.inventory import Served
from tocsin.detections.webshells.observing import Observed, observe
from tocsin.detections.webshells.score import FLAGGED, model_of, score_of, weights
from tocsin.detections.webshells.sketch import sketch_of
from tocsin.detections.webshells.state import State, state_of
from tocsin.model.examined import Excerpt
from tocsin.model.words import ShellContent

SUSPICIOUS = 0.2
"""A file with this score is worth a look."""
_SEEN_WHOLE = frozenset({"unreachable", "commented-out", "emptied"})
"""Grounds that hold only if all of the code was read."""
_TRACES = frozenset(
    {"template-only", "escaped", "emptied", "commented-out", "truncated", "wiped", "unreachable"}
)


class Verdict(StrEnum):
    """What a file is called."""

    SHELL = "shell"
    SUSPICIOUS = "suspicious"
    INERT = "inert"
    """The trace of a shell, or the file that held one: nothing in it would run."""
    CLEAN = "clean"
    UNDETERMINED = "undetermined"
    """It could not be read, or not to its end, and nothing was found in what was."""


class Context(Struct, frozen=True, kw_only=True):
    """What is known of a file besides its content.

    Attributes:
        vendor: it is, byte for byte, a file that the product's maker ships.
        served: whether this server maps its name to code, where the handler map was read.
    """

    vendor: bool = False
    served: Served | None = None


class Examination(Struct, frozen=True, kw_only=True):
    """What was found out about one file; one line of ``tocsin webshells --jsonl``.

    Attributes:
        path: as given.
        language: of its code, or the family of the page where it has none.
        score: 0 to 1; 0.5 or more is called a shell.
        reason: one sentence for a reader.
        state: ``live inert neutralised unknown``: what became of the code in it.
        family: a plain name by what it can do, such as ``command runner``.
        capabilities: gravest first.
        spans: where it shows, in bytes of the file, the weightiest first.
        flow: how values of the request reach what acts on them.
        similar: paths of examined files whose code is alike.
        encoding: of the text, with what was peeled off.
        sketch: for comparison with other servers.
        code: it holds code, or its name is one that servers run, by itself or through another page.
        limits: bounds that were met before it was read to its end, in words.
        state_why: a sentence for a reader.
        excerpts: the lines that ``spans`` and ``flow`` lie in.
    """

    path: str
    sha256: str
    size: int
    language: str
    score: float
    verdict: Verdict
    reason: str
    state: ShellContent
    state_reason: str
    family: str
    capabilities: tuple[str, ...]
    spans: tuple[Place, ...]
    flow: tuple[Way, ...]
    similar: tuple[str, ...] = ()
    encoding: str
    sketch: str
    code: bool
    state_why: str = ""
    limits: tuple[str, ...] = ()
    excerpts: tuple[Excerpt, ...] = ()


def examine(data: bytes | Content, *, path: str, context: Context | None = None) -> Examination:
    """Examine a file's bytes; never raises for what they are, and takes bounded time."""
    known = context or Context()
    seen = observe(data, path)
    if known.served is not None:
        found = msgspec.structs.replace(seen.found, served=known.served)
        seen = msgspec.structs.replace(seen, found=found)
    features = features_of(seen)
    weighed = weights()[model_of(features)]
    score = 0.0 if known.vendor else round(score_of(features, weighed), 4)
    state = _state(seen, score)
    worth = score >= SUSPICIOUS
    capabilities = capabilities_of(seen) if worth else ()
    flow = ways_of(seen) if worth else ()
    verdict = _verdict(score, state, seen, vendor=known.vendor)
    spans = places_of(seen, weighed) if worth else _ground(seen, state, verdict)
    return Examination(
        path=path,
        sha256=seen.sha256,
        size=seen.size,
        language=str(seen.page.language or seen.found.family),
        score=score,
        verdict=verdict,
        reason=_reason(verdict, seen, state, spans, vendor=known.vendor),
        state=state.content,
        state_reason=state.reason,
        family=family_of(capabilities),
        capabilities=capabilities,
        spans=spans,
        flow=flow,
        encoding=" ".join((seen.text.encoding, *seen.text.kinds)),
        sketch=sketch_of(seen.text.text, seen.page) if worth else "",
        code=any(block.language for block in seen.page.blocks) or seen.found.runs,
        state_why=state.why,
        limits=seen.limits,
        excerpts=excerpts_of(seen.text, _shown(spans, flow)),
    )


def _ground(seen: Observed, state: State, verdict: Verdict) -> tuple[Place, ...]:
    """Give the place that shows that a shell was here, where no code shows it."""
    if verdict is not Verdict.INERT or state.end <= state.start:
        return ()
    return (place_of(seen, state.start, state.end, state.why),)


def _shown(spans: Sequence[Place], flow: Sequence[Way]) -> list[tuple[int, int]]:
    """Give the places that a reader looks at: ends of the gravest ways first, then what carried the score."""
    ways = [place for way in flow[:3] for place in way.places]
    return [(place.start, place.end) for place in (*ways, *spans)]


def unread(path: str, why: str) -> Examination:
    """Give what is known of a file that could not be read, or not be examined."""
    found = inventory.take("", path)
    return Examination(
        path=path,
        sha256="",
        size=0,
        language=str(found.family),
        score=0.0,
        verdict=Verdict.UNDETERMINED,
        reason=f"could not be examined: {why}",
        state=ShellContent.UNKNOWN,
        state_reason="unread",
        family="",
        capabilities=(),
        spans=(),
        flow=(),
        encoding="",
        sketch="",
        code=found.runs,
        state_why="nothing is known of its content",
        limits=(why,),
    )


def _state(seen: Observed, score: float) -> State:
    """Give the state; that nothing would run is not said of what was not all seen or understood."""
    state = state_of(seen.text.text, found=seen.found, page=seen.page, units=seen.units, traced=seen.traced)
    if (
        state.content not in {ShellContent.INERT, ShellContent.NEUTRALISED}
        or state.reason == "wrong-extension"
    ):
        return state
    if seen.cut or (seen.limits and state.reason in _SEEN_WHOLE):
        return State(content=ShellContent.UNKNOWN, reason="not-read-whole", why="it was not read to its end")
    if state.reason == "no-code" and score >= FLAGGED and seen.found.served is not Served.NO:
        why = "it holds no marks of code that are read here, but what it says acts as a shell does"
        return State(content=ShellContent.UNKNOWN, reason="no-marks", why=why)
    return state


def _verdict(score: float, state: State, seen: Observed, *, vendor: bool) -> Verdict:
    if vendor:
        return Verdict.CLEAN
    dead = state.content in {ShellContent.INERT, ShellContent.NEUTRALISED}
    if score >= FLAGGED:
        return Verdict.INERT if dead and state.reason in _TRACES else Verdict.SHELL
    if dead and state.reason in _TRACES:
        return Verdict.INERT
    if score >= SUSPICIOUS:
        return Verdict.SUSPICIOUS
    return Verdict.UNDETERMINED if seen.limits else Verdict.CLEAN


def _reason(verdict: Verdict, seen: Observed, state: State, spans: tuple[Place, ...], *, vendor: bool) -> str:
    if vendor:
        return "a file of the product, byte for byte"
    if verdict is Verdict.INERT:
        return state.why
    if verdict is Verdict.UNDETERMINED:
        return f"nothing was found, but {'; '.join(seen.limits)}"
    if spans:
        return spans[0].why
    if verdict in {Verdict.SHELL, Verdict.SUSPICIOUS}:
        return "the shape of its code as a whole"
    if not any(block.language for block in seen.page.blocks):
        return "holds no code that a server would run"
    if not seen.units:
        return "its code names nothing that runs, loads, writes or sends"
    return "nothing of the request reaches what could run, load, write or send it as a shell does"
