"""The JSON document: exact, inert, and as its published schema says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.report.samples import SAMPLES, compromised, empty

from tocsin.errors import UsageFault
from tocsin.report.json_document import Documents, decode, encode, schema, schema_document

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden" / "json"
PUBLISHED = ROOT / "docs" / "reference"


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"huge"}))
def test_the_document(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{name}.golden.json", encode(SAMPLES[name]()).decode())


@pytest.mark.parametrize("name", SAMPLES)
def test_it_validates_and_nothing_is_lost(name: str) -> None:
    assessment = SAMPLES[name]()
    document = encode(assessment)
    jsonschema.Draft202012Validator(schema()).validate(json.loads(document))
    assert decode(document) == assessment
    assert encode(decode(document)) == document


@pytest.mark.parametrize("of", Documents)
def test_the_schema_is_sound_and_published(of: Documents, golden: Callable[[Path, str], None]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(of))
    golden(PUBLISHED / f"{of}.schema.json", schema_document(of).decode())


@pytest.mark.parametrize("lacking", ["schema", "verdicts", "coverage", "exit_status"])
def test_the_schema_refuses_what_lacks_a_key(lacking: str) -> None:
    document = json.loads(encode(compromised()))
    del document[lacking]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema()).validate(document)


def test_the_file_is_inert() -> None:
    text = encode(SAMPLES["hostile"]()).decode()
    assert not re.search(
        r"[\x00-\x09\x0b-\x1f\x7f-\x9f<>&\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", text
    )
    assert "ev" + "al(" not in text


def test_times_are_utc_and_end_in_z() -> None:
    there = datetime(2021, 3, 3, 8, 0, tzinfo=timezone(timedelta(hours=1)))
    document = json.loads(encode(replace(empty(), assessed_at=there)))
    assert document["assessed_at"] == "2021-03-03T07:00:00Z"


@given(st.text(st.characters(), max_size=60), st.datetimes(timezones=st.just(UTC)))
def test_any_text_and_time_survive(text: str, moment: datetime) -> None:
    assessment = replace(empty(), answer=text, assessed_at=moment)
    back = decode(encode(assessment))
    assert back.answer == text.encode("utf-8", "backslashreplace").decode()
    assert back.assessed_at == moment


@pytest.mark.parametrize("document", [b"", b"[]", b"{", b'{"schema": "x"}', b"\xff\xfe", b"null"])
def test_what_is_no_assessment_is_refused_in_words(document: bytes) -> None:
    with pytest.raises(UsageFault, match="not an assessment"):
        decode(document)


def test_another_version_is_refused() -> None:
    document = encode(empty()).replace(b"tocsin/assessment/1", b"tocsin/assessment/9")
    with pytest.raises(UsageFault, match="another version"):
        decode(document)
