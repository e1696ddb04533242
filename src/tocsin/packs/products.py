"""A product folder: build table, CVE table, mitigations and known-good files, loaded and checked.

The tables are facts from several public sources that disagree in places; every row keeps its
sources and its line, so that an answer can be traced to the row that gave it.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from tocsin.errors import PackError
from tocsin.evidence.web_roots import url_of
from tocsin.packs.cache import Form, kept
from tocsin.packs.schema import BuildRow, CveRow, MitigationFile, ProductFile
from tocsin.packs.versions import Key, branch_of, is_full, key, normalise
from tocsin.packs.yaml_text import converted, read_yaml

LARGEST_TABLE = 32 << 20
"""Bytes of one table after decompression."""

T = TypeVar("T")
Cells = Mapping[str, str]
KnownGood = Mapping[str, tuple[str, ...]]
"""SHA-256 in lower-case hexadecimal to the paths (lower case, forward slashes) it is known at."""


class Product(Struct, frozen=True, kw_only=True):
    """A product: which builds exist, what fixes what on which branch, what protects meanwhile.

    Attributes:
        file: what ``product.yaml`` says.
        builds: every known build, in the order of the table.
        cves: rows of the CVE table, by CVE.
        mitigations: sorted by name.
        known_good: hashes of the vendor's own server pages and configurations.
        own_pages: URL paths in lower case of the vendor's own server pages: files and others.
        ordinary: lines of ordinary traffic by kind of log: which texts are rare is told by them.
        place: the folder's name as reasons cite it, such as ``products/exchange``.
        sha256: digest over all files of the folder.
        by_build: the row of every known build.
        by_branch: the known builds of every branch, oldest first.
        branches: for every product line (such as ``Exchange Server 2016``), its branches, oldest first.
        order: every branch as numbers with its line, oldest first.
        rollup_majors: major versions that are serviced by rollups and not per cumulative update.
    """

    file: ProductFile
    builds: tuple[BuildRow, ...]
    cves: Mapping[str, tuple[CveRow, ...]]
    mitigations: tuple[MitigationFile, ...]
    known_good: KnownGood
    own_pages: frozenset[str] = frozenset()
    ordinary: Mapping[str, tuple[bytes, ...]] = {}
    place: str
    sha256: str
    by_build: Mapping[str, BuildRow]
    by_branch: Mapping[str, tuple[BuildRow, ...]]
    branches: Mapping[str, tuple[str, ...]]
    order: tuple[tuple[Key, str], ...]
    rollup_majors: frozenset[int]

    def row(self, build: str) -> BuildRow | None:
        """Give the row of a build, however it is written, or None."""
        return self.by_build.get(normalise(build) or "")

    def line_of(self, build: str) -> str | None:
        """Give the product line that a normalised build belongs to, or None if it is no build of it.

        A build between two known branches belongs to the line of the lower one.
        """
        wanted = key(branch_of(build))
        at = bisect_right(self.order, wanted, key=lambda pair: pair[0])
        if not at or self.order[at - 1][0][:2] != wanted[:2]:
            return None
        return self.order[at - 1][1]

    def of_branch(self, branch: str) -> tuple[BuildRow, ...]:
        """Give the known builds of a branch, oldest first."""
        return self.by_branch.get(branch, ())

    def label(self, build: str) -> str:
        """Give the name of a build, such as ``Exchange Server 2016 CU18 Mar21SU``.

        A build that is not in the tables is named by its line and branch; three parts by the
        branch; anything else is given back as it came.
        """
        number = normalise(build)
        if number is None:
            return build
        if row := self.by_build.get(number):
            return row_label(row)
        rows = self.of_branch(branch_of(number))
        if not rows:
            return f"{self.line_of(number) or self.file.title} (build {number})"
        base = f"{rows[0].product} {rows[0].cu}"
        return f"{base} (build {number}, not in the tables)" if is_full(number) else f"{base}, update unknown"


def row_label(row: BuildRow) -> str:
    """Give ``Exchange Server 2016 CU18 Mar21SU``."""
    return " ".join(part for part in (row.product, row.cu, row.update) if part)


def load_product(folder: Path) -> Product:
    """Load and check one product folder, or give what was kept of it (``packs.cache``).

    Raises:
        PackError: a file is missing or wrong, at ``file:line``.
    """
    sha256 = _digest(folder)
    form: Form[Product] = Form(
        write=partial(_written, sha256), read=partial(msgspec.msgpack.decode, type=Product)
    )
    return kept("product", (_place(folder).encode(), sha256.encode()), form, partial(_load, folder))


def _place(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


def _written(sha256: str, product: Product) -> bytes:
    if product.sha256 != sha256:
        raise ValueError(sha256)  # its files changed meanwhile
    return msgspec.msgpack.encode(product)


def _load(folder: Path) -> Product:
    builds = tuple(_table(folder / "builds.csv", BuildRow, _build_row))
    by_build = _unique(builds, folder / "builds.csv")
    cves = tuple(_table(folder / "cves.csv", CveRow, _cve_row))
    _check_fixes(cves, by_build, folder / "cves.csv")
    file = converted(read_yaml(folder / "product.yaml"), ProductFile)
    known_good = _known_good(folder / "known_good_web_files.csv.gz")
    return Product(
        file=file,
        builds=builds,
        cves=_grouped((row.cve, row) for row in cves),
        mitigations=_mitigations(folder / "mitigations"),
        known_good=known_good,
        own_pages=frozenset((*_urls(known_good), *(page.lower() for page in file.own_pages))),
        ordinary=_ordinary(folder / "ordinary"),
        place=_place(folder),
        sha256=_digest(folder),
        by_build=by_build,
        by_branch=_grouped((row.branch, row) for row in sorted(builds, key=lambda row: key(row.build))),
        branches=_branches(builds),
        order=tuple(sorted({(key(row.branch), row.product) for row in builds})),
        rollup_majors=frozenset(key(row.build)[0] for row in builds if row.kind == "RU"),
    )


def _grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, tuple[T, ...]]:
    groups: dict[str, list[T]] = defaultdict(list)
    for name, value in pairs:
        groups[name].append(value)
    return {name: tuple(values) for name, values in groups.items()}


def _branches(builds: tuple[BuildRow, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = defaultdict(set)
    for row in builds:
        found[row.product].add(row.branch)
    return {line: tuple(sorted(branches, key=key)) for line, branches in found.items()}


def _ordinary(folder: Path) -> dict[str, tuple[bytes, ...]]:
    """Read ``ordinary/<kind>.log.gz``; a product need not have any."""
    found = {}
    for path in sorted(folder.glob("*.log.gz")):
        with gzip.open(path) as stream:
            found[path.name.removesuffix(".log.gz")] = tuple(stream.read(LARGEST_TABLE).splitlines())
    return found


def _digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(path.relative_to(folder).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _mitigations(folder: Path) -> tuple[MitigationFile, ...]:
    found = []
    for path in sorted(folder.glob("*.yaml")):
        mitigation = converted(read_yaml(path), MitigationFile)
        if mitigation.id != path.stem:
            raise PackError(
                f"the id '{mitigation.id}' is not the file's name.",
                where=f"{path}:1",
                remedy="Make them the same.",
            )
        found.append(mitigation)
    return tuple(found)


# --- tables -----------------------------------------------------------------------------------


def _table(path: Path, shape: type[Struct], convert: Callable[[Cells, int], T]) -> Iterator[T]:
    reader = csv.DictReader(io.StringIO(_text(path)), strict=True)
    names = [field.name for field in msgspec.structs.fields(shape) if field.name != "line"]
    if list(reader.fieldnames or ()) != names:
        raise PackError(f"its columns are not {', '.join(names)}.", where=f"{path}:1", remedy="Restore them.")
    try:
        for cells in reader:
            _check_width(cells, path, reader.line_num)
            yield _converted(cells, path, reader.line_num, convert)
    except csv.Error as error:
        raise PackError(f"{error}.", where=f"{path}:{reader.line_num}", remedy="Correct the line.") from error


def _converted(cells: Cells, path: Path, line: int, convert: Callable[[Cells, int], T]) -> T:
    try:
        return convert(cells, line)
    except ValueError as error:
        raise PackError(f"{error}.", where=f"{path}:{line}", remedy="Correct the row.") from error


def _check_width(cells: Cells, path: Path, line: int) -> None:
    if None in cells or None in cells.values():
        raise PackError(
            "the row has too many or too few cells.", where=f"{path}:{line}", remedy="Correct the row."
        )


def _text(path: Path) -> str:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            data = stream.read(LARGEST_TABLE + 1)
        if len(data) > LARGEST_TABLE:
            raise PackError(f"longer than {LARGEST_TABLE:,} bytes.", where=str(path), remedy="Split it.")
        return data.decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise PackError(f"cannot be read: {error}.", where=str(path), remedy="Restore the file.") from error


def _build_row(cells: Cells, line: int) -> BuildRow:
    build = cells["build"]
    if normalise(build) != build or not is_full(build):
        raise ValueError(f"'{build}' is no build of four parts")
    if cells["branch"] != branch_of(build):
        raise ValueError(f"the branch '{cells['branch']}' is not that of {build}")
    _need(cells, "product", "cu", "kind", "sources")
    return BuildRow(**{**cells, "release_date": _date(cells["release_date"])}, line=line)  # type: ignore[arg-type]  # columns are the struct's, checked above


def _cve_row(cells: Cells, line: int) -> CveRow:
    fixed = cells["first_fixed_build"]
    if fixed and branch_of(fixed) != cells["branch"]:
        raise ValueError(f"the fix {fixed} is not on the branch {cells['branch']}")
    _need(cells, "cve", "product", "affected_cu", "branch", "how_resolved", "source")
    dates = {name: _date(cells[name]) for name in ("disclosed", "fix_released")}
    return CveRow(**{**cells, **dates}, line=line)  # type: ignore[arg-type]  # as above


def _need(cells: Cells, *names: str) -> None:
    empty = [name for name in names if not cells[name]]
    if empty:
        raise ValueError(f"no {' and no '.join(empty)}")


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _unique(builds: tuple[BuildRow, ...], path: Path) -> dict[str, BuildRow]:
    found: dict[str, BuildRow] = {}
    for row in builds:
        if first := found.get(row.build):
            raise PackError(
                f"{row.build} stands in line {first.line} already.",
                where=f"{path}:{row.line}",
                remedy="Keep one row, and both sources.",
            )
        found[row.build] = row
    return found


def _check_fixes(cves: tuple[CveRow, ...], known: Mapping[str, BuildRow], path: Path) -> None:
    for row in cves:
        for build in (row.first_fixed_build, row.first_unaffected_cu_build):
            if build and build not in known:
                raise PackError(
                    f"{build} is not in builds.csv.",
                    where=f"{path}:{row.line}",
                    remedy="Add the build there.",
                )


def _urls(known_good: KnownGood) -> Iterator[str]:
    """Give the URL paths at which the vendor's files are served."""
    for path in {path for paths in known_good.values() for path in paths}:
        url = url_of(path)
        if url:
            yield url


def _known_good(path: Path) -> dict[str, tuple[str, ...]]:
    if not path.exists():
        return {}
    reader = csv.DictReader(io.StringIO(_text(path)), strict=True)
    if list(reader.fieldnames or ())[:2] != ["path", "sha256"]:
        raise PackError("its columns are not path, sha256, …", where=f"{path}:1", remedy="Restore them.")
    return _grouped((row["sha256"].lower(), row["path"].replace("\\", "/").lower()) for row in reader)
