"""Who can be reached: the database counts as the rules do. Manual contacts come first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from tests.hub import making

from tocsin.errors import UsageFault
from tocsin.hub.constituency import selectors, services
from tocsin.hub.constituency.models import Claim, Contact, Organisation
from tocsin.hub.rules.reach import STALE, ContactRow, ranked, reach, sound_contact, usable, verified
from tocsin.hub.rules.words import Bounce, Channel, ContactRole, Provenance

NOW = timezone.now()
CONTACTS = st.builds(
    ContactRow,
    channel=st.just("email"),
    value=st.text("abc", min_size=1, max_size=3),
    role=st.sampled_from(list(ContactRole)),
    provenance=st.sampled_from(list(Provenance)),
    verified=st.sampled_from([None, NOW, NOW - STALE - timedelta(days=1)]),
    opted_out=st.sampled_from([None, NOW]),
    bounce=st.sampled_from(list(Bounce)),
)


@pytest.mark.django_db
def test_the_database_counts_as_the_rules_do() -> None:
    kinds: list[dict[str, object]] = [
        {},
        {"verified": NOW},
        {"verified": NOW - STALE - timedelta(days=1)},
        {"opted_out": NOW, "verified": NOW},
        {"bounce": Bounce.HARD},
        {"bounce": Bounce.SOFT},
    ]
    expected = []
    for number in range(14):
        sector = ["health", "water", "unknown"][number % 3]
        owner = making.organisation(f"o{number}", sector=sector)
        chosen = [kinds[(number + step) % len(kinds)] for step in range(number % 3)]
        rows = [making.contact(owner, f"c{step}@contoso.example", **kind) for step, kind in enumerate(chosen)]
        asked = [
            ContactRow(
                channel=r.channel, value=r.value, verified=r.verified, opted_out=r.opted_out, bounce=r.bounce
            )
            for r in rows
        ]
        expected.append((sector, any(map(usable, asked)), any(verified(row, NOW) for row in asked)))
    assert selectors.contact_gap(making.person(), NOW) == reach(expected)


@given(st.lists(CONTACTS, max_size=6))
def test_property_a_usable_manual_contact_is_tried_before_all_others(contacts: list[ContactRow]) -> None:
    order = ranked(contacts)
    first = next((row for row in order if usable(row)), None)
    if any(usable(row) and row.provenance == Provenance.MANUAL for row in contacts):
        assert first
        assert first.provenance == Provenance.MANUAL
    assert [usable(row) for row in order] == sorted((usable(row) for row in order), reverse=True)


@pytest.mark.django_db
def test_the_life_of_a_contact() -> None:
    by = making.person()
    row = services.save_contact(
        Contact(organisation=making.organisation(), value="Security@Contoso.EXAMPLE"), by=by
    )
    assert row.value == "Security@contoso.example"
    services.mark_contact(row, "verified", by=by)
    assert row.verified
    services.mark_contact(row, "bounced", by=by)
    services.mark_contact(row, "opted-out", by=by)
    row.value = "other@contoso.example"
    services.save_contact(row, by=by)
    row.refresh_from_db()
    assert (row.verified, row.bounce) == (None, Bounce.NONE)
    assert row.opted_out, "opting out outlives a new address"
    with pytest.raises(UsageFault):
        services.mark_contact(row, "nonsense", by=by)
    said = [act.kind for act in services.history(row.organisation)]
    assert said == [
        "contact changed",
        "contact opted-out",
        "contact bounced",
        "contact verified",
        "contact added",
    ]


@pytest.mark.django_db
def test_no_organisation_stands_above_itself() -> None:
    upper = making.organisation("Upper")
    lower = making.organisation("Lower", parent=upper)
    upper.parent = lower
    with pytest.raises(UsageFault):
        services.save_organisation(upper, by=None)


@pytest.mark.django_db
def test_conflicts_and_the_version_of_claims() -> None:
    before = selectors.claims_version()
    making.claim(making.organisation("Wide"), "192.0.2.0/24")
    making.claim(making.organisation("Narrow"), "192.0.2.128/25")
    pairs = selectors.claim_conflicts()
    assert [(pair.wide.value, pair.narrow.value, pair.same) for pair in pairs] == [
        ("192.0.2.0/24", "192.0.2.128/25", False)
    ]
    between = selectors.claims_version()
    services.end_claim(Claim.objects.get(value="192.0.2.0/24"), (NOW - timedelta(days=1)).date(), by=None)
    assert selectors.claim_conflicts() == []
    assert len({before, between, selectors.claims_version()}) == 3


@pytest.mark.django_db
def test_members_see_their_own_and_what_is_below() -> None:
    top = making.organisation("Top")
    middle = making.organisation("Middle", parent=top)
    low = making.organisation("Low", parent=middle)
    other = making.organisation("Other")
    top.parent = low  # a circle, as an old import might have left it
    Organisation.objects.bulk_update([top], ["parent"])
    somebody = making.member(middle)
    assert set(selectors.visible_to(somebody)) == {middle, low, top}
    making.contact(other)
    making.claim(low)
    assert selectors.contacts_visible_to(somebody).count() == 0
    assert selectors.claims_visible_to(somebody).count() == 1
    assert set(selectors.visible_to(making.member(other))) == {other}


@pytest.mark.parametrize(
    ("channel", "value"),
    [
        (Channel.EMAIL, "no address"),
        (Channel.EMAIL, "a@b\n,c@d"),
        (Channel.PHONE, "x"),
        (Channel.WEBHOOK, "http://x.example"),
        (Channel.LETTER, ""),
    ],
)
def test_what_is_no_contact_is_refused(channel: str, value: str) -> None:
    with pytest.raises(UsageFault):
        sound_contact(channel, value)
