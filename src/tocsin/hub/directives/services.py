"""Say something under a directive, ask for an exception, sign, take a report in. Each leaves an act or event.

Whoever belongs to an organisation, or to one above it, speaks for it; analysts and administrators note what
they were told. Either way it is a claim. Exceptions and signed reports count by a second person's decision.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from msgspec import Struct

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import record
from tocsin.hub.census.bulk import writing
from tocsin.hub.census.models import Server
from tocsin.hub.constituency.models import Organisation
from tocsin.hub.constituency.selectors import organisation_ids
from tocsin.hub.directives.answers import COUNTED
from tocsin.hub.directives.judging import judge_now
from tocsin.hub.directives.loading import order_of
from tocsin.hub.directives.models import Addressee, Directive, Excuse, Reply, SignOff, Subject, Word
from tocsin.hub.directives.scoping import address, below, look_again
from tocsin.hub.exposure.chain import Change, append
from tocsin.hub.rules.directives import Requirement
from tocsin.hub.rules.words import Role
from tocsin.hub.rules.workbooks.layout import FOUND, NO, YES

SAID = (YES, FOUND, NO)
LONGEST = 2_000
LONGEST_EXCEPTION = timedelta(days=730)


class Saying(Struct, frozen=True, kw_only=True):
    """What is said about one requirement: ``yes``, ``found`` (done, with signs of compromise) or ``no``.

    ``server`` is None for the organisation, or for all of its servers at once.
    """

    requirement: str
    said: str
    server: int | None = None
    number: int = 0
    text: str = ""


def may_speak(user: User, organisation: int) -> bool:
    """Whether a person may say something for an organisation: staff who write, and those who belong to it."""
    if user.role == Role.MEMBER:
        return organisation in (organisation_ids(user) or ())
    return user.writes


@contextmanager
def _speaking(by: User | None, row: Directive, organisation: int) -> Iterator[datetime]:
    """Inside: whoever may speak; after it the organisation is judged again, in the same transaction."""
    if by is not None and not may_speak(by, organisation):
        raise PermissionDenied
    if not Subject.objects.filter(directive=row, organisation=organisation).exists():
        raise UsageFault("this directive does not address the organisation.")
    now = timezone.now()
    with writing():
        yield now
        judge_now(row, organisation, now)


def say(
    row: Directive, organisation: int, sayings: list[Saying], *, by: User | None, source: str = "page"
) -> list[int]:
    """Keep words about requirements; all of them or none. Gives their numbers.

    Raises:
        PermissionDenied: the person may not speak for the organisation.
        UsageFault: a requirement, round, server or word that there is not.
    """
    with _speaking(by, row, organisation) as now:
        made = _words(row, organisation, sayings, by, source, now)
        append([_told(row, word, by, now) for word in made])
    return [word.pk for word in made]


def keep_words(
    row: Directive, organisation: int, sayings: list[Saying], *, by: User | None, source: str, now: datetime
) -> None:
    """Keep words inside of somebody else's transaction, as a workbook that is taken in does."""
    made = _words(row, organisation, sayings, by, source, now)
    append([_told(row, word, by, now) for word in made])


def _words(
    row: Directive, organisation: int, sayings: list[Saying], by: User | None, source: str, now: datetime
) -> list[Word]:
    own = _own_servers(organisation, [one.server for one in sayings if one.server is not None])
    for one in sayings:
        _sound(row, one, own)
    return Word.objects.bulk_create(
        [
            Word(
                directive=row,
                organisation_id=organisation,
                server_id=one.server,
                requirement=one.requirement,
                round=one.number,
                said=one.said,
                text=_plain(one.text),
                source=source[:80],
                by=by,
                at=now,
            )
            for one in sayings
        ]
    )


def _own_servers(organisation: int, numbers: list[int]) -> set[int]:
    return set(Server.objects.filter(organisation=organisation, pk__in=numbers).values_list("pk", flat=True))


def _sound(row: Directive, one: Saying, own: set[int]) -> None:
    asked = requirement_of(row, one.requirement)
    if one.said not in SAID:
        raise UsageFault(f"{one.said!r} is no answer.", remedy=f"Say one of {', '.join(SAID)}.")
    if not 0 <= one.number < len(order_of(row).deadlines(asked)):
        raise UsageFault(f"{asked.id} has no round {one.number}.")
    if one.server is not None and (one.server not in own or asked.per != "server"):
        raise UsageFault("this is no server of the organisation, or the requirement is not about servers.")


def requirement_of(row: Directive, name: str) -> Requirement:
    """Give a requirement by its id.

    Raises:
        UsageFault: the directive has none of this name.
    """
    asked = order_of(row).requirement(name)
    if asked is None:
        raise UsageFault(f"the directive has no requirement {name[:60]!r}.")
    return asked


def _plain(text: str) -> str:
    return text.replace("\0", "").strip()[:LONGEST]


def _told(row: Directive, word: Word, by: User | None, now: datetime) -> Change:
    subject = f"server:{word.server_id}" if word.server_id else f"organisation:{word.organisation_id}"
    return Change(
        at=now.astimezone(UTC),
        kind="directive-word",
        subject=subject,
        actor=f"user:{by.pk}" if by else "directives",
        after=word.said,
        detail={
            "directive": row.key,
            "requirement": word.requirement,
            "word": word.pk,
            "source": word.source,
        },
    )


def reply(
    row: Directive,
    organisation: int,
    answers: dict[str, bool],
    *,
    by: User | None,
    source: str = "page",
) -> None:
    """Keep replies to the directive's questions.

    Raises:
        PermissionDenied: the person may not speak for the organisation.
        UsageFault: there is no such question.
    """
    with _speaking(by, row, organisation) as now:
        keep_replies(row, organisation, answers, by=by, source=source, now=now)


def keep_replies(
    row: Directive,
    organisation: int,
    answers: dict[str, bool],
    *,
    by: User | None,
    source: str,
    now: datetime,
) -> None:
    """Keep replies inside of somebody else's transaction."""
    for question in answers:
        if question not in order_of(row).questions:
            raise UsageFault(f"the directive asks no question {question[:60]!r}.")
    Reply.objects.bulk_create(
        [
            Reply(
                directive=row,
                organisation_id=organisation,
                question=question,
                value=value,
                source=source[:80],
                by=by,
                at=now,
            )
            for question, value in answers.items()
        ]
    )
    record(
        "directive questions answered", f"organisation:{organisation}", by=by, directive=row.key, **answers
    )


class Asking(Struct, frozen=True, kw_only=True):
    """An exception that is asked for: from what, why, and by which day it will be done after all."""

    requirement: str
    reason: str
    until: date
    server: int | None = None


def ask_exception(row: Directive, organisation: int, asking: Asking, *, by: User | None) -> Excuse:
    """Ask for an exception; it counts once another person has approved it.

    Raises:
        PermissionDenied: the person may not speak for the organisation.
        UsageFault: no reason, or a day that is past or too far away.
    """
    today = timezone.now().date()
    if not _plain(asking.reason):
        raise UsageFault("an exception needs a reason.")
    if not today <= asking.until <= today + LONGEST_EXCEPTION:
        raise UsageFault(
            "an exception says by which day the requirement will be met: from today to two years ahead."
        )
    with _speaking(by, row, organisation) as now:
        _sound(
            row,
            Saying(requirement=asking.requirement, said=NO, server=asking.server),
            _own_servers(organisation, [asking.server] if asking.server else []),
        )
        excuse = Excuse.objects.create(
            directive=row,
            organisation_id=organisation,
            server_id=asking.server,
            requirement=asking.requirement,
            reason=_plain(asking.reason),
            until=asking.until,
            asked_by=by,
            asked=now,
        )
        record(
            "exception asked", f"organisation:{organisation}", by=by, directive=row.key, exception=excuse.pk
        )
    return excuse


def decide_exception(excuse: Excuse, *, by: User, approve: bool) -> None:
    """Approve or refuse an exception.

    Raises:
        PermissionDenied: the person may not decide.
        UsageFault: it is the person who asked, or it was decided before.
    """
    if not by.writes:
        raise PermissionDenied
    if excuse.asked_by_id == by.pk:
        raise UsageFault("an exception needs a second person.", remedy="Ask a colleague to decide.")
    now = timezone.now()
    with writing():
        change = {"decided_by": by, "decided": now, "approved": approve}
        if not Excuse.objects.filter(pk=excuse.pk, decided=None).update(**change):
            raise UsageFault("this was decided before.")
        append([_decided(excuse, by, now, "approved" if approve else "refused")])
        judge_now(excuse.directive, excuse.organisation_id, now)


def _decided(excuse: Excuse, by: User, now: datetime, how: str) -> Change:
    return Change(
        at=now.astimezone(UTC),
        kind="directive-exception",
        subject=f"organisation:{excuse.organisation_id}",
        actor=f"user:{by.pk}",
        after=how,
        detail={
            "directive": excuse.directive.key,
            "requirement": excuse.requirement,
            "until": excuse.until.isoformat(),
            "exception": excuse.pk,
        },
    )


class Signing(Struct, frozen=True, kw_only=True):
    """Who signs which report."""

    requirement: str
    name: str
    office: str
    statement: str = ""


def sign(row: Directive, organisation: int, signing: Signing, *, by: User | None) -> SignOff:
    """Sign a report for an organisation and all below it: a claim, until somebody takes the document in.

    Raises:
        PermissionDenied: the person may not speak for the organisation.
        UsageFault: no name or office, or the requirement is no report.
    """
    asked = requirement_of(row, signing.requirement)
    if asked.proof != "report-signed":
        raise UsageFault(f"{asked.id} is no report that is signed.")
    if not _plain(signing.name) or not _plain(signing.office):
        raise UsageFault("a report is signed with a name and an office.")
    with _speaking(by, row, organisation) as now:
        signoff = SignOff.objects.create(
            directive=row,
            organisation_id=organisation,
            requirement=signing.requirement,
            name=_plain(signing.name)[:200],
            office=_plain(signing.office)[:200],
            statement=_plain(signing.statement),
            counts=_counts(row, organisation),
            by=by,
            at=now,
        )
        look_again([organisation], row)
        record(
            "directive report signed",
            f"organisation:{organisation}",
            by=by,
            directive=row.key,
            signoff=signoff.pk,
        )
    return signoff


def _counts(row: Directive, organisation: int) -> dict[str, int]:
    """What stands where, of the organisation and all below it: the report speaks for all of them."""
    mine = Subject.objects.filter(directive=row, organisation__in=below([organisation]))
    found: dict[str, int | None] = mine.aggregate(**{name: Sum(name) for name in COUNTED})
    return {name: number or 0 for name, number in found.items()}


def take_in_report(signoff: SignOff, *, by: User, document: str) -> None:
    """Note that the signed document is here: from then on the report is proven, by that document.

    Raises:
        PermissionDenied: the person may not decide.
        UsageFault: no document is named, it was taken in before, or by the person who signed.
    """
    if not by.writes:
        raise PermissionDenied
    if not _plain(document):
        raise UsageFault("name the document: its number, or its digest.")
    if signoff.by_id == by.pk:
        raise UsageFault("a report is taken in by another person than the one who entered it.")
    now = timezone.now()
    with writing():
        change = {"document": _plain(document)[:200], "taken_by": by, "taken": now}
        if not SignOff.objects.filter(pk=signoff.pk, taken=None).update(**change):
            raise UsageFault("this report was taken in before.")
        record(
            "directive report taken in",
            f"organisation:{signoff.organisation_id}",
            by=by,
            signoff=signoff.pk,
            document=_plain(document)[:200],
        )
        look_again([signoff.organisation_id], signoff.directive)
        judge_now(signoff.directive, signoff.organisation_id, now)


@transaction.atomic
def set_active(row: Directive, *, active: bool, by: User | None) -> None:
    """Put a directive in force here, or no longer; what was judged stays."""
    if row.active != active:
        row.active, row.walked, row.settled = active, 0, False
        row.save(update_fields=["active", "walked", "settled"])
        record("directive in force" if active else "directive left", f"directive:{row.pk}", by=by)


MOST_TAGGED = 1_000
"""Organisations that a tag is given to at once."""


def tag(organisation: int, name: str, *, by: User | None, on: bool = True) -> None:
    """Give an organisation (and all below it) a tag that directives name, or take it away.

    Raises:
        UsageFault: no such organisation.
    """
    if not Organisation.objects.filter(pk=organisation).exists():
        raise UsageFault(f"there is no organisation {organisation}.")
    tag_many([organisation], name, by=by, on=on)


@transaction.atomic
def tag_many(organisations: Collection[int], name: str, *, by: User | None, on: bool = True) -> int:
    """Give organisations (and all below them) a tag, or take it away; gives how many that changed.

    Whom a directive addresses by it is found for them alone, at once; they are judged by the chore.

    Raises:
        PermissionDenied: the person may not write.
        UsageFault: no tag, or too many organisations.
    """
    if by is not None and not by.writes:
        raise PermissionDenied
    if not TAG.fullmatch(name):
        raise UsageFault(f"{name[:60]!r} is no tag.", remedy="Write it as federal-civilian.")
    if len(organisations) > MOST_TAGGED:
        raise UsageFault(f"at most {MOST_TAGGED:,} organisations at once.")
    carriers = Addressee.objects.filter(tag=name, organisation__in=organisations)
    carrying = set(carriers.values_list("organisation_id", flat=True))
    changed = sorted(set(organisations) - carrying if on else carrying)
    if on:
        new = [Addressee(tag=name, organisation_id=number, by=by) for number in changed]
        Addressee.objects.bulk_create(new)
    else:
        carriers.delete()
    what = "directive tag given" if on else "directive tag taken"
    for number in changed:
        record(what, f"organisation:{number}", by=by, tag=name)
    if changed:
        _address_again(name, below(changed))
    return len(changed)


TAG = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


def _address_again(name: str, organisations: Collection[int]) -> None:
    for row in Directive.objects.filter(active=True):
        if name in order_of(row).applies.tags:
            address(row, organisations)
