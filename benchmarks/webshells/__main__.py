"""The command line of the benchmark; see the package."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.webshells.cache import Row, rows
from benchmarks.webshells.corpus import Case, cases
from benchmarks.webshells.judging import judged_by, judged_fixed, judged_left_out, published
from benchmarks.webshells.printing import print_figures, write_lists
from benchmarks.webshells.publishing import publish
from benchmarks.webshells.speed import print_speed, speeds

from tocsin.detections.webshells import score as scoring

WEIGHTS = Path(scoring.__file__).with_name("weights.json")


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.webshells", description=__doc__)
    parser.add_argument("command", choices=("score", "fit", "speed", "publish"), nargs="?", default="score")
    parser.add_argument("--corpus", type=Path, required=True, help="folder label/language/source/name")
    parser.add_argument("--manifest", type=Path, help="a .csv.gz with clusters of near-duplicates")
    parser.add_argument("--langs", default="", help="only these languages, with commas")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--left-out", action="store_true", help="every source by weights fitted without it")
    parser.add_argument("--lists", type=Path, help="folder for lists of misses and false alarms")
    parser.add_argument("--docs", type=Path, default=Path("docs"), help="folder that publish writes to")
    parser.add_argument("--rules", type=Path, help="YARA rules to measure speed against, instead of ours")
    parser.add_argument("--json", action="store_true", help="print figures as JSON")
    chosen = parser.parse_args()
    found = cases(chosen.corpus, chosen.manifest, frozenset(filter(None, chosen.langs.split(","))))
    if not found:
        sys.exit(f"{chosen.corpus}: no files label/language/source/name.")
    if chosen.command == "speed":
        print_speed(found, chosen.rules)
        return
    have = rows(found, workers=chosen.workers)
    if chosen.command == "publish":
        fixed = judged_fixed(found, have, _fixed_rule)
        publish(chosen.docs, judged_left_out(found, have), fixed, speeds(found, chosen.rules))
        return
    if chosen.command == "fit":
        _fit(found, have)
    _score(found, have, chosen)


def _fit(found: list[Case], have: dict[str, Row]) -> None:
    fitted = {name: dict(sorted(model.items())) for name, model in published(found, have).items()}
    WEIGHTS.write_text(json.dumps(fitted, indent=1) + "\n", "utf-8")
    scoring.weights.cache_clear()


def _fixed_rule(features: Mapping[str, float]) -> bool:
    """Tell whether the page runs the request, runs what it hides, or lets the request say what goes where."""
    return not {"grave:runs:1", "grave:hidden:1", "grave:writes:2"}.isdisjoint(features)


def _score(found: list[Case], have: dict[str, Row], chosen: argparse.Namespace) -> None:
    start = scoring.weights() if WEIGHTS.exists() else {}
    judged = judged_left_out(found, have) if chosen.left_out else judged_by(found, have, start)
    print_figures(judged, as_json=chosen.json)
    if chosen.lists:
        write_lists(judged, have, start, chosen.lists)


if __name__ == "__main__":
    main()
