r"""The gate for requests for server pages that are not among those that everybody asks for all day.

There is no look-around in the syntax of the engines, so "any page but these" is written out from the end of
the path: for ``/ews/exchange.asmx`` that is ``[^e]\.asmx``, ``[^g]e\.asmx`` and so on, and last a
longer path that ends in it. A line that meets the gate may still ask for one of these pages, or name a page
elsewhere.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from tocsin.detections.scanning.gates import Dialect, Gate

SUFFIXES = (
    *("aspx", "ascx", "asmx", "ashx", "asp", "asax", "svc", "soap", "cshtml", "vbhtml", "phtml"),
    *("php", "php3", "php4", "php5", "php6", "php7", "php8", "jsp", "jspx", "jspf", "cfm", "cer", "cdx"),
)
"""What ``pages.ANY_PAGE`` stands for."""
_SAFE = re.compile(r"/[a-z0-9_./-]{1,120}")
_MOST = 64


def unknown_page_gate(own_pages: Iterable[str], dialect: Dialect) -> Gate:
    """Give the gate.

    Args:
        own_pages: in lower case; those that ordinary lines show are told apart by the gate.
        dialect: of the log.
    """
    known: dict[str, list[str]] = defaultdict(list)
    for page in _busy(own_pages, dialect)[:_MOST]:
        stem, _, suffix = page.rpartition(".")
        if suffix in SUFFIXES:
            known[suffix].append(stem)
    mark = re.escape(dialect.between)
    others = "|".join(suffix for suffix in SUFFIXES if suffix not in known)
    ends = [rf"\.(?:{others})"]
    for suffix, stems in known.items():
        before = "|".join((*_deviations(stems), *_longer(stems, mark)))
        ends.append(rf"(?:{before})\.{suffix}")
    literals = tuple(f".{suffix}" for suffix in SUFFIXES)
    return Gate(expression=rf"(?:{'|'.join(ends)})(?:{mark}|/|\r|\n)", literals=literals, rules=0)


def _busy(own_pages: Iterable[str], dialect: Dialect) -> list[str]:
    ordinary = b"\n".join(dialect.ordinary).lower().decode("latin-1")
    return sorted({page for page in own_pages if _SAFE.fullmatch(page) and page in ordinary})


def _deviations(stems: Iterable[str]) -> Iterator[str]:
    """Yield what ends like none of the stems: a character that none of them has before a common end."""
    before: dict[str, set[str]] = defaultdict(set)
    for stem in stems:
        for at in range(len(stem)):
            before[stem[at + 1 :]].add(stem[at])
    for end, characters in before.items():
        yield f"[^{re.escape(''.join(sorted(characters)))}\\n]{re.escape(end)}"


def _longer(stems: Iterable[str], mark: str) -> Iterator[str]:
    """Yield the paths that end in one of the stems and begin before it."""
    for stem in stems:
        yield rf"{mark}/[^{mark}\n]*{re.escape(stem)}"
