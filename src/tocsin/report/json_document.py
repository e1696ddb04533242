r"""The assessment as JSON, exactly: nothing is lost, rounded or reworded.

The shape is versioned (``tocsin/assessment/1``); its JSON Schema is published in
``docs/reference/assessment.schema.json``. Keys keep the model's order, maps are sorted, times are UTC
and end in ``Z``. Evidence text is in it word for word, but spelt so that the file is inert: ``<``, ``>``,
``&``, ``eval(`` and characters that act on a terminal are written as ``\uXXXX``, which every JSON reader
turns back. So neither a terminal nor an antivirus minds the file.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tocsin.errors import UsageFault
from tocsin.model.verdicts import SCHEMA, Assessment
from tocsin.model.verification import SCHEMA as VERIFIED
from tocsin.model.verification import Verification
from tocsin.report.view import as_utc

SCHEMA_ID = "urn:tocsin:schema:assessment:1"
LARGEST = 512 << 20
"""Bytes of a document that are read."""


class Documents(StrEnum):
    """The documents that have a schema."""

    ASSESSMENT = "assessment"
    VERIFICATION = "verification"


_PUBLISHED: dict[Documents, tuple[type[Struct], str, str]] = {
    Documents.ASSESSMENT: (Assessment, SCHEMA, "Tocsin assessment of one server"),
    Documents.VERIFICATION: (Verification, VERIFIED, "Tocsin verification of removal on one server"),
}

_ACTS = re.compile(
    "[<>&\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\uffff\U000110bd\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ue000-\uf8ff]"
)
_EVAL = re.compile(r"(\beval\s{0,8})\(", re.IGNORECASE)


def encode(document: Assessment | Verification) -> bytes:
    """Give the document, indented by two, with a line end after it."""
    plain = msgspec.to_builtins(document, builtin_types=(datetime,), order="deterministic")
    text = msgspec.json.format(msgspec.json.encode(_settled(plain)), indent=2).decode()
    return inert(text).encode() + b"\n"


def inert(text: str) -> str:
    """Give the same JSON document, spelt so that no terminal acts on it and no antivirus minds it."""
    return _EVAL.sub(r"\1\\u0028", _ACTS.sub(_escaped, text))


def decode(document: bytes) -> Assessment:
    """Give the assessment that ``encode`` wrote.

    Raises:
        UsageFault: the document is not an assessment of this version.
    """
    try:
        assessment = msgspec.json.decode(document, type=Assessment)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise UsageFault(
            f"not an assessment: {fault}", remedy="Give a file that tocsin assess wrote."
        ) from fault
    if assessment.schema != SCHEMA:
        raise UsageFault(
            f"an assessment of another version ({assessment.schema[:80]!r})",
            remedy=f"This version reads {SCHEMA}: assess the evidence again.",
        )
    return assessment


def read_document(path: Path) -> tuple[Assessment, str]:
    """Read an assessment from a file; give it with the SHA-256 of the file.

    Raises:
        UsageFault: it is no assessment of this version, or longer than any that was ever written.
    """
    try:
        with path.open("rb") as stream:
            document = stream.read(LARGEST + 1)
    except OSError as fault:
        raise UsageFault(f"cannot be read: {fault.strerror or fault}", where=str(path)) from fault
    if len(document) > LARGEST:
        raise UsageFault(
            f"longer than {LARGEST:,} bytes, the bound for an assessment",
            where=str(path),
            remedy="Give a file that tocsin assess wrote.",
        )
    try:
        return decode(document), hashlib.sha256(document).hexdigest()
    except UsageFault as fault:
        raise UsageFault(fault.what, where=str(path), remedy=fault.remedy) from fault


def schema(of: Documents = Documents.ASSESSMENT) -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of what ``encode`` writes."""
    made, version, title = _PUBLISHED[of]
    raw = msgspec.json.schema(made)
    document = raw["$defs"][made.__name__]
    document["properties"]["schema"] = {"const": version}
    document["required"] = ["schema", *document["required"]]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:tocsin:schema:{of}:1",
        "title": title,
        **raw,
    }


def schema_document(of: Documents = Documents.ASSESSMENT) -> bytes:
    """Give the schema as it is published: indented, with a line end."""
    return msgspec.json.format(msgspec.json.encode(schema(of)), indent=2) + b"\n"


def _settled(value: Any) -> Any:
    """Times in UTC; half characters, as an odd file name may hold, spelt out: JSON has no way to say them."""
    if isinstance(value, datetime):
        return as_utc(value)
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_settled(key): _settled(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_settled(each) for each in value]
    return value


def _escaped(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
