"""What apps declare for the whole hub, found by the name of a module: chores, routers, retention, exports."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from django.conf import settings

OURS = "tocsin.hub."


def modules(name: str) -> list[ModuleType]:
    """The modules of this name, of every app of the hub that has one, in the order of ``INSTALLED_APPS``."""
    paths = [f"{app}.{name}" for app in settings.INSTALLED_APPS if app.startswith(OURS)]
    return [import_module(path) for path in paths if find_spec(path)]
