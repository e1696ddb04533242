"""What the tracing of a page finds: sinks, what is given to them, and how it got there."""

from __future__ import annotations

from msgspec import Struct


class Flow(Struct, frozen=True, kw_only=True):
    """How a value of the request reaches what can act on it.

    Attributes:
        source: kind of the source: ``request header body control parameter wire download upload``.
        sink: the pattern of the table that the sink fits.
        capability: what the sink can do: ``eval command assembly-load file-write file-read tunnel sql …``.
        role: what the value is for the sink: ``code program path content target query callback …``.
        places: spans from the source to the sink, in characters of the text.
    """

    source: str
    sink: str
    capability: str
    role: str
    places: tuple[tuple[int, int], ...]


class Sighting(Struct, frozen=True, kw_only=True):
    """A sink in the code.

    Attributes:
        argument: what is given to it: ``request`` (there is a flow), ``made`` (decoded by the page, to what
            is
            not known), ``worked-out`` (put together by the page, and known), ``constant``, ``unset`` (a
            variable that nobody sets), ``unknown``, ``none``.
        notes: ``server-code`` (a constant text with server code is handed over), ``server-page`` (a
            constant name of
            one), ``shell`` (a command interpreter is named), ``nested`` (found in a text that the page runs),
            ``by-name`` (a text names the function), ``made-callee`` (the name of the function is put
            together),
            ``whole`` (the value of the request stands alone), ``fixed-host``, ``fixed-extension`` (constant
            pieces around it leave it no choice of these),
            ``script-sheet`` (a style sheet with script).
        depth: how many texts within texts it stands in.
    """

    capability: str
    role: str
    sink: str
    start: int
    end: int
    argument: str
    notes: tuple[str, ...] = ()
    depth: int = 0
    flow: Flow | None = None


class Use(Struct, frozen=True, kw_only=True):
    """An object or function whose mere use says something: its word in ``uses`` of the tables, and where."""

    word: str
    name: str
    start: int
    end: int


class Traced(Struct, frozen=True, kw_only=True):
    """What the tracing of a page found.

    Attributes:
        sources: kinds of sources that are read, with the first place of each.
        limits: bounds that were met, in words.
    """

    sightings: tuple[Sighting, ...] = ()
    uses: tuple[Use, ...] = ()
    sources: tuple[tuple[str, int, int], ...] = ()
    limits: tuple[str, ...] = ()

    @property
    def flows(self) -> tuple[Flow, ...]:
        """The flows alone, the gravest capability as the tables order them."""
        return tuple(sighting.flow for sighting in self.sightings if sighting.flow is not None)
