"""Files of organisations: any bytes are taken or refused with words; every row is accounted for."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import UsageFault
from tocsin.hub.rules.imports import layouts, read_table
from tocsin.hub.rules.rdap import read_rdap

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
HEADERS = st.sampled_from(
    ["name,email,cidr", "Domain name,Domain type,Organization name", "name;asn", "name"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "entities",
                    "roles",
                    "vcardArray",
                    "cidr0_cidrs",
                    "prefix",
                    "data",
                    "parameters",
                    "asn",
                    "startAutnum",
                    "endAutnum",
                    "handle",
                    "abuse_contacts",
                    "objectClassName",
                    "ldhName",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


def test_layouts_are_sound() -> None:
    assert set(layouts()) >= {"dotgov", "generic"}


@given(HEADERS, st.lists(TEXT, max_size=6))
def test_fuzz_tables_lose_no_row(header: str, rows: list[str]) -> None:
    try:
        listing = read_table("\n".join([header, *rows]))
    except UsageFault:
        return
    nameless = sum(refusal.why == "no name" for refusal in listing.refusals)
    assert nameless <= listing.rows
    assert len(listing.organisations) <= 2 * (listing.rows - nameless)
    assert all(listed.name for listed in listing.organisations.values())


@given(TEXT)
def test_fuzz_any_text_is_a_table_or_refused(text: str) -> None:
    try:
        listing = read_table(text)
    except UsageFault:
        return
    assert listing.rows >= 0


@given(st.one_of(st.binary(max_size=100), JSON.map(lambda value: json.dumps(value).encode())))
def test_fuzz_rdap_is_taken_or_refused(data: bytes) -> None:
    try:
        listing = read_rdap(data)
    except UsageFault:
        return
    assert listing.rows >= len(listing.organisations)
