"""Files of organisations come in once, whatever is done twice; what people wrote stays."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone
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


VERIFIED = b"""id,name,email,abuse,verified
1,Contoso,it@contoso.example,abuse@contoso.example,2021-02-17
2,Fabrikam,it@fabrikam.example,,yes
3,Northwind,it@northwind.example,,
4,Tailspin,it@tailspin.example,,last week
5,Adatum,it@adatum.example,,2999-01-01
"""


def verified() -> dict[str, str]:
    rows = Contact.objects.order_by("value")
    return {row.value: f"{row.verified:%Y-%m-%d}" if row.verified else "" for row in rows}


def test_verified_contacts_are_read_with_their_day() -> None:
    today = f"{timezone.now():%Y-%m-%d}"
    done = take_in(VERIFIED, "v.csv", by=None)
    assert verified() == {
        "abuse@contoso.example": "2021-02-17",
        "it@adatum.example": today,  # nobody makes sure tomorrow
        "it@contoso.example": "2021-02-17",
        "it@fabrikam.example": today,
        "it@northwind.example": "",
        "it@tailspin.example": "",
    }
    assert [refusal["line"] for refusal in done.refusals] == [5]
    assert "'last week' is neither a day" in done.refusals[0]["why"]
    fabrikam = Contact.objects.get(value="it@fabrikam.example").verified
    assert take_in(VERIFIED, "v.csv", by=None).counts["verified"] == 0
    assert Contact.objects.get(value="it@fabrikam.example").verified == fabrikam


def test_a_later_day_is_taken_and_an_earlier_one_is_not() -> None:
    take_in(VERIFIED, "v.csv", by=None)
    later = VERIFIED.replace(b"2021-02-17", b"2021-03-01").replace(
        b"northwind.example,,", b"northwind.example,,yes"
    )
    would = plan(read(later)).counts["verified"]
    assert take_in(later, "v.csv", by=None).counts["verified"] == would == 3
    assert verified()["it@contoso.example"] == "2021-03-01"
    take_in(VERIFIED, "v.csv", by=None)
    assert verified()["it@contoso.example"] == "2021-03-01"


def rdap_domain(
    owner: str, domain: str = "", mail: str = "", role: str = "administrative"
) -> dict[str, object]:
    found = json.loads(json.dumps(RDAP))
    found["entities"][0]["vcardArray"][1][1][3] = owner
    found["entities"][0]["entities"][0]["roles"] = [role]
    found["entities"][0]["entities"][0]["vcardArray"][1][0][3] = mail or "abuse@provider.example"
    if domain:
        found |= {"objectClassName": "domain", "ldhName": domain}
    return found


@pytest.mark.parametrize(
    "entry",
    [
        rdap_domain("CITY OF CONTOSO (CA)", domain="contoso.gov.example"),
        rdap_domain("CITY OF CONTOSO (CA)", mail="noc@contoso.gov.example"),
    ],
)
def test_two_sources_meet_in_a_domain(entry: dict[str, object]) -> None:
    take_in(DOTGOV, "a.csv", by=None)
    data = json.dumps(entry).encode()
    assert plan(read(data)).counts["joined"] == 1
    for _ in range(2):
        done = take_in(data, "rdap.json", by=None)
        assert (done.counts["new"], done.counts["joined"]) == (0, 1)
    assert Organisation.objects.count() == 5
    contoso = Organisation.objects.get(name="City of Contoso")
    assert contoso.claims.filter(provenance=Provenance.RDAP, value="192.0.2.0/24").exists()
    take_in(DOTGOV, "a.csv", by=None)
    assert Organisation.objects.count() == 5


def test_a_providers_abuse_desk_joins_nobody() -> None:
    take_in(DOTGOV, "a.csv", by=None)
    entry = rdap_domain("A customer", mail="abuse@contoso.gov.example", role="abuse")
    assert take_in(json.dumps(entry).encode(), "rdap.json", by=None).counts["new"] == 1


@pytest.mark.parametrize("doubt", ["several owners", "several askers", "known already"])
def test_what_is_not_clear_is_kept_apart_and_said(doubt: str) -> None:
    take_in(DOTGOV, "a.csv", by=None)
    entries = [rdap_domain("Contoso Networks", domain="contoso.gov.example")]
    if doubt == "several owners":
        making.claim(making.organisation("Contoso Parks"), "contoso.gov.example", ClaimKind.DOMAIN)
    elif doubt == "several askers":
        entries.append(rdap_domain("Contoso Library", domain="contoso.gov.example"))
    else:
        making.organisation("Contoso Works", foreign_id="rdap:contoso works|gb")
        making.claim(Organisation.objects.get(name="Contoso Works"), "contoso.gov.example", ClaimKind.DOMAIN)
        entries.append(rdap_domain("Contoso Works", domain="pay.contoso.gov.example"))
    done = take_in(json.dumps(entries).encode(), "rdap.json", by=None)
    if doubt == "known already":
        assert done.counts["joined"] == 1, "its own source's claim is no rival"
        return
    assert done.counts["joined"] == 0
    assert done.counts["new"] == len(entries)
    assert any(
        "kept apart" in refusal["why"] and "City of Contoso" in refusal["why"] for refusal in done.refusals
    )


def test_one_source_never_joins_its_own() -> None:
    take_in(b"id,name,domain\n1,Contoso,contoso.example\n", "a.csv", by=None)
    done = take_in(b"id,name,domain\n2,Contoso Library,contoso.example\n", "b.csv", by=None)
    assert (done.counts["joined"], done.counts["new"]) == (0, 1)
