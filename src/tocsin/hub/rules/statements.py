"""What one sighting says about one campaign: from a build, tags and the source's own conclusion to a status.

Builds are judged by the same tables and the same code as ``tocsin assess`` (`tocsin.detections.standings`). A
version of three parts that is open with one update and fixed with the next stays ``unknown``. A tag that
names a CVE of the campaign is a check's result and says vulnerable; where tag and build disagree, the worse
holds.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from functools import lru_cache

from msgspec import Struct

from tocsin.detections.standings import Status, standing
from tocsin.hub.rules.words import Exposure
from tocsin.packs.products import Product
from tocsin.packs.versions import branch_of, normalise

SHELL_TAGS = frozenset({"webshell", "web-shell", "exchange-webshell", "shell"})
"""Tags by which scan services say that they saw a web shell answer."""

_OF_BUILD = {
    Status.FIXED: Exposure.PATCHED,
    Status.VULNERABLE: Exposure.VULNERABLE,
    Status.VULNERABLE_NO_UPDATE: Exposure.VULNERABLE,
    Status.NOT_AFFECTED: Exposure.NOT_AFFECTED,
    Status.UNKNOWN: Exposure.UNKNOWN,
}
_GRAVITY = (
    Exposure.UNKNOWN,
    Exposure.NOT_AFFECTED,
    Exposure.PATCHED,
    Exposure.MITIGATED,
    Exposure.PARTLY_MITIGATED,
    Exposure.VULNERABLE,
)
_MITIGATION = (Exposure.MITIGATED, Exposure.PARTLY_MITIGATED)
STATEMENTS = frozenset(_GRAVITY)
"""What a sighting can say of an exposure."""


class Statement(Struct, frozen=True, kw_only=True):
    """What one sighting says about one campaign.

    Attributes:
        exposure: ``vulnerable``, ``mitigated``, ``patched``, ``not-affected`` … or ``unknown``.
        checked: a check says so, not the version alone: it also speaks about mitigations.
        shell: a web shell answered.
        branch: the build's branch in words, such as ``Exchange Server 2016 CU18``, or an empty text.
    """

    exposure: Exposure
    checked: bool = False
    shell: bool = False
    branch: str = ""


class Facts(Struct, frozen=True, kw_only=True):
    """What the hub knows of a campaign when it reads a census.

    Attributes:
        campaign: the pack's id.
        entry: CVEs whose fix decides whether the door is open.
        cves: all of the campaign's CVEs, in lower case.
        product: whose builds decide, or None.
        since: the first cited exploitation, or None: web shells seen before it are not the campaign's.
    """

    campaign: str
    entry: tuple[str, ...]
    cves: frozenset[str]
    product: Product | None
    since: date | None = None

    @property
    def words(self) -> frozenset[str]:
        """Names under which a scope's ``checks`` may mean this campaign, in lower case."""
        product = {self.product.file.id} if self.product else set()
        return self.cves | {self.campaign.lower()} | product


class Reader:
    """Reads sightings for one campaign; what many servers show alike is judged once."""

    def __init__(self, facts: Facts) -> None:
        """Keep the facts."""
        self.facts = facts
        self._product = facts.product.file.id if facts.product else None
        self._read = lru_cache(maxsize=1 << 16)(self._judge)

    def read(self, *, build: str, tags: Sequence[str], status: str, product: str) -> Statement | None:
        """Say what a sighting means for the campaign; None if it is about something else."""
        return self._read(build, tuple(tags), status, product)

    def _judge(self, build: str, tags: tuple[str, ...], status: str, product: str) -> Statement | None:
        words = frozenset(tag.strip().lower() for tag in tags)
        named = not words.isdisjoint(self.facts.cves)
        by_build = self._by_build(build)
        if not (named or by_build or self._is_product(words, product)):
            return None
        claimed = _claimed(status) if named or not any(word.startswith("cve-") for word in words) else None
        worst = max(_said(by_build, claimed, named=named), key=_GRAVITY.index, default=Exposure.UNKNOWN)
        return Statement(
            exposure=worst,
            checked=named or claimed is not None,
            shell=not words.isdisjoint(SHELL_TAGS),
            branch=self._branch(build),
        )

    def _by_build(self, build: str) -> Exposure | None:
        number = normalise(build) if build else None
        facts = self.facts
        if facts.product is None or number is None or facts.product.line_of(number) is None:
            return None
        answers = [_OF_BUILD[standing(facts.product, cve, number).status] for cve in facts.entry]
        if Exposure.VULNERABLE in answers or not answers:
            return Exposure.VULNERABLE if answers else Exposure.UNKNOWN
        return Exposure.UNKNOWN if Exposure.UNKNOWN in answers else max(answers, key=_GRAVITY.index)

    def _is_product(self, words: Collection[str], product: str) -> bool:
        name = self._product
        return name is not None and (name in words or name in product.lower())

    def _branch(self, build: str) -> str:
        number = normalise(build) if build else None
        table = self.facts.product
        if table is None or number is None:
            return ""
        rows = table.of_branch(branch_of(number))
        return f"{rows[0].product} {rows[0].cu}" if rows else table.line_of(number) or ""


def _claimed(status: str) -> Exposure | None:
    return Exposure(status) if status in STATEMENTS and status != Exposure.UNKNOWN else None


def _said(by_build: Exposure | None, claimed: Exposure | None, *, named: bool) -> list[Exposure]:
    """Give what one row says; the build does not refute a mitigation, which leaves it as it is."""
    if claimed is not None and claimed in _MITIGATION and by_build is Exposure.VULNERABLE:
        return [claimed]
    said = [by_build] if by_build else []
    if claimed:
        said.append(claimed)
    elif named:
        said.append(Exposure.VULNERABLE)
    return said
