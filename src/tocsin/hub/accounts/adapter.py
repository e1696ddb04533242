"""How people get in: by invitation, with a second factor whose secret the database does not show."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest


class Invited(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Nobody opens an account by himself: the hub is a list of victims."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        """Never."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Hold guessing back, and keep that it was."""
        from tocsin.hub.accounts.refusals import LOCKED, account_of, refused  # noqa: PLC0415 - models first

        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            refused(LOCKED, request, user=account_of(credentials.get("email")))
            raise


class Sealed(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Keeps secrets of authenticator apps and recovery codes encrypted under the hub's own secret."""

    def encrypt(self, text: str) -> str:
        """What the database holds."""
        return _box().encrypt(text.encode()).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        """What the authenticator shares with us."""
        return _box().decrypt(encrypted_text.encode("ascii")).decode()


def _box() -> Fernet:
    derived = hashlib.sha256(b"second factor\0" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(derived))
