"""Start the hub: folder, database, first administrator, web server, and the worker beside it."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

WORKER = "tocsin.hub.site.worker"
FIRST = "administrator@localhost.localdomain"


def prepare(*, data: Path, url: str | None = None, hosts: str | None = None) -> str | None:
    """Set Django up on ``data`` and bring the database to this release.

    Returns:
        The password of the first administrator, if this call made him; it is kept nowhere else.
    """
    os.environ["TOCSIN_HUB_DATA"] = str(data)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tocsin.hub.site.settings"
    for name, value in (("TOCSIN_HUB_URL", url), ("TOCSIN_HUB_HOSTS", hosts)):
        if value:
            os.environ[name] = value
    import django  # noqa: PLC0415 - reads the environment that was just set

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 - needs Django set up

    from tocsin.hub.campaigns.services import load_campaigns  # noqa: PLC0415 - needs Django set up
    from tocsin.hub.directives.loading import load_directives  # noqa: PLC0415 - needs Django set up

    with _alone(data):
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        load_campaigns()
        load_directives()
        return first_administrator()


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Let two commands that begin at the same time prepare one after the other (where there is flock)."""
    try:
        import fcntl  # noqa: PLC0415 - not on Windows
    except ImportError:
        yield
        return
    with (data / "preparing.lock").open("wb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def first_administrator() -> str | None:
    """Make the first administrator where there is nobody. Gives his password, or None."""
    from tocsin.hub.accounts.models import User  # noqa: PLC0415 - needs Django set up
    from tocsin.hub.rules.words import Role  # noqa: PLC0415 - as above

    if User.objects.exists():
        return None
    password = secrets.token_urlsafe(15)
    User.objects.create_user(FIRST, password, name="First administrator", role=Role.ADMINISTRATOR)
    return password


def serve(*, host: str, port: int, workers: int) -> None:
    """Serve until told to stop; the worker runs beside it and is started again when it dies."""
    stop = threading.Event()
    keeper = threading.Thread(target=_keep_worker, args=(stop,), daemon=True)
    keeper.start()
    try:
        _windows(host, port) if sys.platform == "win32" else _gunicorn(host, port, workers)
    finally:
        stop.set()
        keeper.join(timeout=10)


def _keep_worker(stop: threading.Event) -> None:
    while not stop.is_set():
        process = subprocess.Popen([sys.executable, "-m", WORKER, str(os.getpid())])  # noqa: S603 - our own module
        while process.poll() is None and not stop.wait(0.2):
            pass
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait()
        stop.wait(1)


def _gunicorn(host: str, port: int, workers: int) -> None:
    from gunicorn.app.base import BaseApplication  # noqa: PLC0415 - not on Windows

    class Hub(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
        """gunicorn with our options instead of a configuration file."""

        def load_config(self) -> None:
            options: dict[str, Any] = {
                "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
                "workers": workers,
                "worker_class": "gthread",
                "threads": 4,
                "timeout": 120,
                "graceful_timeout": 10,
                "max_requests": 20_000,
                "max_requests_jitter": 2_000,
                "loglevel": "warning",
            }
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            from tocsin.hub.site.wsgi import application  # noqa: PLC0415 - in each worker

            return application

    Hub().run()


def _windows(host: str, port: int) -> None:
    from waitress import serve as wait  # noqa: PLC0415 - on Windows only

    from tocsin.hub.site.wsgi import application  # noqa: PLC0415 - needs the environment

    wait(application, host=host, port=port, threads=8)
