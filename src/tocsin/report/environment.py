"""Where pages are made: everything printed is escaped, and made visible, unless a template wrote it."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tocsin.report.untrusted import visible


def environment(package: str) -> Environment:
    """Make an environment for the ``templates`` of a package; a name that is missing there is an error."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_seen,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def asset(package: str, name: str) -> str:
    """Give a style sheet or a script that stands among the templates of a package."""
    return files(package).joinpath("templates", name).read_text("utf-8")


def _seen(value: object) -> object:
    """Make every printed text visible; what is markup already went through a template."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return value
