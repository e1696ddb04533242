"""Verification over made evidence: an earlier assessment, later evidence of every sort, every answer."""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from msgspec.structs import replace
from tests.assessment.webshells.shells import AUTH, CLIENT, NOW, assessed, knowledge, placed, sample

from tocsin.assessment.server import Request, verify_evidence
from tocsin.assessment.verify import compare, known_shells, urls_of
from tocsin.model.verdicts import Assessment
from tocsin.model.verification import Identity, Order, Overall, Removal, Verification
from tocsin.report.json_document import Documents, encode, schema

GOLDEN = Path(__file__).parent / "golden" / "verify"
FIELDS = (
    "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time s-computername s-ip "
    "cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status\n"
)
URL = "/owa/auth/x.aspx"
DUMP = "/aspnet_client/d.aspx"
LOGON = {f"{AUTH}/logon.aspx": b"<p>Sign in</p>"}
BESIDE = {f"{CLIENT}/system_web/4_0/WebForms.js": b"// library", f"{CLIENT}/readme.txt": b"left here"}


def log(day: str, *rows: tuple[str, str, int], server: str = "EX01", tail: str = "") -> dict[str, bytes]:
    """An IIS log of one day: clock, page and status of every request."""
    lines = "".join(
        f"{day} {clock} {server} 192.0.2.10 GET {url} - 443 - 203.0.113.9 Mozilla/5.0 {status}\n"
        for clock, url, status in rows
    )
    name = f"C/inetpub/logs/LogFiles/W3SVC1/u_ex{day[2:].replace('-', '')}{tail}.log"
    return {name: (FIELDS + lines).encode()}


def msert(path: str) -> dict[str, bytes]:
    text = (
        "Microsoft Safety Scanner v1.333, (build 1.333.600.0)\n\n"
        "Threat Detected: Backdoor:ASP/Chopper.A!dha\n"
        f"  Action: Remove, Result: 0x00000000\n    file://{path}\n"
    )
    return {"C/Windows/debug/msert.log": text.encode("utf-16")}


def defender(stamp: str, path: str) -> dict[str, bytes]:
    text = (
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider "
        "Name='Microsoft-Windows-Windows Defender'/><EventID>1117</EventID>"
        f"<TimeCreated SystemTime='{stamp}'/><EventRecordID>5</EventRecordID>"
        "<Channel>Microsoft-Windows-Windows Defender/Operational</Channel><Computer>EX01</Computer></System>"
        "<EventData><Data Name='Threat Name'>Backdoor:ASP/Chopper.A!dha</Data><Data Name='Action ID'>2</Data>"
        f"<Data Name='Action Name'>Quarantine</Data><Data Name='Path'>file:_{path}</Data></EventData></Event>"
    )
    return {"C/export/defender.xml": f"<Events>{text}</Events>".encode()}


EARLIER = {
    **LOGON, **BESIDE, f"{AUTH}/x.aspx": sample("one.aspx"), f"{CLIENT}/d.aspx": sample("dump-eval.aspx"),
    **log("2021-03-05", ("10:00:00", URL, 200), ("11:00:00", DUMP, 200)),
}  # fmt: skip
ON_SERVER = r"C:\Program Files\Microsoft\Exchange Server\V15\FrontEnd\HttpProxy\owa\auth\x.aspx"
LATER = log("2021-03-20", ("09:00:00", "/owa/auth/logon.aspx", 200))
RENEWED = (
    sample("dump-clean.aspx").decode().replace("3/4/2021 4:07:21 PM", "3/18/2021 4:07:21 PM")
    + "WhenCreatedUTC                  : 3/18/2021 4:07:20 PM\r\n"
)
CASES: dict[str, tuple[dict[str, bytes], Removal, Removal, Overall]] = {
    "both-gone": ({**LOGON, **BESIDE, **LATER}, Removal.ABSENT, Removal.ABSENT, Overall.REMOVED),
    "logs-alone": (LATER, Removal.CANNOT_TELL, Removal.CANNOT_TELL, Overall.CANNOT_TELL),
    "nothing-changed": ({**EARLIER, **LATER}, Removal.PRESENT, Removal.PRESENT, Overall.NOT_REMOVED),
    "one-changed": (
        {**EARLIER, **LATER, f"{AUTH}/x.aspx": sample("handler.ashx")},
        Removal.CHANGED, Removal.PRESENT, Overall.NOT_REMOVED,
    ),
    "emptied": (
        {**LOGON, **BESIDE, **LATER, f"{CLIENT}/d.aspx": sample("dump-clean.aspx")},
        Removal.ABSENT, Removal.CHANGED, Overall.NOT_REMOVED,
    ),
    "removed-by-defender": (
        {**LOGON, **BESIDE, **LATER, **defender("2021-03-10T08:00:00Z", ON_SERVER)},
        Removal.EVIDENCED, Removal.ABSENT, Overall.REMOVED,
    ),
    "removed-by-defender-logs-alone": (
        {**LATER, **defender("2021-03-10T08:00:00Z", ON_SERVER)},
        Removal.EVIDENCED, Removal.CANNOT_TELL, Overall.CANNOT_TELL,
    ),
    "removed-by-the-safety-scanner": (
        {**LOGON, **BESIDE, **LATER, **msert(ON_SERVER)},
        Removal.EVIDENCED, Removal.ABSENT, Overall.REMOVED,
    ),
    "removed-before-and-back": (
        {**EARLIER, **LATER, **defender("2021-03-10T08:00:00Z", ON_SERVER)},
        Removal.REAPPEARED, Removal.PRESENT, Overall.NOT_REMOVED,
    ),
    "settings-written-again": (
        {**LOGON, **BESIDE, **LATER, "C/export/oab.txt": RENEWED.encode()},
        Removal.ABSENT, Removal.EVIDENCED, Overall.REMOVED,
    ),
    "refused": (
        log("2021-03-20", ("09:00:00", URL, 404), ("09:30:00", DUMP, 302)),
        Removal.NOT_SERVED, Removal.NOT_SERVED, Overall.CANNOT_TELL,
    ),
    "still-answering": (
        log("2021-03-20", ("09:00:00", URL, 200), ("09:30:00", DUMP, 404), ("09:40:00", DUMP, 200)),
        Removal.PRESENT, Removal.PRESENT, Overall.NOT_REMOVED,
    ),
    "another-shell": (
        {**LOGON, **BESIDE, **LATER, f"{AUTH}/y.aspx": sample("one.aspx")},
        Removal.ABSENT, Removal.ABSENT, Overall.NOT_REMOVED,
    ),
    "another-server": (
        {**LOGON, **BESIDE, **log("2021-03-20", ("09:00:00", URL, 404), server="EX02")},
        Removal.CANNOT_TELL, Removal.CANNOT_TELL, Overall.CANNOT_TELL,
    ),
    "server-not-named": (
        {**LOGON, **BESIDE, **log("2021-03-20", ("09:00:00", URL, 404), server="-")},
        Removal.ABSENT, Removal.ABSENT, Overall.CANNOT_TELL,
    ),
    "only-the-configuration-collected": (
        {f"{AUTH}/web.config": b"<configuration/>", f"{CLIENT}/web.config": b"<configuration/>", **LATER},
        Removal.CANNOT_TELL, Removal.CANNOT_TELL, Overall.CANNOT_TELL,
    ),
}  # fmt: skip
EXIT = {Overall.REMOVED: 0, Overall.NOT_REMOVED: 20, Overall.CANNOT_TELL: 4}


@functools.cache
def before() -> Assessment:
    with tempfile.TemporaryDirectory() as folder:
        return assessed(Path(folder) / "before", EARLIER)


def verified(folder: Path, files: dict[str, bytes], *, attested: bool = False) -> Verification:
    request = Request(evidence=placed(folder / "later", files), at=NOW)
    return verify_evidence(request, knowledge(), before(), digest="0" * 64, attested=attested)


def settled(found: Verification) -> Verification:
    """Leave out what changes with the packs and with every fit of the weights."""
    shells = tuple(
        replace(one, examination=replace(one.examination, score=round(one.examination.score, 1)))
        if one.examination
        else one
        for one in found.shells
    )
    new = tuple(
        replace(one, shell=replace(one.shell, examination=None, locators=one.shell.locators[:1]))
        for one in found.new
    )
    return replace(found, packs=(), shells=shells, new=new)


def answers(found: Verification) -> dict[str, Removal]:
    return {one.key: one.answer for one in found.shells}


def test_the_earlier_shells_are_known_once_each() -> None:
    known = {one.key: one for one in known_shells(before())}
    assert set(known) == {URL, DUMP}
    assert known[DUMP].vdir == "OAB (Default Web Site)"
    assert known[URL].sha256
    assert set(urls_of(before())) == {URL, DUMP}


@pytest.mark.parametrize("case", CASES)
def test_every_answer(case: str, tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    files, page, dump, overall = CASES[case]
    found = verified(tmp_path, files)
    assert answers(found) == {URL: page, DUMP: dump}
    assert (found.answer, found.exit_status) == (overall, EXIT[overall])
    document = encode(found)
    jsonschema.Draft202012Validator(schema(Documents.VERIFICATION)).validate(json.loads(document))
    golden(GOLDEN / f"{case}.golden.json", encode(settled(found)).decode())


def test_a_new_shell_is_told_with_what_it_is_like(tmp_path: Path) -> None:
    found = verified(tmp_path, CASES["another-shell"][0])
    (new,) = found.new
    assert (new.shell.url, new.like) == ("/owa/auth/y.aspx", URL)


def test_that_it_is_the_same_server_can_be_said(tmp_path: Path) -> None:
    found = verified(tmp_path, CASES["server-not-named"][0], attested=True)
    assert (found.identity, found.answer) == (Identity.ATTESTED, Overall.REMOVED)


def test_a_word_does_not_overrule_a_name(tmp_path: Path) -> None:
    found = verified(tmp_path, CASES["another-server"][0], attested=True)
    assert (found.identity, found.answer) == (Identity.DIFFERENT, Overall.CANNOT_TELL)


def test_evidence_from_before_shows_nothing(tmp_path: Path) -> None:
    custody = {"custody.json": json.dumps({"collected_at": "2021-03-01T00:00:00Z"}).encode()}
    found = verified(tmp_path, {**LOGON, **BESIDE, **custody, **log("2021-02-20", ("09:00:00", URL, 404))})
    assert found.order is Order.EARLIER
    assert set(answers(found).values()) == {Removal.CANNOT_TELL}
    assert found.exit_status == 4


def test_evidence_without_time_does_not_close(tmp_path: Path) -> None:
    found = verified(tmp_path, {**LOGON, **BESIDE}, attested=True)
    assert found.order is Order.UNKNOWN
    assert set(answers(found).values()) == {Removal.ABSENT}
    assert found.answer is Overall.CANNOT_TELL


def test_the_same_assessment_is_no_later_one() -> None:
    between = compare(before(), before())
    assert (between.identity, between.order) == (Identity.SAME, Order.UNKNOWN)


@pytest.mark.parametrize("case", sorted(CASES))
def test_without_the_folders_nothing_closes(case: str, tmp_path: Path) -> None:
    """Whatever the whole says, the same collection without its pages never ends with 0."""
    files = {path: data for path, data in CASES[case][0].items() if not path.startswith((AUTH, CLIENT))}
    assert verified(tmp_path, files).exit_status != 0
