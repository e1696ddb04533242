"""What organisations said under a directive, many of them at a time: words, replies, exceptions, reports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date

from msgspec import Struct

from tocsin.hub.constituency.models import Organisation
from tocsin.hub.directives.models import Directive, Excuse, Reply, SignOff, Word
from tocsin.hub.directives.scoping import DEEPEST
from tocsin.hub.rules.directives import Proof, Standing, key
from tocsin.hub.rules.proofs import Signed
from tocsin.hub.rules.workbooks.layout import FOUND, NO


class Told(Struct, frozen=True, kw_only=True):
    """What an organisation said under a directive: replies, words and exceptions, by server (0 for all)."""

    replies: dict[str, bool]
    words: dict[int, dict[str, Proof]]
    excuses: dict[int, dict[str, tuple[str, date]]]

    def words_of(self, server: int) -> dict[str, Proof]:
        """What was said of one server: of itself, else of all."""
        return {**self.words.get(0, {}), **self.words.get(server, {})}

    def excuses_of(self, server: int) -> dict[str, tuple[str, date]]:
        """The exceptions of one server: its own, else those of all."""
        return {**self.excuses.get(0, {}), **self.excuses.get(server, {})}


def told_by(row: Directive, organisation: int) -> Told:
    """What one organisation said."""
    return told_of(row, [organisation])[organisation]


def told_of(row: Directive, organisations: Collection[int]) -> dict[int, Told]:
    """What each of some organisations said: the newest word, reply and approved exception of each kind."""
    found = {number: Told(replies={}, words={}, excuses={}) for number in organisations}
    mine = {"directive": row, "organisation__in": organisations}
    for reply in Reply.objects.filter(**mine).order_by("pk"):
        found[reply.organisation_id].replies[reply.question] = reply.value
    for word in Word.objects.filter(**mine).select_related("by").order_by("pk"):
        spoken = found[word.organisation_id].words.setdefault(word.server_id or 0, {})
        spoken[key(word.requirement, word.round)] = _claim(word)
    for excuse in Excuse.objects.filter(**mine, approved=True).order_by("pk"):
        excused = found[excuse.organisation_id].excuses.setdefault(excuse.server_id or 0, {})
        excused[excuse.requirement] = (excuse.reason, excuse.until)
    return found


def _claim(word: Word) -> Proof:
    done, who = word.said != NO, word.by or "the owner"
    says = f"{who} says so" if done else f"{who} says that it is not done"
    return Proof(
        standing=Standing.CLAIMED if done else Standing.MISSING,
        reason=f"{says}: {word.text}" if word.text else says,
        at=word.at.astimezone(UTC),
        locators=(f"word:{word.pk}",),
        found=word.said == FOUND,
    )


def above(organisations: Iterable[int]) -> dict[int, list[int]]:
    """For each organisation itself and those above it, the nearest first."""
    found = {number: [number] for number in organisations}
    open_ = set(found)
    for _ in range(DEEPEST):
        tops = {found[number][-1] for number in open_}
        parents = dict(Organisation.objects.filter(pk__in=tops).values_list("pk", "parent_id"))
        rising = {number: parents.get(found[number][-1]) for number in open_}
        open_ = {number for number, top in rising.items() if top is not None and top not in found[number]}
        for number in open_:
            found[number].append(rising[number] or 0)
        if not open_:
            break
    return found


def reports_of(row: Directive, lines: Mapping[int, Collection[int]]) -> dict[int, list[Signed]]:
    """The signed reports that speak for each organisation: its own, and those of the ones above it.

    Args:
        row: under which directive.
        lines: organisations, each with itself and those above it.
    """
    tops = {top for line in lines.values() for top in line}
    by_signer: dict[int, list[Signed]] = defaultdict(list)
    for one in SignOff.objects.filter(directive=row, organisation__in=tops).order_by("pk"):
        by_signer[one.organisation_id].append(_signed(one))
    return {number: [one for top in line for one in by_signer.get(top, ())] for number, line in lines.items()}


def _signed(row: SignOff) -> Signed:
    return Signed(
        requirement=row.requirement,
        number=row.round,
        at=row.at.astimezone(UTC),
        name=f"{row.name}, {row.office}",
        document=row.document,
        where=f"signoff:{row.pk}",
    )
