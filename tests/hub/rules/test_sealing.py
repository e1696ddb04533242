"""What is sealed is opened whole by its key, and by no other; any change is noticed."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import TocsinError, UsageFault
from tocsin.hub.rules.sealing import (
    CHUNK,
    TAG,
    Identity,
    Key,
    Opener,
    Passphrase,
    Recipient,
    Sealer,
    new_identity,
    read_key,
)

WORDS = Passphrase("correct horse battery staple")
CHEAP = 2**4
SIZES = st.sampled_from([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7])


def sealed(data: bytes, *keys: Key, piece: int = 10_000) -> bytes:
    target = io.BytesIO()
    sealer = Sealer(target, keys or (WORDS,), cost=CHEAP)
    for start in range(0, len(data), piece):
        sealer.write(data[start : start + piece])
    sealer.close()
    return target.getvalue()


def opened(data: bytes, *keys: Key) -> bytes:
    return Opener(io.BytesIO(data), keys or (WORDS,)).read()


@given(size=SIZES, piece=st.sampled_from([1_000, CHUNK, 5 * CHUNK]), read=st.sampled_from([1_000, CHUNK, -1]))
def test_what_goes_in_comes_out(size: int, piece: int, read: int) -> None:
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    opener = Opener(io.BytesIO(sealed(data, piece=piece)), [WORDS])
    assert b"".join(iter(lambda: opener.read(read), b"")) == data


@given(data=st.data())
def test_a_changed_byte_is_noticed(data: st.DataObject) -> None:
    whole = bytearray(sealed(b"a" * (CHUNK + 100)))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(TocsinError):
        opened(bytes(whole))


@given(left=st.integers(0, 3 * CHUNK))
def test_a_cut_is_noticed(left: int) -> None:
    whole = sealed(b"a" * (3 * CHUNK))
    with pytest.raises(TocsinError):
        opened(whole[: min(left, len(whole) - 1)])


def test_a_cut_at_a_chunk_and_a_swap_are_noticed() -> None:
    whole = sealed(b"a" * CHUNK + b"b" * CHUNK + b"c")
    head = len(whole) - 2 * (CHUNK + TAG) - 1 - TAG
    first, second = whole[head : head + CHUNK + TAG], whole[head + CHUNK + TAG : head + 2 * (CHUNK + TAG)]
    for changed in (whole[:head] + first, whole[:head] + second + first + whole[-1 - TAG :]):
        with pytest.raises(TocsinError):
            opened(changed)


def test_only_its_keys_open_it() -> None:
    identity, other = read_key(new_identity()), read_key(new_identity())
    assert isinstance(identity, Identity)
    recipient = read_key(identity.recipient)
    assert isinstance(recipient, Recipient)
    both = sealed(b"victims", recipient, WORDS)
    assert opened(both, identity) == opened(both, WORDS) == b"victims"
    for wrong in (other, recipient, Passphrase("another long passphrase")):
        with pytest.raises(UsageFault):
            opened(both, wrong)
    assert b"victims" not in both


def test_weak_and_damaged_keys_are_refused() -> None:
    for text in ("short", "tocsin-recipient-xyz", "TOCSIN-IDENTITY-", ""):
        with pytest.raises(UsageFault):
            read_key(text)
    with pytest.raises(UsageFault):
        Sealer(io.BytesIO(), [])


@given(st.binary(max_size=300))
def test_fuzz_anything_else_is_refused_with_words(data: bytes) -> None:
    for candidate in (data, b"TOCSIN-SEALED-1\n" + data, b'TOCSIN-SEALED-1\n{"for":[{"scrypt":' + data):
        with pytest.raises(TocsinError):
            opened(candidate)
