"""The pictures of a score: where marks stand, as shares of the axis. ``templates/*.svg.j2`` draws them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from tocsin.exercise.scoring.shares import Share
from tocsin.exercise.scoring.totals import RungScore, Score, WithheldScore

_PITCH = 56
_TOP = 26
_STEPS = {0.9: 0.02, 0.8: 0.05, 0.6: 0.1, 0.4: 0.2, 0.2: 0.2, 0.0: 0.2}
"""Where the axis may begin, and how far apart its marks are from there.

At 90 % at the latest, so that small differences are not blown up.
"""


class Dot(Struct, frozen=True, kw_only=True):
    """A share and its interval, in per cent of the axis."""

    x: float
    low: float
    high: float
    says: str
    shape: str


class Strand(Struct, frozen=True, kw_only=True):
    """A row of the picture: label above, track below. ``y`` is the track's middle, in pixels."""

    label: str
    note: str
    y: int
    dots: tuple[Dot, ...]


class Forest(Struct, frozen=True, kw_only=True):
    """Shares with their intervals under one another. ``ticks``: place and label."""

    title: str
    description: str
    height: int
    ticks: tuple[tuple[float, str], ...]
    strands: tuple[Strand, ...]


class Piece(Struct, frozen=True, kw_only=True):
    """A piece of a bar, in per cent. ``tone`` is a class of the style sheet."""

    x: float
    width: float
    tone: str
    says: str


class Bar(Struct, frozen=True, kw_only=True):
    """A bar of pieces with its label."""

    label: str
    note: str
    y: int
    pieces: tuple[Piece, ...]


class Bars(Struct, frozen=True, kw_only=True):
    """Bars under one another, each of the same length."""

    title: str
    description: str
    height: int
    bars: tuple[Bar, ...]


def percent(value: Share) -> str:
    """Give a share in words: ``97.5 % (39 of 40; 87.1 to 99.6 %)``."""
    if value.share is None:
        return "not tested"
    return interval(value).replace("(", f"({value.hits:,} of {value.of:,}; ", 1)


def interval(value: Share) -> str:
    """Give the share alone with its interval: ``97.5 % (87.1 to 99.6 %)``; nothing where none was tested."""
    if value.share is None or value.low is None or value.high is None:
        return ""
    return f"{_cent(value.share)} % ({_cent(value.low)} to {_cent(value.high)} %)"


def step_name(one: RungScore) -> str:
    """Give a step's name with its campaign's."""
    return f"{one.campaign or 'any campaign'}: {one.rung or 'no step'}"


def rungs_picture(score: Score) -> Forest | None:
    """Draw recall of rows and precision of claims, step by step; None where no row was labelled."""
    named = [(step_name(one), one.rows, one.claims) for one in score.rungs if one.rows.of or one.claims.of]
    return _forest("Rows found and claims borne out, by step of the ladder", named)


def kinds_picture(score: Score) -> Forest | None:
    """Draw the same by kind of log."""
    named = [(one.kind, one.rows, one.claims) for one in score.kinds if one.rows.of or one.claims.of]
    return _forest("Rows found and claims borne out, by kind of log", named)


def withheld_picture(score: Score) -> Bars | None:
    """Draw what became of the verdicts with each kind withheld; None where nothing was withheld."""
    if not score.withheld:
        return None
    bars = tuple(_bar(one, place) for place, one in enumerate(score.withheld))
    return Bars(
        title="What becomes of a verdict when one kind of log was not collected",
        description=" ".join(f"{bar.label}: {bar.note}." for bar in bars),
        height=_TOP + _PITCH * len(bars),
        bars=bars,
    )


def _forest(title: str, named: Sequence[tuple[str, Share, Share]]) -> Forest | None:
    if not named:
        return None
    floor = _floor([value for _, *both in named for value in both])
    strands = tuple(_strand(each, floor, place) for place, each in enumerate(named))
    return Forest(
        title=title,
        description=" ".join(f"{strand.label}: {strand.note}." for strand in strands),
        height=_TOP + _PITCH * len(strands) + 24,
        ticks=_ticks(floor),
        strands=strands,
    )


def _floor(values: Sequence[Share]) -> float:
    lowest = min((value.low for value in values if value.low is not None), default=1.0)
    return max(floor for floor in _STEPS if floor <= lowest)


def _ticks(floor: float) -> tuple[tuple[float, str], ...]:
    """Marks at round numbers from the beginning of the axis to 100 %."""
    marks = [floor + _STEPS[floor] * count for count in range(round((1 - floor) / _STEPS[floor]) + 1)]
    return tuple((round((mark - floor) / (1 - floor) * 100, 2), f"{round(mark * 100)} %") for mark in marks)


def _strand(named: tuple[str, Share, Share], floor: float, place: int) -> Strand:
    label, rows, claims = named
    dots = [_dot(rows, floor, "found", "rows found"), _dot(claims, floor, "borne", "claims borne out")]
    return Strand(
        label=label,
        note=f"{rows.hits:,} of {rows.of:,} rows, {claims.hits:,} of {claims.of:,} claims",
        y=_TOP + _PITCH * place + 38,
        dots=tuple(dot for dot in dots if dot),
    )


def _dot(value: Share, floor: float, shape: str, name: str) -> Dot | None:
    if value.share is None or value.low is None or value.high is None:
        return None
    x, low, high = (
        round(max(each - floor, 0) / (1 - floor) * 100, 2) for each in (value.share, value.low, value.high)
    )
    return Dot(x=x, low=low, high=high, says=f"{name}: {percent(value)}", shape=shape)


def _bar(one: WithheldScore, place: int) -> Bar:
    fates = (
        ("kept", one.kept, "the same word"),
        ("weaker", one.weaker, "less grave"),
        ("blind", one.undetermined, "undetermined"),
        ("other", one.other, "another word"),
    )
    whole = sum(count for _, count, _ in fates)
    pieces, x = list[Piece](), 0.0
    for tone, count, says in fates:
        width = round(100 * count / whole, 2) if whole else 0.0
        if count:
            pieces.append(Piece(x=round(x, 2), width=width, tone=tone, says=f"{count} {says}"))
        x += width
    note = ", ".join(piece.says for piece in pieces)
    broken = one.sound.of - one.sound.hits
    return Bar(
        label=one.kind,
        note=f"{note}; property broken {broken} times" if broken else note,
        y=_TOP + _PITCH * place + 12,
        pieces=tuple(pieces),
    )


def _cent(value: float) -> str:
    """Round down, so that only all of all is 100."""
    return f"{int(value * 1000) / 10:g}"
