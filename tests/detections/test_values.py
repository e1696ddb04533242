"""Field values as rules see them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.detections.rule_makers import record, row_of

from tocsin.detections.values import decodings, views


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/a b", ("/a b",)),
        ("/%61", ("/%61", "/a")),
        ("/%2561", ("/%2561", "/%61", "/a")),
        ("/%252561", ("/%252561", "/%2561", "/%61")),
        ("100%", ("100%",)),
        ("%u0061%U0062", ("%u0061%U0062", "ab")),
        ("%c3%a9", ("%c3%a9", "\u00e9")),
        ("%ff", ("%ff", "\ufffd")),
        ("%25", ("%25", "%")),
    ],
)
def test_two_decodings_at_most(text: str, found: tuple[str, ...]) -> None:
    assert decodings(text) == found


@given(st.text(max_size=50))
def test_any_text_decodes_and_stands_first_itself(text: str) -> None:
    found = decodings(text)
    assert found[0] == text
    assert 1 <= len(found) <= 3


def test_only_url_like_fields_are_decoded() -> None:
    assert views("cs-uri-stem", "%61") == ("%61", "a")
    assert views("cs-username", "%61") == ("%61",)


def test_the_whole_uri_is_put_together_where_a_web_log_lacks_it() -> None:
    assert row_of(record(cs_uri_stem="/a", cs_uri_query="b=1")).value("cs-uri") == "/a?b=1"
    assert row_of(record(cs_uri_stem="/a", cs_uri_query=None)).value("cs-uri") == "/a"
    assert row_of(record(cs_uri_stem=None)).value("cs-uri") is None
    assert row_of(record(cs_uri_stem="/a", cs_uri="/own")).value("cs-uri") == "/own"
    assert row_of(record(cs_uri_stem="/a", cs_uri=None)).value("cs-uri") is None
    assert row_of(record("http.err", cs_uri_stem="/a")).value("cs-uri") is None


def test_an_empty_field_is_there_and_an_absent_one_is_not() -> None:
    row = row_of(record(cs_uri_stem="/A%42", cs_username=None))
    assert (row.has("cs-username"), row.has("cs-referer"), row.has("cs-uri")) == (True, False, True)
    assert row.views("cs-username") == ()
    assert row.views("cs-uri-stem") == ("/A%42", "/AB")
    assert row.lower("cs-uri-stem") == ("/a%42", "/ab")
    assert row.lower("cs-uri-stem") is row.lower("cs-uri-stem")
