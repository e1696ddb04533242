"""Clusters: one hand each, two runs told apart, strangers never joined with the intruder."""

from __future__ import annotations

import random
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.assessment.makers import RUNGS, START, finding, pack_file

from tocsin.assessment.clusters import clusters
from tocsin.assessment.ladder import Ladder
from tocsin.model.findings import Benign
from tocsin.model.verdicts import ConsistentWith
from tocsin.model.words import Means
from tocsin.packs.schema import Actor

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


ASKED = {"rung": "tasked", "kind": "iis.w3c", "page": "/x.aspx", "url": "/x.aspx"}


def tasks(*requests: tuple[str, dict[str, str]]) -> list[tuple[str, ...]]:
    """Give the addresses that are one hand, of requests to a shell days apart."""
    found = [
        finding(line=at, minutes=3000.0 * at, ip=ip, **{**ASKED, **details})  # type: ignore[arg-type]
        for at, (ip, details) in enumerate(requests)
    ]
    return sorted(cluster.source_ips for cluster in clusters(found, ladder=LADDER, actors=()))


def test_addresses_that_share_a_shells_parameter_are_one_hand() -> None:
    own = {"tasked": "yes", "query": "exec_code=1"}
    assert tasks(("192.0.2.1", own), ("192.0.2.2", own)) == [("192.0.2.1", "192.0.2.2")]
    for other in (
        own | {"query": "another=1"},
        own | {"page": "/y.aspx"},
        own | {"tasked": ""},
        own | {"query": "abc=1"},  # too short to be a secret
        own | {"kind": "event.security"},
    ):
        assert tasks(("192.0.2.1", own), ("192.0.2.2", other)) == [("192.0.2.1",), ("192.0.2.2",)]


def test_hands_joined_one_after_another_are_one() -> None:
    first, second = {"tasked": "yes", "query": "exec_code=1"}, {"tasked": "yes", "query": "other_name=1"}
    both = {"tasked": "yes", "query": "exec_code=1&other_name=2"}
    assert tasks(("192.0.2.9", first), ("192.0.2.1", second), ("192.0.2.5", both)) == [
        ("192.0.2.1", "192.0.2.5", "192.0.2.9")
    ]


def test_a_canary_in_a_user_agent_is_no_secret_and_case_is_none() -> None:
    told = "msExchEcpCanary=AbCdEf123."
    assert len(tasks(("192.0.2.1", {"user_agent": told}), ("192.0.2.2", {"user_agent": told}))) == 2
    assert len(tasks(("192.0.2.1", {"query": told}), ("192.0.2.2", {"cookie": told.upper()}))) == 2
    assert len(tasks(("192.0.2.1", {"query": told}), ("192.0.2.2", {"cookie": told}))) == 1


def test_a_resemblance_is_told_with_its_source_and_who_disputes_it() -> None:
    actor = Actor(
        id="a",
        name="Actor A",
        aliases=("Alfa",),
        source="s",
        behaviours=("one", "two"),
        disputed_by=("d", "e"),
    )
    sources = {"s": "The source, 2021", "d": "A doubter, 2022"}
    found = [finding("two"), finding("one", line=2), finding("three", line=3, actor="Alfa")]
    (cluster,) = clusters(found, ladder=LADDER, actors=[actor], sources=sources)
    assert cluster.consistent_with == (
        ConsistentWith(
            intrusion_set="Actor A",
            because="one; two; an indicator that its source names",
            source="The source, 2021",
            disputed_by=("A doubter, 2022", "e"),
        ),
    )
    for name in ("a", "Actor A", "Alfa"):
        (cluster,) = clusters([finding("x", actor=name)], ladder=LADDER, actors=[actor])
        (told,) = cluster.consistent_with
        assert (told.because, told.source) == ("an indicator that its source names", "s")
    (cluster,) = clusters([finding("x", actor="b")], ladder=LADDER, actors=[actor])
    assert cluster.consistent_with == ()


def test_a_cluster_in_full() -> None:
    first, last = finding(line=2, minutes=0), finding(line=1, minutes=5)
    (found,) = clusters([last, first], ladder=LADDER, actors=())
    assert found.id == f"intruder-{first.id[:6]}"
    assert (found.first_seen, found.last_seen) == (START, START + timedelta(minutes=5))
    assert found.finding_ids == (first.id, last.id)
    assert found.why == "one address"
    assert len(found.runs) == 1
    (timeless,) = clusters([finding(minutes=None)], ladder=LADDER, actors=())
    assert (timeless.first_seen, timeless.last_seen, timeless.runs) == (None, None, ())


def test_a_pause_beyond_five_minutes_parts_two_runs() -> None:
    found = [finding(line=1, minutes=0), finding(line=2, minutes=5), finding(line=3, minutes=10.1)]
    (cluster,) = clusters(found, ladder=LADDER, actors=())
    assert [(run.start, run.end) for run in cluster.runs] == [
        (START, START + timedelta(minutes=5)),
        (START + timedelta(minutes=10.1), START + timedelta(minutes=10.1)),
    ]


def test_the_gravest_role_of_an_address_counts() -> None:
    found = [
        finding("tried", means=Means.TARGETED, rung="probe", line=1),
        finding("looked", means=Means.CONTEXT, rung="scan", line=2),
        finding("answered", means=Means.EXPLOITED, rung="reachable", kind="iis.w3c", line=3),
    ]
    for count, role in ((1, "prober"), (2, "shell-scanner"), (3, "shell-scanner")):
        assert [one.role for one in clusters(found[:count], ladder=LADDER, actors=())] == [role]
    told = [*found, finding("told", rung="tasked", kind="iis.w3c", line=4, tasked="yes")]
    assert [one.role for one in clusters(told, ladder=LADDER, actors=())] == ["shell-user"]
    written = [*told, finding("written", rung="written", kind="iis.w3c", line=5)]
    assert [one.role for one in clusters(written, ladder=LADDER, actors=())] == ["intruder"]


def test_a_scan_that_is_explained_and_context_beside_the_ladder_are_no_hands() -> None:
    explained = replace(
        finding("looked", means=Means.CONTEXT, rung="scan"),
        benign=Benign(rule="r", why="w", was=Means.TARGETED),
    )
    beside = finding("note", means=Means.CONTEXT, rung=None, line=2)
    assert clusters([explained, beside], ladder=LADDER, actors=()) == ()


def test_the_nearer_hand_adopts_and_the_earlier_of_equals() -> None:
    event = finding("event", ip=None, kind="exchange.ecp-server", minutes=1, line=9)
    for left, right, owner in ((0.0, 1.5, "192.0.2.2"), (0.5, 3.0, "192.0.2.1"), (0.0, 2.0, "192.0.2.1")):
        hands = [finding(ip="192.0.2.1", minutes=left), finding(ip="192.0.2.2", minutes=right, line=2)]
        found = clusters([*hands, event], ladder=LADDER, actors=())
        assert [one.source_ips for one in found if event.id in one.finding_ids] == [(owner,)]


def test_two_minutes_are_near_and_more_are_not() -> None:
    for minutes, together in ((2.0, True), (-2.0, True), (2.01, False), (-2.01, False)):
        event = finding("event", ip=None, kind="exchange.ecp-server", minutes=minutes, line=9)
        found = clusters([finding(), event], ladder=LADDER, actors=())
        assert (len(found) == 1) is together


def test_a_hundred_thousand_events_find_their_hand() -> None:
    """Were each compared with every finding of every hand, this would not end."""
    hand = [finding(minutes=at / 10, line=at) for at in range(20_000)]
    events = [
        finding("event", ip=None, kind="exchange.ecp-server", minutes=at / 10, line=at, path="C/E")
        for at in range(20_000)
    ]
    (found,) = clusters([*hand, *events], ladder=LADDER, actors=())
    assert len(found.finding_ids) == 40_000
