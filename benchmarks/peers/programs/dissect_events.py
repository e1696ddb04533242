"""``dissect_events.py FOLDER``: parse the event logs below with dissect.target, count the records."""

from __future__ import annotations

import sys
from pathlib import Path

# It lives in the contender's own environment.
from dissect.target import Target  # type: ignore[import-not-found,unused-ignore]  # pyright: ignore[reportMissingImports]

if __name__ == "__main__":
    target = Target.open_direct([str(path) for path in sorted(Path(sys.argv[1]).rglob("*.evtx"))])
    print(sum(1 for _ in target.evtx()))
