"""``tocsin hub backup|restore|key``: the whole hub as one encrypted file, and back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli.opening_hub import DATA, Data, open_hub
from tocsin.errors import EnvironmentFault, UsageFault

if TYPE_CHECKING:
    from tocsin.hub.rules.sealing import Key

Keys = Annotated[
    list[Path],
    typer.Option(
        "--key", metavar="FILE", help="A passphrase, a recipient or an identity in a file; may be repeated."
    ),
]
LONGEST = 4_096


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    key: Keys,
    data: Data = DATA,
) -> None:
    """Write the database, the secret and the held files as one encrypted file. The hub may go on running.

    `tocsin hub key` makes a pair of keys: a recipient can seal backups, and cannot open them.
    """
    keys = _keys(key)
    _must_be_there(data)
    open_hub(data)
    from django.conf import settings

    from tocsin.hub.site.backup import backup as write

    made = write(data.absolute(), file, keys, settings=dict(settings.DATABASES["default"]))
    typer.echo(f"{file}: {len(made.files)} files, {file.stat().st_size:,} bytes", err=True)


def _must_be_there(data: Path) -> None:
    """Other commands make a hub where none is; its backup would be believed to be that of the real one."""
    from tocsin.hub.site.backup import SECRET

    if not (data / SECRET).is_file():
        raise EnvironmentFault("there is no hub here", where=str(data), remedy="Give --data DIR.")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")],
    key: Keys,
    data: Data = DATA,
) -> None:
    """Bring a backup into an empty folder, checked before anything is there.

    A backup of PostgreSQL goes into the empty database that DATABASE_URL names.
    """
    keys = _keys(key)
    from tocsin.hub.site.backup import restore as read
    from tocsin.hub.site.surroundings import DATABASE, database

    made = read(file, data.absolute(), keys, settings=database(data) if os.environ.get(DATABASE) else None)
    typer.echo(
        f"restored into {data}: as of {made.made:%Y-%m-%d %H:%M} UTC, by Tocsin {made.version}", err=True
    )


def new_key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the identity is written.")],
) -> None:
    """Make an identity (keep it away from the hub) and print its recipient, which seals backups."""
    from tocsin.hub.rules.sealing import Identity, new_identity, read_key

    text = new_identity()
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageFault("this is there already", where=str(file), remedy="Name another file.") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as handle:
        handle.write(text + "\n")
    identity = read_key(text)
    assert isinstance(identity, Identity)
    typer.echo(identity.recipient)


def _keys(files: list[Path]) -> list[Key]:
    from tocsin.hub.rules.sealing import read_key

    return [read_key(_text(path)) for path in files]


def _text(path: Path) -> str:
    try:
        with path.open("rb") as handle:
            return handle.read(LONGEST).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageFault(f"the key cannot be read: {error}", where=str(path)) from error
