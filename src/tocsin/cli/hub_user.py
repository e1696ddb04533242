"""``tocsin hub user``: people of a hub, for whoever runs it: the way back in when nobody can log in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli.opening_hub import DATA, Data, open_hub
from tocsin.errors import UsageFault

if TYPE_CHECKING:
    from tocsin.hub.accounts.models import User

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="Whose account.")]
Url = Annotated[str | None, typer.Option(help="Address at which people reach the hub.")]

user_app = typer.Typer(no_args_is_help=True, help="People: invite, list, give a role, reset, close.")


@user_app.command()
def add(
    email: Email,
    role: Annotated[str, typer.Option(help="administrator, analyst, viewer or member.")] = "viewer",
    organisation: Annotated[int | None, typer.Option(help="Number of a member's organisation.")] = None,
    url: Url = None,
    data: Data = DATA,
) -> None:
    """Invite somebody: prints a link that works once, for seven days."""
    open_hub(data)
    from tocsin.hub.accounts import services
    from tocsin.hub.rules.words import Role

    if role not in set(Role):
        raise UsageFault(f"no such role: {role}", remedy=f"There are: {', '.join(Role)}.")
    _, key = services.invite(email, role, by=None, organisation=organisation)
    typer.echo(_link(key, url))


@user_app.command("list")
def list_users(data: Data = DATA) -> None:
    """List everybody, one line each: e-mail, role, state, last log-in; by tabs."""
    open_hub(data)
    from tocsin.hub.accounts.models import User

    for user in User.objects.order_by("email"):
        state = "open" if user.is_active else "closed"
        seen = user.last_login.strftime("%Y-%m-%dT%H:%MZ") if user.last_login else "never"
        typer.echo(f"{user.email}\t{user.role}\t{state}\t{seen}")


@user_app.command()
def role(
    email: Email,
    role: Annotated[str, typer.Argument(help="administrator, analyst, viewer or member.")],
    data: Data = DATA,
) -> None:
    """Give somebody another role; open sessions of that account end."""
    open_hub(data)
    from tocsin.hub.accounts import services

    services.set_role(_user(email), role, by=None)
    typer.echo(f"{email} is {role} now")


@user_app.command()
def reset(email: Email, url: Url = None, data: Data = DATA) -> None:
    """Print a link to set a new password; using it ends second factors, tokens and sessions."""
    open_hub(data)
    from tocsin.hub.accounts import services

    _, key = services.reset(_user(email), by=None)
    typer.echo(_link(key, url))


@user_app.command()
def close(email: Email, data: Data = DATA) -> None:
    """Close an account: no log-in, no session, no token; what it did stays on record."""
    open_hub(data)
    from tocsin.hub.accounts import services

    services.close(_user(email), by=None)
    typer.echo(f"{email} is closed now")


def _user(email: str) -> User:
    from tocsin.hub.accounts.models import User

    found = User.objects.filter(email=email.strip().lower()).first()
    if found is None:
        raise UsageFault(f"nobody here has the address {email}", remedy="tocsin hub user list")
    return found


def _link(key: str, url: str | None) -> str:
    from django.conf import settings
    from django.urls import reverse

    return f"{(url or settings.PUBLIC_URL).rstrip('/')}{reverse('enter', args=[key])}"
