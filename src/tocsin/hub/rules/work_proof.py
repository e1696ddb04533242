"""A little work before a report is taken: cheap for one reporter, dear for a flood, and nobody's tracker.

The hub makes a challenge (random, with its difficulty and its end, signed) and keeps nothing. Who reports
looks for a number so that SHA-256 of ``challenge:number`` begins with so many zero bits, as in hashcash
(Back, "Hashcash: a denial of service counter-measure", 2002). A challenge is good once: its mark is kept
until it ends.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime, timedelta

from msgspec import Struct

GOOD_FOR = timedelta(hours=2)
"""A report is typed in less."""

EASIEST, HARDEST = 15, 20
"""Bits: about 30,000 and 1,000,000 hashes: a blink, and some seconds on an old telephone."""

USUAL = 30
"""Reports in an hour up to which it stays easy; each doubling adds a bit."""

LONGEST = 200
_FORM = re.compile(
    r"1\.(?P<bits>[0-9]{1,2})\.(?P<end>[0-9]{1,12})\.(?P<mark>[A-Za-z0-9_-]{22})\.(?P<seal>[0-9a-f]{64})"
)
_NUMBER = re.compile(r"[0-9]{1,16}")


class Verdict(Struct, frozen=True, kw_only=True):
    """What became of a proof.

    Attributes:
        why: what is wrong, or an empty text where it is good.
        mark: what must be kept as spent; empty unless it is good.
        ends: until when.
    """

    why: str = ""
    mark: str = ""
    ends: datetime | None = None


def difficulty(recent: int) -> int:
    """Bits to ask for after so many reports within the last hour."""
    return min(HARDEST, EASIEST + max(recent // USUAL, 0).bit_length())


def challenge(key: bytes, *, bits: int, now: datetime) -> str:
    """A new challenge."""
    body = f"1.{bits}.{int((now + GOOD_FOR).timestamp())}.{secrets.token_urlsafe(16)}"
    return f"{body}.{_seal(key, body)}"


def bits_of(asked: str) -> int:
    """How many bits a challenge asks for."""
    return int(asked.split(".")[1])


def check(key: bytes, proof: str, *, now: datetime) -> Verdict:
    """Whether ``challenge:number`` is an answer to a challenge of ours that has not ended.

    Whether it was used before is for the caller to see, by ``mark``.
    """
    asked, _, number = proof.rpartition(":")
    match = _FORM.fullmatch(asked) if len(proof) <= LONGEST else None
    if match is None or not _NUMBER.fullmatch(number):
        return Verdict(why="malformed")
    if not hmac.compare_digest(_seal(key, asked.rpartition(".")[0]), match["seal"]):
        return Verdict(why="forged")
    ends = datetime.fromtimestamp(int(match["end"]), UTC)
    if now >= ends:
        return Verdict(why="expired")
    if zero_bits(hashlib.sha256(proof.encode()).digest()) < int(match["bits"]):
        return Verdict(why="wrong")
    return Verdict(mark=match["mark"], ends=ends)


def _seal(key: bytes, body: str) -> str:
    return hmac.new(key, body.encode(), hashlib.sha256).hexdigest()


def zero_bits(digest: bytes) -> int:
    """Zero bits at the beginning."""
    return len(digest) * 8 - int.from_bytes(digest, "big").bit_length()


def solve(asked: str) -> str:
    """The proof, as a program finds it that reports by the API."""
    begun, bits = hashlib.sha256(f"{asked}:".encode()), bits_of(asked)
    number = 0
    while True:
        tried = begun.copy()
        tried.update(str(number).encode())
        if zero_bits(tried.digest()) >= bits:
            return f"{asked}:{number}"
        number += 1
