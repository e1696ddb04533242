"""Whether programs can submit while a census is taken in: 50 posts a second to a running hub, over HTTP.

    python -m benchmarks.hub_contention [ROWS]

Starts ``tocsin serve`` on a new hub (SQLite, or DATABASE_URL), gives it a census of ROWS rows to take in, and
posts observations to its API at a steady rate until the import is through. A post is due at its moment,
whether the one before was answered or not, and what it waits is counted from then. At the end every server
of an accepted post is looked for in the database. Prints one line of JSON; the exit is 1 if a post was not
accepted or its server is missing, or if one post in twenty waited for longer than 100 ms.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv6Address
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.hub_ingest import FIRST, HEADER, census, claims

RATE = 50
"""Posts a second."""
CONNECTIONS = 16
WANTED_MS = 100
PREFIXES = 20_000
SOURCE = "submitted"
ACCEPTED = 202
PATIENCE = 900
"""Seconds for which what was submitted may wait until it is taken in."""
NOBODY = int(IPv6Address("2001:db8::"))


class Answer(NamedTuple):
    """One post: which one, when it was due, how long after that it was answered, and with what."""

    number: int
    due: float
    waited: float
    status: int


class Hub(NamedTuple):
    """A hub that runs: where it listens, and the key of a program that may submit."""

    port: int
    key: str


def main(rows: int) -> dict[str, Any]:
    """Measure, and give the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with _running(folder) as hub, _posting(hub) as answers:
            _until(lambda: len(answers) >= RATE, "the first answers")  # each process has answered once by now
            begun = time.monotonic()
            snapshot = _give(folder, rows)
            _until(lambda: _state(snapshot) in {"complete", "failed"}, "the import", seconds=3600)
            ended = time.monotonic()
        # what was posted is safe, whoever is stopped: a second start takes in what the first had no time for
        with _running(folder):
            _until(_taken_in, "what was submitted")
        during = [one for one in answers if begun <= one.due <= ended]
        figures = {"rows": rows, "import": _state(snapshot), "seconds": round(ended - begun, 1)}
        return figures | _figures(during) | _kept(answers) | {"load": round(os.getloadavg()[0], 1)}


@contextmanager
def _running(folder: Path) -> Iterator[Hub]:
    """Run a hub with its worker, and stop it at the end."""
    os.environ["TOCSIN_HUB_DATA"] = str(folder / "hub")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    key = _prepare(folder / "hub")
    command = [
        sys.executable,
        "-m",
        "tocsin.cli",
        "serve",
        "--data",
        str(folder / "hub"),
        "--port",
        str(port),
    ]
    with (folder / "serve.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603 - ours
    try:
        _until(lambda: _answers(port), "the hub")
        yield Hub(port, key)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _prepare(data: Path) -> str:
    from tocsin.hub.site import start  # noqa: PLC0415 - reads the environment

    start.prepare(data=data)
    from tocsin.hub.accounts.models import User  # noqa: PLC0415 - needs Django set up
    from tocsin.hub.accounts.services import make_token  # noqa: PLC0415 - as above
    from tocsin.hub.constituency.models import Claim  # noqa: PLC0415 - as above

    if not Claim.objects.exists():
        claims(PREFIXES)
    person = User.objects.get(email=start.FIRST)
    return make_token(person, "benchmark", ["census:write"], days=1, by=person)[1]


def _give(folder: Path, rows: int) -> int:
    """Register a census for the hub's worker to take in; gives its number."""
    from tocsin.hub.census.services import Terms, take_in  # noqa: PLC0415 - needs Django set up

    path = folder / f"{FIRST}-scan_exchange-nation.csv"
    path.write_text("\n".join([HEADER, *census(rows, FIRST)]) + "\n")
    return take_in(path, Terms(scope="all", method="benchmark 1")).snapshot


# --- posting ------------------------------------------------------------------------------------------


@contextmanager
def _posting(hub: Hub) -> Iterator[list[Answer]]:
    """Post at the rate, over several connections; gives the answers as they come."""
    answers: list[Answer] = []
    numbers, turn, stop, begun = count(1), threading.Lock(), threading.Event(), time.monotonic()

    def post() -> None:
        connection = HTTPConnection("127.0.0.1", hub.port, timeout=60)
        while not stop.is_set():
            with turn:
                number = next(numbers)
            due = begun + number / RATE
            stop.wait(max(due - time.monotonic(), 0))
            if not stop.is_set():
                status = _post(connection, hub.key, number)
                answers.append(Answer(number, due, time.monotonic() - due, status))

    threads = [threading.Thread(target=post) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _post(connection: HTTPConnection, key: str, number: int) -> int:
    """Submit one server; gives the status, 0 where none came."""
    seen = {"ip": _address(number), "build": "15.1.2106.2", "tags": ["cve-2021-26855"]}
    body = json.dumps({"source": SOURCE, "servers": [seen]})
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    try:
        connection.request("POST", "/api/observations", body, headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, HTTPException):
        connection.close()  # the next request opens another
        return 0
    return answer.status


def _address(number: int) -> str:
    return str(IPv6Address(NOBODY + number))


def _answers(port: int) -> bool:
    try:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/api/openapi.json")
        connection.getresponse().read()
    except (OSError, HTTPException):
        return False
    return True


# --- afterwards ---------------------------------------------------------------------------------------


def _until(true: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            sys.exit(f"waited {seconds} s in vain for {what}")
        time.sleep(0.2)


def _state(snapshot: int) -> str:
    from tocsin.hub.census.models import Snapshot  # noqa: PLC0415 - needs Django set up

    return Snapshot.objects.values_list("state", flat=True).get(pk=snapshot)


def _taken_in() -> bool:
    from tocsin.hub.api.models import Submission  # noqa: PLC0415 - needs Django set up
    from tocsin.hub.census.models import Snapshot  # noqa: PLC0415 - as above

    waiting = Submission.objects.filter(fault="").exists()
    return not waiting and not Snapshot.objects.filter(state__in=Snapshot.PENDING).exists()


def _figures(answers: list[Answer]) -> dict[str, Any]:
    """Give what became of the posts that were due during the import."""
    waited = sorted(one.waited * 1000 for one in answers) or [0.0]
    spots = {f"p{share}_ms": round(waited[len(waited) * share // 100], 1) for share in (50, 95, 99)}
    statuses = Counter(one.status for one in answers)
    return {
        "posts": len(answers),
        "accepted": statuses[ACCEPTED],
        "others": {str(status): number for status, number in statuses.items() if status != ACCEPTED},
        **spots,
        "most_ms": round(waited[-1], 1),
    }


def _kept(answers: list[Answer]) -> dict[str, int]:
    """Give how many accepted posts there were in all, and of how many the server is not in the database."""
    from tocsin.hub.census.models import Observation  # noqa: PLC0415 - needs Django set up

    kept = set(Observation.objects.filter(source__key=SOURCE).values_list("ip", flat=True))
    accepted = {_address(one.number) for one in answers if one.status == ACCEPTED}
    return {
        "accepted_in_all": len(accepted),
        "in_database": len(accepted & kept),
        "lost": len(accepted - kept),
    }


def _sound(figures: dict[str, Any]) -> bool:
    answered = figures["posts"] > 0 and not figures["others"]
    return (
        answered and not figures["lost"] and figures["import"] == "complete" and figures["p95_ms"] < WANTED_MS
    )


if __name__ == "__main__":
    measured = main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
    print(json.dumps(measured))
    sys.exit(not _sound(measured))
