"""Which web shells of a server are known to others: who keeps them registers here, and is asked each time.

This app knows no cases. Evidence is searched for every web shell that is named here or in an assessment, and
no server is shown clean while one of them is not shown to be gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from msgspec import Struct

from tocsin.hub.owners.models import HandIn


class KnownShell(Struct, frozen=True, kw_only=True):
    """A web shell that somebody knows of.

    Attributes:
        key: by which it is known (`rules.cases_identity.key_of`).
        path: file, or an empty text.
        until: the last moment at which it is known to have been there.
    """

    key: str
    path: str = ""
    until: datetime | None = None


SHELLS: list[Callable[[HandIn], Iterable[KnownShell]]] = []
"""Each gives the web shells of a hand-in's server that are not shown to be gone."""

OBJECTORS: list[Callable[[HandIn], Iterable[str]]] = []
"""Each says, in sentences, what its app knows against a hand-in that is to show its server clean."""


def known_shells(row: HandIn) -> tuple[KnownShell, ...]:
    """Every web shell that somebody knows of on a hand-in's server, each once."""
    return tuple({one.key: one for ask in SHELLS for one in ask(row)}.values())


def objections_of_others(row: HandIn) -> list[str]:
    """What other apps know against it."""
    return [said for ask in OBJECTORS for said in ask(row)]
