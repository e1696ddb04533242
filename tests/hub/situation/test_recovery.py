"""A nation whose truth is known goes through the whole hub, and the answer must hold it in its bands."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest
from django.conf import settings

from tocsin.exercise.nation.library import load
from tocsin.exercise.nation.making import make_nation
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.campaigns.services import load_campaigns
from tocsin.hub.census.services import Terms, import_file
from tocsin.hub.rules.survival import Duration, half_life, kaplan_meier
from tocsin.hub.situation.commands import work_off
from tocsin.hub.situation.figures import Situation, situation

DAYS = 28
SLACK = 0.06
"""Of the servers alive: two names for one server, looks every few days, sources that err."""


def table(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def through_the_hub(folder: Path, seed: int) -> Situation:
    small = msgspec.structs.replace(
        load("demonstration"), servers=500, organisations=200, networks=300, days=DAYS, mitigated=0.05
    )
    made = make_nation(small, name="small", seed=seed, out=folder)
    load_campaigns()
    lists_all = {one.key: one.lists_all for one in made.manifest.sources}
    for one in made.manifest.snapshots:
        terms = Terms(
            source=one.source,
            taken=one.taken,
            scope=one.scope,
            method=one.method,
            succeeds=(one.continues,) if one.continues else (),
            lists_all=lists_all[one.source],
        )
        import_file(folder / one.file, terms)
    work_off()
    found = situation(Campaign.objects.get(key="proxylogon"))
    assert found is not None
    return found


def true_half_life(folder: Path) -> float:
    durations = []
    for row in table(folder / "truth" / "servers.csv"):
        begin, fixed = int(row["appears"]), int(row["patched"] or DAYS)
        end = min(fixed, int(row["retires"] or DAYS), DAYS - 1)
        if fixed > begin:
            durations.append(Duration(days=float(end - begin), fixed=end == fixed))
    return half_life(kaplan_meier(durations)).days


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_truth_lies_in_the_stated_bands(tmp_path: Path, seed: int) -> None:
    Path(settings.DATA).mkdir(exist_ok=True)
    folder = tmp_path / "nation"
    found = through_the_hub(folder, seed)
    levels: dict[date, dict[str, int]] = {}
    for point in found.curve:
        levels.setdefault(point.day, {})[point.state] = point.servers
    for row in table(folder / "truth" / "days.csv"):
        day = date.fromisoformat(row["date"])
        if int(row["day"]) < 4 or day not in levels:
            continue  # the first days are before every source has looked once
        unpatched, slack = int(row["vulnerable"]) + int(row["mitigated"]), SLACK * int(row["alive"])
        known = levels[day]
        unclear = known["unknown"] + known["unreachable"]
        assert known["vulnerable"] + unclear + slack >= unpatched, row
        # What was fixed since the last looks of all is still counted as open: allow for five days.
        assert known["patched"] <= int(row["patched"]) + slack, row
    whole = next(one for one in found.half_lives if one["dimension"] == "all")
    assert whole["low"] - 1 <= true_half_life(folder) <= (whole["high"] or DAYS) + 1
    last = levels[found.day]
    seen, low, high = found.unseen["seen"], found.unseen["low"], found.unseen["high"]
    assert seen <= low <= high
    final = list(table(folder / "truth" / "days.csv"))[-1]
    truth = int(final["vulnerable"]) + int(final["mitigated"])  # by its version, mitigated is open
    assert low - SLACK * 500 <= truth <= high + last["unknown"] + SLACK * 500
