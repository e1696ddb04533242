"""From the request to what runs it: the ways that values take through a page.

``trace`` walks the code of a page a few times in the order of its text, remembers for every variable where
its value comes from,
what type it has and which constant it holds, and reports every *sighting*: a call, constructor or property
that the
tables (``apis/``) name as able to do something, with what was given to it. A sighting whose argument comes
from the request
carries the *flow*: source, the places on the way, sink.

The walk is insensitive to branches and to the order of functions on purpose: whether a password check
stands before the ``eval`` changes nothing
of what the page can do. What it does not know it does not claim: an argument that is neither constant nor
traced is ``unknown``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tocsin.detections.webshells.code import Unit
from tocsin.detections.webshells.sightings import Flow, Sighting, Traced, Use
from tocsin.detections.webshells.tracing import Reparse, Tracing

__all__ = ["Flow", "Reparse", "Sighting", "Traced", "Use", "trace"]


def trace(
    units: Sequence[Unit],
    *,
    reparse: Reparse | None = None,
    objects: Iterable[tuple[str, str]] = (),
    controls: Iterable[str] = (),
) -> Traced:
    """Follow the values through the code of one page.

    Args:
        units: the page's code, one unit per language.
        reparse: parses a text that the page runs; without it such texts are not looked into.
        objects: what the markup declares (``<object runat=server id=… progid=…>``): name, and program or
            class identifier.
        controls: names of the page's server controls, whose values come from the request.
    """
    return Tracing(units, reparse=reparse, objects=objects, controls=controls).run()
