"""What the fast lane knows of one kind of log: its gates, compiled, and whom each lets lines through to."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.detections.builds import IN_PATH, PROBE_WORD
from tocsin.detections.compiling import KindIndex
from tocsin.detections.scanning.engines import MakeEngine
from tocsin.detections.scanning.gates import (
    ALWAYS,
    Dialect,
    Gate,
    hidden_gates,
    name_gate,
    sight,
    sign_gates,
    word,
)
from tocsin.detections.scanning.kept_gates import kept_gates
from tocsin.packs.loading import Pack

PATH, AGENT, SIGN, NAME, PAGE, SIGHTS = 1, 2, 4, 8, 16, 5
"""Bits of a mask: rows whose path or agent may name a build, that may show a product, whose directory may
have an unusual name, that may ask for a page that is not known; and how many such bits there are.
"""


class Scope:
    """The gates of one kind of log.

    Attributes:
        masks: of every gate what its lines may concern: ``PATH``, ``AGENT``, ``SIGN``, and above
            ``SIGHTS`` bits the rules; ``ALWAYS`` for whatever it may be.
        hidden: numbers of the gates for rows in which something is hidden by encoding.
        engine: looks for them.
    """

    def __init__(  # noqa: PLR0913 - the gates of every origin
        self,
        gates: Sequence[Gate],
        signs: Sequence[str],
        names: Gate | None,
        dialect: Dialect,
        make: MakeEngine,
        *,
        keep: bool,
        pages: Gate | None = None,
    ) -> None:
        """Compile the gates; ``names`` and ``pages`` are further ones, ``keep`` is told to ``MakeEngine``."""
        rules = [gate.rules if gate.rules == ALWAYS else gate.rules << SIGHTS for gate in gates]
        shown = sign_gates(signs, dialect)
        named = () if names is None else (names,)
        asked = () if pages is None else (pages,)
        self.gates = (*gates, sight(IN_PATH, dialect), word(PROBE_WORD, dialect), *shown, *named, *asked)
        further = (*([SIGN] * len(shown)), *([NAME] * len(named)), *([PAGE] * len(asked)))
        self.masks = (*rules, PATH, AGENT, *further)
        concealed = {gate.expression for gate in hidden_gates(dialect)}
        self.hidden = frozenset(n for n, gate in enumerate(self.gates) if gate.expression in concealed)
        self.engine = make(self.gates, keep=keep)


class Scopes:
    """The scopes of one kind of log, by the signs that are still to be seen."""

    def __init__(
        self,
        index: KindIndex | None,
        packs: Sequence[Pack],
        dialect: Dialect,
        make: MakeEngine,
        pages: Gate | None = None,
    ) -> None:
        """Choose the gates; ``pages`` is for requests for pages that are not known."""
        self._gates = kept_gates(index.conditions if index else (), packs, dialect)
        self._dialect = dialect
        self._make = make
        self._pages = pages
        self._known: dict[tuple[tuple[str, ...], tuple[str, ...]], Scope] = {}

    @property
    def open(self) -> bool:
        """Whether there are gates at all: some rule may need every line parsed."""
        return self._gates is not None

    def scope(self, signs: tuple[str, ...], names: tuple[str, ...] = ()) -> Scope:
        """Give the scope that looks for these signs and unusual names, too."""
        found = self._known.get((signs, names))
        if found is None:
            gate = name_gate(names, self._dialect)
            gates = self._gates or ()
            keep = not names
            found = Scope(gates, signs, gate, self._dialect, self._make, keep=keep, pages=self._pages)
            self._known[signs, names] = found
        return found
