"""Signatures of public CSAF documents: made by a chore with the key that the operator named, and kept.

A document is published without waiting for its signature. With another key all are signed anew, so that one
public key checks whatever is served; without one, what was signed stays signed.
"""

from __future__ import annotations

import logging
import os
from functools import lru_cache

from django.db.models import Q

from tocsin.errors import EnvironmentFault, UsageFault
from tocsin.hub.accounts.services import record
from tocsin.hub.advisories.models import Signature, SigningKey
from tocsin.hub.advisories.selectors import public
from tocsin.hub.census.bulk import writing
from tocsin.hub.outbox.surroundings import content
from tocsin.hub.rules.csaf_signing import Signer, read_signer

KEY = "TOCSIN_HUB_CSAF_KEY"
PIECE = 50
"""Documents that are signed in one transaction."""


log = logging.getLogger(__name__)


def signer() -> Signer | None:
    """Give what signs here; None where the operator named no key, or one that cannot be used."""
    path = os.environ.get(KEY, "").strip()
    return _read(path)[0] if path else None


def told() -> str:
    """Give in words what signs here."""
    path = os.environ.get(KEY, "").strip()
    if not path:
        return f"CSAF documents are not signed: {KEY} names no key."
    here, fault = _read(path)
    return f"CSAF documents are signed with the OpenPGP key {here.fingerprint}." if here else fault


@lru_cache(maxsize=2)
def _read(path: str) -> tuple[Signer | None, str]:
    """The key, or why there is none; read and logged once: after a change the hub is started again."""
    try:
        return read_signer(content(path), path), ""
    except (UsageFault, EnvironmentFault) as fault:
        said = f"CSAF documents are not signed: {fault}"
        log.error(said)  # noqa: TRY400 - what went wrong is in the words, and its place
        return None, said


def sign() -> bool:
    """The chore: sign some public documents that this key has not signed. Tells whether there were any."""
    here = signer()
    if here is None:
        return False
    signed = Q(signature__key__fingerprint=here.fingerprint)
    waiting = list(public().exclude(signed)[:PIECE])
    if not waiting:
        return False
    with writing():
        fields = {"certificate": here.certificate}
        key, new = SigningKey.objects.get_or_create(fingerprint=here.fingerprint, defaults=fields)
        if new:
            record("advisories signed with another key", "publisher", by=None, fingerprint=key.fingerprint)
        for version in waiting:
            text = here.sign(version.csaf.encode())
            Signature.objects.update_or_create(version=version, defaults={"key": key, "text": text})
    return True
