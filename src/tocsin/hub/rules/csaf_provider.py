"""What a CSAF publisher sets up beside its documents (section 7.1 of CSAF 2.0), as text and JSON.

Requirements met here: 4 (``WHITE`` is open to all), 7 (provider-metadata.json), 9 (its well-known place),
11 (a folder for each year), 12 (index.txt), 13 (changes.csv), 14 (listing of folders), 18 (digests). Where
every document has its signature (19) and the key stands beside them (20), the role is
``csaf_trusted_provider``, else ``csaf_provider``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from tocsin.hub.rules.cells import as_csv
from tocsin.hub.rules.csaf import Publisher, moment
from tocsin.hub.rules.csaf_signing import listed

Json = dict[str, Any]
ROOT = "/.well-known/csaf/"
FOLDER = f"{ROOT}white/"


class File(Struct, frozen=True, kw_only=True):
    """One public document: ``year/name.json`` and when it was last released."""

    path: str
    released: datetime


def metadata(
    publisher: Publisher, site: str, changed: datetime, *, keys: Sequence[str] = (), trusted: bool = False
) -> Json:
    """The document that tells where everything is.

    Args:
        publisher: who publishes.
        site: the hub's address, without a slash at its end.
        changed: when anything was last released.
        keys: fingerprints of the keys that documents are signed with.
        trusted: every document is signed.
    """
    return {
        "canonical_url": f"{site}{ROOT}provider-metadata.json",
        "distributions": [{"directory_url": f"{site}{FOLDER}"}],
        "last_updated": moment(changed),
        "list_on_CSAF_aggregators": True,
        "metadata_version": "2.0",
        "mirror_on_CSAF_aggregators": True,
        "public_openpgp_keys": [listed(key, site) for key in keys],
        "publisher": publisher.spelt(),
        "role": "csaf_trusted_provider" if trusted and keys else "csaf_provider",
    }


def index(files: Sequence[File]) -> str:
    """``index.txt``: every file, one a line."""
    return "".join(f"{file.path}\n" for file in sorted(files, key=lambda file: file.path))


def changes(files: Sequence[File]) -> str:
    """``changes.csv``: path and time of release, the newest first, without a header."""
    newest = sorted(files, key=lambda file: (file.released, file.path), reverse=True)
    lines = as_csv(("", ""), [(file.path, moment(file.released)) for file in newest])
    next(lines)
    return "".join(_quoted(line) for line in lines)


def _quoted(line: str) -> str:
    return ",".join(f'"{cell}"' for cell in line.strip().split(",")) + "\n"


def digest_line(data: bytes, name: str, kind: str) -> str:
    """The line of a digest's file: hexadecimal digits, two blanks, the file's name."""
    return f"{hashlib.new(kind, data).hexdigest()}  {name}\n"
