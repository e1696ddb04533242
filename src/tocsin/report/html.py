"""The assessment as one self-contained HTML file: no request, no JavaScript needed, nothing trusted.

Autoescape is on, an undefined name is an error, and whatever a template prints is made visible first
(``untrusted.visible``), so that a template that forgets cannot let a character act. Evidence text is
printed through ``defang``; locators are not, because they are there to be copied. The meta CSP allows
the one style sheet and the one script of this file by their hashes, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib

from jinja2 import Environment
from markupsafe import Markup

from tocsin.model.verdicts import Assessment
from tocsin.model.verification import Verification
from tocsin.report import view, words
from tocsin.report.bars import axis, share
from tocsin.report.environment import asset, environment
from tocsin.report.prose import blocks, first_sentence
from tocsin.report.sequence import sequence
from tocsin.report.timeline import picture
from tocsin.report.untrusted import broken, defang, shorten

EXCERPT = 600
"""Characters of one field of a finding that the page shows; the JSON document has all."""
MOST_SHELLS = 100
"""Web shells of one verdict whose code the page shows."""


def render(assessment: Assessment) -> str:
    """Give the whole page."""
    style, script = asset("tocsin.report", "report.css"), asset("tocsin.report", "report.js")
    return _ENVIRONMENT.get_template("report.html.j2").render(
        a=assessment,
        verdicts=view.by_gravity(assessment),
        headline=view.headline(assessment),
        most_shells=MOST_SHELLS,
        sight=view.sight(assessment.coverage),
        steps=view.steps_in_order(view.by_gravity(assessment)),
        axis=axis(assessment.coverage),
        style=Markup(style),  # noqa: S704 - our own file, no evidence in it
        script=Markup(script),  # noqa: S704 - our own file, no evidence in it
        policy=_policy(style, script),
    )


def render_verification(verification: Verification) -> str:
    """Give the page about what became of the web shells of an earlier assessment."""
    style, script = asset("tocsin.report", "report.css"), asset("tocsin.report", "report.js")
    return _ENVIRONMENT.get_template("verification.html.j2").render(
        v=verification,
        phrase=words.OVERALL[verification.answer],
        style=Markup(style),  # noqa: S704 - our own file, no evidence in it
        policy=_policy(style, script),
    )


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _environment() -> Environment:
    made = environment("tocsin.report")
    made.filters.update(
        defang=defang,
        broken=broken,
        shorten=shorten,
        stamp=view.stamp,
        iso=view.iso,
        days=view.days,
        amount=view.amount,
        blocks=blocks,
        first_sentence=first_sentence,
    )
    made.globals.update(
        words=words,
        view=view,
        plural=view.plural,
        share=share,
        picture=picture,
        sequence=sequence,
        excerpt=EXCERPT,
    )
    return made


_ENVIRONMENT = _environment()
