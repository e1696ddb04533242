"""``tocsin packs``: list, check, show and start campaign packs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tocsin.packs.loading import Pack

packs_app = typer.Typer(no_args_is_help=True, help="List, check, show and start campaign packs.")

Folders = Annotated[
    list[Path] | None,
    typer.Option("--packs", metavar="DIR", help="Read packs from here too; can be given repeatedly."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@packs_app.callback()
def _packs() -> None:
    """List, check, show and start campaign packs."""


@packs_app.command("list")
def list_packs(packs: Folders = None, *, as_json: AsJson = False) -> None:
    """List the campaign packs, and what each holds."""
    rows = [_summary(pack) for pack in _load(packs)]
    if as_json:
        _print_json(rows)
        return
    for row in rows:
        typer.echo(f"{row['id']} {row['version']}  {row['title']}")
        typer.echo(
            f"    {row['rules']} rules, {row['correlations']} correlations, "
            f"{row['behaviours']} behavioural rules, "
            f"{row['benign']} benign explanations, {row['indicators']} indicators, "
            f"{row['webshell_files']} files of web-shell rules"
        )


@packs_app.command()
def show(
    pack_id: Annotated[
        str, typer.Argument(metavar="ID", help="The pack's id, as `tocsin packs list` shows it.")
    ],
    packs: Folders = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show one pack: its ladder, and every rule with what it means and who wrote it."""
    pack = _load(packs, only=(pack_id,))[0]
    if as_json:
        _print_json(_whole(pack))
        return
    typer.echo(f"{pack.file.title} ({pack.id} {pack.file.version}, {pack.sha256[:16]})")
    typer.echo(" ".join(pack.file.description.split()))
    typer.echo("\nLadder:")
    for rung in pack.file.ladder:
        typer.echo(f"  {rung.id}: {rung.title}{' (mandatory)' if rung.mandatory else ''}")
    typer.echo("\nRules:")
    for rule in pack.everything:
        step = f", shows {rule.head.rung}" if rule.head.rung else ""
        typer.echo(f"  {rule.title}\n    {rule.head.means} ({rule.head.status}){step}; {rule.head.author}")


@packs_app.command()
def lint(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH]...", help="Packs, or folders of packs.")
    ] = None,
) -> None:
    """Check packs: schema, references, and every rule against its own examples. Exit 2 if any fails.

    Rules that make logs slow to read are warned of.
    """
    from tocsin.detections.proofs import examine
    from tocsin.packs.loading import data_folder, find_packs

    folders = find_packs(paths or [data_folder("campaigns")])
    problems = [problem for folder in folders.values() for problem in examine(folder)]
    for problem in problems:
        typer.echo(str(problem))
    if not problems:
        for slow in _ungated(folders.values()):
            typer.echo(slow, err=True)
    typer.echo(f"{_count(len(folders), 'pack')}, {_count(len(problems), 'problem')}.", err=True)
    if problems:
        raise typer.Exit(2)


def _ungated(folders: Iterable[Path]) -> Iterator[str]:
    from tocsin.detections.scanning.ungated import ungated
    from tocsin.packs.loading import read_pack

    for folder in folders:
        pack, _ = read_pack(folder)
        yield from map(str, ungated(pack) if pack else ())


@packs_app.command()
def new(
    pack_id: Annotated[str, typer.Argument(metavar="ID", help="Lower-case letters, digits, hyphens.")],
    into: Annotated[Path, typer.Option(metavar="DIR", help="Where the pack's folder is made.")] = Path(
        "campaigns"
    ),
) -> None:
    """Start a pack: a folder with a sample rule and its examples, to be filled in."""
    from datetime import UTC, datetime

    from tocsin.packs.skeleton import write_skeleton

    for path in write_skeleton(pack_id, into, today=datetime.now(UTC).date()):
        typer.echo(str(path))
    typer.echo(f"Fill in what is marked, then: tocsin packs lint {into / pack_id}", err=True)


def _load(folders: Sequence[Path] | None, only: tuple[str, ...] = ()) -> tuple[Pack, ...]:
    from tocsin.packs.loading import data_folder, load_packs

    roots = [data_folder("campaigns"), *folders] if folders else None
    return load_packs(roots, only=only)


def _summary(pack: Pack) -> dict[str, str | int | None]:
    return {
        "id": pack.id,
        "version": pack.file.version,
        "title": pack.file.title,
        "product": pack.product_id,
        "rules": len(pack.rules),
        "correlations": len(pack.correlations),
        "behaviours": len(pack.behaviours),
        "benign": len(pack.benign),
        "indicators": len(pack.indicators),
        "webshell_files": len(pack.yara),
        "sha256": pack.sha256,
        "root": str(pack.root),
    }


def _whole(pack: Pack) -> dict[str, object]:
    heads = [rule.head for rule in pack.everything]
    return {
        "pack": pack.file,
        "sha256": pack.sha256,
        "rules": sorted(heads, key=lambda head: head.title),
        "indicators": pack.indicators,
        "webshell_rules": sorted(pack.yara),
        "advice": pack.advice,
    }


def _print_json(value: object) -> None:
    import msgspec

    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
