"""Import a file in a process of its own that dies, as by kill -9, at the n-th call of a function.

python killed.py DATA FILE [MODULE:FUNCTION NUMBER before|after]
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main(data: str, file: str, *point: str) -> None:
    from tocsin.hub.site import start  # noqa: PLC0415 - after the surroundings are set

    start.prepare(data=Path(data))
    from tocsin.hub.campaigns.services import load_campaigns  # noqa: PLC0415 - after the surroundings are set
    from tocsin.hub.census import pace  # noqa: PLC0415 - after the surroundings are set
    from tocsin.hub.census.services import Terms, import_file  # noqa: PLC0415 - after the surroundings are set

    load_campaigns()
    pace.LEAST = pace.MOST = 40  # several transactions for a small file
    if point:
        arm(*point)
    import_file(Path(file), Terms(scope="all", method="1"))


def arm(target: str, number: str, when: str) -> None:
    """Make the process die at the n-th call."""
    module, _, name = target.partition(":")
    owner: Any = importlib.import_module(module)
    *outer, last = name.split(".")
    for one in outer:
        owner = getattr(owner, one)
    setattr(owner, last, _mortal(getattr(owner, last), int(number), before=when == "before"))


def _mortal(function: Callable[..., Any], number: int, *, before: bool) -> Callable[..., Any]:
    calls = 0

    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number and before:
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*args, **kwargs)
        if calls == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return call


if __name__ == "__main__":
    main(*sys.argv[1:])
