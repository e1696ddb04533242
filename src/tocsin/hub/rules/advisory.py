"""Advisories: their states, who may take which step, their tables as lines of text, their differences.

The last published version stays as it was while the next one is written: a state is the draft's, and versions
are never changed.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from enum import StrEnum

from msgspec import Struct, structs

from tocsin.errors import UsageFault
from tocsin.hub.rules.tlp import Tlp

CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}")
VERSION = re.compile(r"(?=.*[0-9])[0-9A-Za-z][0-9A-Za-z.+~_-]*")
LONGEST_SLUG = 80
MOST_LINES = 400
SEVERITIES = ("unknown", "low", "moderate", "important", "critical")


class State(StrEnum):
    """Where an advisory stands."""

    DRAFT = "draft"
    REVIEW = "in-review"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Step(StrEnum):
    """What can be done with an advisory."""

    EDIT = "edit"
    SUBMIT = "submit"  # for a second look
    RETURN = "return"  # to its author
    PUBLISH = "publish"
    WITHDRAW = "withdraw"


_TABLE = {
    (State.DRAFT, Step.EDIT): State.DRAFT,
    (State.DRAFT, Step.SUBMIT): State.REVIEW,
    (State.DRAFT, Step.PUBLISH): State.PUBLISHED,
    (State.REVIEW, Step.RETURN): State.DRAFT,
    (State.REVIEW, Step.EDIT): State.DRAFT,
    (State.REVIEW, Step.PUBLISH): State.PUBLISHED,
    (State.PUBLISHED, Step.EDIT): State.DRAFT,  # of the next version; the last one stays public
    (State.PUBLISHED, Step.WITHDRAW): State.WITHDRAWN,
    (State.DRAFT, Step.WITHDRAW): State.WITHDRAWN,
    (State.REVIEW, Step.WITHDRAW): State.WITHDRAWN,
}


class Content(Struct, frozen=True, kw_only=True):
    """What an advisory says. Frozen with each version.

    Attributes:
        title: one line.
        summary: one paragraph of plain text: mail, feeds, CSAF.
        text: Markdown.
        severity: one of `SEVERITIES`.
        tlp: its mark.
        cves: number and title.
        products: vendor, product, affected line (such as ``CU18``; empty for all), first fixed version (its
            number first; empty where there is none), where the fix is to be had.
        mitigations: title and what travels with it.
        steps: kind (preserve, contain, ...) and title of each course of action.
        sources: title and address.
    """

    title: str
    summary: str
    text: str
    severity: str = "unknown"
    tlp: str = Tlp.CLEAR.value
    cves: tuple[tuple[str, str], ...] = ()
    products: tuple[tuple[str, str, str, str, str], ...] = ()
    mitigations: tuple[tuple[str, str], ...] = ()
    steps: tuple[tuple[str, str], ...] = ()
    sources: tuple[tuple[str, str], ...] = ()


class Situation(Struct, frozen=True, kw_only=True):
    """Who wants to take a step, and what the hub asks for.

    Attributes:
        state: where the advisory stands.
        author: who wrote the draft last.
        actor: who asks.
        second_look: the hub publishes nothing that one person alone has seen.
    """

    state: State
    author: int | None
    actor: int | None
    second_look: bool = False


def after(step: Step, situation: Situation) -> State:
    """The state after a step.

    Raises:
        UsageFault: the step is not open now, or not to this person.
    """
    state = _TABLE.get((situation.state, step))
    if state is None:
        raise UsageFault(f"an advisory that is {situation.state} cannot be taken to: {step}")
    if step is Step.PUBLISH and situation.second_look:
        _second(situation)
    return state


def _second(situation: Situation) -> None:
    if situation.state is not State.REVIEW:
        raise UsageFault("this hub asks for a second look", remedy="Submit it; somebody else publishes it.")
    if situation.actor is None or situation.actor == situation.author:
        raise UsageFault("a second look is somebody else's", remedy="Ask a colleague to publish it.")


def sound(content: Content) -> Content:
    """The content without characters that no XML, header or terminal takes; titles on one line."""
    pairs = ("cves", "products", "mitigations", "steps", "sources")
    rows = {name: tuple(tuple(map(one_line, row)) for row in getattr(content, name)) for name in pairs}
    return structs.replace(
        content,
        title=one_line(content.title),
        summary=one_line(content.summary),
        text="\n".join(map(_visible, content.text.splitlines())),
        **rows,
    )


def _visible(line: str) -> str:
    return "".join(
        char for char in line if char == "\t" or unicodedata.category(char) not in {"Cc", "Cs", "Cn"}
    )


def narrows(before: str, now: str) -> bool:
    """Whether a mark is narrower than that of an earlier version. What was said cannot be called back."""
    order = [word.value for word in Tlp]
    return order.index(now) > order.index(before)


def table(text: str, columns: int, what: str) -> tuple[tuple[str, ...], ...]:
    """Lines ``a | b | c`` as rows; missing cells at the end are empty.

    Raises:
        UsageFault: a line has too many cells or an empty first one, or there are too many lines.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_LINES:
        raise UsageFault(f"{what}: at most {MOST_LINES} lines")
    return tuple(_row(line, columns, what) for line in lines)


def _row(line: str, columns: int, what: str) -> tuple[str, ...]:
    cells = [cell.strip() for cell in line.split("|", columns)]
    if len(cells) > columns or not cells[0]:
        raise UsageFault(
            f"{what}: {line[:80]!r} cannot be read",
            remedy=f"Write up to {columns} cells between bars: a | b.",
        )
    return (*cells, *[""] * (columns - len(cells)))


def lines(rows: Sequence[Sequence[str]]) -> str:
    """Rows as `table` reads them."""
    return "\n".join(" | ".join(map(_cell, _trimmed(row))) for row in rows)


def _trimmed(row: Sequence[str]) -> Sequence[str]:
    end = max((at for at, cell in enumerate(row, 1) if cell.strip()), default=1)
    return row[:end]


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())


def faults(content: Content) -> list[str]:
    """What must be put right before this can be published."""
    found = [
        (not content.title.strip(), "It has no title."),
        (not content.summary.strip(), "It has no summary."),
        (not content.text.strip(), "It has no text."),
        (content.tlp not in set(Tlp), f"{content.tlp!r} is no mark of TLP 2.0."),
        (content.severity not in SEVERITIES, f"{content.severity!r} is no severity."),
        (len({cve for cve, _ in content.cves}) < len(content.cves), "A CVE stands there twice."),
    ]
    said = [says for wrong, says in found if wrong]
    nameless = any(not row[0].strip() and not row[1].strip() for row in content.products)
    said += ["A product has no maker and no name."] if nameless else []
    for name in ("mitigations", "steps", "sources"):
        rows: Sequence[Sequence[str]] = getattr(content, name)
        said += [f"One of the {name} has no title."] if any(not row[0].strip() for row in rows) else []
    said += [f"{cve!r} is no CVE number." for cve, _ in content.cves if not CVE.fullmatch(cve)]
    fixed = [row[3].split()[0] for row in content.products if row[3].strip()]
    said += [f"{one!r} is no version: begin with its number." for one in fixed if not VERSION.fullmatch(one)]
    return said + [f"{url!r} is no web address." for _, url in content.sources if url and not web(url)]


def web(url: str) -> bool:
    """Whether a text is an address of http or https without blanks or control characters."""
    return bool(re.fullmatch(r"https?://[^\s/<>\"'\x00-\x1f]+[^\s<>\"'\x00-\x1f]*", url))


def slug(text: str) -> str:
    """An address's part from a title: ``ProxyLogon (Exchange)`` gives ``proxylogon-exchange``."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return words[:LONGEST_SLUG].strip("-") or "advisory"


def one_line(text: str) -> str:
    """A text as one line without control characters: subjects and titles go into headers."""
    odd = {"Cc", "Cs", "Cn", "Zl", "Zp"}
    visible = "".join(" " if unicodedata.category(char) in odd else char for char in text)
    return " ".join(visible.split())


def differences(before: Content, now: Content) -> Iterator[tuple[str, str]]:
    """What changed between versions, by line: ``+`` new, ``-`` gone, a blank for context, ``@`` a place."""
    for line in difflib.unified_diff(_spelt(before), _spelt(now), lineterm="", n=2):
        if not line.startswith(("---", "+++")):
            yield line[:1], line[1:] if not line.startswith("@@") else ""


def _spelt(content: Content) -> list[str]:
    parts = [
        f"Title: {content.title}",
        f"TLP: {content.tlp}",
        f"Severity: {content.severity}",
        f"Summary: {content.summary}",
        *[f"CVE: {' '.join(row)}" for row in content.cves],
        *[f"Product: {' | '.join(row)}" for row in content.products],
        *[f"Mitigation: {': '.join(row)}" for row in content.mitigations],
        *[f"Step: {': '.join(row)}" for row in content.steps],
        *[f"Source: {' '.join(row)}" for row in content.sources],
        "",
    ]
    return [*parts, *content.text.splitlines()]
