"""``tocsin submit``: a report or evidence to a hub, by an owner's link or by a token."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tocsin.cli.sending import Place, Told


class What(StrEnum):
    """What a file is."""

    AUTO = "auto"
    REPORT = "report"
    EVIDENCE = "evidence"


def submit(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="assessment.json as tocsin assess wrote it, or a zip of the evidence.",
            show_default=False,
        ),
    ],
    *,
    hub: Annotated[str, typer.Option(metavar="URL", help="The hub. With --link not needed.")] = "",
    link: Annotated[
        str,
        typer.Option(
            metavar="URL",
            envvar="TOCSIN_LINK",
            show_envvar=True,
            help="The address of the owner's page. Other users of this machine may see a command line: the"
            " variable is safer.",
        ),
    ] = "",
    token_file: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="A file with a token of the hub, scope owners:write.",
            show_default=False,
        ),
    ] = None,
    server: Annotated[
        int, typer.Option(min=0, help="The server's number at the hub. A link about one server needs none.")
    ] = 0,
    campaign: Annotated[str, typer.Option(help="Key of the campaign. A link needs none.")] = "",
    kind: Annotated[What, typer.Option("--as", help="What the file is, if it is not plain.")] = What.AUTO,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on standard error.")] = False,
) -> None:
    """Send a report or evidence to a hub.

    A report says how bad it is and closes nothing. Evidence is kept closed and examined by the hub; it can
    show a server clean if it carries the hub's nonce in custody.json and was collected after the removal.
    A broken line is tried again; the same file twice is one. The exit status: 0 the hub has it, 2 wrong
    usage, no report, or the hub refuses it, 3 the hub cannot be reached, 4 the evidence cannot be opened.
    """
    from tocsin.cli.sending import place, send

    to = place(hub, link, token_file.read_text("utf-8").strip() if token_file else "")
    found = _kind_of(file) if kind is What.AUTO else kind
    if found is What.EVIDENCE and to.by_link:
        _look_for_nonce(to, file)
    about = {"server": str(server or ""), "campaign": campaign, "name": file.name[:200]}
    with _watched(file, quiet=quiet) as told:
        sent = send(to, "reports" if found is What.REPORT else "evidence", file, about, told)
    new = "taken in" if sent.new else "it had this file already"
    typer.echo(f"{new}: hand-in {sent.id}, {sent.state}")


def _kind_of(file: Path) -> What:
    """A report is read before it is sent, so that what is wrong with it is said here."""
    with file.open("rb") as stream:
        begins = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
    if not begins.startswith(b"{"):
        return What.EVIDENCE
    from tocsin.report.json_document import read_document

    read_document(file)
    return What.REPORT


def _look_for_nonce(to: Place, file: Path) -> None:
    """Say so before gigabytes travel, if the evidence lacks what makes it count."""
    from tocsin.cli.sending import ask
    from tocsin.evidence.custody import statements
    from tocsin.evidence.opening import open_evidence

    nonce = str(ask(to, "").get("nonce") or "")
    with open_evidence(file) as evidence:
        carried = any(nonce.encode() in text for text in statements(evidence.listed))
    if nonce and not carried:
        typer.echo(
            f"tocsin: the evidence does not carry {nonce} in its custody.json: it will be read, and cannot"
            " show the server clean.",
            err=True,
        )


@contextmanager
def _watched(file: Path, *, quiet: bool) -> Iterator[Told]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda _: None
        return
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("sending", total=file.stat().st_size)
        yield lambda size: progress.advance(task, size)
