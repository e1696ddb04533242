"""Who may come through which door: for pages by role, for programs by a token's scope."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from ninja.errors import HttpError
from ninja.security import HttpBearer

from tocsin.hub.accounts.limits import within
from tocsin.hub.accounts.models import Token, User
from tocsin.hub.accounts.refusals import KEY, refused
from tocsin.hub.accounts.selectors import live_token
from tocsin.hub.accounts.services import place_of
from tocsin.hub.rules.permissions import allows
from tocsin.hub.rules.words import Role

View = Callable[..., HttpResponseBase]
STAFF = (Role.ADMINISTRATOR, Role.ANALYST, Role.VIEWER)
WRITERS = (Role.ADMINISTRATOR, Role.ANALYST)
ADMINISTRATORS = (Role.ADMINISTRATOR,)
WRONG_KEYS = 60


def person_of(request: HttpRequest) -> User:
    """Who asks. Only behind a door.

    Raises:
        PermissionDenied: nobody is logged in.
    """
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def only(*roles: Role) -> Callable[[View], View]:
    """A view for people of these roles: strangers are sent to log in, others are refused (403)."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **rest: Any) -> HttpResponseBase:
            if person_of(request).role not in roles:
                raise PermissionDenied
            return view(request, *args, **rest)

        return login_required(guarded)

    return guard


staff = only(*STAFF)
writers = only(*WRITERS)
administrators = only(*ADMINISTRATORS)


class Bearer(HttpBearer):
    """``Authorization: Bearer tocsin_…`` with this scope; ``request.user`` is the token's person.

    A wrong or missing key is 401, a sound one without the scope 403, too many wrong ones 429.
    """

    def __init__(self, scope: str) -> None:
        """Ask for one scope."""
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Token | None:
        """The token, with its person set on the request."""
        found = live_token(token)
        if found is None:
            refused(KEY, request)
            if not within(f"wrong key {place_of(request)}", WRONG_KEYS, seconds=60):
                raise HttpError(429, "too many wrong keys from this address; wait a minute")
            return None
        if not allows(found.scopes, self.scope, found.user.role):
            raise HttpError(403, f"this token lacks the scope {self.scope}")
        request.user = found.user
        return found
