"""One module per contender; each has a ``CONTENDER``. A new one is one file here."""

from __future__ import annotations

import importlib
import pkgutil

from benchmarks.peers.contending import Contender


def contenders() -> list[Contender]:
    """Give all of them, Tocsin first, the others by name."""
    names = sorted(info.name for info in pkgutil.iter_modules(__path__))
    found = [importlib.import_module(f"{__name__}.{name}").CONTENDER for name in names]
    return sorted(found, key=lambda one: (one.name != "tocsin", one.name))
