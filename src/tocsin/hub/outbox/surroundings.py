"""What the outbox is told by its surroundings: the settings, and the keys that their files hold.

Both are read once for each set of variables: after a change of a file the hub is started again.
"""

from __future__ import annotations

import os
import ssl
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from tocsin.errors import EnvironmentFault, UsageFault
from tocsin.hub.rules.mail_dkim import Signer, read_key
from tocsin.hub.rules.mail_sealing import Seal, pgp_signer, smime_signer
from tocsin.hub.rules.mail_setup import PREFIX, MailSetup, read_setup

LARGEST = 100_000


class Post(Struct, frozen=True, kw_only=True):
    """Settings with everything that they name, ready for use. ``tls`` verifies certificates and names."""

    setup: MailSetup
    tls: ssl.SSLContext
    password: str = ""
    dkim: Signer | None = None
    smime: Seal | None = None
    pgp: Seal | None = None


def setup() -> MailSetup:
    """The settings alone.

    Raises:
        UsageFault: a variable cannot be understood.
    """
    return _setup(_variables())


def post() -> Post:
    """The settings and their keys.

    Raises:
        UsageFault: a variable or a key cannot be understood.
        EnvironmentFault: a file cannot be read.
    """
    return _post(_variables())


def known() -> MailSetup:
    """The settings, or none at all where they cannot be understood: for pages, which say so elsewhere."""
    try:
        return setup()
    except UsageFault:
        return MailSetup()


def message_domain() -> str:
    """The domain on the right of every Message-ID."""
    return known().domain


def _variables() -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, text) for name, text in os.environ.items() if name.startswith(PREFIX)))


@lru_cache(maxsize=4)
def _setup(variables: tuple[tuple[str, str], ...]) -> MailSetup:
    return read_setup(dict(variables))


@lru_cache(maxsize=4)
def _post(variables: tuple[tuple[str, str], ...]) -> Post:
    given = _setup(variables)
    return Post(
        setup=given,
        tls=_context(given.authorities),
        password=content(given.password_file).decode("utf-8", "replace").strip(),
        dkim=_dkim(given),
        smime=_smime(given),
        pgp=pgp_signer(content(given.pgp_key), given.pgp_key) if given.pgp_key else None,
    )


def _context(authorities: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=authorities or None)
    except (OSError, ssl.SSLError) as error:
        raise EnvironmentFault(f"no certificates: {error}", where=authorities) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _dkim(given: MailSetup) -> Signer | None:
    if not given.dkim_key:
        return None
    key = read_key(content(given.dkim_key), given.dkim_key)
    return Signer(domain=given.dkim_domain, selector=given.dkim_selector, key=key)


def _smime(given: MailSetup) -> Seal | None:
    if not (given.smime_certificate and given.smime_key):
        return None
    return smime_signer(content(given.smime_certificate), content(given.smime_key), given.smime_certificate)


def content(path: str) -> bytes:
    """What a file holds that a variable names; nothing if none is named.

    Raises:
        EnvironmentFault: it cannot be read.
    """
    if not path:
        return b""
    try:
        with Path(path).open("rb") as handle:
            return handle.read(LARGEST)
    except OSError as error:
        what = f"the file cannot be read: {error.strerror}"
        raise EnvironmentFault(
            what, where=path, remedy="Name it in the variables of docs/hub/mail.md."
        ) from error
