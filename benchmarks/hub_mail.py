"""How fast the hub sends owners' notices, and what is left of them when its worker is killed on the way.

    python benchmarks/hub_mail.py [MESSAGES] [KILLS] [LANES]

A mail server of its own (a process on loopback, STARTTLS demanded) takes MESSAGES notices, each to another
domain, each signed by DKIM with RSA of 2,048 bits. The hub's real worker sends them and is killed (SIGKILL)
KILLS times on the way. With DATABASE_URL the hub is on PostgreSQL. Prints one line of JSON; ``sound`` is true
if nothing came twice, and all that did not come, or may have, is exactly the messages in doubt.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

SERVER = Path(__file__).with_name("hub_mail_server.py")
POLL = 0.05
TEXT = """To the operator of the mail server {host}

On 3 March 2021 a census found your server {host} (192.0.2.1, port 443) open to the attack on Microsoft
Exchange that is known as ProxyLogon (CVE-2021-26855). It reported version 15.1.2106.2: no update.

What to do now: keep the logs and files as they are, then install the security update of March 2021. An update
closes the door; it does not show whether somebody came in before. Look at what your server's logs say.

We know of this from a census of the internet. We did not log in to your server, and changed nothing there.
Answer to this message, or call the number on our web site. Reference: {reference}
"""


def main(messages: int, kills: int, lanes: int) -> dict[str, Any]:
    """Measure, and give the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = subprocess.Popen([sys.executable, SERVER, folder], stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours
        try:
            assert server.stdout is not None
            _surround(folder, int(server.stdout.readline()), lanes)
            _queue(folder, messages)
            begun = time.monotonic()
            _work(folder, messages, kills)
            took = time.monotonic() - begun
            return _figures(folder, messages, kills, lanes) | {
                "seconds": round(took, 1),
                "per_second": round(messages / took),
                "worker_cpu_seconds": round(_cpu(), 1),
                "machine_load": round(os.getloadavg()[0], 1),
            }
        finally:
            server.kill()
            server.wait()


def _cpu() -> float:
    """Of all workers, killed ones too: they are this process's only children that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _surround(folder: Path, port: int, lanes: int) -> None:
    from tocsin.hub.rules.mail_dkim import new_key  # noqa: PLC0415 - beside its use

    (folder / "dkim.pem").write_bytes(new_key())
    os.environ |= {
        "TOCSIN_HUB_DATA": str(folder / "hub"),
        "DJANGO_SETTINGS_MODULE": "tocsin.hub.site.settings",
        "TOCSIN_HUB_SMTP": f"smtp+starttls://127.0.0.1:{port}",
        "TOCSIN_HUB_MAIL_CA": str(folder / "ca.pem"),
        "TOCSIN_HUB_MAIL_FROM": "National CERT <cert@hub.example>",
        "TOCSIN_HUB_DKIM_KEY": str(folder / "dkim.pem"),
        "TOCSIN_HUB_MAIL_LANES": str(lanes),
    }


def _queue(folder: Path, messages: int) -> None:
    from tocsin.hub.site import start  # noqa: PLC0415 - reads the environment that was just set

    start.prepare(data=folder / "hub")
    from tocsin.hub.outbox import services  # noqa: PLC0415 - needs Django set up

    services.queue([_draft(number) for number in range(messages)])


def _draft(number: int) -> Any:
    from tocsin.hub.outbox.services import Channel, Draft, Purpose  # noqa: PLC0415 - needs Django set up

    host = f"mail.owner{number:05}.example"
    return Draft(
        key=f"benchmark {number}",
        channel=Channel.EMAIL,
        address=f"security@owner{number:05}.example",
        purpose=Purpose.NOTICE,
        subject=f"Your mail server {host} is open to attack",
        text=TEXT.format(host=host, reference=f"{number:08}"),
        list_id="notices",
    )


def _work(folder: Path, messages: int, kills: int) -> None:
    """Run the worker until nothing is queued, and kill it each time that a share has arrived."""
    marks = [messages * at // (kills + 1) + 37 * at for at in range(1, kills + 1)]  # not between two pieces
    worker = _worker()
    while True:
        time.sleep(POLL)
        if marks and _received(folder) >= marks[0]:
            marks.pop(0)
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            worker = _worker()
        elif not marks and _received(folder) >= messages - kills * 32 and not _open():
            worker.terminate()
            worker.wait()
            return


def _worker() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tocsin.hub.site.worker", str(os.getpid())])  # noqa: S603 - ours


def _received(folder: Path) -> int:
    path = folder / "received"
    if not path.exists():
        return 0
    _seen.setdefault("size", 0)
    with path.open("rb") as handle:
        handle.seek(_seen["size"])
        content = handle.read()
    _seen["size"] += len(content)
    _seen["lines"] = _seen.get("lines", 0) + content.count(b"\n")
    return _seen["lines"]


_seen: dict[str, int] = {}


def _open() -> bool:
    from tocsin.hub.outbox.models import Message  # noqa: PLC0415 - needs Django set up

    return Message.objects.filter(state__in=["queued", "sending"]).exists()


def _figures(folder: Path, messages: int, kills: int, lanes: int) -> dict[str, Any]:
    from tocsin.hub.outbox.models import Message  # noqa: PLC0415 - needs Django set up

    lines = (folder / "received").read_text("utf-8").splitlines()
    came = Counter(line.split("\t")[0] for line in lines)
    rows = dict(Message.objects.values_list("message_id", "state"))
    doubtful = {number for number, state in rows.items() if state == "in-doubt"}
    sent = {number for number, state in rows.items() if state == "sent"}
    missing = set(rows) - set(came)
    twice = sum(1 for count in came.values() if count > 1)
    sound = not twice and missing <= doubtful and sent <= set(came) and sent | doubtful == set(rows)
    return {
        "messages": messages,
        "kills": kills,
        "lanes": lanes,
        "twice": twice,
        "in_doubt": len(doubtful),
        "missing": len(missing),
        "sound": sound and len(rows) == messages and len(doubtful) <= kills * lanes,
    }


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    print(json.dumps(main(*(given + [30_000, 3, 4][len(given) :]))))
