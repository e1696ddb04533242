"""``tocsin hub directive``: what orders ask and how they stand, and their workbooks filled and read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli.opening_hub import DATA, Data, open_hub
from tocsin.errors import EnvironmentFault, UsageFault

if TYPE_CHECKING:
    from tocsin.hub.constituency.models import Organisation
    from tocsin.hub.directives.models import Directive

Key = Annotated[str, typer.Argument(metavar="DIRECTIVE", help="Its key, such as ed-21-02.")]

directive_app = typer.Typer(no_args_is_help=True, help="Directives: list, fill a workbook, read one.")


@directive_app.command("list")
def list_directives(data: Data = DATA) -> None:
    """List directives by tabs: key, state, organisations, proven, claimed, missing, late, waiting.

    Waiting are organisations that the worker has yet to judge, or to judge again.
    """
    open_hub(data)
    from django.db.models import Count, Q, Sum

    from tocsin.hub.directives.models import Directive, Subject

    counts = {name: Sum(name) for name in ("proven", "claimed", "missing", "late")}
    for row in Directive.objects.order_by("key"):
        waiting = Count("pk", filter=Q(stale=True))
        mine = Subject.objects.filter(directive=row)
        figures = mine.aggregate(owners=Count("pk"), waiting=waiting, **counts)
        told = "\t".join(str(figures[name] or 0) for name in ("owners", *counts, "waiting"))
        typer.echo(f"{row.key}\t{'in force' if row.active else 'not in force'}\t{told}")


@directive_app.command()
def fill(
    directive: Key,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="Ends in .xlsx.", show_default=False)
    ],
    organisation: Annotated[
        int | None, typer.Option(help="Number of the organisation, with all below it; else everybody.")
    ] = None,
    data: Data = DATA,
) -> None:
    """Fill the issuer's workbook; beside it a list tells the proof of every cell.

    What does not fit into one workbook goes on in another: out-2.xlsx, and so on.
    """
    if out.suffix.lower() != ".xlsx":
        raise UsageFault("the workbook's name ends in .xlsx.", where=str(out))
    open_hub(data)
    from tocsin.hub.directives import workbooks

    made = workbooks.filled(_directive(directive), _organisation(organisation))
    for number, each in enumerate(made, start=1):
        _write(out if number == 1 else out.with_stem(f"{out.stem}-{number}"), each.data)
    _write(out.with_name(f"{out.stem}-proofs.csv"), workbooks.proofs_csv(made).encode())


@directive_app.command()
def read(
    directive: Key,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The filled workbook.")],
    organisation: Annotated[int, typer.Option(help="Number of the organisation whose word it is.")],
    data: Data = DATA,
) -> None:
    """Take in a filled workbook: everything that differs from what is shown becomes a claim."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageFault(f"the file cannot be read: {error.strerror}.", where=str(file)) from error
    open_hub(data)
    from tocsin.hub.directives import workbooks
    from tocsin.hub.directives.models import Word

    owner = _organisation(organisation)
    assert owner is not None
    row = _directive(directive)
    kept = workbooks.take_in(row, owner, content, file.name, by=None)
    for doubt in kept.doubts:
        typer.echo(doubt, err=True)
    if kept.unmatched:
        rows = ", ".join(map(str, kept.unmatched))
        typer.echo(f"rows that belong to no known server: {rows}", err=True)
    words = Word.objects.filter(directive=row, source=f"workbook:{kept.pk}").count()
    typer.echo(f"{words} claims, {len(kept.unmatched)} rows of no known server, {len(kept.doubts)} doubts")


def _directive(key: str) -> Directive:
    from tocsin.hub.directives.models import Directive

    found = Directive.objects.filter(key=key).first()
    if found is None:
        raise UsageFault(f"there is no directive {key!r}.", remedy="tocsin hub directive list")
    return found


def _organisation(number: int | None) -> Organisation | None:
    from tocsin.hub.constituency.models import Organisation

    if number is None:
        return None
    found = Organisation.objects.filter(pk=number).first()
    if found is None:
        raise UsageFault(f"there is no organisation {number}.", where="--organisation")
    return found


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as fault:
        raise EnvironmentFault(f"{fault.strerror or fault}.", where=str(path)) from fault
    typer.echo(str(path))
