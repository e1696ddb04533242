"""How long others who write wait while a census is taken in: 50 small transactions a second, on SQLite.

    python benchmarks/hub_contention.py [ROWS]

Prints how many were written, how many were lost, and the waiting times.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.hub_ingest import claims, imports

RATE = 50
INSERT = "INSERT INTO visits (at) VALUES (?)"
PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;"


def main(rows: int) -> None:
    """Take in two days while another thread of another connection writes."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        os.environ["TOCSIN_HUB_DATA"] = str(root / "hub")
        from tocsin.hub.site import start  # noqa: PLC0415 - reads the environment that was just set

        start.prepare(data=root / "hub")
        claims(20_000)
        process = os.fork()
        if process == 0:
            write(root)
            os._exit(0)
        took = dict(imports(root, rows, 2))
        (root / "stop").touch()
        os.waitpid(process, 0)
        print(json.dumps({"rows": rows, **took, **json.loads((root / "waits").read_text())}))


def write(root: Path) -> None:
    """Write at a steady rate until told to stop; a late one does not delay the next beyond its own wait."""
    database = sqlite3.connect(root / "hub" / "hub.sqlite3", isolation_level=None)
    database.executescript(PRAGMAS + "CREATE TABLE visits (at REAL);")
    waits: list[float] = []
    failed, due = 0, time.monotonic()
    while not (root / "stop").exists():
        due += 1 / RATE
        time.sleep(max(due - time.monotonic(), 0))
        try:
            database.execute("BEGIN IMMEDIATE")
            database.execute(INSERT, (due,))
            database.execute("COMMIT")
        except sqlite3.OperationalError:
            failed += 1
        waits.append((time.monotonic() - due) * 1000)
    waits.sort()
    figures = {"written": len(waits) - failed, "failed": failed}
    spots = {f"p{share}_ms": round(waits[len(waits) * share // 100], 1) for share in (50, 95, 99)}
    (root / "waits").write_text(json.dumps({**figures, **spots, "most_ms": round(waits[-1], 1)}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 46_000)
