"""Findings that look like one hand.

Requests are joined by address, and addresses by a rare secret that they share: the ECP canary of
one session, the parameter by which one shell is told what to do. Findings without an address (ECP
Server, event logs, files) join the intruder whose requests stand within two minutes of them;
requests without an address (excerpts) join the hand with the same user agent there. No
name is claimed here: ``consistent_with`` only repeats what a cited source published.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from msgspec.structs import replace

from tocsin.assessment.ladder import Ladder
from tocsin.model.findings import Finding
from tocsin.model.verdicts import Cluster, ConsistentWith, Run
from tocsin.model.words import Means
from tocsin.packs.logsources import WEB_KINDS
from tocsin.packs.schema import Actor

_NEAR = timedelta(minutes=2)
_PAUSE = timedelta(minutes=5)
_CANARY = re.compile(r"msExchEcpCanary=([\w.\-~]{6,})", re.IGNORECASE)
_PARAMETER = re.compile(r"(?:^|[&?;])([A-Za-z]\w{3,40})=")
_ROLES = ("intruder", "shell-user", "shell-scanner", "prober")


def clusters(
    findings: Sequence[Finding],
    *,
    ladder: Ladder,
    actors: Sequence[Actor],
    sources: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Cluster, ...]:
    """Give the clusters, the gravest role first, then by time; the order of findings does not matter.

    ``sources`` spells out the source ids that actors cite.
    """
    counted = sorted((one for one in findings if _counts(one, ladder)), key=lambda one: one.order)
    groups = _by_hand([one for one in counted if one.source_ip])
    homeless = _adopt(groups, [one for one in counted if not one.source_ip], ladder)
    if homeless:
        groups.append(homeless)
    described = [_describe(group, ladder, [_spelt(one, sources) for one in actors]) for group in groups]
    described.sort(key=lambda cluster: (_ROLES.index(cluster.role), str(cluster.first_seen), cluster.id))
    return tuple(described)


def _counts(finding: Finding, ladder: Ladder) -> bool:
    if finding.means is not Means.CONTEXT:
        return True
    rung = ladder.rung_of(finding)
    return rung is not None and rung.scan and finding.benign is None


def _by_hand(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Join by address, then addresses by a secret in common."""
    owner: dict[str, str] = {}
    merged: dict[str, str] = {}
    members: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        ip = finding.source_ip or ""
        members[ip].append(finding)
        for secret in _secrets(finding):
            first = owner.setdefault(secret, ip)
            _union(merged, first, ip)
    groups: dict[str, list[Finding]] = defaultdict(list)
    for ip, found in members.items():
        groups[_root(merged, ip)].extend(found)
    return [sorted(group, key=lambda one: one.order) for group in groups.values()]


def _root(merged: dict[str, str], ip: str) -> str:
    while merged.get(ip, ip) != ip:
        ip = merged[ip]
    return ip


def _union(merged: dict[str, str], one: str, other: str) -> None:
    low, high = sorted((_root(merged, one), _root(merged, other)))
    merged[high] = low


def _secrets(finding: Finding) -> Iterator[str]:
    for name, value in finding.details.items():
        if name != "user_agent":
            for match in _CANARY.finditer(value):
                yield f"canary {match[1]}"
    if finding.kind in WEB_KINDS and finding.details.get("tasked") == "yes":
        page = finding.details.get("page", "")
        for match in _PARAMETER.finditer(finding.details.get("query", "")):
            yield f"parameter {page} {match[1]}"


def _adopt(groups: list[list[Finding]], findings: Sequence[Finding], ladder: Ladder) -> list[Finding]:
    """Give findings without an address to the fitting hand nearest in time; return those left over."""
    hands = [_Hand(group) for group in groups]
    intruders = [hand for hand in hands if _role(hand.findings, ladder) == "intruder"]
    by_agent: dict[str, list[_Hand]] = defaultdict(list)
    for hand in hands:
        for agent in hand.agents:
            by_agent[agent].append(hand)
    left: list[Finding] = []
    for finding in findings:
        fitting = by_agent.get(_agent(finding), []) if finding.kind in WEB_KINDS else intruders
        nearest = _nearest(fitting, finding)
        (left if nearest is None else nearest.adopted).append(finding)
    for hand in hands:
        hand.findings.extend(hand.adopted)
    return left


class _Hand:
    """A group while findings without an address look for theirs; what it adopts does not attract more."""

    __slots__ = ("adopted", "agents", "findings", "order", "times")

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings
        self.order = findings[0].order
        self.times = sorted(one.time for one in findings if one.time is not None)
        self.agents = {_agent(one) for one in findings} - {""}
        self.adopted: list[Finding] = []

    def distance(self, moment: datetime) -> timedelta | None:
        """Give the time between the moment and the finding nearest to it."""
        at = bisect_left(self.times, moment)
        return min((abs(one - moment) for one in self.times[max(at - 1, 0) : at + 1]), default=None)


def _nearest(hands: Iterable[_Hand], finding: Finding) -> _Hand | None:
    if finding.time is None:
        return None
    found = ((hand.distance(finding.time), hand) for hand in hands)
    near = [
        (distance, hand.order, hand) for distance, hand in found if distance is not None and distance <= _NEAR
    ]
    return min(near, key=lambda pair: pair[:2])[2] if near else None


def _agent(finding: Finding) -> str:
    """The user agent as both logs would write it: Exchange's own replaces commas by spaces."""
    return " ".join(finding.details.get("user_agent", "").replace(",", " ").split())


def _role(group: Sequence[Finding], ladder: Ladder) -> str:
    roles = {_role_of(finding, ladder) for finding in group}
    return min(roles, key=_ROLES.index)


def _role_of(finding: Finding, ladder: Ladder) -> str:
    rung = ladder.rung_of(finding)
    asks_for_page = rung is not None and rung.shell and finding.kind in WEB_KINDS and not rung.proves_open
    if finding.means in {Means.EXPLOITED, Means.COMPROMISED}:
        if not asks_for_page:
            return "intruder"
        return "shell-user" if finding.details.get("tasked") == "yes" else "shell-scanner"
    return "shell-scanner" if rung is not None and rung.scan else "prober"


def _describe(group: list[Finding], ladder: Ladder, actors: Sequence[Actor]) -> Cluster:
    ordered = sorted(group, key=lambda one: one.order)
    times = [one.time for one in ordered if one.time is not None]
    ips = tuple(sorted({one.source_ip for one in ordered if one.source_ip}))
    role = _role(ordered, ladder)
    return Cluster(
        id=f"{role}-{ordered[0].id[:6]}",
        role=role,
        finding_ids=tuple(one.id for one in ordered),
        first_seen=min(times, default=None),
        last_seen=max(times, default=None),
        source_ips=ips,
        runs=tuple(_runs(ordered)),
        consistent_with=tuple(_resembled(ordered, actors)),
        why=_why(ips, ordered),
    )


def _spelt(actor: Actor, sources: Mapping[str, str]) -> Actor:
    disputed = tuple(sources.get(one, one) for one in actor.disputed_by)
    return replace(actor, source=sources.get(actor.source, actor.source), disputed_by=disputed)


def _why(ips: Sequence[str], group: Sequence[Finding]) -> str:
    without = sum(1 for one in group if not one.source_ip)
    if not ips:
        return "No address is known; these findings stand apart from every known hand."
    joined = (
        "one address"
        if len(ips) == 1
        else f"{len(ips)} addresses that share a session or a shell's parameter"
    )
    near = f"; {without} finding(s) without address within two minutes" if without else ""
    return f"{joined}{near}"


def _runs(group: Sequence[Finding]) -> Iterator[Run]:
    timed = [(one.time, one) for one in group if one.time is not None]
    timed.sort(key=lambda pair: (pair[0], pair[1].order))
    run: list[tuple[datetime, Finding]] = []
    for moment, finding in timed:
        if run and moment - run[-1][0] > _PAUSE:
            yield _run(run)
            run = []
        run.append((moment, finding))
    if run:
        yield _run(run)


def _run(timed: Sequence[tuple[datetime, Finding]]) -> Run:
    hosts = sorted({one.details["host"] for _, one in timed if one.details.get("host")})
    return Run(start=timed[0][0], end=timed[-1][0], hosts=tuple(hosts))


def _resembled(group: Sequence[Finding], actors: Sequence[Actor]) -> Iterator[ConsistentWith]:
    rules = {one.rule for one in group}
    named = {one.details["actor"] for one in group if one.details.get("actor")}
    for actor in actors:
        shared = sorted(rules & set(actor.behaviours))
        by_indicator = bool(named & {actor.id, actor.name, *actor.aliases})
        if shared or by_indicator:
            reasons = [*shared, *(["an indicator that its source names"] if by_indicator else [])]
            yield ConsistentWith(
                intrusion_set=actor.name,
                because="; ".join(reasons),
                source=actor.source,
                disputed_by=actor.disputed_by,
            )
