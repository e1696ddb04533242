"""What all tests share: golden files, hypothesis profiles, and the tier that needs real evidence.

A test marked ``real`` is left out, not skipped, where no real evidence stands beside the checkout:
a skip would look like a test that might have run.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import django
import pytest
from hypothesis import HealthCheck, settings
from tests.hub.cluster import Cluster

# What a developer's own runs kept is no part of a test, nor may tests leave anything there.
os.environ["TOCSIN_CACHE"] = "off"

# The hub's settings read these when Django starts, which is before any fixture.
HUB_DATA = Path(tempfile.mkdtemp(prefix="tocsin-hub-tests-"))
os.environ["TOCSIN_HUB_DATA"] = str(HUB_DATA)
os.environ["TOCSIN_HUB_TESTING"] = "1"
os.environ["DJANGO_SETTINGS_MODULE"] = "tocsin.hub.site.settings"
CLUSTER: Cluster | None = None
if "PYTEST_XDIST_WORKER" not in os.environ:  # workers inherit what the first process chose
    os.environ.pop("DATABASE_URL", None)
    if "postgresql" in " ".join(sys.argv).replace("=", " ").split("--database ")[-1].split()[:1]:
        CLUSTER = Cluster()
        os.environ["DATABASE_URL"] = CLUSTER.url
django.setup()

REAL_EVIDENCE = Path(__file__).parents[2] / "shared" / "evidence"

# No deadlines: a busy machine is not a defect. A gate says the same twice: what it refuses is the change's
# fault, not the luck of the draw; `make fuzz` and everyone's own runs draw anew.
settings.register_profile("quick", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("gate", settings.get_profile("quick"), derandomize=True)
settings.register_profile("fuzz", settings.get_profile("quick"), max_examples=20_000)
settings.load_profile(os.environ.get("TOCSIN_HYPOTHESIS", "quick"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--accept`` writes golden files instead of comparing with them; ``--database`` chooses the hub's."""
    parser.addoption("--accept", action="store_true", help="write golden files anew; read the diff")
    parser.addoption(
        "--database",
        choices=["sqlite", "postgresql"],
        default="sqlite",
        help="what the hub's tests run on; postgresql is started on loopback in a temporary folder",
    )


def pytest_unconfigure() -> None:
    """End the database server that these tests started."""
    if CLUSTER:
        CLUSTER.stop()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests marked ``real`` when there is nothing real to read."""
    if REAL_EVIDENCE.is_dir():
        return
    left_out = [item for item in items if item.get_closest_marker("real")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("real")]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line that the tier of real evidence was left out, and why."""
    if not REAL_EVIDENCE.is_dir():
        terminalreporter.write_line(f"left out: tests marked real, as there is no {REAL_EVIDENCE}")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare a whole output with its golden file; ``--accept`` writes the file instead."""

    def compare(path: Path, actual: str) -> None:
        if request.config.getoption("--accept"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(actual, "utf-8", newline="\n")
        assert path.exists(), f"{path} is missing: run with --accept, and read what it wrote"
        assert actual == path.read_text("utf-8")

    return compare
