"""Files that come with reports: into quarantine, named by rows here, given to staff as downloads."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Protocol

from django.db.models import Sum

from tocsin.errors import LimitExceeded
from tocsin.hub.incidents.models import IncidentReport, Upload
from tocsin.hub.lists import quarantine

LARGEST = 25 * quarantine.MIB
AT_ONCE, IN_ALL = 5, 20
"""Files of one message, and of one report."""

TOGETHER = 100 * quarantine.MIB
"""Bytes of all files of one report."""

LARGEST_REQUEST = AT_ONCE * LARGEST + quarantine.MIB


class Given(Protocol):
    """What Django and ninja call an uploaded file."""

    @property
    def name(self) -> str | None:
        """What its sender calls it."""
        ...

    @property
    def size(self) -> Any:
        """Bytes, or None where that is not known."""
        ...

    def chunks(self) -> Iterable[bytes]:
        """Its bytes."""
        ...


def check(files: Sequence[Given], report: IncidentReport | None = None) -> None:
    """Refuse too many or too large files before anything is written.

    Raises:
        LimitExceeded: with the bound that they pass.
    """
    have = report.uploads.count() if report else 0
    held = (report.uploads.aggregate(all=Sum("size"))["all"] or 0) if report else 0
    if len(files) > AT_ONCE or have + len(files) > IN_ALL:
        raise LimitExceeded(f"at most {AT_ONCE} files at a time, and {IN_ALL} with one report")
    for file in files:
        if (file.size or 0) > LARGEST:
            raise LimitExceeded(f"{quarantine.safe_name(file.name or '')} is larger than 25 MiB")
    if held + sum(file.size or 0 for file in files) > TOGETHER:
        raise LimitExceeded("all files of a report together have at most 100 MiB")


def keep(report: IncidentReport, files: Sequence[Given]) -> list[Upload]:
    """Take files into quarantine, and name them in rows.

    Raises:
        LimitExceeded: they pass a bound.
        UsageFault: one is empty.
        EnvironmentFault: the disk is full.
    """
    check(files, report)
    held = [(file, quarantine.keep(file.chunks(), most=LARGEST, name=file.name or "")) for file in files]
    return [
        Upload.objects.create(
            report=report, name=quarantine.safe_name(file.name or ""), digest=one.digest, size=one.size
        )
        for file, one in held
    ]


def holds(digests: Collection[str]) -> Collection[str]:
    """Those of some digests that reports still name."""
    return set(Upload.objects.filter(digest__in=digests).values_list("digest", flat=True))
