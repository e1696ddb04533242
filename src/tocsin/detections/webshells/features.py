"""What speaks for a web shell, as named numbers; each leads back to the place that shows it.

A name's first word tells which way the evidence may speak (``score.sign_of``): ``flow``, ``sink``,
``use``, ``sig`` and ``shape`` only for a shell, ``calm`` only against, ``family`` either way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocsin.detections.webshells.observing import Observed
from tocsin.detections.webshells.sightings import Sighting


def features_of(seen: Observed) -> Mapping[str, float]:
    """Give the features of a file; an absent name is zero."""
    names = {name for name, _, _ in pieces_of(seen)}
    names.update(_counts(seen))
    names.add(f"family:{seen.found.family}")
    return dict.fromkeys(sorted(names), 1.0)


def _counts(seen: Observed) -> Iterator[str]:
    """Yield what only the whole of a page shows: how many different things the request can do with it."""
    flows = {sighting.capability for sighting in seen.traced.sightings if sighting.flow is not None}
    sinks = {sighting.capability for sighting in seen.traced.sightings}
    for least in range(2, 6):
        if len(flows) >= least:
            yield f"many:flows:{least}"
        if len(sinks) >= least:
            yield f"many:sinks:{least}"


def pieces_of(seen: Observed) -> Iterator[tuple[str, int, int]]:
    """Yield every feature with the place that shows it."""
    for sighting in seen.traced.sightings:
        for name in _names(sighting):
            yield name, sighting.start, sighting.end
    for use in seen.traced.uses:
        yield f"use:{use.word}", use.start, use.end
    for hit in seen.scan.hits:
        start, end = hit.spans[0] if hit.spans else (0, 0)
        yield f"sig:{hit.key}", start, end


def _names(sighting: Sighting) -> Iterator[str]:
    what = f"{sighting.capability}:{sighting.role}"
    if sighting.flow is not None:
        yield f"flow:{sighting.capability}"
        yield f"flow:{what}"
        yield f"flow:{what}:{sighting.flow.source}"
    else:
        yield f"sink:{sighting.capability}"
        yield f"sink:{what}"
        yield f"sink:{what}:{sighting.argument}"
    for note in sighting.notes:
        yield f"note:{what}:{note}"
