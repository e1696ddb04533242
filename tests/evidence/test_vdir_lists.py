"""Property lists of virtual directories, in whatever shape they were saved, and their times."""

from __future__ import annotations

import html
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.evidence.stamp_pairs import read_pairs
from tocsin.evidence.vdir_lists import find_lists, has_script, vdir_record
from tocsin.evidence.versions import build_of

LIST = """Name                  : OAB (Default Web Site)
PollInterval          : 480
MetabasePath          : IIS://mail01.contoso.example/W3SVC/1/ROOT/OAB
AdminDisplayVersion   : Version 15.1 (Build 2176.2)
InternalUrl           : https://mail01.contoso.example/OAB
ExternalUrl           : http://f/
ObjectClass           : top
                        msExchOABVirtualDirectory
WhenChanged           : 3/4/2021 8:07:21 AM
WhenChangedUTC        : 3/4/2021 4:07:21 PM
WhenCreated           : 3/3/2021 6:17:56 PM
WhenCreatedUTC        : 3/4/2021 2:17:56 AM
"""
CHANGED = datetime(2021, 3, 4, 16, 7, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        LIST,
        LIST.replace("\n", "\r\n"),
        html.escape(LIST),
        f"HTTP/1.1 200 OK\n\n{LIST}\nafterwards\n",
        "<pre>" + LIST.replace("\n", "<br>") + "</pre>",
        " ".join(LIST.split()),
        "\n".join(f"> {line}" for line in LIST.splitlines()),
    ],
)
def test_every_shape_gives_the_same_facts(text: str) -> None:
    (vdir,) = find_lists(text)
    record = vdir_record(vdir, "x.aspx")
    assert record.time == CHANGED
    assert record.fields["WhenCreatedUTC"] == "2021-03-04T02:17:56Z"
    assert record.fields["UtcOffset"] == "-08:00"
    assert record.fields["Build"] == "15.1.2176.2"
    assert record.fields["Name"] == "OAB (Default Web Site)"
    assert record.fields["ScriptPresent"] == "false"
    assert (record.fields["ExternalUrl"] or "").strip() == "http://f/"


@given(st.integers(0, len(LIST)))
def test_a_cut_list_is_read_as_far_as_it_goes(end: int) -> None:
    for vdir in find_lists(LIST[:end]):
        record = vdir_record(vdir, "x.aspx")
        assert record.time in {None, CHANGED}
        assert record.fields["UtcOffset"] in {None, "-08:00"}
    if end > LIST.index("ExternalUrl"):
        assert len(list(find_lists(LIST[:end]))) == 1


def test_two_lists_are_two() -> None:
    first, second = find_lists(f"{LIST}\n{LIST.replace('OAB (', 'ecp (')}")
    assert (first.properties["Name"], second.properties["Name"]) == (
        "OAB (Default Web Site)",
        "ecp (Default Web Site)",
    )
    assert second.line > first.end


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", False),
        ("http://f/", False),
        ("https://mail.contoso.example/OAB", False),
        ("https://[REDACTED]/OAB", False),
        ("https://mail.contoso.example:8443/a-b_c/d.e?x=1&y=%20", False),
        ("http://f/<scr" + "ipt runat=server>", True),
        ("http://f/&lt;scr" + "ipt&gt;", True),
        ("http://f/%3Cscr" + "ipt%3E", True),
        ("http://f/<% x %>", True),
        ("http://f/ and more", True),
        ("anything", True),
        ("http://f/\nfunction x(){}", True),
    ],
)
def test_a_script_is_whatever_is_no_plain_url(url: str, expected: bool) -> None:
    assert has_script({"ExternalUrl": url}) is expected
    assert has_script({"InternalUrl": url}) is expected


@pytest.mark.parametrize(
    ("local", "utc", "order", "expected", "offset"),
    [
        ("10/30/2020 8:00:00 PM", "10/31/2020 3:00:00 AM", "month-first", "2020-10-31T03:00:00", "-07:00"),
        ("30/10/2020 20:00:00", "30/10/2020 19:00:00", "day-first", "2020-10-30T19:00:00", "+01:00"),
        ("30.10.2020 20:00", "30.10.2020 19:00", "day-first", "2020-10-30T19:00:00", "+01:00"),
        ("2020-10-30 20:00:00", "2020-10-30 14:30:00", "year-first", "2020-10-30T14:30:00", "+05:30"),
        ("2020/3/4 20:00:00", "2020/3/4 12:00:00", "year-first", "2020-03-04T12:00:00", "+08:00"),
        ("3/3/2021 8:00:00 AM", "3/3/2021 4:00:00 PM", "any", "2021-03-03T16:00:00", "-08:00"),
        ("3/4/2021 8:00:00 AM", "3/4/2021 4:00:00 PM", "ambiguous", None, "-08:00"),
        ("3/31/2021 8:00:00 PM", "4/1/2021 3:00:00 AM", "month-first", "2021-04-01T03:00:00", "-07:00"),
        ("1/2/2021 11:00:00 PM", "1/3/2021 7:00:00 AM", "month-first", "2021-01-03T07:00:00", "-08:00"),
        ("12/11/2020 12:00:00 AM", "12/11/2020 12:00:00 AM", "ambiguous", None, "+00:00"),
        ("4-3-2021 10:00:00", "4-3-2021 09:00:00", "ambiguous", None, "+01:00"),
        ("nonsense", "3/31/2021 8:00:00 PM", "month-first", "2021-03-31T20:00:00", None),
        ("3/31/2021 8:00:00 PM", "5/31/2021 8:00:00 PM", "unreadable", None, None),
        (None, None, "unreadable", None, None),
    ],
)
def test_orders_of_day_and_month(
    local: str | None, utc: str | None, order: str, expected: str | None, offset: str | None
) -> None:
    reading = read_pairs({"When": (local, utc)})
    stamp = reading.utc["When"]
    assert (reading.order, reading.offset) == (order, offset)
    assert (stamp.replace(tzinfo=None).isoformat() if stamp else None) == expected


def test_what_else_settles_the_order() -> None:
    pairs = {
        "Created": ("2/5/2021 8:00:00 AM", "2/5/2021 4:00:00 PM"),
        "Changed": ("3/4/2021 8:00:00 AM", "3/4/2021 4:00:00 PM"),
    }
    assert read_pairs(pairs).order == "ambiguous"
    assert read_pairs(pairs, rising=("Created", "Changed")).order == "month-first"
    later = datetime(2021, 3, 22, tzinfo=UTC)
    assert read_pairs({"Changed": pairs["Changed"]}, not_after=later).order == "month-first"
    long_ago = datetime(2009, 1, 1, tzinfo=UTC)
    assert read_pairs({"Changed": pairs["Changed"]}, not_after=long_ago).order == "ambiguous"


@given(
    st.integers(978_400_000, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.sampled_from(["%m/%d/%Y %I:%M:%S %p", "%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S"]),
)
def test_a_time_is_never_read_wrongly(moment: datetime, shape: str) -> None:
    text = moment.strftime(shape)
    reading = read_pairs({"When": (text, text)})
    assert reading.utc["When"] in {None, moment}
    if moment.day > 12 or "/" not in shape:
        assert reading.utc["When"] is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15.01.2375.007", "15.1.2375.7"),
        ("Version 15.1 (Build 2106.2)", "15.1.2106.2"),
        ("version 15.2 (build 30792.3)", "15.2.792.3"),
        ("Version 14.3 (Build 123.4)", "14.3.123.4"),
        ("15.1.2375", None),
        ("1.2.3.4.5", None),
        ("", None),
        (None, None),
    ],
)
def test_builds(text: str | None, expected: str | None) -> None:
    assert build_of(text) == expected


@given(st.text(st.sampled_from("Name: ExtralUInPo\n\t<>&;br/3"), max_size=200))
def test_any_text_is_survived(text: str) -> None:
    for vdir in find_lists(text):
        assert 1 <= vdir.line <= vdir.end
