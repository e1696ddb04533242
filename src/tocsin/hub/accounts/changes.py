"""What a person changes about his own log-in goes on record; a changed factor ends his other sessions."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.http import HttpRequest

from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import end_sessions, record


def _password(sender: object, request: HttpRequest, user: User, **_: Any) -> None:  # noqa: ARG001 - allauth's signature
    record("password changed", f"user:{user.pk}", by=user)


def _factor(what: str, request: HttpRequest, user: User, authenticator: Authenticator) -> None:
    ended = end_sessions(user, but=request.session.session_key)
    kind = str(authenticator.get_type_display())
    record(f"second factor {what}", f"user:{user.pk}", by=user, kind=kind, sessions_ended=ended)


def _added(sender: object, request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:  # noqa: ARG001 - as above
    _factor("added", request, user, authenticator)


def _removed(
    sender: object,  # noqa: ARG001 - as above
    request: HttpRequest,
    user: User,
    authenticator: Authenticator,
    **_: Any,
) -> None:
    _factor("removed", request, user, authenticator)


def _reset(sender: object, request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:  # noqa: ARG001 - as above
    _factor("made anew", request, user, authenticator)


def listen() -> None:
    """Hear of changes, once."""
    password_changed.connect(_password, dispatch_uid="tocsin.changes")
    authenticator_added.connect(_added, dispatch_uid="tocsin.changes")
    authenticator_removed.connect(_removed, dispatch_uid="tocsin.changes")
    authenticator_reset.connect(_reset, dispatch_uid="tocsin.changes")
