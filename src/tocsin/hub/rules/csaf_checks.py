"""Mandatory tests of CSAF 2.0 (section 6.1) that a document of ours could fail, beyond its JSON Schema.

Left out: what our documents never hold (relationships, product groups, scores, CWE, package URLs, hashes,
flags, involvements, translations) and so cannot have wrong.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]
Check = Callable[[Json], Iterator[str]]
_RANGE = re.compile(r"<|>|\b(after|all|before|earlier|later|prior|versions)\b", re.IGNORECASE)
_TEXTS = {"description", "details", "general", "summary"}


def failures(document: Json) -> list[str]:
    """What is wrong, each with the number of its test; empty for a sound document."""
    return [f"{number}: {says}" for number, check in _CHECKS.items() for says in check(document)]


def _leaves(branches: list[Json]) -> Iterator[Json]:
    for branch in branches:
        yield branch
        yield from _leaves(branch.get("branches", []))


def _branches(document: Json) -> list[Json]:
    return list(_leaves(document.get("product_tree", {}).get("branches", [])))


def _defined(document: Json) -> list[str]:
    return [branch["product"]["product_id"] for branch in _branches(document) if "product" in branch]


def _vulnerabilities(document: Json) -> list[Json]:
    found: list[Json] = document.get("vulnerabilities", [])
    return found


def _named(vulnerability: Json) -> Iterator[str]:
    for ids in vulnerability.get("product_status", {}).values():
        yield from ids
    for remediation in vulnerability.get("remediations", []):
        yield from remediation.get("product_ids", [])


def _undefined(document: Json) -> Iterator[str]:
    known = set(_defined(document))
    for vulnerability in _vulnerabilities(document):
        yield from (f"{one} is not defined" for one in sorted(set(_named(vulnerability)) - known))


def _twice(document: Json) -> Iterator[str]:
    yield from (f"{one} is defined twice" for one, times in Counter(_defined(document)).items() if times > 1)


def _contradicting(document: Json) -> Iterator[str]:
    for vulnerability in _vulnerabilities(document):
        status = vulnerability.get("product_status", {})
        affected = {*status.get("known_affected", []), *status.get("first_affected", [])}
        fixed = {*status.get("fixed", []), *status.get("first_fixed", [])}
        yield from (f"{one} is affected and fixed" for one in sorted(affected & fixed))


def _history(document: Json) -> list[Json]:
    found: list[Json] = document["document"]["tracking"]["revision_history"]
    return found


def _unsorted(document: Json) -> Iterator[str]:
    by_date = sorted(_history(document), key=lambda one: (one["date"], int(one["number"])))
    if [one["number"] for one in by_date] != sorted((one["number"] for one in by_date), key=int):
        yield "numbers do not rise with dates"


def _not_latest(document: Json) -> Iterator[str]:
    latest = max(_history(document), key=lambda one: int(one["number"]))
    if latest["number"] != document["document"]["tracking"]["version"]:
        yield "the version is not the last of the history"


def _zero(document: Json) -> Iterator[str]:
    tracking = document["document"]["tracking"]
    if tracking["status"] != "draft" and any(int(one["number"]) == 0 for one in _history(document)):
        yield "a released document has a revision 0"


def _missing(document: Json) -> Iterator[str]:
    numbers = sorted(int(one["number"]) for one in _history(document))
    if numbers and numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        yield "a revision is missing or stands there twice"


def _same_cve(document: Json) -> Iterator[str]:
    times = Counter(one.get("cve") for one in _vulnerabilities(document))
    yield from (f"{cve} stands there {count} times" for cve, count in times.items() if cve and count > 1)


def _profile(document: Json) -> Iterator[str]:
    category = document["document"]["category"]
    if category == "csaf_informational_advisory":
        yield from _informational(document)
    elif category == "csaf_security_advisory":
        yield from _security(document)


def _informational(document: Json) -> Iterator[str]:
    head = document["document"]
    if not any(note["category"] in _TEXTS for note in head.get("notes", [])):
        yield "no note that says what it is about (.1)"
    if not any(one.get("category") == "external" for one in head.get("references", [])):
        yield "no external reference (.2)"
    if "vulnerabilities" in document:
        yield "an informational advisory lists vulnerabilities (.3)"


def _security(document: Json) -> Iterator[str]:
    if "product_tree" not in document:
        yield "no product tree (.4)"
    if not _vulnerabilities(document):
        yield "no vulnerabilities (.11)"
    for one in _vulnerabilities(document):
        if not one.get("notes"):
            yield f"{one.get('cve')} has no notes (.5)"
        if not one.get("product_status"):
            yield f"{one.get('cve')} has no product status (.6)"


def _unaimed(document: Json) -> Iterator[str]:
    for vulnerability in _vulnerabilities(document):
        for one in vulnerability.get("remediations", []):
            if not (one.get("product_ids") or one.get("group_ids")):
                yield f"a remediation of {vulnerability.get('cve')} names no product"


def _ranges(document: Json) -> Iterator[str]:
    for branch in _branches(document):
        if branch["category"] == "product_version" and _RANGE.search(branch["name"]):
            yield f"{branch['name']!r} is a range, not a version"


_CHECKS: dict[str, Check] = {
    "6.1.1": _undefined,
    "6.1.2": _twice,
    "6.1.6": _contradicting,
    "6.1.14": _unsorted,
    "6.1.16": _not_latest,
    "6.1.18": _zero,
    "6.1.21": _missing,
    "6.1.23": _same_cve,
    "6.1.27": _profile,
    "6.1.29": _unaimed,
    "6.1.31": _ranges,
}
