"""Words that no password is made of: the hub's own names, and those of the person and his organisations.

A password may hold them; without them it must still be long enough to be none of "Tocsin2026!".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from tocsin.hub.accounts.models import User

OURS = ("tocsin", "hub", "cert", "csirt", "exchange", "password", "passphrase", "administrator", "analyst")
SHORTEST = 3
"""Letters of a name that counts as a word."""

BESIDE = 8
"""Letters and digits that a password has beside those words."""

_WORD = re.compile(r"\w+")


class OwnWords:
    """Refuses a password that is little more than words which everybody here knows."""

    def validate(self, password: str, user: object = None) -> None:
        """Look at what is left of it without them.

        Raises:
            ValidationError: too little.
        """
        left = password.casefold()
        for word in sorted({*OURS, *_of_this_hub(), *_of(user)}, key=len, reverse=True):
            left = left.replace(word, " ")
        if sum(map(len, _WORD.findall(left))) < BESIDE:
            raise ValidationError(
                "This is little more than names known here: the hub's, yours or your organisation's.",
                code="password_of_own_words",
            )

    def get_help_text(self) -> str:
        """What people read beside the field."""
        return "No password is made of names known here alone: the hub's, yours or your organisation's."


def _of_this_hub() -> Iterator[str]:
    return _words(urlsplit(settings.PUBLIC_URL).hostname or "")


def _of(user: object) -> Iterator[str]:
    if isinstance(user, User):
        yield from _words(f"{user.name} {user.email}")
        for name in user.memberships.values_list("organisation__name", flat=True) if user.pk else ():
            yield from _words(name)


def _words(text: str) -> Iterator[str]:
    found = _WORD.findall(text.casefold())
    return (word for word in found if len(word) >= SHORTEST)
