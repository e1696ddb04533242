"""Which events matter, told before their data are read.

An event is let go in brief only if its frame rules out every rule, and neither the names of its data
nor its texts hold anything that indicators, or whoever else takes records, ask about. One scan of
the event's text decides the latter; what it finds is only a reason to read the event.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import yara_x

from tocsin.detections import builds, identity
from tocsin.detections.matching import Matcher
from tocsin.detections.values import DECODED

_LET_GO = frozenset(
    {
        "event.application",
        "event.other",
        "event.powershell",
        "event.security",
        "event.sysmon",
        "event.system",
    }
)
"""Kinds of which nobody but rules and indicators takes every record."""
_UNNAMED = ("<data>", '"param')
"""Data without a name, or whose name only counts, are joined in the field ``Data``."""
_ASKED, _ENCODED = "asked", "encoded"


class EventInterest:
    """What rules, indicators and collectors ask of events."""

    def __init__(self, matcher: Matcher, fields: Collection[str] = ()) -> None:
        """Compile the scan. ``fields``: further names of data whose events are wanted whole."""
        clues = matcher.clues()
        names = builds.ASKED_FIELDS | identity.ASKED_FIELDS | clues.fields | frozenset(fields)
        texts = sorted({*map(_attribute, names), *clues.texts})
        self._matcher = matcher
        self._everything = any(_may_hide(text) for text in texts)
        self._scanner = yara_x.Scanner(_compiled(texts, sorted({*map(_attribute, DECODED), *_UNNAMED})))

    def in_frame(self, kind: str, fields: Mapping[str, str | None]) -> bool:
        """Tell whether an event matters whatever its data are."""
        return self._everything or kind not in _LET_GO or self._matcher.may_match(kind, fields)

    def in_text(self, text: str) -> bool:
        """Tell whether anything in an event's XML may matter."""
        data = text.lower().encode("utf-8", "surrogatepass")
        found = self._scanner.scan(data).matching_rules
        return bool(found) and ("%" in text or any(rule.identifier == _ASKED for rule in found))


def _may_hide(text: str) -> bool:
    """Tell whether a scan may miss a text: across lines, or in a record's number, which is not scanned."""
    return "\n" in text or "\r" in text or text.isdigit() or not text


def _attribute(name: str) -> str:
    return f'"{name.lower()}"'


def _compiled(asked: Collection[str], encoded: Collection[str]) -> yara_x.Rules:
    """Compile two rules: of what matters as it stands, and of names that matter if a value has a ``%``."""
    return yara_x.compile("\n".join((*_rule(_ASKED, asked), *_rule(_ENCODED, encoded))))


def _rule(name: str, texts: Collection[str]) -> Iterator[str]:
    yield f"rule {name} {{ strings:"
    for number, text in enumerate(texts):
        yield f"$_{number} = {{ {text.encode('utf-8', 'surrogatepass').hex(' ')} }}"
    yield "condition: any of them }"
