"""Lists of hashes that came with the evidence, and the digest of a folder."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping

NAMES = ("manifest.json", "manifest.sha256", "sha256sums", "sha256sums.txt", "sha256sum.txt")
"""Names of manifests in the root, lower case, the first that is there counts."""

_ROW = re.compile(r"\\?([0-9A-Fa-f]{64}) [ *](.+)")
_NAMED = 20


def parse(data: bytes, below: str = "") -> dict[str, str]:
    """Read rows of ``sha256  path``, as ``sha256sum`` writes them; anything else gives no rows.

    Args:
        data: the manifest.
        below: the folder that its paths are relative to, with a slash at the end, or nothing.

    Returns:
        Path, lower case and with forward slashes, to the digest in lower case.
    """
    rows = (_ROW.fullmatch(line.strip("\r")) for line in data.decode("utf-8", "replace").split("\n"))
    return {
        _folded(below + row[2].replace("\\", "/").removeprefix("./")): row[1].lower() for row in rows if row
    }


def compare(manifest: Mapping[str, str], hashes: Mapping[str, str], unread: Collection[str]) -> Iterator[str]:
    """Yield in plain words where a manifest and the evidence disagree, and that they agree."""
    if not manifest:
        return
    have: dict[str, set[str]] = {}
    for path, digest in hashes.items():
        have.setdefault(_folded(path), set()).add(digest)
    left_out = {_folded(path) for path in unread}
    wrong = sorted(path for path, digest in manifest.items() if digest not in have.get(path, {digest}))
    absent = sorted(path for path in manifest if path not in have and path not in left_out)
    good = sum(digest in have.get(path, ()) for path, digest in manifest.items())
    yield f"manifest: {good:,} of {len(manifest):,} listed files were read and agree with it"
    yield from _named("manifest: differs from the listed SHA-256", wrong)
    yield from _named("manifest: listed, but not in the evidence", absent)


def digest_of(hashes: Mapping[str, str]) -> str:
    """Give the digest of a folder: that of its ``sha256  path`` rows, sorted by path as bytes."""
    total = hashlib.sha256()
    for path in sorted(hashes, key=lambda path: path.encode()):
        escaped = path.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
        mark = "\\" if escaped != path else ""
        total.update(f"{mark}{hashes[path]}  {escaped}\n".encode())
    return total.hexdigest()


def _folded(path: str) -> str:
    return path.casefold()


def _named(what: str, paths: list[str]) -> Iterator[str]:
    yield from (f"{what}: {path}" for path in paths[:_NAMED])
    if len(paths) > _NAMED:
        yield f"{what}: {len(paths) - _NAMED:,} more"
