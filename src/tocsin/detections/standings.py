"""Where one build stands against one CVE: decided per cumulative update's branch, never by one threshold.

Security updates are made for some cumulative updates and not for others, so a higher build number
can be open while a lower one is fixed. How the tables are read: a product line without rows for the
CVE is not affected; a build at or above the first cumulative update that carries the fix is fixed;
a row for the build's branch decides by comparison; any other build is open, and no update exists
for its branch. Exchange 2007 and 2010 have no branches of that kind: each rollup contains the
rollups before it, within one service pack.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from tocsin.packs.products import Product, row_label
from tocsin.packs.schema import CveRow
from tocsin.packs.versions import branch_of, is_full, key, normalise


class Status(StrEnum):
    """The answer for one build and one CVE."""

    FIXED = "fixed"
    VULNERABLE = "vulnerable"
    """An update for this branch exists."""
    VULNERABLE_NO_UPDATE = "vulnerable-no-update"
    """No update for this branch exists: upgrade."""
    NOT_AFFECTED = "not-affected"
    UNKNOWN = "unknown"

    @property
    def is_open(self) -> bool:
        """Whether the flaw is open."""
        return self in {Status.VULNERABLE, Status.VULNERABLE_NO_UPDATE}


class Standing(Struct, frozen=True, kw_only=True):
    """Where a build stands.

    Attributes:
        cve: the vulnerability.
        build: normalised, or as it came if it is no build.
        label: the build's name.
        status: the answer.
        fix: what to install, or what to upgrade to, in words; None if there is nothing to do.
        why: one sentence.
        row: ``path:line`` of the row of the CVE table that decided, or None.
        sources: the sources of that row.
        known: the build stands in the build table; otherwise it was judged by its place.
    """

    cve: str
    build: str
    label: str
    status: Status
    fix: str | None
    why: str
    row: str | None = None
    sources: str = ""
    known: bool = True


def standing(product: Product, cve: str, build: str) -> Standing:
    """Say where a build stands against a CVE. Any spelling of the build will do.

    A version of three parts, or with an invented revision 0, is ``unknown`` unless every known
    build of its branch gives the same answer.
    """
    number = normalise(build)
    line = product.line_of(number) if number else None
    if number is None or line is None:
        why = f"'{build}' is no build of {product.file.title} that the tables know."
        return _answer(product, cve, build, Status.UNKNOWN, why)
    if cve not in product.cves:
        return _answer(product, cve, number, Status.UNKNOWN, f"The tables have no row for {cve}.")
    rows = tuple(row for row in product.cves[cve] if row.product == line)
    if not rows:
        why = f"No source lists {line} as affected by {cve}."
        return _answer(product, cve, number, Status.NOT_AFFECTED, why)
    siblings = product.of_branch(branch_of(number))
    if siblings and (not is_full(number) or _is_rounded(product, number)):
        return _by_branch(product, rows, number, tuple(row.build for row in siblings))
    return _exact(product, rows, number)


def _is_rounded(product: Product, number: str) -> bool:
    return number.endswith(".0") and number not in product.by_build


def _by_branch(product: Product, rows: tuple[CveRow, ...], number: str, builds: tuple[str, ...]) -> Standing:
    answers = [_exact(product, rows, build) for build in builds]
    kinds = {answer.status for answer in answers}
    first = answers[0]
    if len(kinds) == 1:
        why = f"Every known build of the branch {branch_of(number)} answers the same. {first.why}"
        return _answer(product, first.cve, number, first.status, why, row=_row_of(rows, first), fix=first.fix)
    fixed = next(answer for answer in answers if answer.status is not first.status)
    why = (
        f"{number} does not show the update: on this branch {first.build} is {first.status.value}"
        f" and {fixed.build} is {fixed.status.value}."
    )
    return _answer(product, first.cve, number, Status.UNKNOWN, why, row=_row_of(rows, fixed), fix=first.fix)


def _row_of(rows: tuple[CveRow, ...], answer: Standing) -> CveRow | None:
    return next((row for row in rows if answer.row and answer.row.endswith(f":{row.line}")), None)


def _exact(product: Product, rows: tuple[CveRow, ...], number: str) -> Standing:
    carrier = next((row for row in rows if row.first_unaffected_cu_build), None)
    if carrier and key(number) >= key(carrier.first_unaffected_cu_build):
        why = f"{carrier.first_unaffected_cu} ({carrier.first_unaffected_cu_build}) and later carry the fix."
        return _answer(product, carrier.cve, number, Status.FIXED, why, row=carrier)
    if is_rollup(product, number):
        return _rollup(product, rows, number)
    own = next((row for row in rows if row.branch == branch_of(number)), None)
    if own:
        return _compared(product, own, number)
    return _without_row(product, rows, number)


def _compared(product: Product, row: CveRow, number: str) -> Standing:
    if not row.first_fixed_build:
        why = f"The sources do not say which update fixes {row.cve} on {row.affected_cu}."
        return _answer(product, row.cve, number, Status.UNKNOWN, why, row=row)
    named = f"{row.fixed_by} ({row.first_fixed_build})"
    if key(number) >= key(row.first_fixed_build):
        why = f"{named} fixes it on {row.affected_cu}, and this build is not older."
        return _answer(product, row.cve, number, Status.FIXED, why, row=row)
    why = f"{named} fixes it on {row.affected_cu}, and this build is older."
    return _answer(product, row.cve, number, Status.VULNERABLE, why, row=row, fix=_install(product, row))


def _without_row(product: Product, rows: tuple[CveRow, ...], number: str) -> Standing:
    cve, line = rows[0].cve, rows[0].product
    if product.of_branch(branch_of(number)):
        why = f"No update against {cve} exists for this branch ({branch_of(number)})."
        fix = _upgrade(rows)
        return _answer(product, cve, number, Status.VULNERABLE_NO_UPDATE, why, row=rows[-1], fix=fix)
    newest = product.branches[line][-1]
    resolved = [row for row in rows if row.first_fixed_build]
    if key(branch_of(number)) > key(newest) and resolved:
        why = (
            f"The branch {branch_of(number)} is newer than any in the tables (newest {newest});"
            " a cumulative update contains the fixes before it."
        )
        return _answer(product, cve, number, Status.FIXED, why, row=resolved[-1])
    why = f"{branch_of(number)} lies between known releases and is none of them."
    return _answer(product, cve, number, Status.UNKNOWN, why)


# --- service packs with rollups (2007, 2010) --------------------------------------------------


def is_rollup(product: Product, number: str) -> bool:
    """Say whether a normalised build belongs to a version that is serviced by rollups (2007, 2010)."""
    return key(number)[0] in product.rollup_majors


def _rollup(product: Product, rows: tuple[CveRow, ...], number: str) -> Standing:
    pack = key(number)[:2]
    fixes = [row for row in rows if row.first_fixed_build and key(row.branch)[:2] == pack]
    fixes.sort(key=lambda row: key(row.first_fixed_build))
    if not fixes:
        return _no_rollup(product, rows, number)
    first, last = fixes[0], fixes[-1]
    if key(number) >= key(last.first_fixed_build):
        why = f"{last.fixed_by} ({last.first_fixed_build}) fixes it, and later rollups contain it."
        return _answer(product, last.cve, number, Status.FIXED, why, row=last)
    if key(number) >= key(first.first_fixed_build):
        why = f"The sources name {first.fixed_by} and {last.fixed_by} as the fix; this build lies between."
        return _answer(product, last.cve, number, Status.UNKNOWN, why, row=last, fix=_install(product, last))
    named = f"{last.fixed_by} ({last.first_fixed_build})"
    why = f"{named} fixes it on {last.affected_cu}, and this build is older."
    return _answer(product, last.cve, number, Status.VULNERABLE, why, row=last, fix=_install(product, last))


def _no_rollup(product: Product, rows: tuple[CveRow, ...], number: str) -> Standing:
    cve = rows[0].cve
    if unresolved := [row for row in rows if key(row.branch)[:2] == key(number)[:2]]:
        why = f"The sources do not say which rollup fixes {cve} on {unresolved[0].affected_cu}."
        return _answer(product, cve, number, Status.UNKNOWN, why, row=unresolved[0])
    if not any(row.first_fixed_build for row in rows):
        why = f"The sources do not say which rollup fixes {cve}."
        return _answer(product, cve, number, Status.UNKNOWN, why, row=rows[0])
    why = f"No rollup against {cve} exists for this service pack."
    fix = _upgrade(rows)
    return _answer(product, cve, number, Status.VULNERABLE_NO_UPDATE, why, row=rows[-1], fix=fix)


# --- wording ----------------------------------------------------------------------------------


def _install(product: Product, row: CveRow) -> str:
    target = product.by_build[row.first_fixed_build]
    knowledge = f" ({target.kb})" if target.kb else ""
    return f"Install {row_label(target)}{knowledge}, build {target.build}, or a later update."


def _upgrade(rows: tuple[CveRow, ...]) -> str | None:
    carrier = next((row for row in rows if row.first_unaffected_cu_build), None)
    if carrier:
        target = f"{carrier.product} {carrier.first_unaffected_cu} or later"
        return f"None on this branch: upgrade to {target}, then install its latest update."
    fixes = [row for row in rows if row.first_fixed_build]
    if not fixes:
        return None
    last = max(fixes, key=lambda row: key(row.first_fixed_build))
    return (
        f"None on this branch: upgrade to {last.product} {last.affected_cu},"
        f" then install {last.fixed_by} or a later update."
    )


def _answer(  # noqa: PLR0913 - one value per attribute of the answer
    product: Product,
    cve: str,
    number: str,
    status: Status,
    why: str,
    *,
    row: CveRow | None = None,
    fix: str | None = None,
) -> Standing:
    known = number in product.by_build
    return Standing(
        cve=cve,
        build=number,
        label=product.label(number),
        status=status,
        fix=fix,
        why=why if known else f"{why}{_place_in_tables(product, number)}",
        row=f"{product.place}/cves.csv:{row.line}" if row else None,
        sources=row.source if row else "",
        known=known,
    )


def _place_in_tables(product: Product, number: str) -> str:
    number = normalise(number) or ""
    siblings = [row.build for row in product.of_branch(branch_of(number))] if is_full(number) else []
    if not siblings:
        return " This branch is not in the tables." if is_full(number) and product.line_of(number) else ""
    if _is_rounded(product, number):
        return ""
    below = [build for build in siblings if key(build) < key(number)]
    above = [build for build in siblings if key(build) > key(number)]
    if not above:
        return f" {number} is newer than the newest build in the tables ({siblings[-1]})."
    if not below:
        return f" {number} is older than the first build of its branch in the tables ({siblings[0]})."
    return f" {number} is not in the tables; it lies between {below[-1]} and {above[0]}."
