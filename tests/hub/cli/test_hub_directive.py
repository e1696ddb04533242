"""`tocsin hub directive` as somebody types it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.hub.cli.test_hub_commands import tocsin, well

pytestmark = pytest.mark.slow


def test_list_fill_and_read(tmp_path: Path) -> None:
    assert well("hub", "directive", "list", cwd=tmp_path) == "ed-21-02\tnot in force\t0\t0\t0\t0\t0\t0"
    written = well("hub", "directive", "fill", "ed-21-02", "-o", "out.xlsx", cwd=tmp_path)
    assert written.splitlines() == ["out.xlsx", "out-proofs.csv"]
    assert (tmp_path / "out.xlsx").read_bytes()[:2] == b"PK"
    for wrong in (
        ("fill", "ed-0", "-o", "x.xlsx"),
        ("fill", "ed-21-02", "-o", "x.txt"),
        ("fill", "ed-21-02", "-o", "x.xlsx", "--organisation", 7),
        ("read", "ed-21-02", "nowhere.xlsx", "--organisation", 7),
        ("read", "ed-21-02", "out.xlsx", "--organisation", 7),
    ):
        refused = tocsin("hub", "directive", *wrong, cwd=tmp_path)
        assert refused.returncode == 2, refused.stderr
        assert "Traceback" not in refused.stderr
