"""What of an incident may be given to others, before anything knows in which format.

The reporter and his contact are never part of it. Who the victim is goes along only where that was asked for.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Shared(Struct, frozen=True, kw_only=True):
    """An incident as it is given away.

    Attributes:
        uuid: its own, the same in every export and format.
        reference: the hub's.
        publisher: uuid and name of who gives it away.
        at: when it was reported; ``changed``: when it last changed (aware).
        aware: when the victim became aware.
        tlp: its mark.
        summary: what staff say of it: words of the form, never the reporter's text.
        cves: of its campaign.
        campaign: name, or an empty text.
        addresses: of the affected servers, where the victim is named.
        ports: where each of these was seen, in the same order, or nothing.
        hosts: their names, likewise.
        victim: name of the organisation, or an empty text.
        sector: word of `rules/data/sectors.yaml`, or an empty text.
        country: two letters, or an empty text.
        confirmed: a case was opened for it.
    """

    uuid: str
    reference: str
    publisher: tuple[str, str]
    at: datetime
    changed: datetime
    aware: datetime
    tlp: str
    summary: str
    cves: tuple[str, ...] = ()
    campaign: str = ""
    addresses: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    hosts: tuple[str, ...] = ()
    victim: str = ""
    sector: str = ""
    country: str = ""
    confirmed: bool = False
