"""A directory under a name of its own is read under the usual one, if the configuration says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.detections.test_pipeline import HEAD, LOG, detected

from tocsin.detections.pipeline import Detections

CONFIG = "C/Windows/System32/inetsrv/config/applicationHost.config"
PROXY = "C/Program Files/Microsoft/Exchange Server/V15/Logging/HttpProxy/Ecp/HttpProxy_2021030306-1.LOG"
FOLDER = "C:\\Program Files\\Microsoft\\Exchange Server\\V15\\FrontEnd\\HttpProxy\\ecp"
PAGE = "/ecp/auth/x.aspx"
PROXIED = (
    "#Software: Microsoft Exchange Server\n#Version: 15.01.2106.002\n#Log-type: HttpProxy Logs\n"
    "#Date: 2021-03-03T06:00:00.000Z\n#Fields: DateTime,RequestId,Protocol,UrlStem,Method,HttpStatus\n"
)


def config(path: str, folder: str = FOLDER) -> str:
    return (
        '<configuration><system.applicationHost><sites><site name="Default Web Site" id="3">'
        f'<application path="{path}"><virtualDirectory path="/" physicalPath="{folder}" /></application>'
        "</site></sites></system.applicationHost></configuration>"
    )


def asked(folder: Path, stem: str, **files: str) -> Detections:
    row = f"2021-03-03 06:49:42 192.0.2.1 GET {stem} 200\n"
    return detected(folder, **{LOG: HEAD + row, **files})


@pytest.mark.parametrize(
    ("served", "stem"),
    [
        ("/x7f3", "/x7f3/auth/x.aspx"),
        ("/x7f3", "/X7F3/auth/x.aspx"),
        ("/admin/panel", "/admin/panel/auth/x.aspx"),
        ("/ecp", PAGE),
    ],
)
def test_a_request_is_read_under_the_usual_name(tmp_path: Path, served: str, stem: str) -> None:
    found = asked(tmp_path, stem, **{CONFIG: config(served)})
    assert found.pages.get(PAGE) is not None
    assert any(served in notice for notice in found.notices) is (served != "/ecp")


@pytest.mark.parametrize(
    ("served", "folder", "place"),
    [
        ("/x7f3", "C:\\inetpub\\elsewhere", CONFIG),
        ("/x7f", FOLDER, CONFIG),
        ("/x7f3", FOLDER, f"VSS1/{CONFIG}"),
        ("/x7f3", FOLDER, "C/inetpub/history/CFGHISTORY_0000000001/applicationHost.config"),
    ],
)
def test_only_the_configuration_in_force_renames(
    tmp_path: Path, served: str, folder: str, place: str
) -> None:
    found = asked(tmp_path, "/x7f3/auth/x.aspx", **{place: config(served, folder)})
    assert found.pages.get(PAGE) is None
    assert found.pages.get("/x7f3/auth/x.aspx") is not None


@pytest.mark.parametrize(
    ("stem", "files", "strange"),
    [
        ("/x7f3/y.js", {}, True),
        ("/x7f3/y.js", {CONFIG: config("/x7f3")}, False),
        ("/ecp/y.js", {}, False),
        ("/owa/auth/x.js", {}, False),
        ("/", {}, False),
    ],
)
def test_a_name_that_nothing_explains_leaves_the_log_second_hand(
    tmp_path: Path, stem: str, files: dict[str, str], strange: bool
) -> None:
    row = f"2021-03-03T06:49:42.162Z,4ef0fc88-1379-4da7-a912-f3cad0b2a8c2,Ecp,{stem},GET,200\n"
    found = detected(tmp_path, **{PROXY: PROXIED + row, **files})
    (proxy,) = [one for one in found.account.rows({}) if one.kind == "exchange.httpproxy"]
    assert (proxy.records, proxy.excerpt, found.strange_names) == (1, strange, strange)
    assert any("not known" in notice for notice in found.notices) is strange
