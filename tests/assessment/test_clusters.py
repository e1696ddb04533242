"""Clusters: one hand each, two runs told apart, strangers never joined with the intruder."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from tests.assessment.makers import RUNGS, START, finding, pack_file

from tocsin.assessment.clusters import clusters
from tocsin.assessment.ladder import Ladder
from tocsin.model.words import Means

LADDER = Ladder(RUNGS)
ACTORS = pack_file().actors


def intrusion() -> list:  # type: ignore[type-arg]
    """Two runs of one address ten minutes apart, an ECP finding, two strangers at the shell."""
    return [
        finding(minutes=0, line=1, host="mail.contoso.example"),
        finding("written", rung="written", minutes=0.5, line=2, host="mail.contoso.example"),
        finding(minutes=10, line=3, host="autodiscover.contoso.example"),
        finding("ecp", minutes=10.5, line=4, ip=None, kind="exchange.ecp-server", path="C/ECP.LOG"),
        finding(
            "shell answered", rung="reachable", minutes=3000, line=5, ip="203.0.113.4", kind="iis.w3c",
            url="/owa/auth/X.aspx", page="/owa/auth/x.aspx",
        ),
        finding("looked", means=Means.CONTEXT, rung="scan", minutes=4000, line=6, ip="203.0.113.9"),
        finding("tried", means=Means.TARGETED, rung="probe", minutes=1, line=7, ip="192.0.2.3"),
    ]  # fmt: skip


def test_intruder_scanners_and_probers_stand_apart() -> None:
    found = clusters(intrusion(), ladder=LADDER, actors=ACTORS)
    assert [(cluster.role, cluster.source_ips) for cluster in found] == [
        ("intruder", ("198.51.100.7",)),
        ("shell-scanner", ("203.0.113.4",)),
        ("shell-scanner", ("203.0.113.9",)),
        ("prober", ("192.0.2.3",)),
    ]
    assert len(found[0].finding_ids) == 4
    assert found[0].why == "one address; 1 finding(s) without address within two minutes"


def test_two_runs_with_their_hosts() -> None:
    runs = clusters(intrusion(), ladder=LADDER, actors=ACTORS)[0].runs
    assert [run.hosts for run in runs] == [("mail.contoso.example",), ("autodiscover.contoso.example",)]
    assert runs[0].start == START
    assert [(run.end - run.start).total_seconds() for run in runs if run.end and run.start] == [30, 30]


def test_consistent_with_repeats_a_cited_source() -> None:
    found = clusters(intrusion(), ladder=LADDER, actors=ACTORS)
    assert [one.intrusion_set for one in found[0].consistent_with] == ["Actor A"]
    assert found[0].consistent_with[0].because == "session opened"
    assert found[1].consistent_with == ()


def test_addresses_that_share_a_canary_are_one_hand() -> None:
    anchor = "ServerInfo~x/ecp/DDI?msExchEcpCanary=AbCdEf123.&schema=x"
    shared = [
        finding(line=1, ip="198.51.100.7", AnchorMailbox=anchor),
        finding(line=2, ip="198.51.100.99", minutes=300, AnchorMailbox=anchor),
        finding(line=3, ip="192.0.2.1", minutes=1),
    ]
    found = clusters(shared, ladder=LADDER, actors=())
    assert [cluster.source_ips for cluster in found] == [
        ("198.51.100.7", "198.51.100.99"),
        ("192.0.2.1",),
    ]


def test_findings_without_address_or_neighbour_stand_alone() -> None:
    alone = [finding(ip=None, minutes=900, kind="exchange.ecp-server"), finding(minutes=0, line=2)]
    found = clusters(alone, ladder=LADDER, actors=())
    assert [cluster.source_ips for cluster in found] == [("198.51.100.7",), ()]
    assert found[1].why == "No address is known; these findings stand apart from every known hand."


def test_requests_without_address_join_the_hand_with_their_user_agent() -> None:
    asked = {"rung": "reachable", "kind": "iis.w3c", "url": "/x.aspx", "page": "/x.aspx"}
    found = clusters(
        [
            finding(line=1, ip="203.0.113.4", user_agent="Mozilla/5.0 (KHTML, like Gecko)", **asked),  # type: ignore[arg-type]
            finding(line=2, ip=None, user_agent="Mozilla/5.0 (KHTML  like Gecko)", minutes=1, **asked),  # type: ignore[arg-type]
            finding(line=3, ip=None, user_agent="curl/8", minutes=1, **asked),  # type: ignore[arg-type]
            finding(line=4, ip=None, user_agent="Mozilla/5.0 (KHTML  like Gecko)", minutes=9, **asked),  # type: ignore[arg-type]
        ],
        ladder=LADDER,
        actors=(),
    )
    assert [(one.source_ips, len(one.finding_ids)) for one in found] == [(("203.0.113.4",), 2), ((), 2)]


def test_tasked_shell_is_use_not_scan() -> None:
    used = [
        finding(rung="tasked", kind="iis.w3c", ip="203.0.113.4", page="/x.aspx", url="/x.aspx", tasked="yes"),
    ]
    assert clusters(used, ladder=LADDER, actors=())[0].role == "shell-user"


@given(st.randoms(use_true_random=False))
def test_order_never_matters(shuffler: random.Random) -> None:
    shuffled = intrusion()
    shuffler.shuffle(shuffled)
    assert clusters(shuffled, ladder=LADDER, actors=ACTORS) == clusters(
        intrusion(), ladder=LADDER, actors=ACTORS
    )
