"""Let people in and out: invitations, roles, memberships, tokens. Each leaves an `Act`."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.apps import apps
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import Act, Invitation, Membership, Reading, Token, User
from tocsin.hub.rules import keys
from tocsin.hub.rules.permissions import sound_scopes
from tocsin.hub.rules.words import Role

INVITED_FOR = timedelta(days=7)
LONGEST_TOKEN = 365
NOBODY = "there is no organisation of this number"
LAST = "the last administrator cannot give up the role"


def record(kind: str, subject: str, /, *, by: User | None = None, **detail: Any) -> Act:
    """Keep what somebody did; ``by`` is None for the command line."""
    actor = by.email if by else "command line"
    return Act.objects.create(by=by, actor=actor, kind=kind, subject=subject, detail=detail)


class Deed(NamedTuple):
    """One of many acts of a kind: on what, by whom, and what else."""

    subject: str
    by: User | None
    detail: dict[str, Any]


def record_each(kind: str, deeds: Iterable[Deed]) -> None:
    """As `record`, for many acts of one kind in one statement."""
    acts = (
        Act(
            by=one.by,
            actor=one.by.email if one.by else "command line",
            kind=kind,
            subject=one.subject,
            detail=one.detail,
        )
        for one in deeds
    )
    Act.objects.bulk_create(acts, batch_size=500)


def record_reading(request: HttpRequest, rows: int | None = None) -> None:
    """Keep that this person looked at a page that shows victims."""
    if isinstance(request.user, User):
        path = request.get_full_path()[:500]
        Reading.objects.create(user=request.user, address=address_of(request), path=path, rows=rows)


def address_of(request: HttpRequest) -> str | None:
    """The address that a request came from, through as many proxies as the settings trust."""
    from allauth.core.internal.httpkit import get_client_ip  # noqa: PLC0415 - needs Django set up

    address: str | None = get_client_ip(request)
    return address


def place_of(request: HttpRequest) -> str:
    """What a limit counts as one place: an address, or the /64 of IPv6, of which anybody has a whole one."""
    address = ipaddress.ip_address(address_of(request) or "::")
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:  # a server that listens on both, and a visitor of IPv4
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), 64), strict=False))


@transaction.atomic
def invite(
    email: str,
    role: str,
    *,
    by: User | None,
    name: str = "",
    organisation: int | None = None,
    now: datetime | None = None,
) -> tuple[Invitation, str]:
    """An invitation and its key, which is kept nowhere: who has it may open the account once.

    Raises:
        UsageFault: somebody has that address already, or a member has no organisation that is known.
    """
    email = email.strip().lower()
    if User.objects.filter(email=email).exists():
        raise UsageFault("this address has an account", remedy="Reset its password instead.")
    if role == Role.MEMBER and organisation is None:
        raise UsageFault("a member belongs to an organisation", remedy="Name it.")
    kept = _known(organisation) if role == Role.MEMBER else None
    fields = {"email": email, "role": role, "name": name, "organisation_id": kept}
    return _invitation("invited", fields, by=by, now=now)


def _known(organisation: int | None) -> int:
    known = apps.get_model("constituency", "Organisation")
    if not known._default_manager.filter(pk=organisation or 0).exists():  # noqa: SLF001 - documented
        raise UsageFault(NOBODY, where=str(organisation), remedy="Its page's address ends in its number.")
    return organisation or 0


@transaction.atomic
def withdraw(invitation: Invitation, *, by: User | None) -> None:
    """End an invitation that nobody has used: whoever holds the link finds it gone."""
    if Invitation.objects.filter(pk=invitation.pk, used=None).delete()[0]:
        record("invitation withdrawn", f"invitation:{invitation.pk}", by=by, email=invitation.email)


@transaction.atomic
def reset(user: User, *, by: User | None, now: datetime | None = None) -> tuple[Invitation, str]:
    """A link by which a person sets a new password; his second factors and sessions end when he uses it."""
    fields = {"email": user.email, "role": user.role, "name": user.name, "user": user}
    return _invitation("reset asked", fields, by=by, now=now)


def _invitation(
    kind: str, fields: dict[str, Any], *, by: User | None, now: datetime | None
) -> tuple[Invitation, str]:
    moment = now or timezone.now()
    key = keys.new_key(keys.INVITATION)
    Invitation.objects.filter(email=fields["email"], used=None).delete()
    invitation = Invitation.objects.create(
        **fields, by=by, digest=keys.digest(key), created=moment, expires=moment + INVITED_FOR
    )
    record(kind, f"invitation:{invitation.pk}", by=by, email=fields["email"], role=str(fields["role"]))
    return invitation, key


def open_invitation(key: str, now: datetime | None = None) -> Invitation | None:
    """The invitation of a key, while it is neither used nor expired."""
    found = Invitation.objects.filter(
        digest=keys.digest(key[: keys.LONGEST]), used=None, expires__gt=now or timezone.now()
    )
    return found.select_related("user").first()


@transaction.atomic
def accept(key: str, password: str, *, name: str = "") -> User | None:
    """Open the account, or set the new password, of an invitation; None when it is used or expired.

    Raises:
        django.core.exceptions.ValidationError: the password is too weak.
    """
    invitation = open_invitation(key)
    if invitation is None:
        return None
    if not Invitation.objects.filter(pk=invitation.pk, used=None).update(used=timezone.now()):
        return None
    user = _reopened(invitation.user, password) if invitation.user else _opened(invitation, password, name)
    validate_password(password, user)  # now that his name and organisations are known; a fault undoes all
    record("entered by invitation", f"user:{user.pk}", by=user, invitation=invitation.pk)
    return user


def _opened(invitation: Invitation, password: str, name: str) -> User:
    user = User.objects.create_user(
        invitation.email, password, name=name or invitation.name, role=invitation.role
    )
    if invitation.organisation_id:
        Membership.objects.create(user=user, organisation_id=invitation.organisation_id)
    return user


def _reopened(user: User, password: str) -> User:
    """A reset means that somebody may hold what he should not: factors and sessions go, tokens too."""
    from allauth.mfa.models import Authenticator  # noqa: PLC0415 - needs Django set up

    user.set_password(password)
    user.grace_until = None
    user.last_login = None
    user.save()
    Authenticator.objects.filter(user=user).delete()
    user.tokens.filter(revoked=None).update(revoked=timezone.now())
    end_sessions(user)
    return user


def remember_session(request: HttpRequest) -> None:
    """Let the session that just began be seen, and ended, among those of its person."""
    from allauth.usersessions.models import UserSession  # noqa: PLC0415 - needs Django set up

    UserSession.objects.create_from_request(request)


def end_sessions(user: User, *, but: str | None = None) -> int:
    """End all of a person's sessions, or all ``but`` the one of this key. Gives how many there were."""
    from allauth.usersessions.models import UserSession  # noqa: PLC0415 - needs Django set up

    open_ = UserSession.objects.filter(user=user).exclude(session_key=but or "")
    ended = [row.session_key for row in open_]
    Session.objects.filter(session_key__in=ended).delete()
    open_.delete()
    return len(ended)


@transaction.atomic
def set_role(user: User, role: str, *, by: User | None) -> None:
    """Give a person another role; his sessions end, so that no page shows more than he may see.

    Raises:
        UsageFault: no such role, or nobody would be left to administer the hub.
    """
    if role not in set(Role):
        raise UsageFault(f"no such role: {role}", remedy=f"There are: {', '.join(Role)}.")
    if user.role == role:
        return
    _spare_the_last(user)
    record("role changed", f"user:{user.pk}", by=by, before=user.role, after=role)
    user.role = role
    user.save(update_fields=["role"])
    end_sessions(user)


@transaction.atomic
def close(user: User, *, by: User | None) -> None:
    """Close an account: its log-in, tokens, links and sessions end; what it did stays on record.

    Raises:
        UsageFault: nobody would be left to administer the hub.
    """
    _spare_the_last(user)
    user.is_active = False
    user.save(update_fields=["is_active"])
    user.tokens.filter(revoked=None).update(revoked=timezone.now())
    Invitation.objects.filter(user=user, used=None).delete()
    end_sessions(user)
    record("account closed", f"user:{user.pk}", by=by)


@transaction.atomic
def reopen(user: User, *, by: User | None) -> None:
    """Let a closed account in again; its tokens stay revoked."""
    user.is_active = True
    user.save(update_fields=["is_active"])
    record("account reopened", f"user:{user.pk}", by=by)


def _spare_the_last(user: User) -> None:
    chiefs = User.objects.select_for_update().filter(role=Role.ADMINISTRATOR, is_active=True)
    left = {chief.pk for chief in chiefs.order_by("pk")}  # locked, so that two do not demote each other
    if left == {user.pk}:
        raise UsageFault(LAST, where=user.email, remedy="Make somebody else an administrator first.")


@transaction.atomic
def join(user: User, organisation: int, *, by: User | None) -> None:
    """Let a person see an organisation.

    Raises:
        UsageFault: there is none of this number.
    """
    organisation = _known(organisation)
    _, made = Membership.objects.get_or_create(user=user, organisation_id=organisation)
    if made:
        record("joined", f"user:{user.pk}", by=by, organisation=organisation)


@transaction.atomic
def leave(user: User, organisation: int, *, by: User | None) -> None:
    """Let a person see an organisation no longer."""
    gone, _ = Membership.objects.filter(user=user, organisation_id=organisation).delete()
    if gone:
        record("left", f"user:{user.pk}", by=by, organisation=organisation)


@transaction.atomic
def make_token(user: User, name: str, scopes: list[str], *, days: int, by: User | None) -> tuple[Token, str]:
    """A token and its key, which is shown once and kept nowhere.

    Raises:
        UsageFault: none of the scopes is one that this person may give, or it would live too long.
    """
    granted = sound_scopes(scopes, user.role)
    if not granted or len(granted) < len(set(scopes)):
        refused = ", ".join(sorted(set(scopes) - set(granted))) or "none given"
        raise UsageFault(f"scopes that this person may not give: {refused}")
    if not 1 <= days <= LONGEST_TOKEN:
        raise UsageFault(f"a token lives between 1 and {LONGEST_TOKEN} days")
    key = keys.new_key(keys.TOKEN)
    expires = timezone.now() + timedelta(days=days)
    token = Token.objects.create(
        user=user, name=name, digest=keys.digest(key), scopes=granted, expires=expires
    )
    record("token made", f"token:{token.pk}", by=by, scopes=granted, days=days)
    return token, key


@transaction.atomic
def revoke(token: Token, *, by: User | None) -> None:
    """End a token at once."""
    if token.revoked is None:
        token.revoked = timezone.now()
        token.save(update_fields=["revoked"])
        record("token revoked", f"token:{token.pk}", by=by)
