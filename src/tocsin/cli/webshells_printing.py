"""What ``tocsin webshells`` prints of one file: a JSON object, or a few lines for people."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tocsin.detections.webshells.examine import Examination
from tocsin.detections.webshells.third_party import Match
from tocsin.report.untrusted import defang

_MOST_PLACES = 5


def json_line(found: Examination, matches: tuple[Match, ...]) -> str:
    """Give the examination as one line of JSON; what added rules met stands under ``rules``."""
    document = msgspec.to_builtins(found)
    del document["code"], document["excerpts"]  # lines of code are for reports, which break them up
    if matches:
        document["rules"] = msgspec.to_builtins(matches)
    return msgspec.json.encode(document).decode("utf-8")


def lines(found: Examination, matches: tuple[Match, ...]) -> Iterator[str]:
    """Yield the lines for people: verdict and place first, then why."""
    can = ", ".join(found.capabilities) or "nothing shown"
    name = f" ({found.family})" if found.family else ""
    yield f"{found.verdict.upper():10} {found.score:.2f}  {found.state:11} {defang(found.path)}"
    yield f"           {found.language}{name}; can: {can}; sha256 {found.sha256}"
    yield f"           why: {found.reason}"
    for place in found.spans[:_MOST_PLACES]:
        yield f"           line {place.line}, bytes {place.start}-{place.end}: {place.why}"
    if found.similar:
        yield f"           alike: {', '.join(map(defang, found.similar))}"
    for match in matches:
        yield f"           rule {match.rule} ({match.file}), by {match.author}, licence: {match.licence}"
