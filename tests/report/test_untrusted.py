"""Text from evidence is made harmless to look at, whatever it is."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report.samples import HOSTILE

from tocsin.report.untrusted import defang, shorten, visible

ANY_TEXT = st.text(st.characters(), max_size=80)
ACTS = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain é 中", "plain é 中"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\U000e0041", "\\U000e0041"),
        ("\x9b2J", "\\x9b2J"),
        ("a" + "\u0301" * 9, "a" + "\u0301" * 3 + "…"),
    ],
)
def test_what_acts_is_shown(raw: str, shown: str) -> None:
    assert visible(raw) == shown


@pytest.mark.parametrize(
    ("raw", "harmless"),
    [
        ("GET http://evil.example/a.b", "GET hxxp://evil[.]example/a.b"),
        ("HTTPS://Evil.Example", "hxxps://Evil[.]Example"),
        ("ftp://a.b", "fxp://a[.]b"),
        ("javascript:alert(1)", "javascript[:]alert(1)"),
        ("<scr" + "ipt>", "<[.]script>"),
        ("< /scr" + "ipt>", "<[.] /script>"),
        ("<% x %>", "<[.]% x %>"),
        ("ev" + "al(Req" + 'uest["k"])', 'eval[.](Request[.]["k"])'),
        ("from 203.0.113.21", "from 203.0.113.21"),
        (
            "a forged request (see above) to execute (or not)",
            "a forged request (see above) to execute (or not)",
        ),
        ("C:\\inetpub\\a.aspx:12", "C:\\inetpub\\a.aspx:12"),
    ],
)
def test_urls_and_scripts_are_broken_and_addresses_are_not(raw: str, harmless: str) -> None:
    assert defang(raw) == harmless


@given(ANY_TEXT | st.sampled_from(HOSTILE))
def test_nothing_that_acts_is_left(raw: str) -> None:
    for text in (visible(raw), defang(raw)):
        assert not {unicodedata.category(character) for character in text} & ACTS


@given(ANY_TEXT)
def test_what_is_seen_once_is_seen_the_same_twice(raw: str) -> None:
    assert visible(visible(raw)) == visible(raw)
    assert defang(defang(raw)) == defang(raw)


@given(ANY_TEXT, st.integers(1, 90))
def test_a_cut_is_seen_and_fits(raw: str, limit: int) -> None:
    cut = shorten(raw, limit)
    assert len(cut) <= limit
    assert cut == raw or cut.endswith("…")
