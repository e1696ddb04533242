"""Where a file stood on the server's disk, for every way in which collectors lay it out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.evidence.layout import Place, age_of, on_disk, place_of

LOG = "inetpub/logs/logfiles/w3svc1/u_ex210303.log"
NATIVE = "inetpub/logs/LogFiles/W3SVC1/u_ex210303.log"
SYSMON = "windows/system32/winevt/logs/microsoft-windows-sysmon%4operational.evtx"
APPLOCKER = "windows/system32/winevt/logs/microsoft-windows-applocker%4exe and dll.evtx"


@pytest.mark.parametrize(
    "prefix",
    [
        "C/",
        "C:/",
        "c/",
        "D/",
        "C$/",
        "C_/",
        "drive_c/",
        "C%3A/",
        "./C/",
        "EXCH01/C/",
        "case 7/2021-03-08T101112/C/",
        "kape-out\\C\\",
        "uploads/auto/C%3A/",
        "uploads/auto/C:/",
        "uploads/file/C%3A/",
        "uploads/ntfs/%5C%5C.%5CC%3A/",
        "uploads/lazy_ntfs/%5c%5c.%5cC%3a/",
        "uploads/mft/%5C%5C.%5CC%3A/",
        "uploads/ntfs_vss/%5C%5C.%5CC%3A/",
        "EXCH01-C.0123456789/uploads/auto/C%3A/",
        "clients/C.01/collections/F.02/uploads/ntfs/%5C%5C.%5CC%3A/",
        "uploads/ntfs/%255C%255C.%255CC%253A/",
        "fs/C:/",
        "fs/c/",
        "EXCH01/fs/sysvol/",
        "fs/$fs$/fs0/",
        "",
        "EXCH01/",
        "2021/exch 01/disk/",
    ],
)
def test_the_disk_is_found_below_any_prefix(prefix: str) -> None:
    assert place_of(prefix + NATIVE) == Place(LOG, True)


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("LogFiles/W3SVC1/a.log", "logfiles/w3svc1/a.log"),
        ("host/Logging/HttpProxy/Owa/a.LOG", "logging/httpproxy/owa/a.log"),
        ("host/winevt/Logs/Security.evtx", "winevt/logs/security.evtx"),
        ("evtx/Security.evtx", "evtx/security.evtx"),
        ("ab/Exchange Server/V15/Logging/x.log", "exchange server/v15/logging/x.log"),
        ("wwwroot\\aspnet_client\\a.aspx", "wwwroot/aspnet_client/a.aspx"),
        ("u_ex210303.log", "u_ex210303.log"),
        ("notes/excerpts.txt", "notes/excerpts.txt"),
    ],
)
def test_bare_folders_keep_what_they_show(path: str, where: str) -> None:
    assert place_of(path) == Place(where, False)


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("C/Windows/System32/winevt/Logs/Microsoft-Windows-AppLocker%4EXE and DLL.evtx", APPLOCKER),
        ("winevt/Logs/Microsoft-Windows-AppLocker%4EXE and DLL.evtx", APPLOCKER.partition("32/")[2]),
        (
            "uploads/auto/C%3A/Windows/System32/winevt/Logs/Microsoft-Windows-AppLocker%4EXE and DLL.evtx",
            APPLOCKER,
        ),
        (
            "uploads/auto/C%3A/Windows/System32/winevt/Logs/Microsoft-Windows-AppLocker%254EXE%20and%20DLL.evtx",
            APPLOCKER,
        ),
        (
            "uploads/auto/C%3A/Windows/System32/winevt/Logs/Microsoft-Windows-Sysmon%254Operational.evtx",
            SYSMON,
        ),
        (
            "uploads/auto/C%253A/Windows/System32/winevt/Logs/Microsoft-Windows-Sysmon%25254Operational.evtx",
            SYSMON,
        ),
        ("uploads/auto/C%3A/Users/J%C3%B6rg/a%E9.txt", "users/jörg/a%e9.txt"),
        ("uploads/auto/C%3A/a%2Fb%5Cc.txt", "a%2fb%5cc.txt"),
        ("C%3A/Program%20Files/a.log", "program files/a.log"),
    ],
)
def test_escapes_are_undone_where_the_collector_made_them(path: str, where: str) -> None:
    assert place_of(path).where == where


@pytest.mark.parametrize(
    "path",
    [
        "C/inetpub/wwwroot/%43/a.aspx",
        "C/inetpub/wwwroot/D/a.aspx",
        "inetpub/wwwroot/C%3A/a.aspx",
        "uploads/auto/C%3A/inetpub/wwwroot/D/a.aspx",
        "C/inetpub/wwwroot/uploads/auto/C:/a.aspx",
        "C/inetpub/wwwroot/fs/x/a.aspx",
        "C/inetpub/wwwroot/logging/windows/a.aspx",
    ],
)
def test_an_intruders_folder_cannot_move_a_page_out_of_the_web_root(path: str) -> None:
    assert place_of(path).where.startswith("inetpub/wwwroot/")


@pytest.mark.parametrize(
    "path",
    [
        "uploads/ntfs/%5C%5C%3F%5CGLOBALROOT%5CDevice%5CHarddiskVolumeShadowCopy2/inetpub/a.aspx",
        "VSS2/C/inetpub/a.aspx",
        "host/ShadowCopy2/inetpub/a.aspx",
    ],
)
def test_a_shadow_copy_is_another_place_than_the_disk(path: str) -> None:
    assert place_of(path).where == "shadow-copy-2/inetpub/a.aspx"


def test_the_newer_a_shadow_copy_the_nearer_to_the_disk() -> None:
    places = ["inetpub/a", "shadow-copy-10/inetpub/a", "shadow-copy-2/inetpub/a"]
    ages = [age_of(place) for place in places]
    assert ages == sorted(set(ages))
    assert ages[0] == 0
    assert {on_disk(place) for place in places} == {"inetpub/a"}


def test_what_lies_in_a_container_on_the_disk_stays_in_it() -> None:
    outer = place_of("C/inetpub/wwwroot/backup.zip")
    assert outer.inside("C/Windows/a.aspx").where == "inetpub/wwwroot/backup.zip!/windows/a.aspx"


@given(st.text(st.sampled_from("aC%3A5c\\/.:$ é" + "uploads"), max_size=60))
def test_any_name_gives_a_place_in_its_own_form(path: str) -> None:
    where = place_of(path).where
    assert where == where.lower()
    assert "\\" not in where
    assert not where.startswith("/")
    assert place_of(path.upper()).where == place_of(path).where
