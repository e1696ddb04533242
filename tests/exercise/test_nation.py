"""Made nations: the same bytes for the same seed, and files that agree with the truth beside them."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from tocsin.cli import app
from tocsin.errors import EnvironmentFault, ScenarioError, UsageFault
from tocsin.exercise.nation.chance import Chance, daily, waits
from tocsin.exercise.nation.library import load, names
from tocsin.exercise.nation.making import make_nation
from tocsin.exercise.nation.manifest import Made
from tocsin.exercise.nation.scenario import Nation


@pytest.fixture(scope="module")
def small() -> Nation:
    return msgspec.structs.replace(
        load("demonstration"), servers=240, organisations=90, networks=130, days=20
    )


@pytest.fixture(scope="module")
def made(small: Nation, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make_nation(small, name="small", seed=7, out=tmp_path_factory.mktemp("nation") / "made")


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_program_comes_with_three() -> None:
    assert names() == ["country", "demonstration", "large-country"]
    sizes = {name: load(name) for name in names()}
    assert (sizes["country"].servers, sizes["country"].networks) == (46_000, 20_000)
    assert sizes["large-country"].servers == 400_000


def test_the_same_seed_gives_the_same_bytes(small: Nation, made: Made, tmp_path: Path) -> None:
    again = make_nation(small, name="small", seed=7, out=tmp_path / "again")
    assert digests(again.folder) == digests(made.folder)
    other = make_nation(small, name="small", seed=8, out=tmp_path / "other")
    assert digests(other.folder) != digests(made.folder)


def test_the_bytes_are_those_of_every_machine(made: Made) -> None:
    # A change here means that everybody's nations change: say so in the change log.
    whole = hashlib.sha256(json.dumps(digests(made.folder), sort_keys=True).encode()).hexdigest()
    assert whole == "6cd6ee530ae200150e9a97f7065e74d124799e9118595e48c75e439f0ffc74f1"


def test_the_manifest_names_every_snapshot(made: Made) -> None:
    listed = {one.file: one.sha256 for one in made.manifest.snapshots}
    found = digests(made.folder)
    assert listed == {name: digest for name, digest in found.items() if name.startswith("snapshots/")}
    assert {one.source for one in made.manifest.snapshots} == {one.key for one in made.manifest.sources}


def test_methods_change_where_the_scenario_says(made: Made) -> None:
    looks = [one for one in made.manifest.snapshots if one.source == "shadowserver"]
    assert {one.method for one in looks[:9]} == {"ssrf-check/1"}
    assert {(one.method, one.layout) for one in looks[9:]} == {("ssrf-check/2", "shadowserver")}
    scopes = {one.source: one.scope for one in made.manifest.snapshots}
    assert scopes["national"]["cidrs"] == ["240.0.0.0/8", "244.0.0.0/8", "245.0.0.0/8"]
    assert scopes["censys"] == {"everything": True}


def test_nobody_is_listed_as_open_after_the_fix_but_by_who_errs(made: Made) -> None:
    patched = {row["name"]: row["patched"] for row in table(made.folder / "truth" / "servers.csv")}
    for snapshot in made.manifest.snapshots:
        if snapshot.source not in {"shadowserver", "national"}:
            continue
        day = (snapshot.taken.date() - made.manifest.first_day).days
        for row in table(made.folder / snapshot.file):
            if "cve" in row["tag"] and "." in row["servername"]:
                assert patched[row["servername"]] == "" or int(patched[row["servername"]]) > day


def test_states_add_up_to_the_days(made: Made) -> None:
    totals: Counter[tuple[int, str]] = Counter()
    for row in table(made.folder / "truth" / "states.csv"):
        for day in range(int(row["from"]), int(row["until"])):
            totals[(day, row["exposure"])] += 1
    for row in table(made.folder / "truth" / "days.csv"):
        day = int(row["day"])
        for state in ("vulnerable", "mitigated", "patched"):
            assert totals[(day, state)] == int(row[state])
        assert row["date"] == str(date(2021, 3, 3) + timedelta(days=day))


def test_every_layout_can_be_read_as_what_it_is(made: Made) -> None:
    for snapshot in made.manifest.snapshots:
        path = made.folder / snapshot.file
        if snapshot.layout.startswith("shadowserver"):
            rows = table(path)
            assert ("sic" in rows[0]) == (snapshot.layout == "shadowserver-2021")
            assert len({row["ip"] + row["port"] for row in rows}) == snapshot.servers
        else:
            documents = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            assert len(documents) == snapshot.servers
            key = {"shodan": "ip_str", "censys": "host", "censys-legacy": "services"}[snapshot.layout]
            assert all(key in document for document in documents)


def test_contacts_and_claims_have_gaps(made: Made) -> None:
    rows = table(made.folder / made.manifest.organisations)
    assert 0.2 < sum(1 for row in rows if row["email"] or row["phone"]) / len(rows) < 0.9
    assert 0.3 < sum(1 for row in rows if row["cidr"]) / len(rows) < 0.9
    assert {row["asn"] for row in rows if row["id"].startswith("provider")} == {
        f"AS{4_200_000_000 + n}" for n in range(6)
    }


def test_a_folder_that_holds_something_is_left_alone(small: Nation, made: Made) -> None:
    with pytest.raises(EnvironmentFault, match="not an empty folder"):
        make_nation(small, name="small", seed=1, out=made.folder)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("servers: 0", "servers is not between"),
        ("country: GB", "country is not between"),
        ("networks: 1", "fewer networks"),
        ("moving: 2.0", "moving is no share"),
        ("surprise: 1", "surprise"),
    ],
)
def test_wrong_scenarios_are_refused_at_their_line(tmp_path: Path, text: str, what: str) -> None:
    key = text.partition(":")[0]
    whole = (Path("scenarios/nations/demonstration.yaml")).read_text(encoding="utf-8").splitlines()
    kept = [line for line in whole if not line.startswith(f"{key}:")]
    path = tmp_path / "wrong.yaml"
    path.write_text("\n".join([*kept, text]), encoding="utf-8")
    with pytest.raises(ScenarioError, match=what) as refused:
        load(str(path))
    assert "wrong.yaml:" in str(refused.value)


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(UsageFault, match="demonstration"):
        load("atlantis")


def test_the_command(tmp_path: Path) -> None:
    scenario = tmp_path / "tiny.yaml"
    text = Path("scenarios/nations/demonstration.yaml").read_text(encoding="utf-8")
    for old, new in (("servers: 3000", "servers: 40"), ("organisations: 1200", "organisations: 20")):
        text = text.replace(old, new)
    scenario.write_text(text.replace("networks: 1800", "networks: 30").replace("days: 40", "days: 3"))
    found = CliRunner().invoke(app, ["exercise", "nation", str(scenario), "-o", str(tmp_path / "out")])
    assert found.exit_code == 0
    assert found.stdout.strip() == str(tmp_path / "out" / "manifest.json")


@given(st.floats(0, 1, exclude_max=True), st.floats(0.001, 0.9), st.integers(1, 200))
def test_waits_are_within_the_days(fraction: float, hazard: float, most: int) -> None:
    chance = Chance(1)
    drawn = chance.fractions(3, "x")
    drawn[0] = fraction
    assert all(0 <= day <= most for day in waits(drawn, hazard, most).tolist())


def test_half_have_gone_after_a_half_life() -> None:
    days = waits(Chance(3).fractions(20_000, "x"), daily(6.0), 60)
    assert abs(float((days < 6).mean()) - 0.5) < 0.02
