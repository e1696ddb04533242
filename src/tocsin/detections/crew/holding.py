"""Hold a process to a bound on memory, where the system knows one; Linux counts what is its own to write."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec


def hold_to(memory: int) -> None:
    """Have this process, and those that it starts, fail clearly rather than hold more than so many bytes."""
    if find_spec("resource") is None:
        return
    resource = import_module("resource")
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    bound = memory if most == resource.RLIM_INFINITY else min(memory, most)
    resource.setrlimit(resource.RLIMIT_DATA, (bound, most))
