"""Input made to be slow is read in time that grows with its length.

No clock is asked: each of these inputs would keep a quadratic reader busy for hours.
"""

from __future__ import annotations

import io

from tocsin.evidence.event_objects import event_from_object
from tocsin.evidence.events import Event, record_of
from tocsin.evidence.json_objects import pieces
from tocsin.evidence.vdir_lists import find_lists
from tocsin.model.places import Locator

PLACE = Locator(path="x")


def test_a_string_that_is_never_closed_and_full_of_escaped_quotes() -> None:
    broken = '{"EventID": "' + '\\"' * 900_000
    whole = '{"EventID": 1}'
    found = list(pieces(io.BytesIO(f"{broken}\n{whole}\n".encode())))
    assert [(text, is_object) for _, text, is_object in found][-1] == (whole, True)
    assert sum(len(text) for _, text, _ in found) >= len(broken)


def test_an_escaped_quote_outside_a_string_begins_none() -> None:
    found = list(pieces(io.BytesIO(b'{"a": 1} \\" {"b": "}"}\n')))
    assert [text for _, text, is_object in found if is_object] == ['{"a": 1}', '{"b": "}"}']


def test_a_property_with_a_million_further_lines() -> None:
    text = "ExternalUrl : http://f/\nPollInterval : 480\nMetabasePath : IIS://x\n" + "  y\n" * 1_000_000
    (found,) = find_lists(text)
    assert (found.line, found.end) == (1, 1_000_003)
    assert found.properties["MetabasePath"].startswith("IIS://x\ny\ny")
    assert len(found.properties["MetabasePath"]) < 1 << 17


def test_an_event_with_one_name_many_times() -> None:
    data = tuple(("Hashes", f"value {number}") for number in range(400_000))
    record = record_of(Event(event_id="1", channel="System", data=data), PLACE)
    values = (record.fields["Hashes"] or "").split("\n")
    assert (len(values), values[0], values[-1]) == (400_000, "value 0", "value 399999")


def test_a_name_given_twice_with_one_value_or_with_none() -> None:
    data = (("a", "x"), ("a", "x"), ("b", None), ("b", "y"), ("c", "z"), ("c", None), ("d", None))
    fields = record_of(Event(event_id="1", channel="System", data=data), PLACE).fields
    assert [fields[name] for name in "abcd"] == ["x", "y", "z", None]


def test_a_time_with_more_digits_than_any_number_has() -> None:
    for huge in (10**400, -(10**400), float("inf"), float("nan")):
        event = event_from_object({"EventID": 1, "Channel": "System", "TimeCreated": huge})
        assert event.stamp is None
