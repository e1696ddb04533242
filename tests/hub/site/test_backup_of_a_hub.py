"""A running hub goes into one file, and into an empty folder (and an empty database) again."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from tests.hub import making

from tocsin.hub.constituency.models import Organisation
from tocsin.hub.rules.sealing import Passphrase
from tocsin.hub.site.backup import DUMP, SECRET, SQLITE, backup, restore

KEYS = [Passphrase("correct horse battery staple")]


@pytest.mark.django_db(transaction=True)
def test_the_running_hub_goes_there_and_back(tmp_path: Path) -> None:
    making.organisation("Contoso")
    folder, again = tmp_path / "hub", tmp_path / "again"
    folder.mkdir()
    (folder / SECRET).write_text("secret")
    if connection.vendor == "sqlite":
        place = folder / SQLITE
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM INTO '{place}'")
        made = backup(folder, tmp_path / "b", KEYS, settings={"ENGINE": "sqlite3", "NAME": place})
        assert set(restore(tmp_path / "b", again, KEYS).files) == set(made.files)
        return
    here = {**settings.DATABASES["default"], "NAME": connection.settings_dict["NAME"]}
    backup(folder, tmp_path / "b", KEYS, settings=here)
    empty = f"{here['NAME']}_again"
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{empty}"')
    try:
        made = restore(tmp_path / "b", again, KEYS, settings={**here, "NAME": empty})
        assert DUMP in made.files
        assert (again / SECRET).read_text() == "secret"
        assert not (again / DUMP).exists()
        assert Organisation.objects.get().name == "Contoso"
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{empty}"')
