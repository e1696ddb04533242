"""Measure Tocsin and its peers in one run and write the page.

    python -m benchmarks.peers --size 1GB                  # data, peers, figures, page: an hour or so
    python -m benchmarks.peers --size 20GB --only tocsin,ripgrep,isal --out out/performance-20gb
    python -m benchmarks.peers --render                    # only the page, from the stored figures

Writes OUT.json, OUT.md, and the picture into images/ beside them.
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from pathlib import Path

from benchmarks.peers import page, picture
from benchmarks.peers.contenders import contenders
from benchmarks.peers.data import ROOT, Wanted
from benchmarks.peers.results import load, save
from benchmarks.peers.session import Choice, perform

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}


def main(arguments: list[str] | None = None) -> None:
    """Measure, store, write the page; or only the last with ``--render``."""
    chosen = _parser().parse_args(arguments)
    out: Path = chosen.out
    stored = out.with_suffix(".json")
    if not chosen.render:
        given = sys.argv[1:] if arguments is None else arguments
        save(
            perform(_choice(chosen), command=shlex.join(["python", "-m", "benchmarks.peers", *given])), stored
        )
    write(stored)


def write(stored: Path) -> None:
    """Write the page and the picture of a stored run beside it."""
    performance = load(stored)
    drawing = stored.parent / "images" / f"{stored.stem}.svg"
    drawing.parent.mkdir(parents=True, exist_ok=True)
    drawing.write_text(picture.render(performance), "utf-8", newline="\n")
    text = page.render(performance, picture=f"images/{drawing.name}")
    stored.with_suffix(".md").write_text(text, "utf-8", newline="\n")
    print(stored.with_suffix(".md"))


def amount(text: str) -> int:
    """Read a number of bytes such as 500MB or 20GB (powers of ten)."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMG]?)B?", text.strip().upper())
    if not found:
        raise argparse.ArgumentTypeError(f"{text} is no size: write 500MB or 20GB")
    return int(float(found[1]) * _UNITS[found[2]])


def _choice(chosen: argparse.Namespace) -> Choice:
    size: int = chosen.size
    return Choice(
        wanted=Wanted(
            size=size,
            guilty=chosen.guilty or size,
            small=chosen.small or size // 10,
            sample=chosen.sample,
            small_files=chosen.files,
            seed=chosen.seed,
        ),
        rounds=chosen.rounds,
        cache=chosen.cache.resolve(),
        only=frozenset(chosen.only.split(",")) if chosen.only else frozenset(),
        kits=frozenset(chosen.kits.split(",")) if chosen.kits else frozenset(),
        checkouts={"zircolite": chosen.zircolite.resolve()} if chosen.zircolite else {},
        seconds=chosen.minutes * 60,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--size", type=amount, default=amount("1GB"), help="logs of the innocent server (1GB)")
    add("--guilty", type=amount, help="logs of the server that was broken into (as --size)")
    add("--small", type=amount, help="second size, for the peak of memory (a tenth of --size)")
    add("--sample", type=amount, default=amount("20MB"), help="IIS logs for the slow tools (20MB)")
    add("--files", type=int, default=100_000, help="how many small files (100000)")
    add("--seed", type=int, default=1)
    add("--rounds", type=int, default=5)
    add("--minutes", type=float, default=120, help="time bound of one command (120)")
    add("--only", help="only these, by comma: " + ", ".join(one.name for one in contenders()))
    add("--kits", help="only this data, by comma: innocent, gz, zip, guilty, small, sample, events, files")
    add("--zircolite", type=Path, help="folder of a checkout of Zircolite")
    add("--cache", type=Path, default=ROOT / "out" / "benchmarks", help="data and tools (out/benchmarks)")
    add("--out", type=Path, default=ROOT / "docs" / "performance", help="the page, without ending")
    add("--render", action="store_true", help="measure nothing: write the page from OUT.json")
    return parser


if __name__ == "__main__":
    main()
