"""``tocsin exercise``: make simulated servers and nations whose truth is known, and score the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.exercise_nation import nation
from tocsin.cli.exercise_score import score

exercise_app = typer.Typer(
    no_args_is_help=True,
    help="Make simulated servers whose truth is known row by row, and score the answers about them. "
    "Attacks leave log traces with inert markers: nothing that is made works as an exploit or a shell.",
)
exercise_app.command()(score)
exercise_app.command()(nation)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@exercise_app.callback()
def _exercise() -> None:
    """Make simulated servers whose truth is known row by row, and score the answers about them."""


@exercise_app.command()
def server(
    scenario: Annotated[
        str,
        typer.Argument(
            help="A name that `tocsin exercise list` shows, or a YAML file of your own.", show_default=False
        ),
    ],
    *,
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR|ZIP",
            help="A folder, which gets evidence/, expected.json and manifest.json; or a name ending in .zip: "
            "the evidence alone, with NAME.expected.json and NAME.manifest.json beside it.",
            show_default=False,
        ),
    ],
    seed: Annotated[
        int, typer.Option(min=0, help="The chance. Equal seed and scenario give equal bytes.")
    ] = 1,
    rows: Annotated[
        int | None,
        typer.Option(min=1, help="About so many everyday requests in all; else as the scenario says."),
    ] = None,
) -> None:
    """Make one server's evidence, with the right answer beside it.

    The answer never lies inside the evidence. Hand out `evidence/` (or the zip) and keep the rest.
    """
    from tocsin.exercise.library import load
    from tocsin.exercise.server import make_server

    made = make_server(load(scenario), name=Path(scenario).stem, seed=seed, out=out, rows=rows)
    for path in (made.evidence, made.expected, made.manifest):
        typer.echo(str(path))


@exercise_app.command("list")
def list_scenarios(*, as_json: AsJson = False) -> None:
    """List the scenarios of servers that came with the program, and what each is about."""
    from tocsin.exercise.library import load, names

    rows = [(name, load(name)) for name in names()]
    if as_json:
        _print_json(
            [
                {"name": name, "title": one.title, "innocent": one.innocent, "expected": one.expected}
                for name, one in rows
            ]
        )
        return
    for name, one in rows:
        typer.echo(f"{name}  {'innocent' if one.innocent else 'guilty'}\n    {one.title}")


@exercise_app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name, or a YAML file.", show_default=False)],
    *,
    as_json: AsJson = False,
) -> None:
    """Show one scenario: the server, who did what when, what went wrong, and the right answer."""
    from tocsin.exercise.library import load

    scenario = load(name)
    if as_json:
        _print_json(scenario)
        return
    typer.echo(f"{scenario.title}\n{' '.join(scenario.description.split())}\n")
    typer.echo(f"From {scenario.first_day} to {scenario.collected:%Y-%m-%d %H:%M} UTC.")
    for span in scenario.server.builds:
        dlls = f" (patched files: {span.dlls})" if span.dlls else ""
        typer.echo(f"  {span.since} build {span.build}{dlls}")
    for mitigation in scenario.server.mitigations:
        typer.echo(f"  {mitigation.since} mitigation {mitigation.id}: {mitigation.state}")
    for act in scenario.acts:
        rung = f" up to {act.rung}" if act.rung else ""
        typer.echo(f"  {act.at:%Y-%m-%d %H:%M} UTC {act.script}{rung}, from {act.address}")
    for fault in scenario.collection.faults:
        typer.echo(f"  fault: {fault.kind}{f' on {fault.on}' if fault.on else ''}")
    for expected in scenario.expected:
        words = (expected.exposure, expected.compromise, expected.rung, expected.residual)
        typer.echo(f"Right answer for {expected.campaign}: {', '.join(word for word in words if word)}.")


def _print_json(value: object) -> None:
    import msgspec

    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
