"""A first draft of an advisory out of a campaign pack: what the pack knows need not be typed again."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.hub.rules.advisory import Content, one_line, web
from tocsin.model.words import StepKind
from tocsin.packs.loading import Pack
from tocsin.packs.products import Product
from tocsin.packs.schema import CveRow

MAKERS = frozenset({"Microsoft"})
"""First words of product titles that name their makers."""

PATCHED = "**Patched is not clean.** An update closes the door; look for who came in before."

_HEADINGS = {
    StepKind.PRESERVE: "Preserve evidence first",
    StepKind.CONTAIN: "Contain",
    StepKind.MITIGATION: "Mitigate",
    StepKind.REMEDIATION: "Remedy",
    StepKind.EVICTION: "Evict",
    StepKind.REPORT: "Report",
}


def draft(pack: Pack, product: Product | None) -> Content:
    """What the advisory of a campaign can say before anybody has written a word.

    Versions are branches with their first fixed build; a branch that the sources give no fix for stands
    there without one.
    """
    file = pack.file
    return Content(
        title=one_line(file.title),
        summary=one_line(file.description),
        text=_text(pack),
        cves=tuple((cve.id, one_line(cve.title)) for cve in file.cves),
        products=tuple(dict.fromkeys(_products(pack, product))) if product else (),
        mitigations=tuple(_mitigations(pack, product)) if product else (),
        steps=tuple((step.kind.value, _title(pack.advice.get(step.id, step.id))) for step in file.steps),
        sources=tuple((key, text if web(text) else "") for key, text in file.sources.items()),
    )


def _products(pack: Pack, product: Product) -> Iterator[tuple[str, str, str, str, str]]:
    vendor, title = maker(product.file.title)
    entries = {cve.id for cve in pack.file.cves if cve.entry} or {cve.id for cve in pack.file.cves}
    for number in sorted(entries):
        for row in product.cves.get(number, ()):
            yield vendor, row.product or title, row.affected_cu, _fixed(row), _where(product, row)


def maker(title: str) -> tuple[str, str]:
    """Maker and product of ``Microsoft Exchange Server``."""
    first, _, rest = title.partition(" ")
    return (first, rest) if first in MAKERS and rest else ("", title)


def _fixed(row: CveRow) -> str:
    if not row.first_fixed_build:
        return ""
    return f"{row.first_fixed_build} ({row.fixed_by})" if row.fixed_by else row.first_fixed_build


def _where(product: Product, row: CveRow) -> str:
    build = product.row(row.first_fixed_build) if row.first_fixed_build else None
    return build.kb if build and build.kb else ""


def _mitigations(pack: Pack, product: Product) -> Iterator[tuple[str, str]]:
    numbers = {cve.id for cve in pack.file.cves}
    for one in product.mitigations:
        if numbers & set(one.protects):
            yield one_line(one.title), one_line(" ".join(one.caveats))


def _text(pack: Pack) -> str:
    """Markdown: what happened, then each course of action under the heading of its kind."""
    parts = [pack.file.description.strip(), PATCHED]
    said: set[StepKind] = set()
    for step in pack.file.steps:
        if step.kind in _HEADINGS and step.id in pack.advice:
            if step.kind not in said:
                parts.append(f"## {_HEADINGS[step.kind]}")
                said.add(step.kind)
            parts.append(_below(pack.advice[step.id]))
    return "\n\n".join(parts) + "\n"


def _below(advice: str) -> str:
    """A step's text with its own heading two levels down."""
    return "\n".join(f"##{line}" if line.startswith("# ") else line for line in advice.strip().splitlines())


def _title(advice: str) -> str:
    return one_line(advice.strip().splitlines()[0].lstrip("# ")) if advice.strip() else ""
