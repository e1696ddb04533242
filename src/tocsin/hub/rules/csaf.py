"""An advisory as a CSAF 2.0 document (OASIS, Common Security Advisory Framework, version 2.0, November 2022).

With CVEs and products it is a ``csaf_security_advisory``: product tree, status and remediation of each
vulnerability. Without one of them that profile is not met (6.1.27.4, 6.1.27.11), and it is a
``csaf_informational_advisory``, which must not list vulnerabilities (6.1.27.3): their numbers stand in its
notes. CSAF 2.0 speaks the older words of TLP: ``CLEAR`` is written ``WHITE``, ``AMBER+STRICT`` is ``AMBER``
with the rest said in words. ``RED`` is never written at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from tocsin.hub.rules.advisory import Content, web
from tocsin.hub.rules.tlp import EXPLAINED, LABELS, Tlp, Way, demand

PROFILE, PLAIN = "csaf_security_advisory", "csaf_informational_advisory"
TLP_URL = "https://www.first.org/tlp/"
_TLP = {Tlp.CLEAR: "WHITE", Tlp.GREEN: "GREEN", Tlp.AMBER: "AMBER", Tlp.AMBER_STRICT: "AMBER"}
_SEVERITY = {"low": "Low", "moderate": "Moderate", "important": "Important", "critical": "Critical"}
_UNKNOWN_MAKER = "unknown vendor"
_EVERY = "vers:generic/*"
Json = dict[str, Any]
Product = tuple[str, str, str, str, str]


class Publisher(Struct, frozen=True, kw_only=True):
    """Who publishes, as CSAF 3.2.1.8 has it.

    Attributes:
        name: of the authority.
        namespace: its address on the web; with a document's id it names the document in the world.
        category: ``coordinator`` for a CERT, or ``vendor``, ``other``, ``user``.
        contact: how it is reached about advisories.
        authority: by what right it speaks.
    """

    name: str
    namespace: str
    category: str = "coordinator"
    contact: str = ""
    authority: str = ""

    def spelt(self) -> Json:
        """As CSAF writes it."""
        said = {
            "category": self.category,
            "name": self.name,
            "namespace": self.namespace,
            "contact_details": self.contact,
            "issuing_authority": self.authority,
        }
        return {key: value for key, value in said.items() if value}


class Revision(Struct, frozen=True, kw_only=True):
    """One published version: its number from 1, when (aware), and what changed."""

    number: int
    at: datetime
    summary: str


class Release(Struct, frozen=True, kw_only=True):
    """What surrounds the content of a version that is published.

    Attributes:
        id: the tracking id, unique at this publisher, the same in all versions.
        revisions: every version up to this one, oldest first.
        url: of this document.
        page: of the advisory for people.
        engine: version of Tocsin.
        withdrawn: this version takes the advisory back.
    """

    id: str
    revisions: tuple[Revision, ...]
    url: str
    page: str
    engine: str
    withdrawn: bool = False


def document(content: Content, release: Release, publisher: Publisher) -> Json:
    """The CSAF document of a version.

    Raises:
        UsageFault: it is TLP:RED, which leaves in no export.
    """
    demand(content.tlp, Way.EXPORT)
    whole = bool(content.cves and content.products)
    made: Json = {"document": _document(content, release, publisher, PROFILE if whole else PLAIN)}
    if whole:
        made["product_tree"] = product_tree(content.products)
        made["vulnerabilities"] = [_vulnerability(cve, title, content) for cve, title in content.cves]
    return made


def filename(tracking_id: str) -> str:
    """The name of the file of a document (section 5.1)."""
    return re.sub(r"[^+\-a-z0-9]+", "_", tracking_id.lower()) + ".json"


def moment(at: datetime) -> str:
    """A time as CSAF has it, to the second, UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _document(content: Content, release: Release, publisher: Publisher, category: str) -> Json:
    made: Json = {
        "category": category,
        "csaf_version": "2.0",
        "distribution": _distribution(Tlp(content.tlp)),
        "lang": "en",
        "notes": list(_notes(content)),
        "publisher": publisher.spelt(),
        "references": list(_references(content, release)),
        "title": content.title,
        "tracking": _tracking(release),
    }
    if content.severity in _SEVERITY:
        made["aggregate_severity"] = {"text": _SEVERITY[content.severity]}
    return made


def _distribution(mark: Tlp) -> Json:
    text = f"{LABELS[mark]} (TLP 2.0): {EXPLAINED[mark]}."
    return {"text": text, "tlp": {"label": _TLP[mark], "url": TLP_URL}}


def _notes(content: Content) -> Iterator[Json]:
    yield {"category": "summary", "text": content.summary, "title": "Summary"}
    yield {"category": "details", "text": content.text, "title": "Details (Markdown)"}
    if content.cves:
        text = "\n".join(f"{cve}: {title}" for cve, title in content.cves)
        yield {"category": "general", "text": text, "title": "Vulnerabilities"}
    if content.steps:
        text = "\n".join(f"{kind}: {title}" for kind, title in content.steps)
        yield {"category": "general", "text": text, "title": "Courses of action, in their order"}


def _references(content: Content, release: Release) -> Iterator[Json]:
    yield {"category": "self", "summary": "This document", "url": release.url}
    yield {"category": "external", "summary": "The advisory as a page", "url": release.page}
    for title, url in content.sources:
        if web(url):
            yield {"category": "external", "summary": title, "url": url}


def _tracking(release: Release) -> Json:
    first, last = release.revisions[0], release.revisions[-1]
    return {
        "current_release_date": moment(last.at),
        "generator": {"date": moment(last.at), "engine": {"name": "Tocsin", "version": release.engine}},
        "id": release.id,
        "initial_release_date": moment(first.at),
        "revision_history": [
            {"date": moment(one.at), "number": str(one.number), "summary": one.summary}
            for one in release.revisions
        ],
        "status": "final",
        "version": str(last.number),
    }


def product_tree(products: Sequence[Product]) -> Json:
    """Branches vendor, product, affected line; below each the affected range and the fixed version."""
    tree: dict[str, dict[str, dict[str, list[tuple[int, Product]]]]] = {}
    for number, row in enumerate(products, start=1):
        vendor = tree.setdefault(row[0] or _UNKNOWN_MAKER, {})
        vendor.setdefault(row[1] or row[0], {}).setdefault(row[2], []).append((number, row))
    return {"branches": [_branch("vendor", name, _products(below)) for name, below in tree.items()]}


def _products(below: dict[str, dict[str, list[tuple[int, Product]]]]) -> list[Json]:
    return [_branch("product_name", name, _lines(lines)) for name, lines in below.items()]


def _lines(lines: dict[str, list[tuple[int, Product]]]) -> list[Json]:
    made: list[Json] = []
    for line, rows in lines.items():
        leaves = [leaf for number, row in rows for leaf in _leaves(number, row)]
        made += [_branch("service_pack", line, leaves)] if line else leaves
    return made


def _branch(category: str, name: str, below: list[Json]) -> Json:
    return {"branches": below, "category": category, "name": name}


def _leaves(number: int, row: Product) -> Iterator[Json]:
    name, version = " ".join(part for part in row[:3] if part), fixed_version(row)
    span = f"vers:generic/<{version}" if version else _EVERY
    before = f"{name} before {version}" if version else f"{name}, every version"
    yield _leaf("product_version_range", span, before, affected_id(number))
    if version:
        yield _leaf("product_version", version, f"{name} {row[3]}", fixed_id(number))


def _leaf(category: str, name: str, whole: str, product_id: str) -> Json:
    return {"category": category, "name": name, "product": {"name": whole, "product_id": product_id}}


def affected_id(number: int) -> str:
    """The product id of the affected range of a row."""
    return f"TOCSIN-{number:04}-A"


def fixed_id(number: int) -> str:
    """The product id of the fixed version of a row."""
    return f"TOCSIN-{number:04}-F"


def fixed_version(row: Product) -> str:
    """The number of the fixed version: what stands before the first blank; empty where there is no fix.

    `advisory.faults` keeps anything but a version from being published there.
    """
    return row[3].split()[0] if row[3].strip() else ""


def _vulnerability(cve: str, title: str, content: Content) -> Json:
    affected = [affected_id(number) for number, _ in enumerate(content.products, start=1)]
    fixed = [fixed_id(number) for number, row in enumerate(content.products, start=1) if fixed_version(row)]
    status: Json = {"known_affected": affected}
    if fixed:
        status |= {"first_fixed": fixed, "fixed": fixed}
    return {
        "cve": cve,
        "notes": [{"category": "description", "text": title or cve, "title": "What it lets someone do"}],
        "product_status": status,
        "remediations": [*_fixes(content.products), *_mitigations(content, affected)],
        "title": title or cve,
    }


def _fixes(products: Sequence[Product]) -> Iterator[Json]:
    for number, row in enumerate(products, start=1):
        if not fixed_version(row):
            text = "No fix is known on this line: move to one that has a fix."
            yield {"category": "none_available", "details": text, "product_ids": [affected_id(number)]}
            continue
        found = f" {row[4]}" if row[4] else ""
        fix: Json = {
            "category": "vendor_fix",
            "details": f"Install {row[3]}.{found} An update does not put out who is in: look for that too.",
            "product_ids": [affected_id(number)],
        }
        yield {**fix, "url": row[4]} if web(row[4]) else fix


def _mitigations(content: Content, affected: list[str]) -> Iterator[Json]:
    for title, caveats in content.mitigations:
        details = f"{title}. {caveats}" if caveats else title
        yield {"category": "mitigation", "details": details, "product_ids": affected}
