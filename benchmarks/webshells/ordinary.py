"""What every application does somewhere, as harmless pages that the corpus need not hold.

A corpus of a few applications has few download pages, proxies, uploads; a model would learn that only shells
have them. Each of these alone is ordinary, in every family of pages; the fit sees them as so many harmless
cases. They are judgement, not measurement, and are never counted in a figure.
"""

from __future__ import annotations

from collections.abc import Iterator

NOTHING = 100.0
"""Pages with code in which nothing was seen."""
FAMILIES = ("aspx", "asp", "jsp", "php")


def _flow(capability: str, role: str, shape: str) -> tuple[str, ...]:
    return f"flow:{capability}", f"flow:{capability}:{role}", f"flow:{capability}:{role}:{shape}"


_WRITES = ("grave:writes:1",)
_PLACED = ("grave:writes:1", "grave:writes:2")
_ALONE: tuple[tuple[tuple[str, ...], float], ...] = (
    (_flow("tunnel", "request", "whole"), 4.0),
    (_flow("tunnel", "request", "piece"), 4.0),
    (_flow("file-read", "path", "whole"), 4.0),
    (_flow("file-read", "path", "piece"), 4.0),
    (_flow("file-read", "list", "piece"), 4.0),
    (("bound:sql:query",), 6.0),
    (_flow("file-write", "upload", "whole") + _flow("file-write", "path", "piece") + _PLACED, 2.0),
    ((*_flow("file-write", "content", "whole"), *_WRITES), 3.0),
    ((*_flow("file-write", "content", "piece"), *_WRITES), 3.0),
    (_flow("file-write", "delete", "piece"), 3.0),
    (_flow("file-write", "folder", "piece"), 3.0),
    (_flow("eval", "object", "whole"), 3.0),
    (_flow("eval", "undecided", "whole"), 3.0),
    (_flow("eval", "undecided", "piece"), 3.0),
    (("sig:shell-object", "use:process"), 3.0),
    (("sig:command-form",), 3.0),
    (("sig:file-manager",), 2.0),
    (("sig:machine-survey",), 2.0),
    *(((f"use:{word}",), 3.0) for word in ("info", "decode", "sockets", "fetch", "files", "stream")),
    *(((f"use:{word}",), 3.0) for word in ("process", "com", "accounts")),
)  # fmt: skip


def ordinary(model: str = "") -> Iterator[tuple[tuple[str, ...], bool, float]]:
    """Yield a model's harmless cases (``net asp jsp php``; none means all): features, no shell, weight."""
    for family in FAMILIES:
        if model in {"", {"aspx": "net"}.get(family, family)}:
            yield (f"family:{family}",), False, NOTHING
            for features, weight in _ALONE:
                yield (*features, f"family:{family}"), False, weight
