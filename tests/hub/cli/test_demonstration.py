"""A demonstration is handed over whole, once, and taken in by the hub's own chores."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from django.conf import settings
from tests.hub import making

from tocsin.cli import demonstration
from tocsin.errors import UsageFault
from tocsin.exercise.nation import library
from tocsin.hub.campaigns.services import load_campaigns
from tocsin.hub.census.models import Snapshot
from tocsin.hub.census.services import run_next
from tocsin.hub.constituency.models import Contact, Organisation
from tocsin.hub.exposure.models import Standing

pytestmark = pytest.mark.django_db


def silent(_what: str, _done: int, _whole: int) -> None:
    """Say nothing."""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demonstration's nation with fewer servers and days."""
    whole = library.load(demonstration.SCENARIO)
    few = msgspec.structs.replace(whole, days=5, servers=60, organisations=20, networks=30)
    monkeypatch.setattr(library, "load", lambda _name: few)


@pytest.mark.usefixtures("small")
def test_handed_over_once_and_taken_in_by_the_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "DATA", tmp_path)
    load_campaigns()
    demonstration.load_demonstration(tmp_path, silent)
    waiting = Snapshot.objects.filter(state=Snapshot.WAITING).count()
    assert waiting == Snapshot.objects.count() > 4
    assert Organisation.objects.count() >= 20
    assert run_next()
    assert Standing.objects.exists(), "pages show something after the first census"
    demonstration.load_demonstration(tmp_path, silent)
    while run_next():
        pass
    assert set(Snapshot.objects.values_list("state", flat=True)) == {Snapshot.COMPLETE}
    assert Snapshot.objects.count() == waiting
    assert Contact.objects.filter(verified__isnull=False).exists(), "somebody was verified before the crisis"
    assert Contact.objects.filter(verified=None).exists()


@pytest.mark.usefixtures("small")
def test_a_hub_in_use_is_not_spoilt(tmp_path: Path) -> None:
    making.snapshot()
    with pytest.raises(UsageFault, match="holds censuses already"):
        demonstration.load_demonstration(tmp_path, silent)
