"""The lists of this app: organisations under a directive, and single answers."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.urls import reverse

from tocsin.hub.constituency.models import Organisation
from tocsin.hub.directives.models import Answer, Subject
from tocsin.hub.listing.columns import Column
from tocsin.hub.listing.filters import Choice, Exactly, Flag, Number
from tocsin.hub.listing.lists import Listing, Search
from tocsin.hub.lists.keyset import Order
from tocsin.hub.rules.directives import Standing


def named(text: str) -> QuerySet[Organisation]:
    """Organisations whose name begins with a text."""
    return Organisation.objects.filter(folded__startswith=text.strip().casefold()).order_by("folded")


def _page(row: Subject | Answer) -> str:
    return reverse("directive-organisation", args=[row.directive.key, row.organisation_id])


_SEARCH = Search(label="Organisation begins with", field="organisation", keys=named, hint="Contoso")

SUBJECTS = Listing(
    key="directive",
    title="Compliance",
    noun="organisations",
    empty="It addresses nobody yet.",
    search=_SEARCH,
    orders=(
        Order(key="late", label="Late", fields=("-late", "-id")),
        Order(key="missing", label="Missing", fields=("-missing", "-id")),
        Order(key="number", label="Number", fields=("id",)),
    ),
    columns=(
        Column(key="organisation", label="Organisation", value=lambda row: str(row.organisation), link=_page),
        Column(key="servers", label="Servers", value=lambda row: row.servers, kind="number"),
        Column(key="proven", label="Proven", value=lambda row: row.proven, kind="number"),
        Column(key="claimed", label="Claimed", value=lambda row: row.claimed, kind="number"),
        Column(key="excepted", label="Excepted", value=lambda row: row.excepted, kind="number"),
        Column(key="missing", label="Missing", value=lambda row: row.missing, kind="number", order="missing"),
        Column(
            key="not_applicable", label="Do not apply", value=lambda row: row.not_applicable, kind="number"
        ),
        Column(key="late", label="Late", value=lambda row: row.late, kind="number", order="late"),
    ),
    filters=(
        Flag(key="late_any", label="Something is late", met=Q(late__gt=0)),
        Flag(key="missing_any", label="Something is missing", met=Q(missing__gt=0)),
        Flag(key="claimed_any", label="Something is only claimed", met=Q(claimed__gt=0)),
        Number(key="organisation", label="Organisation's number", field="organisation"),
    ),
)

ANSWERS = Listing(
    key="directive-answers",
    title="Answers",
    noun="answers",
    empty="Nothing was judged yet.",
    search=_SEARCH,
    orders=(Order(key="changed", label="Changed", fields=("-changed", "-id")),),
    columns=(
        Column(key="organisation", label="Organisation", value=lambda row: str(row.organisation), link=_page),
        Column(key="server", label="Server", value=lambda row: str(row.server) if row.server else None),
        Column(key="requirement", label="Requirement", value=lambda row: row.requirement),
        Column(key="round", label="Round", value=lambda row: row.round, kind="number"),
        Column(key="standing", label="Standing", value=lambda row: row.standing, kind="state"),
        Column(key="found", label="Signs found", value=lambda row: "yes" if row.found else ""),
        Column(key="late", label="Late", value=lambda row: "late" if row.late else ""),
        Column(key="due", label="Due", value=lambda row: row.due),
        Column(key="at", label="Done", value=lambda row: row.at, kind="moment"),
        Column(key="reason", label="Why", value=lambda row: row.reason),
        Column(key="locators", label="Where to look", value=lambda row: "; ".join(row.locators)),
        Column(key="changed", label="Changed", value=lambda row: row.changed, kind="moment", order="changed"),
    ),
    filters=(
        Choice(
            key="standing",
            label="Standing",
            field="standing",
            choices=[(word.value, word.value) for word in Standing],
        ),
        Exactly(key="requirement", label="Requirement", field="requirement", hint="msert"),
        Flag(key="late", label="Late", met=Q(late=True)),
        Flag(key="found", label="Signs found", met=Q(found=True)),
        Number(key="round", label="Round", field="round"),
        Number(key="organisation", label="Organisation's number", field="organisation"),
        Number(key="server", label="Server's number", field="server"),
    ),
)
