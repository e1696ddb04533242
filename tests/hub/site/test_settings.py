"""The settings behind https pass Django's own deployment checks, and the first run makes a closed folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def django(data: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {
        "PYTHONPATH": str(ROOT / "src"),
        "DJANGO_SETTINGS_MODULE": "tocsin.hub.site.settings",
        "TOCSIN_HUB_DATA": str(data),
        "TOCSIN_HUB_URL": "https://hub.example",
        "TOCSIN_HUB_HOSTS": "hub.example",
        "TOCSIN_HUB_TESTING": "",
        **more,
    }
    command = [sys.executable, "-W", "error", "-m", "django", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_no_deployment_check_complains(tmp_path: Path) -> None:
    done = django(tmp_path / "hub", "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr + done.stdout
    assert "no issues" in done.stdout


@pytest.mark.slow
def test_the_models_have_their_migrations(tmp_path: Path) -> None:
    done = django(tmp_path / "hub", "makemigrations", "--check", "--dry-run")
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_a_secret_that_others_may_read_stops_the_hub(tmp_path: Path) -> None:
    folder = tmp_path / "hub"
    django(folder, "check")
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "secret.key").stat().st_mode & 0o077 == 0
    (folder / "secret.key").chmod(0o644)
    done = django(folder, "check")
    assert done.returncode != 0
    assert "chmod 600" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("url", "prefix"), [("https://hub.example", "__Host-"), ("http://127.0.0.1:8000", "")]
)
def test_cookies_belong_to_this_host_alone_where_there_is_tls(tmp_path: Path, url: str, prefix: str) -> None:
    asked = (
        "from django.conf import settings as s; import django; django.setup(); "
        "from tocsin.hub.site.said import Cookie; "
        "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, Cookie.cookie_name, s.SESSION_COOKIE_SECURE, "
        "s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_DOMAIN, s.CSRF_COOKIE_DOMAIN, s.SESSION_COOKIE_PATH)"
    )
    done = django(tmp_path / "hub", "shell", "--no-imports", "-c", asked, TOCSIN_HUB_URL=url)
    assert done.returncode == 0, done.stderr
    names = [f"{prefix}{name}" for name in ("sessionid", "csrftoken", "messages")]
    assert done.stdout.split() == [*names, *[str(bool(prefix))] * 2, "None", "None", "/"]
