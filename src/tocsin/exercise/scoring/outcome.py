"""What came of one made server: answers beside the truth, rows counted, logs withheld, what was wrong."""

from __future__ import annotations

from msgspec import Struct


class Answer(Struct, frozen=True, kw_only=True):
    """The words of one verdict, as expected or as found; ``none`` where there is no verdict."""

    campaign: str
    compromise: str
    exposure: str
    residual: str
    rung: str


class RowCount(Struct, frozen=True, kw_only=True):
    """Rows whose meaning is provable, and how many of them a finding of that meaning stands at."""

    campaign: str
    rung: str
    kind: str
    means: str
    wanted: int
    found: int


class ClaimCount(Struct, frozen=True, kw_only=True):
    """Findings of meaning ``exploited`` or ``compromised`` in one kind, and how many are wrong."""

    campaign: str
    kind: str
    rung: str
    means: str
    made: int
    wrong: int


class WithheldAnswer(Struct, frozen=True, kw_only=True):
    """A verdict's word with everything read, and with one kind of log withheld.

    Attributes:
        kind: what was withheld.
        campaign: whose verdict.
        whole: compromise word with everything read.
        rest: the same without that kind.
        exposure_whole: exposure with everything read.
        exposure_rest: the same without that kind.
        named: coverage names the kind as missing, and the steps that it would have shown; None
            where no pack asks for the kind.
        problems: how the property is broken; empty where it holds.
    """

    kind: str
    campaign: str
    whole: str
    rest: str
    exposure_whole: str
    exposure_rest: str
    named: bool | None
    problems: tuple[str, ...] = ()


class Wrong(Struct, frozen=True, kw_only=True):
    """One thing that is not as the truth has it.

    ``what``: ``compromise``, ``exposure``, ``residual``, ``rung``, ``campaign``, ``row missed``,
    ``false finding``, ``withheld``.
    """

    scenario: str
    seed: int
    what: str
    campaign: str
    expected: str
    found: str
    why: str
    places: tuple[str, ...] = ()


class Outcome(Struct, frozen=True, kw_only=True):
    """All that scoring learns from one made server. ``read``: records of each kind that were read."""

    scenario: str
    seed: int
    innocent: bool
    expected: tuple[Answer, ...]
    found: tuple[Answer, ...]
    campaign_right: bool
    rows: tuple[RowCount, ...]
    claims: tuple[ClaimCount, ...]
    withheld: tuple[WithheldAnswer, ...]
    wrong: tuple[Wrong, ...]
    read: dict[str, int]
