"""The disk of a made server: pages, versions, the setup log and compiled pages, read back by Tocsin."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.exercise.workshops import (
    BUILDS,
    MARKER,
    NEW,
    OLD,
    PAGE,
    START,
    W3WP,
    items_of,
    label,
    records_of,
    run,
    scenario,
    story,
    workshop,
)

from tocsin.errors import ScenarioError
from tocsin.exercise.scenario import BuildSpan, Collection, Scenario, Server
from tocsin.exercise.story import FileRemoved, FileWritten, PageCompiled, Trace
from tocsin.exercise.workshop import Workshop, Writer
from tocsin.exercise.writers.compiled import Compiled
from tocsin.exercise.writers.disk import Disk
from tocsin.model.records import Record

HERE = "C/inetpub/wwwroot/aspnet_client/k.aspx"
V15 = "C/Program Files/Microsoft/Exchange Server/V15"
DUMP = b"""
Name                : OAB (Default Web Site)
PollInterval        : 480
MetabasePath        : IIS://mail01.contoso.example/W3SVC/1/ROOT/OAB
ExternalUrl         : http://f/
WhenChangedUTC      : 3/3/2021 6:49:57 AM
"""


def made(
    root: Path, traces: Iterable[Trace], given: Scenario | None = None, writer: type[Writer] = Disk
) -> Workshop:
    shop = workshop(root, given)
    run(shop, writer, traces)
    return shop


def written(path: str = PAGE, content: bytes = MARKER, **other: datetime) -> FileWritten:
    return FileWritten(path=path, image=W3WP, content=content, label=label(), at=other.get("at", START))


def pages(root: Path) -> dict[str | None, dict[str, str | None]]:
    return {record.fields["Path"]: record.fields for record in records_of(root, "web.file")}


def test_a_page_stands_as_it_was_written(tmp_path: Path) -> None:
    shop = made(tmp_path, [written()])
    page = pages(tmp_path)[HERE]
    assert page["Content"] == MARKER.decode()
    assert page["Url"] == "/aspnet_client/k.aspx"
    assert page["Modified"] == START.replace(microsecond=0).isoformat()
    (row,) = shop.ledger.rows
    assert (row.path, row.line, row.record, row.kind) == (HERE, None, None, "web.file")


@pytest.mark.parametrize("by", ["hand", "defender"])
def test_a_page_that_was_removed_is_gone_and_proves_nothing(tmp_path: Path, by: str) -> None:
    gone = FileRemoved(at=START + timedelta(hours=1), path=PAGE.upper(), by=by, label=label("context"))
    shop = made(tmp_path, [written(), gone])
    assert HERE not in pages(tmp_path)
    assert shop.ledger.rows == []


def test_a_page_written_anew_after_its_removal_stands(tmp_path: Path) -> None:
    later = START + timedelta(hours=2)
    gone = FileRemoved(at=START + timedelta(hours=1), path=PAGE)
    shop = made(tmp_path, [written(), gone, written(content=b"second", at=later)])
    assert pages(tmp_path)[HERE]["Content"] == "second"
    assert [row.path for row in shop.ledger.rows] == [HERE]


def test_one_file_whatever_the_letters_of_its_path(tmp_path: Path) -> None:
    standing = (
        "C:\\Program Files\\Microsoft\\Exchange Server\\V15\\FRONTEND\\HttpProxy\\owa\\auth\\LOGON.aspx"
    )
    shop = made(tmp_path, [written(), written(PAGE.upper(), b"second"), written(standing, b"third")])
    found = pages(tmp_path)
    assert found[HERE]["Content"] == "second"
    assert found[f"{V15}/FrontEnd/HttpProxy/owa/auth/logon.aspx"]["Content"] == "third"
    assert len({(path or "").lower() for path in found}) == len(found)
    assert len(shop.ledger.rows) == 2


def test_a_path_over_the_network_is_a_place_on_the_drive(tmp_path: Path) -> None:
    made(tmp_path, [written("\\\\127.0.0.1\\c$\\inetpub\\wwwroot\\aspnet_client\\k.aspx")])
    assert HERE in pages(tmp_path)


def test_a_path_that_leads_upwards_is_refused(tmp_path: Path) -> None:
    inside = tmp_path / "tree"
    inside.mkdir()
    with pytest.raises(ScenarioError, match="upwards"):
        made(inside, [written("C:\\inetpub\\wwwroot\\..\\..\\..\\..\\x.aspx")])
    assert [path.name for path in tmp_path.iterdir()] == ["tree"]


def test_a_property_list_is_a_row_at_its_line_and_the_page_is_one(tmp_path: Path) -> None:
    shop = made(tmp_path, [written(content=DUMP)])
    (dump,) = records_of(tmp_path, "exchange.vdir-dump")
    assert [(row.kind, row.path, row.line) for row in shop.ledger.rows] == [
        ("exchange.vdir-dump", HERE, 2),
        ("web.file", HERE, None),
    ]
    assert (str(dump.locator), dump.fields["ExternalUrl"]) == (f"{HERE}:2", "http://f/")


def test_a_property_list_outside_web_roots_is_a_row_alone(tmp_path: Path) -> None:
    shop = made(tmp_path, [written("C:\\Temp\\oab.txt", DUMP)])
    assert [(row.kind, row.line) for row in shop.ledger.rows] == [("exchange.vdir-dump", 2)]


def test_what_lies_elsewhere_is_not_collected(tmp_path: Path) -> None:
    shop = made(tmp_path, [written("C:\\Windows\\Temp\\notes.txt"), written("C:\\Windows\\Temp\\x.aspx")])
    assert not (tmp_path / "C/Windows/Temp/notes.txt").exists()
    assert (tmp_path / "C/Windows/Temp/x.aspx").read_bytes() == MARKER
    assert [row.path for row in shop.ledger.rows] == ["C/Windows/Temp/x.aspx"]


def test_the_vendors_pages_stand_on_every_server(tmp_path: Path) -> None:
    made(tmp_path, [])
    names = {(path or "").rpartition("/")[2] for path in pages(tmp_path)}
    assert {"logon.aspx", "errorFE.aspx", "RedirSuiteServiceProxy.aspx", "TimeoutLogout.aspx"} <= names
    assert all(b"<%" not in path.read_bytes() for path in tmp_path.rglob("*.aspx"))


def test_exchange_may_stand_on_another_drive(tmp_path: Path) -> None:
    server = Server(builds=BUILDS, drive="E", exchange_root="Exchange2016")
    made(tmp_path, [], scenario(server=server))
    assert (tmp_path / "E/Exchange2016/bin/ExSetup.exe").is_file()
    assert (tmp_path / "C/ExchangeSetupLogs/ExchangeSetup.log").is_file()


@pytest.mark.parametrize(("dlls", "library"), [("", NEW), (OLD, OLD)])
def test_versions_are_those_at_collection(tmp_path: Path, dlls: str, library: str) -> None:
    """An update that ran without elevation leaves the old library behind a new ExSetup.exe."""
    builds = (BUILDS[0], replace(BUILDS[1], dlls=dlls))
    made(tmp_path, [], scenario(server=Server(builds=builds)))
    found = {
        record.fields["OriginalFilename"]: record for record in records_of(tmp_path, "exchange.file-version")
    }
    assert {name: record.fields["Build"] for name, record in found.items()} == {
        "ExSetup.exe": NEW,
        "Microsoft.Exchange.FrontEndHttpProxy.dll": library,
    }
    assert found["ExSetup.exe"].fields["FileVersion"] == "15.01.2106.013"
    assert found["ExSetup.exe"].locator.path == f"{V15}/bin/ExSetup.exe"


def test_an_update_after_the_collection_is_not_there_yet(tmp_path: Path) -> None:
    made(tmp_path, [], scenario(collected=datetime(2021, 3, 3, 20, tzinfo=UTC)))
    assert {record.fields["Build"] for record in records_of(tmp_path, "exchange.file-version")} == {OLD}


def test_setup_ran_for_cumulative_updates_alone(tmp_path: Path) -> None:
    later = BuildSpan(build="15.1.2176.9", since=date(2021, 3, 5))
    server = Server(builds=(*BUILDS, later), utc_offset="-06:00")
    made(tmp_path, [], scenario(server=server))
    rows = records_of(tmp_path, "exchange.setup-log")
    versions = [(row.fields["Version"], row.time) for row in rows if "Version" in row.fields]
    assert [version for version, _ in versions] == [OLD, "15.1.2176.2"]
    first, second = (moment for _, moment in versions)
    assert first is not None
    assert second is not None
    assert datetime(2020, 8, 1, tzinfo=UTC) < first < datetime(2020, 11, 1, tzinfo=UTC)
    midnight = datetime(2021, 3, 5, tzinfo=UTC)
    assert timedelta() < midnight - second < timedelta(hours=2)
    done = [row.time for row in rows if "completed successfully" in (row.fields["Message"] or "")]
    assert len(done) == 2
    assert done[1] is not None
    assert second < done[1] < midnight
    assert [row.fields["PreviousVersion"] for row in rows if "PreviousVersion" in row.fields] == [OLD]
    assert {row.fields["UtcOffset"] for row in rows if "UtcOffset" in row.fields} == {"-06:00"}
    stamp = datetime.fromtimestamp((tmp_path / "C/ExchangeSetupLogs/ExchangeSetup.log").stat().st_mtime, UTC)
    assert timedelta() < midnight - stamp < timedelta(hours=1)


@pytest.mark.parametrize("offset", ["+00:00", "+01:00", "-08:00", "+05:30", "+12:45"])
def test_the_setup_log_is_in_local_time(tmp_path: Path, offset: str) -> None:
    made(tmp_path, [], scenario(server=Server(builds=BUILDS, utc_offset=offset)))
    rows = records_of(tmp_path, "exchange.setup-log")
    (stated,) = [row.fields["UtcOffset"] for row in rows if "UtcOffset" in row.fields]
    assert stated == offset
    assert rows[0].time == datetime(2020, 9, 2, 20, 59, 0, 820_000, UTC)


def test_withheld_kinds_and_a_disk_not_taken(tmp_path: Path) -> None:
    every = story()
    kinds = ("web.file", "exchange.file-version", "exchange.setup-log")
    for kind in kinds:
        root = tmp_path / kind
        root.mkdir()
        made(root, every, scenario(collection=Collection(withhold=(kind,))))
        found = {item.kind for items in items_of(root).values() for item in items if isinstance(item, Record)}
        assert set(kinds) - {kind} <= found
        assert kind not in found
    root = tmp_path / "nothing"
    root.mkdir()
    made(root, [*every, written()], scenario(collection=Collection(disk=False)))
    made(root, every, scenario(collection=Collection(disk=False)), Compiled)
    assert list(root.iterdir()) == []


def test_a_withheld_property_list_takes_its_page_away(tmp_path: Path) -> None:
    given = scenario(collection=Collection(withhold=("exchange.vdir-dump",)))
    other = "C:\\inetpub\\wwwroot\\aspnet_client\\other.aspx"
    shop = made(tmp_path, [written(content=DUMP), written(other)], given)
    assert [row.path.rpartition("/")[2] for row in shop.ledger.rows] == ["other.aspx"]
    assert records_of(tmp_path, "exchange.vdir-dump") == []


# --- compiled pages ---------------------------------------------------------------------------


def compiled(root: Path) -> dict[str | None, Record]:
    return {record.fields["VirtualPath"]: record for record in records_of(root, "aspnet.compiled")}


def test_a_compiled_page_is_named_once(tmp_path: Path) -> None:
    urls = ("/aspnet_client/K.aspx", "/aspnet_client/k.aspx?x=1", "/owa/auth/logon.aspx")
    shop = made(tmp_path, [PageCompiled(at=START, url=url, label=label()) for url in urls], writer=Compiled)
    found = compiled(tmp_path)
    assert set(found) == {
        "/aspnet_client/K.aspx",
        "/owa/auth/logon.aspx",
        "/owa/auth/errorFE.aspx",
        "/owa/auth/logoff.aspx",
        "/ecp/default.aspx",
    }
    page = found["/aspnet_client/K.aspx"]
    assert page.fields["SourceFile"] == "/aspnet_client/K.aspx"
    assert page.fields["Type"] == "ASP.aspnet_client_k_aspx"
    assert page.fields["Modified"] == START.replace(microsecond=0).isoformat()
    (row,) = shop.ledger.rows
    assert (row.path, row.kind, row.line) == (page.locator.path, "aspnet.compiled", None)
    assert "/Temporary ASP.NET Files/root/" in row.path


def test_pages_of_one_application_are_compiled_into_one_folder(tmp_path: Path) -> None:
    made(tmp_path, [PageCompiled(at=START, url="/owa/auth/x.aspx")], writer=Compiled)
    folders = {
        record.locator.path.rpartition("/")[0]
        for url, record in compiled(tmp_path).items()
        if url and url.startswith("/owa/")
    }
    assert len(folders) == 1


@pytest.mark.parametrize(
    "url", ["/../../x.aspx", "/a/ä b&c<d>.aspx", "/", "", "/x" * 400 + ".aspx", "/a/..", "/\u2028"]
)
def test_no_url_leads_astray(tmp_path: Path, url: str) -> None:
    made(tmp_path, [PageCompiled(at=START, url=url)], writer=Compiled)
    assert len(compiled(tmp_path)) == 5
    assert len(list(tmp_path.rglob("*.compiled"))) == 5
