"""Is a file of a web root the vendor's own? The known-good list can say yes, never no.

It covers 102 builds up to March 2021 and none of that month's back-ports, so a hash that is not in
it is ``unknown``: that is no reason for suspicion. A known hash under a name or in a folder where
the vendor never put it is ``displaced``: the content is harmless, the copy is somebody's work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from msgspec.structs import replace

from tocsin.model.findings import Benign, Finding
from tocsin.model.records import Record
from tocsin.model.words import Means
from tocsin.packs.products import Product


class KnownFile(StrEnum):
    """What the known-good list says of a file."""

    KNOWN_GOOD = "known-good"
    DISPLACED = "displaced"
    UNKNOWN = "unknown"


def known_file(product: Product, path: str, sha256: str) -> KnownFile:
    """Look up a file.

    Args:
        product: with its known-good list.
        path: where the file was, any case, either kind of slash.
        sha256: of the whole file, hexadecimal, any case.
    """
    places = product.known_good.get(sha256.lower())
    if places is None:
        return KnownFile.UNKNOWN
    here = "/" + path.replace("\\", "/").lower().lstrip("/")
    return KnownFile.KNOWN_GOOD if here.endswith(places) else KnownFile.DISPLACED


class KnownFiles:
    """The vendor's own files in the evidence: what rules say of their content is explained by that.

    Attributes:
        paths: of the files in the evidence, each with the product's title.
    """

    def __init__(self, products: Sequence[Product]) -> None:
        """Take the products whose lists count."""
        self._products = tuple(products)
        self.paths: dict[str, str] = {}

    def observe(self, record: Record) -> None:
        """Take one record; only files of web roots matter here."""
        if record.kind != "web.file":
            return
        path, sha256 = record.locator.path, record.fields.get("Sha256") or ""
        for product in self._products:
            if known_file(product, path, sha256) is KnownFile.KNOWN_GOOD:
                self.paths[path] = product.file.title

    def merge(self, paths: Mapping[str, str]) -> None:
        """Add files that were known elsewhere, as ``paths`` gives them."""
        self.paths.update(paths)

    def explain(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Give the findings, those about the content of a known-good file reclassified as context."""
        return tuple(self._explained(one) for one in findings)

    def _explained(self, finding: Finding) -> Finding:
        title = self.paths.get(finding.locator.path)
        if title is None or finding.kind != "web.file" or finding.means is Means.CONTEXT:
            return finding
        why = f"The file is one that {title} comes with, in its place: its SHA-256 is on the known-good list."
        benign = Benign(rule="known-good file", why=why, was=finding.means)
        return replace(finding, means=Means.CONTEXT, rung=None, benign=benign)
