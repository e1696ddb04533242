"""Build numbers in the many ways in which evidence writes them, brought to one form.

``15.01.2375.007`` (file versions and log headers), ``15.1.2375.7`` (setup, registry, folders) and
``Version 15.1 (Build 2375.7)`` (AdminDisplayVersion) are one build. The surprise: Active Directory
adds 30000 to the third part (``Version 15.1 (Build 32375.7)``).
"""

from __future__ import annotations

import re

Key = tuple[int, ...]

_PLAIN = re.compile(r"v?(\d{1,2})\.(\d{1,2})\.(\d{1,5})(?:\.(\d{1,5}))?(?=$|[\s(,;])", re.ASCII)
_ADMIN = re.compile(r"Version (\d{1,2})\.(\d{1,2}) \(Build (\d{1,5})\.(\d{1,5})\)", re.ASCII | re.IGNORECASE)
_DIRECTORY_OFFSET = 30_000
_FULL = 4


def normalise(text: str) -> str | None:
    """Give ``major.minor.build.revision``, or three parts where the text has no more, or None."""
    text = text.strip()
    if match := _ADMIN.fullmatch(text):
        major, minor, build, revision = (int(part) for part in match.groups())
        return f"{major}.{minor}.{build % _DIRECTORY_OFFSET}.{revision}"
    if match := _PLAIN.match(text):
        return ".".join(str(int(part)) for part in match.groups() if part is not None)
    return None


def key(build: str) -> Key:
    """Give the numbers of a normalised build, for comparing."""
    return tuple(int(part) for part in build.split("."))


def branch_of(build: str) -> str:
    """Give the first three parts: the cumulative update's branch."""
    return ".".join(build.split(".")[:3])


def is_full(build: str) -> bool:
    """Say whether a normalised build has all four parts."""
    return build.count(".") == _FULL - 1
