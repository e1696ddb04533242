"""Evidence built in memory: small trees and zips of the shapes that collectors leave."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Build = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Build:
    """Write files, by name, below a new folder and give it."""

    def build(files: Mapping[str, bytes], name: str = "collected") -> Path:
        root = tmp_path / name
        root.mkdir()
        for path, data in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)
        return root

    return build


@pytest.fixture
def zipped(tmp_path: Path) -> Build:
    """Write a zip of names (or whole ``ZipInfo``) and bytes and give its path."""

    def build(
        files: Mapping[str | zipfile.ZipInfo, bytes],
        name: str = "collected.zip",
        method: int = zipfile.ZIP_DEFLATED,
    ) -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", method) as out:
            for info, data in files.items():
                out.writestr(info, data)
        return path

    return build
