"""What became of a shell: exactly one answer, and less to look at never makes it more reassuring."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tocsin.assessment.removal import FileSeen, Known, Look, Refusal, Removed, Renewed, judge
from tocsin.model.places import Locator
from tocsin.model.verification import Removal
from tocsin.model.words import Presence, ShellContent

ENDS = datetime(2021, 3, 10, tzinfo=UTC)
OLD, NEW = "a" * 64, "b" * 64


def after(hours: float) -> datetime:
    return ENDS + timedelta(hours=hours)


def place(name: str = "x", line: int | None = None) -> Locator:
    return Locator(path=name, line=line)


def known(presence: Presence = Presence.PRESENT, **changes: object) -> Known:
    shell = Known(
        key="/owa/auth/x.aspx",
        url="/owa/auth/x.aspx",
        path=None,
        campaigns=("proxylogon",),
        presence=presence,
        content=ShellContent.LIVE,
        sha256=OLD,
        there_until=ENDS,
        vdir="OAB (Default Web Site)",
    )
    return replace(shell, **changes)


def file(sha256: str | None = OLD) -> FileSeen:
    return FileSeen(locator=place("x.aspx"), sha256=sha256, content=ShellContent.LIVE)


def refusal(*statuses: str, at: float = 5) -> Refusal:
    return Refusal(at=after(at), statuses=statuses or ("404",), locators=(place("u_ex.log", 7),))


FOLDER = place("owa/auth/logon.aspx")
REMOVED = Removed(locator=place("defender.evtx"), at=after(2))
UNDATED = Removed(locator=place("msert.log", 4), at=None)
EARLIER = Removed(locator=place("defender.evtx"), at=after(-2))
RENEWED = Renewed(locator=place("oab.txt", 1), at=after(3))

CASES = [
    (Presence.PRESENT, Look(), Removal.CANNOT_TELL),
    (Presence.PRESENT, Look(comparable="another server", file=file()), Removal.CANNOT_TELL),
    (Presence.PRESENT, Look(file=file()), Removal.PRESENT),
    (Presence.PRESENT, Look(file=file(None)), Removal.PRESENT),
    (Presence.NOT_SERVED_SINCE, Look(file=file()), Removal.PRESENT),
    (Presence.PRESENT, Look(file=file(NEW)), Removal.CHANGED),
    (Presence.PRESENT, Look(file=file(), removals=(REMOVED,)), Removal.REAPPEARED),
    (Presence.PRESENT, Look(file=file(), removals=(EARLIER,)), Removal.PRESENT),
    (Presence.ABSENT_ON_DISK, Look(file=file()), Removal.REAPPEARED),
    (Presence.REMOVAL_EVIDENCED, Look(file=file(NEW)), Removal.REAPPEARED),
    (Presence.PRESENT, Look(folder=FOLDER), Removal.ABSENT),
    (Presence.PRESENT, Look(folder=FOLDER, served=after(1)), Removal.ABSENT),
    (Presence.PRESENT, Look(folder=FOLDER, removals=(REMOVED,)), Removal.EVIDENCED),
    (Presence.PRESENT, Look(folder=FOLDER, removals=(UNDATED,)), Removal.EVIDENCED),
    (Presence.PRESENT, Look(folder=FOLDER, removals=(EARLIER,)), Removal.ABSENT),
    (Presence.PRESENT, Look(folder=FOLDER, renewed=RENEWED), Removal.EVIDENCED),
    (Presence.PRESENT, Look(renewed=RENEWED), Removal.CANNOT_TELL),
    (Presence.PRESENT, Look(removals=(REMOVED,)), Removal.EVIDENCED),
    (Presence.PRESENT, Look(removals=(EARLIER,)), Removal.CANNOT_TELL),
    (Presence.PRESENT, Look(removals=(UNDATED,)), Removal.CANNOT_TELL),
    (Presence.PRESENT, Look(removals=(REMOVED,), served=after(1)), Removal.EVIDENCED),
    (Presence.PRESENT, Look(removals=(REMOVED,), served=after(4)), Removal.REAPPEARED),
    (Presence.PRESENT, Look(served=after(4)), Removal.PRESENT),
    (Presence.PRESENT, Look(served=after(-4)), Removal.CANNOT_TELL),
    (Presence.NOT_SERVED_SINCE, Look(served=after(4)), Removal.REAPPEARED),
    (Presence.ABSENT_ON_DISK, Look(served=after(4)), Removal.REAPPEARED),
    (Presence.PRESENT, Look(served=after(4), refusal=refusal()), Removal.NOT_SERVED),
    (Presence.PRESENT, Look(refusal=refusal("404")), Removal.NOT_SERVED),
    (Presence.PRESENT, Look(refusal=refusal("302")), Removal.NOT_SERVED),
]


@pytest.mark.parametrize(("presence", "look", "answer"), CASES)
def test_the_answer(presence: Presence, look: Look, answer: Removal) -> None:
    judged = judge(known(presence), look)
    assert judged.answer is answer
    assert judged.why
    assert judged.locators or answer is Removal.CANNOT_TELL or look.served


def test_a_redirect_alone_is_said_to_prove_nothing() -> None:
    assert "redirect alone" in judge(known(), Look(refusal=refusal("302"))).why
    assert "redirect alone" not in judge(known(), Look(refusal=refusal("302", "404"))).why


moments = st.floats(-100, 100).map(after)
removals = st.builds(Removed, locator=st.just(place("defender.evtx")), at=st.none() | moments)
looks = st.builds(
    Look,
    comparable=st.sampled_from(["", "", "", "another server"]),
    file=st.none() | st.sampled_from([file(), file(NEW), file(None)]),
    folder=st.none() | st.just(FOLDER),
    removals=st.lists(removals, max_size=3).map(tuple),
    renewed=st.none() | st.just(RENEWED),
    served=st.none() | moments,
    refusal=st.none() | st.sampled_from([refusal("302"), refusal("404")]),
)
shells = st.builds(
    known, st.sampled_from(Presence), sha256=st.sampled_from([OLD, None]), there_until=st.none() | moments
)


@given(shells, looks)
def test_every_shell_gets_exactly_one_answer(shell: Known, look: Look) -> None:
    judged = judge(shell, look)
    assert judged.answer in set(Removal)
    assert sum([judged.answer.gone, judged.answer.there]) <= 1


@given(shells, looks)
def test_what_closes_rests_on_something(shell: Known, look: Look) -> None:
    if judge(shell, look).answer.gone:
        assert look.file is None
        assert look.folder is not None or any(one.at is not None for one in look.removals)


RANK = {
    Removal.EVIDENCED: 2, Removal.ABSENT: 2, Removal.NOT_SERVED: 1, Removal.CANNOT_TELL: 0,
    Removal.PRESENT: 0, Removal.CHANGED: 0, Removal.REAPPEARED: 0,
}  # fmt: skip
"""How reassuring an answer is."""
LESS = (
    {"file": None, "folder": None},
    {"removals": ()},
    {"renewed": None},
    {"served": None, "refusal": None},
)
"""What a collection may lack: the folder with the file, the scanners' logs, an export, the request logs."""


@given(shells, looks, st.sampled_from(LESS))
def test_less_to_look_at_never_reassures(shell: Known, look: Look, less: dict[str, object]) -> None:
    """A scanner's dated word stands by itself: the whole does not close without the folder."""
    whole, part = judge(shell, look), judge(shell, replace(look, **less))
    if part.answer is Removal.EVIDENCED and replace(look, **less).folder is None:
        return
    if whole.answer.there and "removals" not in less:
        assert not part.answer.gone
    else:
        assert RANK[part.answer] <= RANK[whole.answer]
