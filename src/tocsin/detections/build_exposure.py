"""From the builds that the evidence names to an exposure: which build is followed, and what it means.

Evidence of a build is ranked (1 is the strongest). The registry, AdminDisplayVersion and the setup
log (ranks 4 and 5) name the cumulative update and never the security update: they are read as "at
least this build", and answer only if every later build of the branch would answer the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from tocsin.detections.standings import Standing, Status, is_rollup, standing
from tocsin.model.verdicts import BuildSeen
from tocsin.model.words import Exposure
from tocsin.packs.products import Product
from tocsin.packs.versions import branch_of, is_full, key, normalise

LOG_RANK = 2
"""Rank of builds that logs state request by request."""

CU_ONLY_RANK = 4
"""From this rank on, a source names the cumulative update and not the security update."""

SECOND_HAND_RANK = 6
"""Rank of builds that only excerpts or retyped rows state: they may accuse, they never acquit."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class BuildExposure(Struct, frozen=True, kw_only=True):
    """Exposure as far as builds tell.

    Attributes:
        exposure: ``vulnerable``, ``patched``, ``not-affected`` or ``unknown``.
        fix: what to install or upgrade to, or None.
        because: one or two sentences, ending in the place of the evidence and of the table's row.
        followed: the build that was followed, or None.
        standings: one for every CVE asked about.
        patched_at: first moment at which a log shows a fixed build, if the same logs show an open
            build before; aware UTC.
        open_until: last moment at which a log shows an open build; aware UTC.
    """

    exposure: Exposure
    fix: str | None
    because: str
    followed: BuildSeen | None = None
    standings: tuple[Standing, ...] = ()
    patched_at: datetime | None = None
    open_until: datetime | None = None


def exposure_of(
    product: Product, cves: Sequence[str], builds: Sequence[BuildSeen], at: datetime | None = None
) -> BuildExposure:
    """Say whether any of the CVEs is open on the server that the builds were seen on.

    With ``at`` (aware UTC), the build that the logs show at that moment is followed, where they
    reach back to it; without, the strongest and latest evidence.
    """
    followed = follow(builds, at=at)
    if followed is None or not cves:
        why = "Nothing in the evidence names the server's build." if cves else "No CVE was asked about."
        return BuildExposure(exposure=Exposure.UNKNOWN, fix=None, because=why)
    standings = tuple(_standing(product, cve, followed) for cve in cves)
    worst = max(standings, key=lambda one: _GRAVITY.index(one.status))
    patched_at, open_until = _timeline(product, cves, builds)
    exposure, doubt = _with_doubt(_EXPOSURE[worst.status], followed)
    return BuildExposure(
        exposure=exposure,
        fix=worst.fix,
        because=_because(followed, worst) + doubt,
        followed=followed,
        standings=standings,
        patched_at=patched_at,
        open_until=open_until,
    )


def _with_doubt(exposure: Exposure, followed: BuildSeen) -> tuple[Exposure, str]:
    if followed.rank < SECOND_HAND_RANK or exposure is Exposure.VULNERABLE:
        return exposure, ""
    return (
        Exposure.UNKNOWN,
        " But an excerpt does not prove what the server ran: collect ExSetup.exe or whole logs.",
    )


def follow(builds: Iterable[BuildSeen], at: datetime | None = None) -> BuildSeen | None:
    """Give the build to follow: the strongest rank; there the weakest file, or the latest log entry."""
    seen = list(builds)
    if at is not None:
        earlier = [one for one in seen if one.rank == LOG_RANK and one.start and one.start <= at]
        if earlier:
            return max(earlier, key=_moment)
    if not seen:
        return None
    best = min(one.rank for one in seen)
    group = [one for one in seen if one.rank == best]
    if best < LOG_RANK:
        return _weakest_file(group)
    return max(group, key=_moment if best == LOG_RANK else _number)


def _weakest_file(group: list[BuildSeen]) -> BuildSeen:
    """Give the oldest of the files whose kind comes first: the patched ones stand before ExSetup.exe."""
    first = min((one.source.lower().endswith(".exe"), one.source) for one in group)[1]
    return min((one for one in group if one.source == first), key=_number)


def _number(seen: BuildSeen) -> tuple[tuple[int, ...], tuple[str, int]]:
    return key(seen.build), seen.locator.order


def _moment(seen: BuildSeen) -> tuple[datetime, tuple[int, ...], tuple[str, int]]:
    return seen.end or seen.start or _LONG_AGO, key(seen.build), seen.locator.order


def _standing(product: Product, cve: str, seen: BuildSeen) -> Standing:
    if seen.rank < CU_ONLY_RANK or seen.rank == SECOND_HAND_RANK:
        return standing(product, cve, seen.build)
    return _at_least(product, cve, seen.build)


def _at_least(product: Product, cve: str, build: str) -> Standing:
    """Judge a build that may have been updated since: all builds it can have become must agree."""
    number = normalise(build) or build
    answers = [standing(product, cve, one) for one in _successors(product, number)]
    if not answers:
        return standing(product, cve, build)
    if len({one.status for one in answers}) == 1:
        return answers[0]
    base = product.label(branch_of(number)) if is_full(number) else number
    return Standing(
        cve=cve,
        build=number,
        label=base,
        status=Status.UNKNOWN,
        fix=next((one.fix for one in answers if one.fix), None),
        why=(
            "This source shows the cumulative update and not the update on top of it:"
            f" {answers[0].build} would be {answers[0].status.value},"
            f" {answers[-1].build} {answers[-1].status.value}."
        ),
        row=answers[-1].row,
        sources=answers[-1].sources,
    )


def _successors(product: Product, number: str) -> list[str]:
    if is_rollup(product, number):
        same = [row.build for row in product.builds if key(row.build)[:2] == key(number)[:2]]
    else:
        same = [row.build for row in product.of_branch(branch_of(number))]
    return sorted((build for build in same if key(build) >= key(number)), key=key)


_GRAVITY = (
    Status.NOT_AFFECTED,
    Status.FIXED,
    Status.UNKNOWN,
    Status.VULNERABLE,
    Status.VULNERABLE_NO_UPDATE,
)
_EXPOSURE = {
    Status.NOT_AFFECTED: Exposure.NOT_AFFECTED,
    Status.FIXED: Exposure.PATCHED,
    Status.UNKNOWN: Exposure.UNKNOWN,
    Status.VULNERABLE: Exposure.VULNERABLE,
    Status.VULNERABLE_NO_UPDATE: Exposure.VULNERABLE,
}


def _because(followed: BuildSeen, worst: Standing) -> str:
    row = f" [{worst.row}]" if worst.row else ""
    return (
        f"{followed.label or worst.label}, build {followed.build} ({followed.source}, {followed.locator})."
        f" {worst.cve}: {worst.why}{row}"
    )


def _timeline(
    product: Product, cves: Sequence[str], builds: Iterable[BuildSeen]
) -> tuple[datetime | None, datetime | None]:
    """Give the moment at which the logs turn from an open to a fixed build, and the last open moment."""
    logged = [one for one in builds if one.rank == LOG_RANK and one.start]
    opened: list[datetime] = []
    fixed: list[datetime] = []
    for one in logged:
        states = {standing(product, cve, one.build).status for cve in cves}
        if any(state.is_open for state in states):
            opened.append(one.end or one.start or _LONG_AGO)
        elif states <= {Status.FIXED, Status.NOT_AFFECTED} and one.start:
            fixed.append(one.start)
    open_until = max(opened, default=None)
    if open_until is None:
        return None, None
    return min((moment for moment in fixed if moment >= open_until), default=None), open_until
