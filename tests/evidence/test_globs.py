"""Globs over places: any folders or none, names by ``*`` and ``?``, nothing else special."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.evidence.globs import fits


@pytest.mark.parametrize(
    ("where", "glob", "fit"),
    [
        ("logging/httpproxy/owa/a.log", "**/logging/httpproxy/**/*.log", True),
        ("x/y/logging/httpproxy/a.log", "**/logging/httpproxy/**/*.log", True),
        ("xlogging/httpproxy/a.log", "**/logging/httpproxy/**/*.log", False),
        ("logging/httpproxy/a.txt", "**/logging/httpproxy/**/*.log", False),
        ("a/b/c", "a/*", False),
        ("a/b/c", "a/**", True),
        ("w3svc12/u_ex1.log", "**/w3svc*/*", True),
        ("a+b(c).log", "a+b(c).log", True),
        ("a1.log", "a?.log", True),
        ("a.log", "aXlog", False),
        ("a/" * 3000 + "x.log", "**/x.log", False),
    ],
)
def test_fits(where: str, glob: str, *, fit: bool) -> None:
    assert fits(where, (glob,)) is fit


@given(st.text(max_size=30))
def test_any_place_fits_everything(where: str) -> None:
    assert fits(where, ("nothing/else", "**"))
    assert not fits(where, ())
