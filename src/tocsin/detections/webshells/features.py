"""What speaks for a web shell, as named numbers; each leads back to the place that shows it.

A name's first word tells which way the evidence may speak (``score.sign_of``): ``flow``, ``sink``,
``use``, ``sig`` and ``shape`` only for a shell, ``calm`` only against, ``family`` either way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tocsin.detections.webshells.blocks import SAID, Kind
from tocsin.detections.webshells.code import (
    Block,
    Call,
    Class,
    Declare,
    Function,
    Import,
    Jump,
    Literal,
    Node,
    Unit,
    dotted,
)
from tocsin.detections.webshells.inventory import Family
from tocsin.detections.webshells.observing import Observed
from tocsin.detections.webshells.sightings import Sighting
from tocsin.detections.webshells.state import hollow, read_short
from tocsin.evidence.vdir_lists import looks_like_list
from tocsin.model.expressions import compiled

_RUNS = frozenset({
    ("eval", "code"), ("command", "program"), ("assembly-load", "code"), ("assembly-load", "reflection"),
    ("xslt-script", "code"),
})  # fmt: skip
"""Sinks that run what they are given."""
_CALLEE = frozenset({("eval", "callee"), ("eval", "callback")})
_TELLING: Mapping[str, frozenset[str]] = {
    "command:program": frozenset({"shell"}),
    "file-write:content": frozenset({"acting-code"}),
    "eval:code": frozenset({"acting-code", "unsafe"}),
    "xslt-script:code": frozenset({"script-sheet", "acting-code"}),
}
"""What a constant argument of a sink says that no ordinary page gives to it."""
_RUN_KEYS = frozenset({"eval-request", "command-request", "decrypt-request", "call-request"})
_MADE_KEYS = frozenset({"eval-made", "split-word", "no-letters", "packed"})
_WRITE_KEYS = frozenset({"write-request", "uploader", "dropper"})
_SELDOM = {"machine-key": "grave:keys", "ghost-provider": "grave:ghost"}
"""What no ordinary page does, and too few pages do for a fit (``score.JUDGED``)."""
_LISTED = 1 << 20
_PART_OF_A_WHOLE = frozenset({"calm:named", "calm:passive", "calm:guarded"})
"""Words that say that the code is read by a larger whole, which needs no markup around it."""
_OPAQUE = 500
_MUCH = 10_000
_STRETCH = compiled(r"[A-Za-z0-9+/=%\\|.,:_~^#@!-]{500,}+")
"""What encoded text looks like: no blank, no quote, no bracket."""
_BARE = 40
"""Characters outside code that a page without markup has at most."""


def features_of(seen: Observed) -> Mapping[str, float]:
    """Give the features of a file; an absent name is zero."""
    names = {name for name, _, _ in pieces_of(seen)}
    calms = frozenset(calm(seen))
    names.update(_grave(seen, part=not _PART_OF_A_WHOLE.isdisjoint(calms)))
    names.update(_shapes(seen))
    names.update(_counts(seen))
    names.update(calms)
    names.add(f"family:{seen.found.family}")
    return dict.fromkeys(sorted(names), 1.0)


def _grave(seen: Observed, *, part: bool) -> Iterator[str]:
    """Yield what holds whatever the words are: the request is run, is written, or what runs is hidden."""
    keys = {hit.key for hit in seen.scan.hits}
    flows = [one for one in seen.traced.sightings if _reaches(one)]
    runs = {one.capability for one in flows if (one.capability, one.role) in _RUNS}
    sheets = any(
        one.capability == "xslt-script" and "acting-code" in one.notes for one in seen.traced.sightings
    )
    proofs = len(runs) + sheets + len(keys & _RUN_KEYS)
    for least in range(1, 4):
        if proofs >= least:
            yield f"grave:runs:{least}"
    made = any((one.capability, one.role) in _RUNS and _is_hidden(one) for one in seen.traced.sightings)
    hidden = made + len(keys & _MADE_KEYS)
    for least in range(1, 3):
        if hidden >= least:
            yield f"grave:hidden:{least}"
    roles = {
        one.role
        for one in flows
        if one.capability == "file-write" and one.flow and one.flow.source != "header"
    }
    told = roles & {"path", "content"} | (roles & {"upload"} if "path" in roles else set())
    writes = len(told) + _drops(seen) + len(keys & _WRITE_KEYS)
    for least in range(1, 4):
        if writes >= least:
            yield f"grave:writes:{least}"
    if not part:
        yield from _alone(seen, told=bool(proofs or hidden))
        yield from _seldom(seen)


def _seldom(seen: Observed) -> Iterator[str]:
    """Yield what weighs by judgement."""
    keys = {hit.key for hit in seen.scan.hits} & _SELDOM.keys()
    yield from (_SELDOM[key] for key in sorted(keys))
    if code_in_list(seen) is not None:
        yield "grave:listed"


def code_in_list(seen: Observed) -> tuple[int, int] | None:
    """Give code that stands among the settings of a virtual directory: an intruder's, whatever it does."""
    text = seen.text.text
    code = [(block.start, block.end) for block in seen.page.blocks if block.kind in SAID]
    said = next((span for span in code if text[slice(*span)].strip("\0 \t\r\n;")), None)
    if said is None or not looks_like_list(text[:_LISTED]):
        return None
    return None if hollow(seen.units or read_short(text, seen.page)) else said


def _alone(seen: Observed, *, told: bool) -> Iterator[str]:
    """Yield what a page says that is nothing but code, and part of nothing larger."""
    dark = any(
        one.role == "undecided" and one.capability == "eval" and _reaches(one)
        for one in seen.traced.sightings
    )
    if (told or dark) and bare(seen):
        yield "grave:bare"
        if dark:
            yield "grave:dark-call"


def _is_hidden(one: Sighting) -> bool:
    """Tell whether what is run was decoded: to what is not known, or it was more than a few words."""
    return one.argument == "made" or (one.argument == "worked-out" and "cipher" in one.notes)


def _drops(seen: Observed) -> bool:
    """Tell whether code, or what the request or another server sends, is written to a page of its own."""
    held = [one for one in seen.traced.sightings if one.capability == "file-write"]
    placed = any(one.role == "path" and one.flow is None and "server-page" in one.notes for one in held)
    return placed and any(one.role == "content" and _pours(one) for one in held)


def _pours(one: Sighting) -> bool:
    return one.flow is not None or "acting-code" in one.notes


def _shapes(seen: Observed) -> Iterator[str]:
    """Yield what the mere look of the code shows: most of it is text that no one wrote by hand."""
    code = sum(block.end - block.start for block in seen.page.blocks if block.kind in SAID)
    opaque = sum(end - start for start, end in opaque_stretches(seen))
    if opaque > code / 2:
        yield "shape:opaque"
        if opaque > _MUCH:
            yield "shape:opaque:much"


def opaque_stretches(seen: Observed) -> Iterator[tuple[int, int]]:
    """Yield where in the code text stands that no one wrote by hand."""
    for block in seen.page.blocks:
        if block.kind in SAID and block.end - block.start > _OPAQUE:
            for match in _STRETCH.finditer(seen.text.text, block.start, block.end):
                yield match.span()


def bare(seen: Observed) -> bool:
    """Tell whether the page is code and nothing else."""
    inside = sum(block.end - block.start + 4 for block in seen.page.blocks)
    return len(seen.text.text) - inside < _BARE + 4 * len(seen.page.blocks)


def calm(seen: Observed) -> Iterator[str]:
    """Yield what speaks for an ordinary part of an application: it is woven into other files."""
    yield from _woven(seen)
    if any(
        note == "server-page" for one in seen.traced.sightings if one.role == "include" for note in one.notes
    ):
        yield "calm:includes"
    if seen.found.family is Family.PHP and _GUARD.search(seen.text.text, 0, _BEGINNING):
        yield "calm:guarded"
    if any(_belongs(node) for unit in seen.units for node in unit.body):
        yield "calm:named"
    if seen.units and seen.found.family in _INCLUDED and all(map(passive, seen.units)):
        yield "calm:passive"
    if not seen.units and not seen.scan.hits:
        yield "calm:nothing"


def _woven(seen: Observed) -> Iterator[str]:
    """Yield what the page's directives name: a class of its own, a master page, controls, tag libraries."""
    names: set[str] = set()
    inside = [block for block in seen.page.blocks if block.kind is Kind.BODY]
    for block in seen.page.blocks:
        if block.kind is Kind.DIRECTIVE and not any(one.start <= block.start < one.end for one in inside):
            names |= _NAMES.intersection((block.name, *block.attributes))
    if names & {"inherits", "codebehind", "codefile"}:
        yield "calm:code-behind"
    if names & {"masterpagefile", "register", "taglib"}:
        yield "calm:parts"
    if names & {"#include", "include"}:
        yield "calm:includes"


def _belongs(node: Node) -> bool:
    """Tell whether the code names a place of its own in a larger whole: a namespace, a foreign import."""
    if isinstance(node, Block):
        return node.kind == "namespace"
    return isinstance(node, Import) and not node.name.lower().startswith(_PLATFORM)


def passive(unit: Unit) -> bool:
    """Tell whether the code only declares: what it can do is done by whoever includes it."""
    return all(_declares(node) for node in unit.body)


def _declares(node: Node) -> bool:
    if isinstance(node, Function | Class | Import | Jump | Literal | Declare):
        return True
    if isinstance(node, Block) and node.kind in {"namespace", "block", "declare"}:
        return all(_declares(inner) for inner in node.body)
    return isinstance(node, Call) and dotted(node).lower() in _DECLARING


_NAMES = frozenset({
    "inherits", "codebehind", "codefile", "masterpagefile", "register", "taglib", "#include", "include",
})  # fmt: skip
_GUARD = re.compile(
    r"\bdefined\s{0,4}\(\s{0,4}[\"']\w{3,40}[\"']\s{0,4}\)\s{0,4}(?:\)|\|\||or\b)[^;}]{0,80}\b(?:exit|die|return)\b"
)
"""The first lines end the page unless another one has defined a constant: it is read by an application."""
_BEGINNING = 8_000
_PLATFORM = ("system", "microsoft", "java", "javax", "sun.", "jakarta", "mscorlib")
_INCLUDED = frozenset({Family.PHP, Family.ASP, Family.COLDFUSION})
"""Families whose code does nothing when it only declares; others have entry points that are called."""
_DECLARING = frozenset(
    {"define", "defined", "die", "exit", "declare", "class_alias", "class_exists", "use", "namespace"}
)


def _counts(seen: Observed) -> Iterator[str]:
    """Yield what only the whole of a page shows: how many different things the request can do with it."""
    flows = {one.capability for one in seen.traced.sightings if _reaches(one)}
    for least in range(2, 6):
        if len(flows) >= least:
            yield f"many:flows:{least}"


def pieces_of(seen: Observed) -> Iterator[tuple[str, int, int]]:
    """Yield every feature with the place that shows it."""
    for sighting in seen.traced.sightings:
        for name in names_of(sighting):
            yield name, sighting.start, sighting.end
    for use in seen.traced.uses:
        yield f"use:{use.word}", use.start, use.end
    for hit in seen.scan.hits:
        start, end = hit.spans[0] if hit.spans else (0, 0)
        yield f"sig:{hit.key}", start, end


def names_of(sighting: Sighting) -> tuple[str, ...]:
    """Give the features that a sink makes: coarse ones that all cases share, and fine ones.

    A sink that nothing of the request reaches says nothing, unless what it is given is hidden or telling.
    """
    what = f"{sighting.capability}:{sighting.role}"
    if sighting.flow is None:
        told = [f"note:{what}:{note}" for note in sighting.notes if note in _TELLING.get(what, ())]
        hidden = (sighting.capability, sighting.role) in _RUNS | _CALLEE and _is_hidden(sighting)
        return *told, *((f"sink:{what}:{sighting.argument}",) if hidden else ())
    if sighting.flow.source == "download":
        return f"fetch:{sighting.capability}", f"fetch:{what}"
    if "bound" in sighting.notes:
        return (f"bound:{what}",)
    shape = "whole" if "whole" in sighting.notes else "piece"
    nested = (f"note:{sighting.capability}:nested",) if "nested" in sighting.notes else ()
    return f"flow:{sighting.capability}", f"flow:{what}", f"flow:{what}:{shape}", *nested


def _reaches(one: Sighting) -> bool:
    """Tell whether a value of the request reaches a sink and is free to do there what it likes."""
    return one.flow is not None and one.flow.source != "download" and "bound" not in one.notes
