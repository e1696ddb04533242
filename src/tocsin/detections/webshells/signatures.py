"""Our own YARA rules over the decoded text of a page, which are the gate to everything slower as well.

The rules (``signatures/*.yar``) describe techniques, not samples. Each says in its meta which ``key`` the
score weighs, which
``capability`` it shows, and in ``description`` what a reader should know. Rules with the key ``gate`` are
no finding: a page without
code, or with code that holds no word of the second gate and meets no other rule, is not parsed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yara_x
from msgspec import Struct

from tocsin.packs.yara_rules import compiled_yara

_FOLDER = Path(__file__).with_name("signatures")
SECONDS = 5
"""Time that the rules have for one page."""
_MOST_SPANS = 8
_GATE = "gate"


class Hit(Struct, frozen=True, kw_only=True):
    """A rule that a page met.

    Attributes:
        key: what the score weighs; several rules may share one.
        spans: the first matches, in characters of the text.
    """

    rule: str
    key: str
    capability: str
    description: str
    spans: tuple[tuple[int, int], ...]


class Scan(Struct, frozen=True, kw_only=True):
    """What the rules say of a page.

    Attributes:
        suspect: there is code, and a word without which nothing can be done, or a hit.
        gave_up: the rules did not end in time; then the page counts as suspect.
    """

    hits: tuple[Hit, ...] = ()
    suspect: bool = False
    gave_up: bool = False


@cache
def rules() -> yara_x.Rules:
    """Give the compiled rules."""
    return compiled_yara({path.name: path.read_text("utf-8") for path in sorted(_FOLDER.glob("*.yar"))})


class Signatures:
    """Scans texts; one scanner is used again and again, as compiling it costs more than a small page."""

    def __init__(self, *, seconds: int = SECONDS) -> None:
        """Make the scanner."""
        self._scanner = yara_x.Scanner(rules())
        self._scanner.set_timeout(seconds)

    def scan(self, text: str) -> Scan:
        """Give the rules that a decoded text meets."""
        data = text.encode("utf-8", "replace")
        try:
            matching = self._scanner.scan(data).matching_rules
        except (yara_x.TimeoutError, yara_x.ScanError):
            return Scan(suspect=True, gave_up=True)
        plain = len(data) == len(text)
        metas = [(rule, {str(key): str(value) for key, value in rule.metadata}) for rule in matching]
        gates = {rule.identifier for rule, meta in metas if meta["key"] == _GATE}
        hits = [_hit(rule, meta, None if plain else data) for rule, meta in metas if meta["key"] != _GATE]
        return Scan(
            hits=tuple(sorted(hits, key=lambda hit: hit.rule)),
            suspect="gate_code" in gates and (len(gates) > 1 or bool(hits)),
        )


def _hit(rule: yara_x.Rule, meta: Mapping[str, str], data: bytes | None) -> Hit:
    found = sorted(
        (match.offset, match.offset + match.length) for one in rule.patterns for match in one.matches
    )
    spans = tuple(found[:_MOST_SPANS])
    return Hit(
        rule=rule.identifier,
        key=meta["key"],
        capability=meta["capability"],
        description=meta["description"],
        spans=spans
        if data is None
        else tuple((_characters(data, start), _characters(data, end)) for start, end in spans),
    )


def _characters(data: bytes, offset: int) -> int:
    return len(data[:offset].decode("utf-8", "replace"))
