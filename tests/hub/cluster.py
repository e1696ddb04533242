"""A PostgreSQL server of the tests' own: in a temporary folder, on loopback, gone when they end.

PostgreSQL refuses to run as root, so root starts it as the user ``postgres``. Nothing on the machine is set
up or changed; a server that stands there already is left alone.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

OWNER = "postgres"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "60",
    "fsync": "off",  # what a crash would lose is a test's
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


class Cluster:
    """Started by ``Cluster()``, reached by ``url``, ended by ``stop``."""

    def __init__(self) -> None:
        """Make it and wait until it answers."""
        self._programs = _programs()
        self._home = Path(tempfile.mkdtemp(prefix="tocsin-postgresql-"))
        password = secrets.token_hex(12)
        port = _free_port()
        secret = self._home / "password"
        secret.write_text(password, "ascii")
        if os.geteuid() == 0:
            for path in (self._home, secret):
                shutil.chown(path, OWNER)
        data = self._home / "data"
        self._run("initdb", "-D", str(data), "-U", OWNER, "-A", "scram-sha-256", f"--pwfile={secret}", "-N")
        options = " ".join(f"-c {name}='{value}'" for name, value in {**SETTINGS, "port": port}.items())
        self._run("pg_ctl", "-D", str(data), "-w", "-l", str(self._home / "log"), "-o", options, "start")
        self.url = f"postgresql://{OWNER}:{password}@127.0.0.1:{port}/postgres"

    def stop(self) -> None:
        """End it at once and leave nothing behind."""
        self._run("pg_ctl", "-D", str(self._home / "data"), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self._home)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._programs / program), *arguments],
            user=OWNER if os.geteuid() == 0 else None,
            cwd=self._home,
            check=True,
            stdout=subprocess.DEVNULL,
        )


def _programs() -> Path:
    """Where initdb stands: on the path, or in Debian's folder of the newest release."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not folders:
        message = "no PostgreSQL here: apt-get install postgresql, or leave out --database"
        raise FileNotFoundError(message)
    return folders[-1]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
