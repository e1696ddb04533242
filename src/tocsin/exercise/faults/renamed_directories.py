"""A virtual directory goes by another name (``from``, /ecp; ``to``, /x7f3).

Option ``what``: ``served`` (the server itself serves it so: the front end's logs and applicationHost.config
agree, the back end keeps the usual name) or ``anonymised`` (whoever handed the logs over changed the name
wherever it stood in a log, and the configuration knows nothing of it).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from tocsin.errors import ScenarioError
from tocsin.exercise.dice import Dice
from tocsin.exercise.faults.rewriting import (
    ECP,
    HTTPPROXY,
    IIS,
    Change,
    Written,
    chosen,
    rewrite,
    w3c_rows,
)
from tocsin.exercise.scenario import Fault
from tocsin.exercise.workshop import LabelledRow

KIND = "renamed-directories"
_FRONT_PORT = b"443"
_OTHERS = ("*/httperr*.log", "*.compiled", "*/applicationhost.config")
_LOGS = (*IIS, *HTTPPROXY, *ECP, "*/logging/cmdletinfra/*.log", "*/logging/ecp/activity/*.log")


class _Name(Struct, frozen=True):
    old: bytes
    new: bytes

    def of(self, value: bytes) -> bytes:
        """Give a path under the new name."""
        same = value.lower().startswith(self.old.lower()) and value[len(self.old) : len(self.old) + 1]
        return self.new + value[len(self.old) :] if same in {b"/", b"?"} else value


def apply(fault: Fault, root: Path, rows: list[LabelledRow], dice: Dice) -> list[LabelledRow]:
    """Rename it; of rows in which it is only anonymised nothing is provable.

    Raises:
        ScenarioError: there is no such renaming.
    """
    del dice  # nothing here is left to chance
    what = fault.options.get("what", "served")
    if what not in {"served", "anonymised"}:
        raise ScenarioError(f"no such renaming: {what}.", remedy="There are: served, anonymised.")
    options = fault.options
    name = _Name(options.get("from", "/ecp").encode(), options.get("to", "/x7f3").encode())
    if what == "anonymised":
        for path in chosen(root, fault, _LOGS):
            rows = rewrite(root, path, rows, _everywhere(name))
        return rows
    for path in chosen(root, fault, IIS):
        rows = rewrite(root, path, rows, _front_end(name))
    for path in chosen(root, fault, HTTPPROXY):
        rows = rewrite(root, path, rows, _proxied(name))
    for path in chosen(root, fault, _OTHERS):
        rows = rewrite(root, path, rows, _named(name))
    return rows


def _everywhere(name: _Name) -> Change:
    pattern = re.compile(re.escape(name.old) + rb"(?![\w.-])", re.IGNORECASE)

    def change(_: int, line: bytes) -> Written | None:
        changed = pattern.sub(name.new, line)
        return None if line.startswith(b"#") or changed == line else Written(lines=(changed,), spoilt=True)

    return change


def _front_end(name: _Name) -> Change:
    def edit(names: Sequence[bytes], values: list[bytes]) -> Sequence[bytes] | None:
        if values[names.index(b"s-port")] != _FRONT_PORT:
            return None
        at = names.index(b"cs-uri-stem")
        values[at] = name.of(values[at])
        return values

    return w3c_rows(edit)


def _proxied(name: _Name) -> Change:
    """Change the column ``UrlStem``; nothing before it is quoted."""
    place = -1

    def change(_: int, line: bytes) -> bytes | None:
        nonlocal place
        if line.startswith(b"#Fields: "):
            place = line.removeprefix(b"#Fields: ").split(b",").index(b"UrlStem")
        values = line.split(b",")
        if line.startswith((b"#", b"DateTime,")) or not 0 <= place < len(values):
            return None
        values[place] = name.of(values[place])
        return b",".join(values)

    return change


def _named(name: _Name) -> Change:
    """Change paths in quotation marks (configuration, compiled pages) and between spaces (HTTPERR)."""
    pattern = re.compile(
        rb'(?P<before>["\s]|Site(?=/))' + re.escape(name.old) + rb'(?=["/?\s])', re.IGNORECASE
    )
    return lambda _, line: pattern.sub(rb"\g<before>" + name.new, line)
