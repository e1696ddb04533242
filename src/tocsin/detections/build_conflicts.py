"""Builds that do not agree: files of two updates, logs of two servers, attempts that failed.

A patched server has older logs and folders; that is history and no conflict.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from tocsin.detections.build_exposure import LOG_RANK, follow
from tocsin.model.verdicts import BuildSeen, Conflict
from tocsin.packs.products import Product
from tocsin.packs.versions import branch_of, key

FILE_RANK = 1
"""Rank of file versions, the strongest."""

SETUP = "setup log"
DISPLAY = "AdminDisplayVersion or registry"
"""Sources that may be another machine's, copied along with the rest."""

PATCH_INCOMPLETE = "patch incomplete"
"""How the text of that conflict begins."""


def conflicts(product: Product, seen: tuple[BuildSeen, ...]) -> Iterator[Conflict]:
    """Yield what does not agree among the builds seen, and which was followed."""
    followed = follow(seen)
    if followed is None:
        return
    yield from _files_disagree(product, seen)
    yield from _logs_overlap(seen)
    for source in sorted({one.source for one in seen if one.rank != FILE_RANK} - {followed.source}):
        other = follow([one for one in seen if one.source == source])
        if other and _contradicts(other, followed):
            yield Conflict(
                what=_difference(other, followed),
                locators=(followed.locator, other.locator),
                followed=f"{followed.build} ({followed.source})",
            )


def _files_disagree(product: Product, seen: tuple[BuildSeen, ...]) -> Iterator[Conflict]:
    files = [one for one in seen if one.rank == FILE_RANK]
    followed = follow(files)
    other = next((one for one in files if followed and one.build != followed.build), None)
    if not followed or not other:
        return
    setup = f"file version of {product.file.setup_file}"
    same_file = other.source == followed.source
    what = "several versions of one file" if same_file or followed.source == setup else PATCH_INCOMPLETE
    yield Conflict(
        what=(
            f"{what}: {followed.source} is {followed.build}, {other.source} is {other.build};"
            " an update run without elevation, or broken off, leaves files behind"
        ),
        locators=(followed.locator, other.locator),
        followed=f"{followed.build} ({followed.source})",
    )


def _logs_overlap(seen: tuple[BuildSeen, ...]) -> Iterator[Conflict]:
    logged = [one for one in seen if one.rank == LOG_RANK and one.start and one.end]
    latest = max(logged, key=lambda one: (one.end, key(one.build)), default=None)
    for first, second in pairwise(logged):
        if first.end and second.start and second.start < first.end:
            yield Conflict(
                what=(
                    f"logs state {first.build} and {second.build} over the same time:"
                    " logs of two servers, or of a server rolled back"
                ),
                locators=(first.locator, second.locator),
                followed=f"{latest.build} (the latest)" if latest else "",
            )


def _contradicts(other: BuildSeen, followed: BuildSeen) -> bool:
    """Tell a contradiction from history: older logs and folders are what a patched server has."""
    if branch_of(other.build) != branch_of(followed.build):
        newer = key(other.build) > key(followed.build)
        return newer or other.source in {SETUP, DISPLAY}
    return other.rank == LOG_RANK and key(other.build) > key(followed.build)


def _difference(other: BuildSeen, followed: BuildSeen) -> str:
    reason = "another machine, or an old or failed attempt" if other.source == SETUP else "another machine"
    return (
        f"{followed.source} says {followed.build}, {other.source} says {other.build}"
        f" ({other.label}): {reason}, or a change after it was written"
    )
