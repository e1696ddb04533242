"""A score as one self-contained HTML file: no request, no script; the pictures are drawn by hand."""

from __future__ import annotations

import base64
import hashlib

from jinja2 import Environment
from markupsafe import Markup
from msgspec import Struct

from tocsin.exercise.scoring.drawing import interval, kinds_picture, percent, rungs_picture, withheld_picture
from tocsin.exercise.scoring.totals import QUESTIONS, Score
from tocsin.model.words import Compromise, Exposure, Residual
from tocsin.report.environment import asset, environment
from tocsin.report.untrusted import defang
from tocsin.report.view import plural

CHECK_WORDS = {
    "compromise": "What was done",
    "campaign": "Which campaign",
    "rung": "How far it went",
    "exposure": "Whether the flaw is open",
    "residual": "What is left",
}
"""The questions in the order of the page, in plain words."""


_WORDS = ("none", *map(str, (*Compromise, *Exposure, *Residual)))


class Confusion(Struct, frozen=True, kw_only=True):
    """One confusion table: a row for each truth, a column for each answer."""

    question: str
    campaign: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]


def render(score: Score) -> str:
    """Give the whole page."""
    style = asset("tocsin.report", "report.css") + asset("tocsin.exercise.scoring", "score.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return _ENVIRONMENT.get_template("score.html.j2").render(
        s=score,
        checks=CHECK_WORDS,
        right={(one.what, one.of): one.right for one in score.checks},
        confusions=confusions(score),
        rungs=rungs_picture(score),
        kinds=kinds_picture(score),
        withheld=withheld_picture(score),
        style=Markup(style),  # noqa: S704 - our own file
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; "
        "form-action 'none'",
    )


def confusions(score: Score) -> tuple[Confusion, ...]:
    """Give the confusion tables by campaign and question; words in their own order, steps as climbed."""
    keys = dict.fromkeys((cell.question, cell.campaign) for cell in score.confusion)
    ordered = sorted(keys, key=lambda key: (key[1], QUESTIONS.index(key[0])))
    return tuple(_confusion(key, score) for key in ordered)


def _confusion(key: tuple[str, str], score: Score) -> Confusion:
    own = [cell for cell in score.confusion if (cell.question, cell.campaign) == key]
    steps = [one.rung for one in score.rungs if one.campaign == key[1]]
    places = {word: place for place, word in enumerate(dict.fromkeys((*_WORDS, *steps)))}
    columns = tuple(
        sorted(
            {word for cell in own for word in (cell.expected, cell.found)},
            key=lambda word: (places.get(word, len(places)), word),
        )
    )
    counts = {(cell.expected, cell.found): cell.servers for cell in own}
    truths = [word for word in columns if any(cell.expected == word for cell in own)]
    rows = tuple((truth, tuple(counts.get((truth, word), 0) for word in columns)) for truth in truths)
    return Confusion(question=key[0], campaign=key[1], columns=columns, rows=rows)


def _environment() -> Environment:
    made = environment("tocsin.exercise.scoring")
    made.filters.update(defang=defang, percent=percent, interval=interval)
    made.globals.update(plural=plural)
    return made


_ENVIRONMENT = _environment()
