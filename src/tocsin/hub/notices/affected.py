"""What an intruder may hold of an organisation: its servers in every campaign, and all that it claims."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from ipaddress import ip_address

from django.db.models import Q
from django.utils import timezone

from tocsin.hub.cases.models import Case
from tocsin.hub.census.models import Observation
from tocsin.hub.constituency.selectors import valid_claims
from tocsin.hub.exposure.models import Standing
from tocsin.hub.rules.cases import OPEN
from tocsin.hub.rules.secrecy import Affected, troubled
from tocsin.hub.rules.words import ClaimKind, Exposure

FINE = (Exposure.NOT_AFFECTED, Exposure.FALSE_POSITIVE)


class _Held:
    def __init__(self) -> None:
        self.addresses: set[str] = set()
        self.names: set[str] = set()
        self.networks: set[str] = set()
        self.systems = False
        self.states: list[tuple[str, bool]] = []
        self.case = False

    def name(self, text: str) -> None:
        """Keep a name with a dot; a host may be claimed by its address."""
        try:
            self.addresses.add(ip_address(text).compressed)
        except ValueError:
            if "." in text.strip("."):
                self.names.add(text)

    def whole(self) -> Affected:
        return Affected(
            addresses=frozenset(self.addresses),
            names=frozenset(self.names),
            networks=tuple(sorted(self.networks)),
            systems=self.systems,
            suspected=self.case or troubled(self.states),
        )


def affected_of(organisations: Iterable[int]) -> dict[int, Affected]:
    """By organisation, whatever might be read there. As the database stands now, in five queries."""
    wanted = set(organisations)
    held: dict[int, _Held] = {number: _Held() for number in wanted}
    _servers(wanted, held)
    _claims(wanted, held)
    _cases(wanted, held)
    return {number: one.whole() for number, one in held.items()}


def _servers(wanted: set[int], held: dict[int, _Held]) -> None:
    mine = Q(organisation_id__in=wanted) | Q(server__organisation_id__in=wanted)
    fields = (
        "organisation_id",
        "server__organisation_id",
        "server_id",
        "server__ip",
        "server__hostname",
        "server__name",
        "exposure",
        "compromise",
        "shell_seen",
    )
    owners: dict[int, set[int]] = defaultdict(set)
    for one, other, server, ip, hostname, name, exposure, state, shell in Standing.objects.filter(
        mine
    ).values_list(*fields):
        for number in {one, other} & wanted:
            if exposure not in FINE or troubled([(state, shell is not None)]):
                held[number].addresses.add(ip)
                held[number].name(hostname)
                held[number].name(name)
                owners[server].add(number)
            held[number].states.append((state, shell is not None))
    _other_names(owners, held)


def _other_names(owners: dict[int, set[int]], held: dict[int, _Held]) -> None:
    """Addresses and names under which the same servers were seen before."""
    rows = Observation.objects.filter(server_id__in=list(owners))
    for server, ip, hostname, name in rows.values_list("server_id", "ip", "hostname", "name").distinct():
        for number in owners[server]:
            held[number].addresses.add(ip)
            held[number].name(hostname)
            held[number].name(name)


def _claims(wanted: set[int], held: dict[int, _Held]) -> None:
    rows = valid_claims(timezone.now().date()).filter(organisation_id__in=wanted)
    for number, kind, value in rows.values_list("organisation_id", "kind", "value"):
        if kind == ClaimKind.CIDR:
            held[number].networks.add(value)
        elif kind == ClaimKind.ASN:
            held[number].systems = True
        else:
            held[number].name(value)


def _cases(wanted: set[int], held: dict[int, _Held]) -> None:
    mine = Q(organisation_id__in=wanted) | Q(server__organisation_id__in=wanted)
    rows = Case.objects.filter(mine, state__in=[state.value for state in OPEN])
    for one, other in rows.values_list("organisation_id", "server__organisation_id"):
        for number in {one, other} & wanted:
            held[number].case = True
