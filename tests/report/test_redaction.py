"""What is redacted: everything that names the victim, everywhere, and the same way each time."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.report.samples import HOSTILE, SAMPLES, compromised

from tocsin.model.places import Locator
from tocsin.model.verdicts import Assessment, Impact
from tocsin.report.html import render
from tocsin.report.json_document import encode, schema
from tocsin.report.redaction import redact
from tocsin.report.redaction_seeds import Seed
from tocsin.report.redaction_tokens import Tokens

GOLDEN = Path(__file__).parent / "golden" / "redaction"

NAMES = st.from_regex(r"q[a-z]{4,9}[0-9]{2}", fullmatch=True)
AROUND = st.sampled_from(
    ["", " ", "/", "\\", "'", '"', "=", "&", "%20", "%5C", ":", ";", "(", ")", ",", "_", "-", "\n"]
)


def seeded(*seeds: tuple[str, str]) -> Tokens:
    tokens = Tokens()
    for kind, value in seeds:
        tokens.add(Seed(kind, value))
    return tokens


OWNER = (("host", "EXCH07.fabrikam.example"), ("user", "wendel"), ("user", "Zoe Quill"))


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("user=FABRIKAM%5Cwendel&x", "user=domain-1%5Cuser-1&x"),
        ("FABRIKAM\\wendel and fabrikam\\\\WENDEL", "domain-1\\user-1 and domain-1\\\\user-1"),
        ("wendel@fabrikam.example", "mailbox-1@redacted.example"),
        ("u%3DWendel%40fabrikam.example", "u%3Dmailbox-1@redacted.example"),
        ("DC02.fabrikam.example, exch07_20210303.log", "host-1, host-2_20210303.log"),
        ("User:ACME\\bob in C:\\Users\\bob\\x", "User:domain-1\\user-1 in C:\\Users\\user-1\\x"),
        ("C/Users/bob.smith/a.txt:3", "C/Users/user-1/a.txt:3"),
        ("C/Users/Public/a.txt C/Users/Administrator/b", "C/Users/Public/a.txt C/Users/Administrator/b"),
        (
            "10.0.0.5, ::ffff:10.0.0.5 fe80::1%12 %20172.16.3.4",
            "internal-1, internal-1 internal-2 %20internal-3",
        ),
        (
            "192.0.2.1 2001:db8::1 build 15.1.2106.2 at 06:49:43",
            "192.0.2.1 2001:db8::1 build 15.1.2106.2 at 06:49:43",
        ),
        ("\\\\filer\\share\\x", "\\\\host-1\\share\\x"),
        ("ZOE QUILL was S-1-5-21-1-2-3-500", "user-1 was sid-1"),
        ("CN=x,DC=fabrikam,DC=local dc1.corp.local", "CN=x,DC=domain-1,DC=local host-1"),
        ("a]@exch07.fabrikam.example:444/ecp", "a]@host-1:444/ecp"),
        ("owa\\auth NT AUTHORITY\\SYSTEM Temp\\x.aspx", "owa\\auth NT AUTHORITY\\SYSTEM Temp\\x.aspx"),
        ("mail was read, wendelina stays", "mail was read, wendelina stays"),
    ],
)
def test_shapes_and_seeds(text: str, redacted: str) -> None:
    assert seeded(*OWNER).replace(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "C:\\inetpub\\wwwroot\\aspnet_client\\shell.aspx",
        "client\\shell.aspx",
        "the evidence in C/inetpub/logs/LogFiles/W3SVC1/u_ex210303.log:12",
        "[REDACTED] and NT SERVICE\\SYSTEM",
        "sha256 " + "deadbeef" * 8,
    ],
)
def test_what_names_nobody_stays(text: str) -> None:
    assert seeded(("host", "evidence"), ("host", "[REDACTED]"), ("user", "SYSTEM")).replace(text) == text


@pytest.mark.parametrize("secret", ["wendel", "x@fabrikam.example", "S-1-5-21-1-2-3-500", "dc1.corp.local"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_base64_that_holds_a_secret_goes_and_other_base64_stays(secret: str, encoding: str) -> None:
    coded = base64.b64encode(f"\x01 {secret} \x02 and some more words".encode(encoding)).decode()
    harmless = base64.b64encode(f"and some more words {encoding} and more".encode(encoding)).decode()
    tokens = seeded(*OWNER)
    assert tokens.replace(f"?X-Rps-CAT={coded}&a=1") == "?X-Rps-CAT=secret-1&a=1"
    assert tokens.replace(f"?X-Rps-CAT={quote(coded, safe='')}").startswith("?X-Rps-CAT=secret-")
    assert tokens.replace(f"-enc {harmless}") == f"-enc {harmless}"


@pytest.mark.parametrize("name", SAMPLES)
def test_equal_inputs_give_equal_outputs_and_twice_is_once(name: str) -> None:
    once = redact(SAMPLES[name]())
    assert once == redact(SAMPLES[name]())
    assert once == redact(once)


def test_the_redacted_document(golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / "compromised.golden.json", encode(redact(compromised())).decode())


def test_what_a_report_is_shared_for_stays() -> None:
    before, after = compromised(), redact(compromised())
    assert schema()
    for one, other in zip(before.verdicts, after.verdicts, strict=True):
        assert [each.id for each in one.findings] == [each.id for each in other.findings]
        assert [each.source_ip for each in one.findings] == [each.source_ip for each in other.findings]
        assert [each.author for each in one.findings] == [each.author for each in other.findings]
        assert [each.time for each in one.findings] == [each.time for each in other.findings]
        assert one.webshells == other.webshells
    assert before.evidence.sha256 == after.evidence.sha256
    assert before.coverage == after.coverage


def planted(user: str, host: str, domain: str, inner: str, text: str) -> Assessment:
    """The same secrets in fields that name them, and in every kind of text that repeats them."""
    base = compromised()
    first = base.verdicts[0]
    details = {"AuthenticatedUser": f"{domain}\\{user}", "Computer": f"{host}.{domain}.example", "q": text}
    finding = replace(
        first.findings[0],
        details=details,
        summary=text,
        url=text,
        locator=Locator(path=f"C/Users/{user}/{host}/{text}", line=1),
    )
    box = replace(first.impact.mailboxes[0], mailbox=f"{user}@{domain}.example")
    verdict = replace(
        first,
        findings=(finding,),
        compromise_because=text,
        exposure_because=text,
        impact=Impact(mailboxes=(box,)),
    )
    skipped = tuple(replace(each, path=f"{text}/{inner}", why=text) for each in base.coverage.skipped)
    return replace(
        base,
        answer=text,
        verdicts=(verdict,),
        server=replace(base.server, name=host),
        evidence=replace(base.evidence, name=f"{host}.zip"),
        coverage=replace(base.coverage, skipped=skipped),
    )


@given(
    user=NAMES,
    host=NAMES,
    domain=NAMES,
    last=st.integers(1, 254),
    around=st.lists(AROUND, min_size=6, max_size=6),
)
def test_no_secret_survives_anywhere(user: str, host: str, domain: str, last: int, around: list[str]) -> None:
    inner = f"10.20.30.{last}"
    secrets = [
        user,
        host.upper(),
        f"{user}@{domain}.example",
        f"{host}.{domain}.example",
        f"{domain}\\{user}",
        inner,
    ]
    text = " ".join(f"{left}{secret}{left or ' '}" for left, secret in zip(around, secrets, strict=True))
    once = redact(planted(user, host, domain, inner, text))
    document = encode(once).decode().casefold()
    for secret in (user, host, domain, inner):
        assert secret.casefold() not in document
        assert secret.casefold() not in json.dumps(json.loads(document)).casefold()
    assert redact(once) == once


@given(
    st.lists(
        st.tuples(st.sampled_from(["user", "host", "mailbox", "domain"]), st.text(max_size=20)), max_size=6
    ),
    st.text(max_size=80) | st.sampled_from(HOSTILE),
)
def test_any_seed_and_text_settle(seeds: list[tuple[str, str]], text: str) -> None:
    tokens = seeded(*seeds)
    once = tokens.replace(text)
    assert tokens.replace(once) == once


def test_a_redacted_report_still_renders() -> None:
    page = render(redact(compromised()))
    assert "host-1" in page
    assert not re.search("contoso|MAIL01", page, re.IGNORECASE)
