"""IIS configuration: one record a setting, or every line of a malformed file."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.detections.exposure_makers import HOST_CONFIG, ROOT_CONFIG, source

from tocsin.artefacts.iis_config import LARGEST, MALFORMED, MOST_SETTINGS, parse, recognise
from tocsin.errors import ArtefactError
from tocsin.model.records import Blank, Record, Unreadable
from tocsin.model.words import Confidence

GOLDEN = Path(__file__).parent / "golden" / "iis_config"
WEB = """<configuration>
<system.webServer>
<handlers><add name="h" path="*" /></handlers>
</system.webServer>
</configuration>
"""


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.in.config")), ids=lambda path: path.name)
def test_golden(path: Path, golden: Callable[[Path, str], None]) -> None:
    where = HOST_CONFIG if path.name.startswith("applicationHost") else ROOT_CONFIG
    items = list(parse(source(where, path.read_bytes())))
    lines = [msgspec.json.encode({"item": type(one).__name__, **msgspec.to_builtins(one)}) for one in items]
    golden(path.with_name(path.name.replace(".in.config", ".out.jsonl")), b"\n".join(lines).decode() + "\n")


@pytest.mark.parametrize(
    ("path", "head", "confidence"),
    [
        (ROOT_CONFIG, WEB, Confidence.SIGNATURE),
        (ROOT_CONFIG, "\ufeff" + WEB, Confidence.SIGNATURE),
        (ROOT_CONFIG, WEB.encode("utf-16"), Confidence.SIGNATURE),
        (ROOT_CONFIG, "not XML", Confidence.LOCATION),
        (HOST_CONFIG, WEB, Confidence.SIGNATURE),
        ("collector/owa_web.config.txt", WEB, Confidence.SHAPE),
        ("collector/applicationHost.config.bak", WEB, Confidence.SHAPE),
        ("app/app.config", WEB, Confidence.NO),
        ("inetpub/wwwroot/page.aspx", WEB, Confidence.NO),
    ],
)
def test_recognise(path: str, head: str | bytes, confidence: Confidence) -> None:
    assert recognise(source(path, head)) is confidence


def shapes(data: str | bytes) -> list[tuple[str | None, str | None, int | None]]:
    items = list(parse(source(ROOT_CONFIG, data)))
    records = [one for one in items if isinstance(one, Record)]
    assert len(records) == len(items)
    return [(one.fields["Element"], one.fields.get("Name"), one.locator.line) for one in records]


def test_every_encoding_that_iis_takes_gives_the_same() -> None:
    plain = [("document", "configuration", 1), ("handler", "h", 3)]
    declared = WEB.replace("<configuration>", '<?xml version="1.0" encoding="UTF-8"?><configuration>', 1)
    for text in (WEB, declared, WEB.replace("\n", "\r\n")):
        assert shapes(text) == plain
        assert shapes(codecs.BOM_UTF8 + text.encode()) == plain
        assert shapes(codecs.BOM_UTF16_LE + text.encode("utf-16-le")) == plain
        assert shapes(codecs.BOM_UTF16_BE + text.encode("utf-16-be")) == plain
    assert shapes(WEB.replace("<configuration>", '<configuration xmlns="urn:x">')) == plain


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (WEB.replace("</handlers>", ""), 4),
        (WEB[:-20], 5),
        ("", 1),
        ("\n\n", 2),
        (WEB.replace('name="h"', 'name="h" name="i"'), 3),
        (WEB.replace("handlers>", "handlers&>", 1), 3),
        (b"<configuration>\n<a b='\xff'/></configuration>", 2),
        (codecs.BOM_UTF16_LE + WEB.encode("utf-16-le")[:-1], 1),
        ('<!DOCTYPE x [<!ENTITY a "b">]>\n<configuration a="&a;"/>', 1),
        (WEB + "\0\0\0", 6),
    ],
)
def test_a_malformed_file_gives_lines_and_no_settings(data: str | bytes, line: int) -> None:
    items = list(parse(source(ROOT_CONFIG, data)))
    assert {type(one) for one in items} <= {Unreadable, Blank}
    reasons = [one for one in items if isinstance(one, Unreadable)]
    assert all(one.why for one in reasons)
    broken = [one.locator.line for one in reasons if one.why.startswith(MALFORMED)]
    assert broken == [min(line, len(items))]


def test_a_comment_may_speak_of_document_types() -> None:
    assert shapes(WEB.replace("<handlers>", "<!-- <!DOCTYPE x> --><handlers>"))


def test_a_list_of_rules_outside_rewrite_is_no_rewriting() -> None:
    text = WEB.replace(
        "<handlers>", "<healthMonitoring><rules><clear /></rules></healthMonitoring><handlers>"
    )
    assert [element for element, _, _ in shapes(text)] == ["document", "handler"]


def test_bounds() -> None:
    with pytest.raises(ArtefactError, match="bound"):
        list(parse(source(ROOT_CONFIG, " " * (LARGEST + 1))))
    many = "<configuration><modules>{}</modules></configuration>".format('<add name="m" />' * MOST_SETTINGS)
    with pytest.raises(ArtefactError, match="settings"):
        list(parse(source(ROOT_CONFIG, many)))


def check(data: bytes) -> None:
    items = list(parse(source(ROOT_CONFIG, data)))
    assert items
    if not isinstance(items[0], Record):
        numbers = [one.locator.line for one in items]
        assert numbers == list(range(1, len(items) + 1))


@given(st.binary(max_size=400))
def test_any_bytes_give_items(data: bytes) -> None:
    check(data)


@given(st.integers(0, len(WEB)), st.binary(max_size=8))
def test_a_damaged_file_gives_items(at: int, junk: bytes) -> None:
    raw = WEB.encode()
    check(raw[:at] + junk + raw[at:])
    check(raw[:at])
