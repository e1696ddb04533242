"""The worker's process: `python -m tocsin.hub.site.worker PARENT`. It ends when its parent does."""

from __future__ import annotations

import os
import signal
import sys
import threading


def main(parent: int) -> None:
    """Do chores until told to stop, or until the hub that started this process is gone."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    threading.Thread(target=_watch, args=(parent, stop), daemon=True).start()
    import django  # noqa: PLC0415 - after the signals are caught

    django.setup()
    from tocsin.hub.site.chores import work  # noqa: PLC0415 - needs Django set up

    work(stop)


def _watch(parent: int, stop: threading.Event) -> None:
    while not stop.wait(1):
        if os.getppid() != parent:
            stop.set()


if __name__ == "__main__":
    main(int(sys.argv[1]))
