"""One message of a notice, word for word, and a last look that it says no more than it may."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import Struct

from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.notices import operator
from tocsin.hub.notices.models import Batch, Delivery, Notice, Told
from tocsin.hub.rules import xarf
from tocsin.hub.rules.ladder import Choice
from tocsin.hub.rules.notices import Kind, Part, Seen
from tocsin.hub.rules.notices_texts import Facts, Text
from tocsin.hub.rules.secrecy import Affected, Say, leaks
from tocsin.hub.rules.words import Channel, Compromise, Exposure

MOST_FILES = 9
"""Reports that go as one file each; more go as one file."""
REPORTED = frozenset({Exposure.VULNERABLE, Exposure.PARTLY_MITIGATED, Exposure.MITIGATED})


class Known(Struct, frozen=True, kw_only=True):
    """What every message of one notice is made of."""

    batch: Batch
    campaign: Campaign
    notice: Notice
    organisation: str
    servers: tuple[Seen, ...]
    sender: str
    reporter: xarf.Reporter
    at: datetime


def delivery(known: Known, choice: Choice, *, key: str, affected: Affected) -> Delivery:
    """One message, not yet saved. What would say more than it may is held, with the reason."""
    text = _text(known, choice)
    one = choice.candidate
    made = Delivery(
        notice=known.notice,
        part=choice.part.value,
        key=key,
        contact_id=one.contact,
        channel=one.channel.value,
        address=one.address,
        language=operator.words().language(one.language),
        rung=choice.rung.value,
        say=choice.say.value,
        why=list(choice.why),
        subject=text.subject,
        text=text.text,
        attachments=_attachments(known, choice),
    )
    if faults := said_too_much(made, known.organisation, known.servers, affected):
        made.state, made.fault = Delivery.HELD, f"it would say {', '.join(faults)}"[:300]
    return made


def said_too_much(
    made: Delivery, organisation: str, servers: Iterable[Seen], affected: Affected
) -> list[str]:
    """What a message that may hold a reference only tells all the same, in words; none for the others."""
    if made.say != Say.REFERENCE:
        return []
    own = (text for one in servers for text in (one.ip, one.hostname, one.name, one.build))
    files = [str(part) for one in made.attachments for part in one.values()]
    secrets = [organisation, *own, *affected.addresses, *affected.names]
    return leaks([made.subject, made.text, *files], secrets)


def _text(known: Known, choice: Choice) -> Text:
    batch, notice = known.batch, known.notice
    facts = Facts(
        reference=notice.reference,
        sender=known.sender,
        organisation=known.organisation,
        campaign=known.campaign.name,
        cves=tuple(map(str, known.campaign.cves)),
        servers=known.servers,
        rung=choice.rung,
        directive=batch.directive,
        deadline=batch.deadline,
        told=notice.told.date() if notice.told and notice.detailed else None,
    )
    one = choice.candidate
    return operator.words().composed(
        Kind(notice.kind), choice.part, Channel(one.channel), choice.say, one.language, facts
    )


def _attachments(known: Known, choice: Choice) -> list[dict[str, str]]:
    """X-ARF for programs, where mail may say everything."""
    if choice.say is not Say.EVERYTHING or choice.candidate.channel not in {Channel.EMAIL, Channel.WEBHOOK}:
        return []
    found = [xarf.vulnerability(about(known), one) for one in known.servers if one.exposure in REPORTED]
    if len(found) > MOST_FILES:
        text = msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n"
        return [_file("xarf.json", text)]
    return [_file(f"xarf-{at}.json", xarf.encoded(one)) for at, one in enumerate(found, start=1)]


def about(known: Known) -> xarf.About:
    """What every X-ARF report of a notice shares."""
    cves = tuple(str(cve) for cve in known.campaign.cves)
    return xarf.About(
        reference=known.notice.reference,
        campaign=known.campaign.name,
        cves=cves,
        reporter=known.reporter,
        at=known.at,
    )


def _file(name: str, content: str) -> dict[str, str]:
    return {"name": name, "media_type": xarf.MEDIA_TYPE, "content": content}


def told_of(notice: Notice, servers: Iterable[Seen]) -> list[Told]:
    """The servers of a notice as rows, not yet saved."""
    return [
        Told(
            notice=notice,
            server_id=one.server,
            exposure=one.exposure.value,
            compromise=one.compromise.value,
            ip=one.ip,
            port=one.port,
            hostname=one.hostname,
            name=one.name,
            build=one.build,
            shell=one.shell,
            day=one.day,
            source=one.source[:200],
        )
        for one in servers
    ]


def seen_of(row: Told | Any) -> Seen:
    """A server of a notice as it was when the notice was planned."""
    day: date | None = row.day
    return Seen(
        server=row.server_id,
        ip=row.ip,
        port=row.port,
        hostname=row.hostname,
        name=row.name,
        build=row.build,
        exposure=Exposure(row.exposure),
        compromise=Compromise(row.compromise),
        shell=row.shell,
        day=day,
        source=row.source,
    )


def is_first(part: str) -> bool:
    """Whether a message belongs to the first telling, not to a reminder."""
    return part in {Part.FIRST, Part.DETAILS}


def known_of(notice: Notice, at: datetime, reporter: xarf.Reporter | None = None) -> Known:
    """What another message of a notice is made of; ``reporter`` where it was read before."""
    who = reporter or operator.reporter()
    return Known(
        batch=notice.batch,
        campaign=notice.campaign,
        notice=notice,
        organisation=str(notice.organisation),
        servers=tuple(sorted(map(seen_of, notice.servers.all()), key=lambda one: one.gravity)),
        sender=who.org,
        reporter=who,
        at=at,
    )
