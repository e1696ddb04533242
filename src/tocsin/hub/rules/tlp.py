"""The Traffic Light Protocol, version 2.0: whom a text may reach, and what may carry it.

Source: FIRST, "Traffic Light Protocol (TLP)", version 2.0 (August 2022). ``TLP:RED`` is for the eyes of those
who were given it, and leaves the hub in no export, feed, mail or API answer at all.
"""

from __future__ import annotations

from enum import StrEnum

from tocsin.errors import UsageFault


class Tlp(StrEnum):
    """The marks, from the widest to the narrowest."""

    CLEAR = "clear"
    GREEN = "green"
    AMBER = "amber"
    AMBER_STRICT = "amber+strict"
    RED = "red"


class Way(StrEnum):
    """How something leaves, from the most open."""

    PUBLIC = "public"  # pages, feeds and files without a log-in; mail to whoever subscribed
    COMMUNITY = "community"  # mail to subscribers whom staff know to belong to the community
    MEMBERS = "members"  # pages and files for people of the constituency, logged in
    EXPORT = "export"  # files and API answers that staff take away
    STAFF = "staff"  # pages of the hub for those who work there


_ENDS_AT = {
    Way.PUBLIC: Tlp.CLEAR,
    Way.COMMUNITY: Tlp.GREEN,
    Way.MEMBERS: Tlp.AMBER,
    Way.EXPORT: Tlp.AMBER_STRICT,
    Way.STAFF: Tlp.RED,
}
"""The narrowest mark that each way may carry.

Members of organisations outside the author's are no recipients of ``amber+strict``.
"""

ORDER = tuple(Tlp)
LABELS = {word: f"TLP:{word.upper()}" for word in Tlp}
EXPLAINED = {
    Tlp.CLEAR: "no limit on disclosure",
    Tlp.GREEN: "the community may share it among themselves, not publicly",
    Tlp.AMBER: "recipients share it inside their organisation and with its clients, as they need to know",
    Tlp.AMBER_STRICT: "recipients share it inside their organisation alone",
    Tlp.RED: "for the eyes of the recipients alone",
}


def may(mark: str, way: Way) -> bool:
    """Whether something with this mark may go this way. An unknown mark may go nowhere."""
    return mark in ORDER and ORDER.index(Tlp(mark)) <= ORDER.index(_ENDS_AT[way])


def carried_by(way: Way) -> tuple[Tlp, ...]:
    """The marks that may go this way."""
    return tuple(mark for mark in ORDER if may(mark, way))


def demand(mark: str, way: Way) -> None:
    """Hold something back.

    Raises:
        UsageFault: it may not go this way.
    """
    if not may(mark, way):
        said = LABELS[Tlp(mark)] if mark in ORDER else "without a mark"
        raise UsageFault(
            f"this is {said} and may not leave as {way}", remedy="Ask its source for a wider mark first."
        )


def choices() -> list[tuple[str, str]]:
    """Marks and their words, for forms."""
    return [(word.value, f"{LABELS[word]}: {EXPLAINED[word]}") for word in Tlp]
