"""An organisation's answers as the issuer's own workbook, and a filled workbook as an organisation's word.

The workbook of a department lists the servers of all that stand below it. What comes back is kept whole
(`Return`); of it, only what differs from what the hub shows already becomes a word.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from ipaddress import ip_address

import msgspec
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.utils import timezone

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import record
from tocsin.hub.census.bulk import writing
from tocsin.hub.census.models import Server
from tocsin.hub.constituency.models import Contact, Organisation
from tocsin.hub.directives import evidence, services
from tocsin.hub.directives.judging import judge_now
from tocsin.hub.directives.loading import order_of, workbook_of
from tocsin.hub.directives.models import Answer, Directive, Return, SignOff, Subject
from tocsin.hub.directives.said import told_by
from tocsin.hub.directives.scoping import below
from tocsin.hub.exposure.models import Standing
from tocsin.hub.rules.cells import as_csv
from tocsin.hub.rules.directives import Standing as Stand
from tocsin.hub.rules.proofs import PROVING
from tocsin.hub.rules.reach import ContactRow, ranked
from tocsin.hub.rules.words import Channel, Exposure, Grade
from tocsin.hub.rules.workbooks.filling import PROOFS, Entries, Entry, Filled, Filling, fill, proof_rows
from tocsin.hub.rules.workbooks.layout import FOUND, NO, YES, Layout
from tocsin.hub.rules.workbooks.reading import Taken, TakenRow, read

MOST_SERVERS = 5_000
ROWS = 2_000
"""Rows whose servers are looked for in one query."""
_NUMBER = re.compile("[0-9]{1,18}")
_MOMENT = (1980, 1, 1, 0, 0, 0)


def filled(row: Directive, organisation: Organisation | None = None) -> list[Filled]:
    """Fill a directive's workbook: for one organisation and all below it, or for everybody.

    Raises:
        UsageFault: it has no workbook, or there are too many servers.
    """
    layout, template = workbook_of(row)
    return fill(layout, template, filling_of(row, organisation, layout))


def bundle(row: Directive, made: Sequence[Filled]) -> bytes:
    """Give filled workbooks and the list of their proofs as one zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, each in enumerate(made, start=1):
            name = f"{row.key}.xlsx" if len(made) == 1 else f"{row.key}-{number}.xlsx"
            archive.writestr(zipfile.ZipInfo(name, _MOMENT), each.data)
        archive.writestr(zipfile.ZipInfo(f"{row.key}-proofs.csv", _MOMENT), proofs_csv(made))
    return out.getvalue()


def proofs_csv(made: Sequence[Filled]) -> str:
    """Give the list of all filled cells with what stands behind each, as CSV."""
    return "".join(as_csv(PROOFS, proof_rows(made)))


def _owners(organisation: Organisation | None) -> QuerySet[Organisation]:
    """An organisation and all below it; everybody for None."""
    if organisation is None:
        return Organisation.objects.all()
    return Organisation.objects.filter(pk__in=below([organisation.pk]))


def filling_of(row: Directive, organisation: Organisation | None, layout: Layout) -> Filling:
    """Gather what goes into the workbook."""
    answers = Answer.objects.filter(directive=row, organisation__in=_owners(organisation), round=0)
    by_server: dict[int, list[Answer]] = defaultdict(list)
    for each in answers.filter(server__isnull=False).order_by("pk"):
        by_server[each.server_id or 0].append(each)
    if len(by_server) > MOST_SERVERS:
        raise UsageFault(f"more than {MOST_SERVERS:,} servers.", remedy="Fill it for one organisation.")
    servers = (
        Server.objects.filter(pk__in=by_server).select_related("organisation").order_by("organisation", "pk")
    )
    standings = evidence.standings_of(list(by_server), order_of(row).campaigns)
    offers = _offers(layout)
    rows = [
        {**_facts(server, standings.get(server.pk, ())), **_answers(by_server[server.pk], offers)}
        for server in servers
    ]
    own = answers.filter(server=None, organisation=organisation) if organisation else answers.none()
    cells = {**_head(row, organisation, seen=bool(rows)), **_answers(list(own), offers)}
    return Filling(cells=cells, rows={"server": rows})


def _offers(layout: Layout) -> dict[str, frozenset[str]]:
    """By requirement, the answers for which the workbook has words."""
    found = (target for sheet in layout.sheets for _, target in sheet.targets())
    return {target.requirement: frozenset(target.says) for target in found if target.requirement}


def _answers(answers: Sequence[Answer], offers: Mapping[str, frozenset[str]]) -> Entries:
    return {
        f"requirement:{each.requirement}": Entry(
            value=_offered(word_of(each), offers.get(each.requirement, frozenset((YES, NO)))),
            standing=each.standing,
            reason=each.reason,
            locators=tuple(each.locators),
        )
        for each in answers
        if word_of(each)
    }


def _offered(word: str, offers: frozenset[str]) -> str:
    """Where a cell has no words for "done, and something found", it says done; the notes tell the rest."""
    return YES if word == FOUND and FOUND not in offers else word


def word_of(answer: Answer) -> str:
    """What a workbook says of an answer; nothing where nobody has said or shown anything."""
    if answer.standing in {Stand.PROVEN, Stand.CLAIMED}:
        return FOUND if answer.found else YES
    if answer.standing == Stand.EXCEPTED or (answer.standing == Stand.MISSING and answer.locators):
        return NO
    return ""


def _facts(server: Server, standings: Sequence[Standing]) -> Entries:
    standing = evidence.worst_of(standings) if standings else None
    seen = f"seen {server.last_seen:%Y-%m-%d}"
    found = {
        "server.number": Entry(value=server.pk),
        "server.address": Entry(value=server.ip, reason=seen),
        "server.hostname": Entry(value=server.hostname, reason=seen),
        "server.name": Entry(value=server.name, reason=seen),
        "server.product": Entry(value=_product(server, standing), reason=seen),
        "server.build": Entry(value=server.build, reason=seen),
        "server.last-seen": Entry(value=server.last_seen.date()),
    }
    if standing is not None:
        found |= _standing(standing, seen)
    return {f"fact:{name}": entry for name, entry in found.items()}


def _product(server: Server, standing: Standing | None) -> str:
    line = " ".join(standing.branch.split()[:3]) if standing and standing.branch else ""
    return f"Microsoft {line}" if line.startswith("Exchange Server") else server.product


def _standing(row: Standing, seen: str) -> dict[str, Entry]:
    """What the exposure says in plain words; of what it does not know it says nothing."""
    proven = Stand.PROVEN.value if Grade(row.grade) in PROVING else Stand.CLAIMED.value
    where = (f"standing:{row.pk}",)
    told = Entry(value=row.exposure, standing=proven, reason=row.reason, locators=where)
    found = {"server.exposure": told}
    if row.exposure in {Exposure.PATCHED, Exposure.PATCH_VERIFIED}:
        found["server.updated"] = msgspec.structs.replace(told, value=YES)
    elif row.exposure == Exposure.VULNERABLE:
        found["server.updated"] = msgspec.structs.replace(told, value=NO)
    if row.exposure == Exposure.DISCONNECTED:
        found["server.disconnected"] = msgspec.structs.replace(told, value=YES, standing=Stand.CLAIMED.value)
    elif row.closed is None and row.exposure != Exposure.UNREACHABLE:
        on = Entry(value=YES, standing=Stand.PROVEN.value, reason=seen, locators=where)
        found["server.reachable"] = on
        found["server.disconnected"] = msgspec.structs.replace(on, value=NO)
    return found


def _head(row: Directive, organisation: Organisation | None, *, seen: bool) -> Entries:
    if organisation is None:
        return {}
    found = {"fact:organisation.name": Entry(value=organisation.name)}
    found["fact:organisation.number"] = Entry(value=organisation.pk)
    found |= _contacts(organisation)
    for question, value in told_by(row, organisation.pk).replies.items():
        found[f"question:{question}"] = Entry(value=YES if value else NO, standing=Stand.CLAIMED.value)
    if seen:
        shown = Entry(value=YES, standing=Stand.PROVEN.value, reason="a census saw servers of it")
        found["question:hosted"] = shown
    signed = SignOff.objects.filter(directive=row, organisation=organisation).order_by("-pk").first()
    if signed is not None:
        stand = Stand.PROVEN.value if signed.document else Stand.CLAIMED.value
        place = (f"signoff:{signed.pk}",)
        found["fact:report.whole"] = Entry(value=YES, standing=stand, locators=place)
        found["fact:report.comments"] = Entry(value=signed.statement, standing=stand, locators=place)
        found["fact:report.signed-by"] = Entry(value=signed.name, standing=stand, locators=place)
    return found


def _contacts(organisation: Organisation) -> dict[str, Entry]:
    """The first contact to try of each channel: no workbook needs all of them."""
    rows = list(Contact.objects.filter(organisation=organisation).order_by("pk"))
    order = ranked(
        ContactRow(
            channel=each.channel,
            value=each.value,
            role=each.role,
            provenance=each.provenance,
            opted_out=each.opted_out,
            bounce=each.bounce,
        )
        for each in rows
    )
    found = {}
    for channel, fact in ((Channel.EMAIL, "contact.email"), (Channel.PHONE, "contact.phone")):
        value = next((each.value for each in order if each.channel == channel), "")
        found[f"fact:{fact}"] = Entry(value=value)
        name = next((each.name for each in rows if each.value == value and each.name), "")
        if name and "fact:contact.name" not in found:
            found["fact:contact.name"] = Entry(value=name)
    return found


def take_in(row: Directive, organisation: Organisation, data: bytes, name: str, *, by: User | None) -> Return:
    """Take in a filled workbook as the organisation's word. The same file again changes nothing.

    Raises:
        PermissionDenied: the person may not speak for the organisation.
        UsageFault: it is not the directive's workbook, or the organisation is not addressed.
    """
    if by is not None and not services.may_speak(by, organisation.pk):
        raise PermissionDenied
    if not Subject.objects.filter(directive=row, organisation=organisation).exists():
        raise UsageFault("this directive does not address the organisation.")
    layout, _ = workbook_of(row)
    taken = read(layout, data, where=name[:100])
    digest = hashlib.sha256(data).hexdigest()
    known = Return.objects.filter(directive=row, organisation=organisation, digest=digest).first()
    if known is not None:
        return known
    with writing():
        return _keep(row, organisation, taken, digest, name, by)


def _keep(
    row: Directive, organisation: Organisation, taken: Taken, digest: str, name: str, by: User | None
) -> Return:
    now = timezone.now()
    matched, unmatched = _matched(organisation, taken.rows.get("server", ()))
    kept = Return.objects.create(
        directive=row,
        organisation=organisation,
        digest=digest,
        name=name[:300].replace("\0", ""),
        content=msgspec.to_builtins({"cells": taken.cells, "rows": taken.rows}),
        doubts=list(taken.doubts[:500]),
        unmatched=unmatched,
        by=by,
        at=now,
    )
    source = f"workbook:{kept.pk}"
    owners = _say_rows(row, matched, source=source, by=by, now=now)
    _say_cells(row, organisation, taken, source=source, by=by, now=now)
    for owner in sorted({*owners, organisation.pk}):
        judge_now(row, owner, now)
    record(
        "directive workbook taken in",
        f"organisation:{organisation.pk}",
        by=by,
        directive=row.key,
        digest=digest,
        rows=len(matched),
        unmatched=len(unmatched),
        doubts=len(taken.doubts),
    )
    return kept


def _matched(
    organisation: Organisation, rows: Sequence[TakenRow]
) -> tuple[list[tuple[TakenRow, Server]], list[int]]:
    """Match rows to servers by number, address or host name; what fits no server, or two, is named."""
    places: dict[tuple[str, str], set[int]] = defaultdict(set)
    found = {}
    for server in _named(organisation, rows):
        found[server.pk] = server
        for fact, value in (
            ("number", str(server.pk)),
            ("address", server.ip),
            ("hostname", server.hostname),
        ):
            if value:
                places[fact, value.casefold()].add(server.pk)
    matched, unmatched = [], []
    for row in rows:
        number = _number(row, places)
        if number is None:
            unmatched.append(row.number)
        else:
            matched.append((row, found[number]))
    return matched, unmatched


def _named(organisation: Organisation, rows: Sequence[TakenRow]) -> Iterator[Server]:
    """The servers that rows name, however many the organisation has."""
    mine = Server.objects.filter(organisation__in=_owners(organisation)).order_by("pk")
    for begin in range(0, len(rows), ROWS):
        some = rows[begin : begin + ROWS]
        texts = {fact: {_place(row, fact) for row in some} for fact in ("number", "address", "hostname")}
        numbers = [int(text) for text in texts["number"] if _NUMBER.fullmatch(text)]
        addresses = [text for text in texts["address"] if _is_address(text)]
        names = texts["hostname"] - {""}
        yield from mine.filter(Q(pk__in=numbers) | Q(ip__in=addresses) | Q(hostname__in=names))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _place(row: TakenRow, fact: str) -> str:
    said = row.said.get(f"fact:server.{fact}")
    return said.text.strip().casefold() if said else ""


def _number(row: TakenRow, places: Mapping[tuple[str, str], set[int]]) -> int | None:
    for fact in ("number", "address", "hostname"):
        numbers = places.get((fact, _place(row, fact)), set())
        if len(numbers) == 1:
            return next(iter(numbers))
    return None


def _say_rows(
    row: Directive, matched: Sequence[tuple[TakenRow, Server]], *, source: str, by: User | None, now: datetime
) -> set[int]:
    answers = Answer.objects.filter(directive=row, server__in=[server.pk for _, server in matched], round=0)
    shown = {(each.server_id, each.requirement): word_of(each) for each in answers}
    sayings: dict[int, list[services.Saying]] = defaultdict(list)
    for taken, server in matched:
        for key, said in taken.said.items():
            name = key.removeprefix("requirement:")
            before = shown.get((server.pk, name), "")
            if name != key and said.word and said.word != before and not _same(said.word, before):
                one = services.Saying(
                    requirement=name, said=said.word, server=server.pk, text=_note(taken, name)
                )
                sayings[server.organisation_id or 0].append(one)
    addressed = set(Subject.objects.filter(directive=row).values_list("organisation_id", flat=True))
    for owner in sayings.keys() & addressed:
        services.keep_words(row, owner, sayings[owner], by=by, source=source, now=now)
    return sayings.keys() & addressed


def _same(word: str, before: str) -> bool:
    """A cell without words for "found" says yes for it."""
    return word == YES and before == FOUND


def _note(taken: TakenRow, requirement: str) -> str:
    """The notes of the row that speak about a requirement."""
    about = (
        said.text
        for key, said in taken.said.items()
        if key.startswith("notes:") and requirement in key.removeprefix("notes:").split("+")
    )
    return "\n".join(about)[: services.LONGEST]


def _say_cells(
    row: Directive, organisation: Organisation, taken: Taken, *, source: str, by: User | None, now: datetime
) -> None:
    before = told_by(row, organisation.pk).replies
    replies = {
        name: said.word == YES
        for key, said in taken.cells.items()
        if (name := key.removeprefix("question:")) != key and said.word
    }
    new = {name: value for name, value in replies.items() if before.get(name) is not value}
    if new:
        services.keep_replies(row, organisation.pk, new, by=by, source=source, now=now)
