"""Read ``EventData`` of the control panel's logs: ``S:KEY=value;`` pairs, and the command in ``CMD``.

Values hold ``;``, ``,`` and quotes of their own, so pairs begin where ``;`` and a type stand before a
key. Retyped excerpts wrap single pairs or the whole in ``'``, with quotes doubled twice over.
Layout seen in ECP Server and ECP Activity logs of Exchange 2013 to 2019.
"""

from __future__ import annotations

import re

from tocsin.evidence.delimited import split_values, unquote
from tocsin.model.times import find_time

_TYPE = r"(?:S|I32|I64|Dbl|F|Dt|B|G)"
_PAIR = re.compile(rf"(?:\A|;)\s?(?P<quote>['\"]?){_TYPE}:(?P<key>[^=;]{{1,256}})=")
_FIRST = re.compile(rf"(?<![A-Za-z0-9:])['\"]?{_TYPE}:[^=;,\s]{{1,256}}=")
_WRAPPED = re.compile(rf";\s?['\"]{_TYPE}:")
_COMMAND = re.compile(
    r"(?:\A|\|)\s*(?P<cmdlet>[A-Z][A-Za-z]{1,30}-[A-Z][A-Za-z0-9]{1,80})(?:\.(?P<parameters>.*))?", re.DOTALL
)
_PREFIX = 300
_CUT = ("...", "\u2026")

NAMES = {
    "timestamp": "TimeStamp",
    "servername": "ServerName",
    "eventid": "EventId",
    "eventdata": "EventData",
}
"""Columns of these logs, squeezed, to their names in ``docs/reference/fields.md``."""

_COLUMNS: dict[int, tuple[str, ...]] = {1: ("EventId",), 2: ("ServerName", "EventId")}


def event_pairs(data: str) -> dict[str, str]:
    """Give every pair under its key in upper case; the first of a key counts. Cut values are kept."""
    if data[:1] in {"'", '"'} and not _WRAPPED.search(data) and data.rstrip(";").endswith(data[0]):
        data = _plain(data.rstrip(";"), data[0])
    found = list(_PAIR.finditer(data))
    ends = [*(pair.start() for pair in found[1:]), len(data)][: len(found)]
    pairs: dict[str, str] = {}
    for pair, end in zip(found, ends, strict=True):
        value = data[pair.end() : end].removesuffix(";")
        quote = pair["quote"]
        pairs.setdefault(pair["key"].upper(), _plain(quote + value, quote) if quote else value)
    return pairs


def command_parts(command: str) -> tuple[str, str | None] | None:
    """Give cmdlet and parameters of ``CMD``, or None if it names no cmdlet.

    ``Set-OabVirtualDirectory.ExternalUrl='x'.Identity='y'`` gives ``Set-OabVirtualDirectory`` and
    ``ExternalUrl='x'.Identity='y'``.
    """
    found = _COMMAND.search(command)
    return (found["cmdlet"], found["parameters"] or None) if found else None


def finish_event(fields: dict[str, str | None], _text: str) -> None:
    """Add the pairs of ``EventData`` and the parts of ``CMD``; the log's own columns stay."""
    data = fields.get("EventData")
    if not data:
        return
    for key, value in event_pairs(data).items():
        fields.setdefault(key, value or None)
    command = command_parts(fields.get("CMD") or "")
    if command:
        fields["Cmdlet"], fields["Parameters"] = command
        if not data.rstrip("\"'; ").endswith(_CUT):
            fields.setdefault(
                "EX", None
            )  # written only of a command that failed; a whole row has room for it


def guess_event(text: str) -> dict[str, str] | None:
    """Name the values of a row without header: a time, columns if any, then the pairs."""
    first = _FIRST.search(text)
    if first is None:
        return None
    data = text[first.start() :]
    row: dict[str, str] = {}
    time = find_time(text[: first.start()], within=_PREFIX)
    if time:
        row["TimeStamp"] = text[time[1] : time[2]]
        between = [
            part.strip() for part in split_values(text[time[2] : first.start()]) if part.strip("\"' ;\t")
        ]
        row |= dict(zip(_COLUMNS.get(len(between), ()), between, strict=False))
    row["EventData"] = unquote(data) if data.startswith('"') and not _WRAPPED.search(data) else data
    return row


def _plain(value: str, quote: str) -> str:
    inner = unquote(value, quote)
    return inner.replace('""', '"') if quote == "'" else inner
