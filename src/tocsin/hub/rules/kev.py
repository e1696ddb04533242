"""The catalogue of known exploited vulnerabilities (CISA, CC0), as JSON.

15 of its 1,404 rows of August 2025 are due before they were added, the four of ProxyLogon by 201 days: the
order was given elsewhere, earlier. Such a row is flagged, and nobody is ever shown as overdue by it.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import msgspec

from tocsin.errors import UsageFault

CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,15}\Z")
MOST = 100_000


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """One row. ``rest`` keeps what the hub has no column for."""

    cve: str
    vendor: str
    product: str
    name: str
    action: str
    added: date
    due: date
    ransomware: bool
    rest: dict[str, Any]

    @property
    def due_before_added(self) -> bool:
        """Whether the row contradicts itself."""
        return self.due < self.added


COLUMNS = {
    "cveID": "cve",
    "vendorProject": "vendor",
    "product": "product",
    "vulnerabilityName": "name",
    "requiredAction": "action",
    "dateAdded": "added",
    "dueDate": "due",
}
USED = {*COLUMNS, "knownRansomwareCampaignUse"}
LENGTHS = {"cve": 20, "vendor": 200, "product": 200, "name": 500, "action": 20_000}


def read_catalogue(data: bytes) -> tuple[list[Known], list[str]]:
    """Rows, each CVE once, and in words what was refused.

    Raises:
        UsageFault: it is not the catalogue.
    """
    try:
        whole = msgspec.json.decode(data)
        rows = whole["vulnerabilities"]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError, KeyError) as error:
        raise UsageFault(
            "this is not the catalogue of known exploited vulnerabilities",
            remedy="Give known_exploited_vulnerabilities.json.",
        ) from error
    if not isinstance(rows, list) or len(rows) > MOST:
        raise UsageFault("this is not the catalogue of known exploited vulnerabilities")
    found, refused = {}, []
    for number, row in enumerate(rows, start=1):
        try:
            known = _known(row)
        except (msgspec.ValidationError, TypeError, KeyError, ValueError) as error:
            refused.append(f"row {number}: {error}")
            continue
        found[known.cve] = known
    return list(found.values()), refused


def _known(row: Any) -> Known:
    fields: dict[str, Any] = {
        ours: str(row[theirs]).replace("\0", "").strip() for theirs, ours in COLUMNS.items()
    }
    fields |= {name: fields[name][:longest] for name, longest in LENGTHS.items()}
    if not CVE.match(fields["cve"]):
        raise ValueError(f"{fields['cve']!r} is no CVE")
    ransomware = str(row.get("knownRansomwareCampaignUse", "")).strip().lower() == "known"
    rest = {name: value for name, value in row.items() if name not in USED}
    return msgspec.convert({**fields, "ransomware": ransomware, "rest": rest}, Known)


def overdue_days(*, added: date, due: date, today: date) -> int | None:
    """Days since it was due, 0 when it is not yet; None for a row that contradicts itself."""
    return None if due < added else max(0, (today - due).days)
