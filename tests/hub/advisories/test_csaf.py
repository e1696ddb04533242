"""CSAF documents: they meet the schema and the mandatory tests, and are what the pages serve."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pysequoia
import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from referencing import Registry, Resource
from tests.hub import making as hub
from tests.hub.advisories import making

from tocsin.errors import UsageFault
from tocsin.hub.advisories import services, signing
from tocsin.hub.advisories.models import Signature
from tocsin.hub.rules import csaf
from tocsin.hub.rules.advisory import Content, sound
from tocsin.hub.rules.advisory import faults as unfit
from tocsin.hub.rules.advisory_prefill import draft
from tocsin.hub.rules.csaf_checks import failures
from tocsin.hub.rules.tlp import Tlp
from tocsin.hub.rules.words import Role
from tocsin.packs.loading import data_folder, load_packs
from tocsin.packs.products import load_product

GOLDEN = Path(__file__).parent / "golden"
SCHEMA = json.loads((GOLDEN / "csaf_2.0_schema.json").read_text("utf-8"))
OF_PROVIDERS = json.loads((GOLDEN / "csaf_2.0_provider_schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
AT = datetime(2021, 3, 3, 12, tzinfo=UTC)
WHO = csaf.Publisher(name="CERT Contoso", namespace="https://cert.contoso.example", contact="by mail")


def release(versions: int = 1) -> csaf.Release:
    revisions = tuple(
        csaf.Revision(number=number, at=AT + timedelta(hours=number), summary=f"Number {number}")
        for number in range(1, versions + 1)
    )
    return csaf.Release(
        id="TOCSIN-2021-0001",
        revisions=revisions,
        url="https://hub.example/a.json",
        page="https://hub.example/advisories/a/",
        engine="1",
    )


def faults(document: dict[str, Any]) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(document)] + failures(document)


WORDS = st.text(max_size=30)
LINES = st.text(st.characters(categories=("L", "N", "P", "Zs")), min_size=1, max_size=20).filter(str.strip)
FIXED = st.sampled_from(["", "15.1.2106.13 (Mar21SU)", "7.0-beta", "< 3", "all"])
PRODUCTS = st.tuples(WORDS, WORDS, WORDS, FIXED, WORDS)
CVES = st.integers(0, 99_999).map(lambda number: f"CVE-2021-{number:04}")
CONTENTS = st.builds(
    Content,
    title=LINES,
    summary=LINES,
    text=LINES,
    severity=st.sampled_from(["unknown", "critical"]),
    tlp=st.sampled_from([mark.value for mark in Tlp if mark is not Tlp.RED]),
    cves=st.lists(st.tuples(CVES, WORDS), unique_by=lambda row: row[0], max_size=3).map(tuple),
    products=st.lists(PRODUCTS, max_size=4).map(tuple),
    mitigations=st.lists(st.tuples(WORDS, WORDS), max_size=2).map(tuple),
    steps=st.lists(st.tuples(WORDS, WORDS), max_size=2).map(tuple),
    sources=st.lists(st.tuples(WORDS, st.sampled_from(["https://a.example/b", "javascript:x"]))).map(tuple),
)


@given(content=CONTENTS, versions=st.integers(1, 12))
def test_every_document_is_sound(content: Content, versions: int) -> None:
    content = sound(content)
    if wrong := unfit(content):  # such an advisory is not published
        assert re.search(" is no | has no ", wrong[0])
        return
    document = csaf.document(content, release(versions), WHO)
    assert faults(document) == []
    assert document["document"]["tracking"]["version"] == str(versions)
    assert "javascript:" not in json.dumps(document["document"]["references"])


@pytest.mark.parametrize("pack", load_packs(), ids=lambda pack: pack.id)
def test_what_packs_fill_in_is_sound(pack: Any) -> None:
    product = load_product(data_folder("products") / pack.product_id) if pack.product_id else None
    content = sound(draft(pack, product))
    assert content.title
    assert content.text
    document = csaf.document(content, release(), WHO)
    assert faults(document) == []
    assert document["document"]["category"] == (csaf.PROFILE if product and pack.file.cves else csaf.PLAIN)


def test_the_march_2021_campaign_names_its_fixes() -> None:
    pack = load_packs(only=["proxylogon"])[0]
    content = draft(pack, load_product(data_folder("products") / "exchange"))
    document = csaf.document(content, release(), WHO)
    whole = json.dumps(document)
    assert [one["cve"] for one in document["vulnerabilities"]] == [cve.id for cve in pack.file.cves]
    assert "vers:generic/<15.1.2106.13" in whole
    assert "KB5000871" in whole
    assert "Microsoft Exchange Server 2016 CU18 15.1.2106.13 (Mar21SU)" in whole
    kinds = {one["category"] for one in document["vulnerabilities"][0]["remediations"]}
    assert kinds == {"vendor_fix", "mitigation"}


@pytest.mark.parametrize(
    ("change", "number"),
    [
        (lambda doc: doc["vulnerabilities"][0]["product_status"]["fixed"].append("X"), "6.1.1"),
        (lambda doc: doc["vulnerabilities"][0]["product_status"]["fixed"].append("TOCSIN-0001-A"), "6.1.6"),
        (lambda doc: doc["document"]["tracking"].update(version="7"), "6.1.16"),
        (lambda doc: doc["document"]["tracking"]["revision_history"].pop(0), "6.1.21"),
        (lambda doc: doc["vulnerabilities"].append(doc["vulnerabilities"][0]), "6.1.23"),
        (lambda doc: doc.pop("product_tree"), "6.1.27"),
        (lambda doc: doc["vulnerabilities"][0].pop("notes"), "6.1.27"),
        (lambda doc: doc["vulnerabilities"][0]["remediations"][0].pop("product_ids"), "6.1.29"),
    ],
)
def test_the_checks_can_fail(change: Any, number: str) -> None:
    document = csaf.document(making.content(), release(3), WHO)
    assert faults(document) == []
    change(document)
    if number == "6.1.21":
        document["document"]["tracking"]["revision_history"].pop(0)
        document["document"]["tracking"]["revision_history"].insert(
            0, {"date": "2021-03-01T00:00:00Z", "number": "1", "summary": "x"}
        )
    assert any(said.startswith(number) for said in failures(document))


def test_red_is_never_written() -> None:
    with pytest.raises(UsageFault, match="TLP:RED"):
        csaf.document(making.content(tlp="red"), release(), WHO)


@pytest.mark.django_db
def test_programs_find_every_public_document() -> None:
    shown = making.published()
    making.published(title="For members", tlp="amber")
    making.published(title="For few", tlp="red")
    anybody = Client()
    provider = anybody.get("/.well-known/csaf/provider-metadata.json").json()
    assert provider["role"] == "csaf_provider"
    assert provider["publisher"]["namespace"] == "https://cert.contoso.example"
    white = "/.well-known/csaf/white/"
    assert provider["distributions"][0]["directory_url"].endswith(white)
    paths = anybody.get(f"{white}index.txt").content.decode().split()
    assert paths == [f"{shown.published:%Y}/{shown.number.lower()}.json"]
    changes = list(csv.reader(io.StringIO(anybody.get(f"{white}changes.csv").content.decode())))
    assert changes == [[paths[0], csaf.moment(shown.published)]]
    data = anybody.get(white + paths[0]).content
    assert faults(json.loads(data)) == []
    for kind in ("sha256", "sha512"):
        line = anybody.get(f"{white}{paths[0]}.{kind}").content.decode()
        assert line == f"{hashlib.new(kind, data).hexdigest()}  {paths[0].partition('/')[2]}\n"
    year = anybody.get(f"{white}{paths[0].partition('/')[0]}/").content.decode()
    assert paths[0].partition("/")[2] in year
    own = json.loads(data)["document"]["references"][0]["url"]
    assert own.endswith(white + paths[0])


@pytest.mark.parametrize("at", [0, 1, 3])
def test_a_row_without_its_name_is_not_published(at: int) -> None:
    """By the API rows come as they are: what the schema of CSAF refuses is refused before."""
    names = ("products", "mitigations", "steps", "sources")
    row: tuple[str, ...] = ("", "", "", "1.2", "") if at == 0 else ("", "https://a.example/b")
    wrong = unfit(making.content(**{names[at]: (row,)}))
    assert [bool(re.search("has no (title|maker)", said)) for said in wrong] == [True]


def signed_by(key: pysequoia.Tsk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name a key, as an operator does, and do the chore."""
    path = folder / f"{key.extract_certificate().fingerprint}.asc"
    path.write_text(str(key), "ascii")
    monkeypatch.setenv(signing.KEY, str(path))
    while signing.sign():
        pass


WHITE, PROVIDER = "/.well-known/csaf/white/", "/.well-known/csaf/provider-metadata.json"


def whoever_signed(path: str) -> set[str]:
    """Check the signature beside a document with every key that the provider names; gives whose it is."""
    anybody = Client()
    keys = [
        pysequoia.Cert.from_bytes(anybody.get(urlsplit(one["url"]).path).content)
        for one in anybody.get(PROVIDER).json()["public_openpgp_keys"]
    ]
    signature = pysequoia.Sig.from_bytes(anybody.get(f"{path}.asc").content)
    checked = pysequoia.verify(anybody.get(path).content, store=lambda _: keys, signature=signature)
    return {one.certificate.upper() for one in checked.valid_sigs}


@pytest.mark.django_db
def test_documents_are_signed_with_the_key_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, anybody = making.published(), Client()
    making.published(title="For members", tlp="amber")
    path = f"{WHITE}{row.published:%Y}/{row.number.lower()}.json"
    assert not signing.sign()
    assert anybody.get(f"{path}.asc").status_code == 404
    assert sound_provider()["role"] == "csaf_provider"
    first, second = (pysequoia.Tsk.generate("CERT Contoso <cert@contoso.example>") for _ in range(2))
    signed_by(first, tmp_path, monkeypatch)
    assert whoever_signed(path) == {first.extract_certificate().fingerprint.upper()}
    assert sound_provider()["role"] == "csaf_trusted_provider"
    assert f"{path.rpartition('/')[2]}.asc" in anybody.get(f"{path.rpartition('/')[0]}/").content.decode()
    assert Signature.objects.count() == 1, "what is not public is not signed"
    making.published(title="Later")
    assert sound_provider()["role"] == "csaf_provider", "one of them has no signature yet"
    signed_by(second, tmp_path, monkeypatch)
    assert whoever_signed(path) == {second.extract_certificate().fingerprint.upper()}
    keys = sound_provider()["public_openpgp_keys"]
    assert [one["fingerprint"] for one in keys] == [second.extract_certificate().fingerprint.upper()]
    gone = f"/.well-known/csaf/openpgp/{first.extract_certificate().fingerprint.lower()}.asc"
    assert anybody.get(gone).status_code == 404
    assert b"PRIVATE" not in anybody.get(urlsplit(keys[0]["url"]).path).content


@pytest.mark.django_db
def test_a_key_that_does_not_sign_is_told_of_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    making.published()
    public = pysequoia.Tsk.generate("x").extract_certificate()
    (tmp_path / "public.asc").write_text(str(public), "ascii")
    for name in ("public.asc", "missing.asc"):
        monkeypatch.setenv(signing.KEY, str(tmp_path / name))
        assert not signing.sign()
        assert not signing.sign()
        assert "not signed" in signing.told()
        assert name in signing.told()
    assert len(caplog.records) == 2, "each once"
    assert not Signature.objects.exists()


def sound_provider() -> Any:
    """What the provider says of itself, which meets its schema."""
    told = Client().get(PROVIDER).json()
    registry = Registry().with_resource(SCHEMA["$id"], Resource.from_contents(SCHEMA))
    validator = jsonschema.Draft202012Validator(OF_PROVIDERS, registry=registry)
    assert [error.message for error in validator.iter_errors(told)] == []
    return told


@pytest.mark.django_db
def test_versions_stand_in_the_history_of_the_document() -> None:
    by = hub.person(Role.ANALYST)
    row = making.published(by, tlp="amber")
    services.edit(row, making.content(tlp="clear", title="Now for all"), by=by)
    services.publish(row, by=by, summary="Opened to all")
    document = json.loads(row.versions.get(number=2).csaf)
    assert faults(document) == []
    history = document["document"]["tracking"]["revision_history"]
    assert [one["summary"] for one in history] == [services.EARLIER, "Opened to all"]
    assert json.loads(row.versions.get(number=1).csaf)["document"]["distribution"]["tlp"]["label"] == "AMBER"
    services.withdraw(row, by=by, reason="It was wrong")
    last = json.loads(row.versions.get(number=3).csaf)
    assert faults(last) == []
    assert last["document"]["title"] == "Withdrawn: Now for all"
    assert "vulnerabilities" not in last
