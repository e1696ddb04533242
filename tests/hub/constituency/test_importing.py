"""Files of organisations come in once, whatever is done twice; what people wrote stays."""

from __future__ import annotations

import json

import pytest
from tests.hub import making

from tocsin.errors import UsageFault
from tocsin.hub.constituency import importing, services
from tocsin.hub.constituency.importing import plan, read, take_in
from tocsin.hub.constituency.models import Claim, Contact, Import, Organisation
from tocsin.hub.rules.words import ClaimKind, Provenance

pytestmark = pytest.mark.django_db
DOTGOV = b"""Domain name,Domain type,Organization name,Suborganization name,City,State,Security contact email
contoso.gov.example,City,City of Contoso,,Contoso,CA,
pay.contoso.gov.example,City,City of Contoso,,Contoso,CA,security@contoso.gov.example
springfield.gov.example,City,City of Springfield,,Springfield,IL,
springfield-ma.gov.example,City,City of Springfield,,Springfield,MA,abuse@springfield.gov.example
mint.gov.example,Federal - Executive,Treasury of Examples,Bureau of Mints,Philadelphia,PA,not an address
"""
RDAP = {
    "objectClassName": "ip network",
    "handle": "NET-192-0-2-0-1",
    "name": "CONTOSO",
    "country": "gb",
    "cidr0_cidrs": [{"v4prefix": "192.0.2.0", "length": 24}],
    "entities": [
        {
            "roles": ["registrant"],
            "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "Contoso Ltd"]]],
            "entities": [
                {
                    "roles": ["abuse"],
                    "vcardArray": ["vcard", [["email", {}, "text", "abuse@contoso.example"]]],
                }
            ],
        }
    ],
}


def everything() -> list[object]:
    return [
        sorted(Organisation.objects.values_list("name", "sector", "region", "parent__name", "provenance")),
        sorted(Contact.objects.values_list("organisation__name", "value", "role", "provenance")),
        sorted(Claim.objects.values_list("organisation__name", "kind", "value", "valid_until")),
    ]


def test_the_list_of_domains() -> None:
    done = take_in(DOTGOV, "current-full.csv", by=None)
    assert done.layout == "dotgov"
    assert done.counts["refused"] == 1
    assert Organisation.objects.count() == 5
    mints = Organisation.objects.get(name="Bureau of Mints")
    assert mints.parent
    assert mints.parent.name == "Treasury of Examples"
    assert (mints.sector, mints.country, mints.region) == ("government-national", "US", "PA")
    contoso = Organisation.objects.get(name="City of Contoso")
    assert set(contoso.claims.values_list("value", flat=True)) == {
        "contoso.gov.example",
        "pay.contoso.gov.example",
    }
    assert contoso.contacts.get().provenance == Provenance.DOTGOV


def test_a_second_time_changes_nothing() -> None:
    take_in(DOTGOV, "a.csv", by=None)
    before = everything()
    again = take_in(DOTGOV, "a.csv", by=None)
    assert everything() == before
    assert not any(
        again.counts[name] for name in ("new", "changed", "contacts", "claims", "ended", "adopted")
    )
    assert Import.objects.count() == 2


def test_a_dry_run_says_what_the_import_does_and_writes_nothing() -> None:
    would = plan(read(DOTGOV)).counts
    assert everything() == [[], [], []]
    assert take_in(DOTGOV, "a.csv", by=None).counts == would


def killed(_: object) -> None:
    raise KeyboardInterrupt


def test_killed_between_pieces_and_begun_again_it_ends_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    take_in(DOTGOV, "a.csv", by=None)
    whole = everything()
    Organisation.objects.all().delete()
    monkeypatch.setattr(importing, "PIECE", 2)
    with monkeypatch.context() as patch:
        patch.setattr(importing, "_write_claims", killed)
        with pytest.raises(KeyboardInterrupt):
            take_in(DOTGOV, "a.csv", by=None)
    take_in(DOTGOV, "a.csv", by=None)
    assert everything() == whole


def test_what_people_wrote_stays_and_both_are_seen() -> None:
    mine = making.organisation("City of Contoso", region="CA", sector="health")
    making.contact(mine, "chief@contoso.example")
    take_in(DOTGOV, "a.csv", by=None)
    mine.refresh_from_db()
    assert Organisation.objects.filter(name="City of Contoso").get() == mine
    assert mine.sector == "health"
    assert {row.provenance for row in mine.contacts.all()} == {Provenance.MANUAL, Provenance.DOTGOV}


def test_an_imported_organisation_that_somebody_edited_is_no_longer_changed() -> None:
    take_in(DOTGOV, "a.csv", by=None)
    contoso = Organisation.objects.get(name="City of Contoso")
    contoso.name = "Contoso, the City"
    services.save_organisation(contoso, by=making.person())
    take_in(DOTGOV, "a.csv", by=None)
    contoso.refresh_from_db()
    assert contoso.name == "Contoso, the City"
    assert Organisation.objects.count() == 5


def test_a_complete_file_ends_what_it_no_longer_lists_and_a_later_one_takes_it_back() -> None:
    take_in(DOTGOV, "a.csv", by=None)
    shorter = b"\n".join(line for line in DOTGOV.split(b"\n") if b"pay." not in line)
    assert take_in(shorter, "b.csv", by=None).counts["ended"] == 0
    assert take_in(shorter, "b.csv", by=None, complete=True).counts["ended"] == 1
    assert Claim.objects.get(value="pay.contoso.gov.example").valid_until
    take_in(DOTGOV, "a.csv", by=None)
    assert not Claim.objects.get(value="pay.contoso.gov.example").valid_until


def test_a_table_of_ones_own_is_mapped() -> None:
    table = (
        "Behörde;Netz;Mail\nContoso;192.0.2.0/24\n".encode("cp1252") + b";198.51.100.0/24;x@contoso.example\n"
    )
    done = take_in(table, "own.csv", by=None, mapping={"name": "Behörde", "cidr": "Netz", "email": "Mail"})
    assert done.refusals == [{"line": 3, "why": "no name"}]
    assert Claim.objects.get().value == "192.0.2.0/24"
    with pytest.raises(UsageFault, match="There are"):
        read(table, mapping={"nonsense": "Netz"})


@pytest.mark.parametrize("shape", ["object", "list", "lines"])
def test_rdap(shape: str) -> None:
    text = {"object": json.dumps(RDAP), "list": json.dumps([RDAP]), "lines": f"{json.dumps(RDAP)}\n\n"}[shape]
    take_in(text.encode(), "rdap.json", by=None)
    contoso = Organisation.objects.get()
    assert (contoso.name, contoso.country, contoso.provenance) == ("Contoso Ltd", "GB", Provenance.RDAP)
    assert contoso.claims.get().value == "192.0.2.0/24"
    assert (contoso.contacts.get().value, contoso.contacts.get().role) == ("abuse@contoso.example", "abuse")


def test_abuse_contacts() -> None:
    ripestat = {"data": {"abuse_contacts": ["abuse@contoso.example"], "parameters": {"resource": "AS64500"}}}
    listed = [
        {"prefix": "198.51.100.0/24", "abuse_contact": "abuse@fabrikam.example", "holder": "Fabrikam"},
        ripestat,
    ]
    take_in(json.dumps(listed).encode(), "abuse.json", by=None)
    assert set(Claim.objects.values_list("kind", "value")) == {
        (ClaimKind.CIDR, "198.51.100.0/24"),
        (ClaimKind.ASN, "64500"),
    }
    assert Contact.objects.count() == 2


@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", b"{", b"[1,]", b"\xff\xfe\x00", b'"'])
def test_what_is_none_is_refused_with_words(data: bytes) -> None:
    with pytest.raises(UsageFault):
        take_in(data, "x", by=None)
