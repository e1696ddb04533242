"""The process in which evidence that a stranger handed in is examined: bounded before it sees anything.

Run as ``python -m tocsin.hub.owners.examining SECONDS``: it takes an `examination.Task` on standard input
and writes an `examination.Examined` to standard output. It knows neither Django nor the database; where
the system lets it, it has no network.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

GIB = 1 << 30
MEMORY = 6 * GIB
"""Bytes of address space: engines reserve more than they use."""

GRACE = 60
"""Seconds of the processor besides those of reading."""

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000


def bind(seconds: float) -> None:
    """Bound this process: memory, time, no network where the system lets it."""
    with suppress(ImportError):
        import resource  # noqa: PLC0415 - not on Windows

        spent = int(seconds) + GRACE
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (spent, spent + GRACE))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).unshare(_NEW_USER | _NEW_NETWORK)  # some containers refuse: then with it


def main(seconds: float) -> None:
    """Examine the task on standard input."""
    bind(seconds)
    from tocsin.hub.owners.examination import run  # noqa: PLC0415 - bounds first

    sys.stdout.buffer.write(run(sys.stdin.buffer.read()))


if __name__ == "__main__":
    main(float(sys.argv[1]))
