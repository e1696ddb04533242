"""A finding: a rule met a record or a file, at a locator, and what that means."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from tocsin.model.places import Locator
from tocsin.model.words import Means


class Benign(Struct, frozen=True, kw_only=True):
    """The cited explanation that reclassified a finding as context."""

    rule: str
    why: str
    was: Means


class Finding(Struct, frozen=True, kw_only=True):
    """A rule met a record or file.

    Attributes:
        id: stable digest of rule, locator and time: the same evidence gives the same id.
        rule: the rule's title, which is also its file name.
        author: who wrote the rule, as its licence asks.
        means: what it means for the server.
        weak: the record was second-hand, or a column the rule asks about is absent.
        rung: the step of the campaign's ladder that it shows, if any.
        time: aware UTC, or None.
        locator: where the reader finds it.
        summary: one line of plain words.
        source_ip: the client's address, if the record has one.
        kind: the kind of record that it was met in.
        url: path part of the request, if the record is a request.
        details: the fields that explain it, for reports and for clustering.
        benign: why it was reclassified as context, if it was.
    """

    id: str
    rule: str
    author: str
    means: Means
    weak: bool
    rung: str | None
    time: datetime | None
    locator: Locator
    summary: str
    source_ip: str | None = None
    kind: str = ""
    url: str | None = None
    details: dict[str, str] = {}
    benign: Benign | None = None

    @property
    def order(self) -> tuple[str, str, int, str]:
        """A total order that does not depend on the order of input."""
        stamp = self.time.isoformat() if self.time else "~"
        return (stamp, *self.locator.order, self.rule)
