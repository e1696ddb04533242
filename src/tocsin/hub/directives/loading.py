"""The directives that came with the program, their workbooks, and how they are taken in.

A folder ``directives/<key>`` holds ``directive.yaml`` and, where the issuer has one, a workbook with its
layout in ``workbook/workbook.yaml``. A changed text is a new version: what was judged before is judged again.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import msgspec
from django.db import transaction

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import record
from tocsin.hub.directives.models import Directive, Subject, Version
from tocsin.hub.rules.directives import Directive as Order
from tocsin.hub.rules.directives import load
from tocsin.hub.rules.proofs import PROOFS
from tocsin.hub.rules.workbooks.layout import Layout, load_layout
from tocsin.packs.loading import data_folder

FILE = "directive.yaml"


def folders() -> dict[str, Path]:
    """Give the folders of directives that came with the program, by key."""
    root = data_folder("directives")
    return {path.parent.name: path.parent for path in sorted(root.glob(f"*/{FILE}"))}


@transaction.atomic
def load_directives(*, by: User | None = None) -> list[Directive]:
    """Take in every directive that came with the program; an unchanged one stays as it is.

    Raises:
        UsageFault: a directive is wrong.
    """
    for path in folders().values():
        _take_in(path / FILE, by)
    return list(Directive.objects.order_by("key"))


def _take_in(path: Path, by: User | None) -> None:
    order = load(path, proofs=PROOFS)
    text = path.read_text("utf-8").replace("\r\n", "\n")
    digest = hashlib.sha256(text.encode()).hexdigest()
    row = Directive.objects.filter(key=order.id).first()
    if row is not None and row.digest == digest:
        return
    number = row.version + 1 if row else 1
    fields = {
        "title": order.title[:300],
        "issuer": order.issuer[:200],
        "issued": order.issued,
        "source": order.source[:500],
        "version": number,
        "digest": digest,
        "text": text,
        "walked": 0,
        "settled": False,
    }
    row, _ = Directive.objects.update_or_create(key=order.id, defaults=fields)
    Version.objects.create(directive=row, number=number, digest=digest, text=text)
    Subject.objects.filter(directive=row).update(stale=True, reached=0)
    record("directive loaded", f"directive:{row.pk}", by=by, version=number, digest=digest)


def order_of(row: Directive) -> Order:
    """Give the order itself, as its newest text says."""
    return _read(row.digest, row.text)


@lru_cache(maxsize=32)
def _read(digest: str, text: str) -> Order:  # noqa: ARG001 - the key of the cache
    return msgspec.yaml.decode(text.encode(), type=Order)


def workbook_of(row: Directive, *, folder: Path | None = None) -> tuple[Layout, bytes]:
    """Give the layout and the file of a directive's workbook.

    Raises:
        UsageFault: it has none, or the layout is wrong.
    """
    place = folder or (folders().get(row.key) or Path()) / "workbook"
    path = place / "workbook.yaml"
    if not path.is_file():
        raise UsageFault(f"{row.key} has no workbook.", remedy="Export its answers as a table instead.")
    order = order_of(row)
    asked = {each.id for each in order.requirements}
    layout = load_layout(path, requirements=asked, questions=order.questions)
    try:
        return layout, (place / layout.file).read_bytes()
    except OSError as error:
        raise UsageFault(f"the workbook cannot be read: {error.strerror}.", where=layout.file) from error
