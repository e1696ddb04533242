"""Which events matter, told before their data are read.

For each frame it is worked out once which rules it leaves possible. An event of the frame matters only if
its text holds what one of those needs, or what an indicator or a collector asks for. One scan over the
texts of many events tells; what it finds is only a reason to read an event.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import accumulate

from msgspec import Struct

from tocsin.detections import builds, disk, event_gates, identity
from tocsin.detections.indicators import PATH_FIELDS
from tocsin.detections.matching import Matcher
from tocsin.detections.scanning.engines import Engine, MakeEngine
from tocsin.detections.scanning.gates import Gate
from tocsin.detections.values import DECODED, decodings
from tocsin.packs.conditions import Node, leaves

_LET_GO = frozenset(
    {
        "event.application",
        "event.defender",
        "event.msexchange-management",
        "event.other",
        "event.powershell",
        "event.security",
        "event.sysmon",
        "event.system",
    }
)
"""Kinds of which nobody but rules and indicators takes every record."""
_FRAME = frozenset({"EventID", "Provider_Name", "Channel", "Computer", "Level"})
"""Names that no datum of an event bears in its record."""
_UNNAMED = "<Data>"
_NUMBERED = ('"param', "<param")
"""Data without a name, or whose name only counts, are joined in the field ``Data``."""
_TWINS = ("\u212a", "\u0130")
"""What becomes a letter of ASCII when it is written small: the sign of kelvin, the Turkish I."""
_USER = "Security_UserID"
"""The same, for those events that have it."""
_ALWAYS, _FILE, _SIGN, _DECODES, _FIRST = 1, 2, 4, 8, 16
"""Bits of what is met: it matters in any case; it matters in a path; it shows a product; it may be encoded;
the first need of a rule."""
_SOURCES = {"Image": "NewProcessName", "ParentImage": "ParentProcessName"}
"""Fields whose value a datum of another name gives."""
_BETWEEN = "\0"
_MOST = 64
"""Different sets of rules that frames may leave possible; beyond that events are read in full."""

Rules = tuple[tuple[event_gates.Group, ...], ...]
"""For each rule the groups of needs, of each of which an event meets one."""


class Always(Struct, frozen=True, kw_only=True):
    """What matters whatever rules an event may meet.

    Attributes:
        anywhere: expressions.
        in_paths: expressions that count only in an event that has a path among its data.
        paths: how the names of such data stand in the text.
    """

    anywhere: tuple[str, ...]
    in_paths: tuple[str, ...]
    paths: tuple[str, ...]


class EventInterest:
    """What rules, indicators and collectors ask of events."""

    def __init__(
        self, matcher: Matcher, make: MakeEngine, signs: Callable[[], tuple[str, ...]] = tuple
    ) -> None:
        """Derive what indicators and collectors need.

        Args:
            matcher: of the packs.
            make: makes the engine.
            signs: gives the texts that would show a product that has not been seen.
        """
        self._matcher = matcher
        self._make = make
        self._signs = signs
        self._always = _always(matcher, signs())
        self._asks: dict[Rules, EventAsks] = {}
        self._of: dict[tuple[str | None, ...], EventAsks | None] = {}
        self._mentioned: dict[str, tuple[str, ...]] = {}

    def of_frame(self, kind: str, fields: Mapping[str, str | None]) -> EventAsks | None:
        """Give what is asked of the events of a frame; None if all of them matter."""
        if self._always is None or kind not in _LET_GO or disk.is_of_interest(kind, fields):
            return None
        key = (kind, *(fields.get(name, "\0") for name in self._names(kind)))
        if key not in self._of:
            if len(self._of) >= _MOST * _MOST:
                self._of.clear()
            self._of[key] = self._derived(kind, fields)
        asks = self._of[key]
        text = "\n".join(value for value in fields.values() if value)
        return None if asks is None or asks.is_met_by_frame(text) else asks

    def _names(self, kind: str) -> tuple[str, ...]:
        """Give the fields of the frame that rules of a kind ask about."""
        if kind not in self._mentioned:
            tests = [test for node in self._conditions(kind) for test, _ in leaves(node)]
            asked = {test.field for test in tests} | {getattr(test.check, "field", None) for test in tests}
            self._mentioned[kind] = tuple(sorted(name for name in asked if name in _FRAME or name == _USER))
        return self._mentioned[kind]

    def _conditions(self, kind: str) -> tuple[Node, ...]:
        index = self._matcher.index(kind)
        return index.conditions if index else ()

    def _derived(self, kind: str, fields: Mapping[str, str | None]) -> EventAsks | None:
        rest = [event_gates.rest_of(node, fields, kind) for node in self._conditions(kind)]
        nodes = [node for node in rest if not isinstance(node, bool)]
        rules = tuple(sorted({event_gates.best_groups(node) for node in nodes}, key=str))
        if any(node is True for node in rest) or () in rules or self._always is None:
            return None  # whatever the data are, or nothing that they must hold
        if any(map(event_gates.asks_everything, nodes)):
            return None  # keywords may stand in the frame
        if rules not in self._asks:
            if len(self._asks) >= _MOST:
                return None
            self._asks[rules] = EventAsks(self._make, self._always, rules, self._signs)
        return self._asks[rules]


class EventAsks:
    """What is asked of the events of some frames."""

    def __init__(
        self,
        make: MakeEngine,
        always: Always,
        rules: Rules,
        signs: Callable[[], tuple[str, ...]],
    ) -> None:
        """Engines are made when the first events come.

        Args:
            make: makes the engine.
            always: what matters besides.
            rules: what they need.
            signs: gives the texts that would show a product that has not been seen.
        """
        self._make = make
        self._always = always
        self._signs = signs
        needs = sorted({need for groups in rules for group in groups for need in group})
        self._needed = tuple(need.expression for need in needs)
        self._once = _shown({need.field for need in needs if need.field})
        bits = {need: _FIRST << place for place, need in enumerate(needs)}
        self._rules = [tuple(sum(bits[need] for need in group) for group in groups) for groups in rules]
        self._bits: list[int] = []
        self._known: tuple[tuple[str, ...], Engine] | None = None

    def among(self, texts: Sequence[str]) -> Collection[int]:
        """Give the places of those texts in which something may matter."""
        met = self._met(texts)
        found = set(self._odd(texts))
        encoded = [at for at, text in enumerate(texts) if "%" in text and self._decodes(met.get(at, 0), text)]
        if encoded:
            decoded = ["\n".join(decodings(texts[place])) for place in encoded]
            found.update(encoded[at] for at in self._odd(decoded))
            for at, mask in self._met(decoded).items():
                met[encoded[at]] = met.get(encoded[at], 0) | mask
        found.update(place for place, mask in met.items() if self._matters(mask, texts[place]))
        return found

    def is_met_by_frame(self, text: str) -> bool:
        """Tell whether the values of a frame's fields meet what matters in any case."""
        return bool(self._odd([text])) or any(mask & _ALWAYS for mask in self._met([text]).values())

    def _odd(self, texts: Sequence[str]) -> list[int]:
        """Give the places of texts in which a scan may miss something."""
        whole = "".join(texts)
        found = [] if whole.isascii() and _BETWEEN not in whole else _twisted(texts)
        for name in self._once:
            found += [place for place, text in enumerate(texts) if text.count(name) > 1]
        return found

    def _decodes(self, mask: int, text: str) -> bool:
        """Tell whether a field of the event may be compared with its percent-encoding undone."""
        return bool(mask & _DECODES) or _UNNAMED in text

    def _matters(self, mask: int, text: str) -> bool:
        if mask & (_ALWAYS | _SIGN) or any(all(map(mask.__and__, groups)) for groups in self._rules):
            return True
        return bool(mask & _FILE) and any(name in text for name in self._always.paths)

    def _met(self, texts: Sequence[str]) -> dict[int, int]:
        """Give for the places of texts what they meet; those that meet nothing are left out."""
        block = _BETWEEN.join(texts).encode("utf-8", "surrogatepass")
        sizes = list(map(len, texts))
        if len(block) != sum(sizes) + len(texts) - 1:  # not all of it is ASCII
            sizes = [len(text.encode("utf-8", "surrogatepass")) for text in texts]
        ends = list(accumulate(size + 1 for size in sizes))
        numbers, places = self._engine().scan(memoryview(block))
        found: dict[int, int] = {}
        for number, place in zip(numbers, places, strict=True):
            at = bisect_left(ends, place)
            found[at] = found.get(at, 0) | self._bits[number]
        return found

    def _engine(self) -> Engine:
        """Give the engine; when a product was seen, it is made anew without the signs of that."""
        signs = self._signs()
        if self._known is None or self._known[0] != signs:
            self._known = signs, self._made(signs)
        return self._known[1]

    def _made(self, signs: Iterable[str]) -> Engine:
        shows = list(map(event_gates.of_text, signs))
        # "<Data" stands in every event; what it could tell is told by ``_UNNAMED``
        named = [text for text in _shown(DECODED) if not _UNNAMED.startswith(text)]
        decodes = [event_gates.of_text(text) for text in (*_NUMBERED, *named)]
        anywhere, in_paths = self._always.anywhere, self._always.in_paths
        self._bits = [_ALWAYS] * len(anywhere) + [_FILE] * len(in_paths) + [_SIGN] * len(shows)
        self._bits += [_DECODES] * len(decodes) + [_FIRST << place for place in range(len(self._needed))]
        each = (*anywhere, *in_paths, *shows, *decodes, *self._needed)
        return self._make([Gate(expression=one, literals=(), rules=0) for one in each], keep=True)


def _always(matcher: Matcher, signs: Iterable[str]) -> Always | None:
    """Give expressions for what matters in any event; None if a scan might miss something of it."""
    clues = matcher.clues()
    if any(text.isdigit() for text in clues.spanning):
        return None  # the number of a record may be it, which is not scanned
    names = (builds.ASKED_FIELDS | identity.ASKED_FIELDS | clues.fields) - _FRAME
    anywhere = {event_gates.of_text(text) for text in (*_shown(names), *clues.texts)}
    in_paths = {event_gates.of_text(text) for text in clues.files}
    in_paths |= {*map(event_gates.of_end, clues.ends), *map(event_gates.of_path, clues.paths)}
    if not all((*anywhere, *in_paths, *map(event_gates.of_text, signs))):
        return None
    return Always(
        anywhere=tuple(sorted(anywhere)),
        in_paths=tuple(sorted(in_paths - anywhere)),
        paths=_shown(PATH_FIELDS),
    )


def _twisted(texts: Sequence[str]) -> list[int]:
    """Give the places of texts with what looks like a letter of ASCII, or like the end of a text."""
    signs = (*_TWINS, _BETWEEN)
    return [place for place, text in enumerate(texts) if any(sign in text for sign in signs)]


def _shown(names: Iterable[str]) -> tuple[str, ...]:
    """Give names of data, and of the data that give their values, as attributes and elements show them."""
    each = sorted({source for name in names for source in (name, _SOURCES.get(name, name))})
    return tuple(shown for name in each for shown in (f'"{name}"', f"<{name}"))
