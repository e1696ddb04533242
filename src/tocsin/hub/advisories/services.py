"""Write, publish and withdraw advisories. Each step is recorded, publications in the chain of events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from tocsin import __version__
from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import record
from tocsin.hub.advisories import addresses
from tocsin.hub.advisories.models import Advisory, Publisher, Version
from tocsin.hub.advisories.selectors import publisher
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.census.bulk import writing
from tocsin.hub.exposure.chain import Change, append
from tocsin.hub.rules import csaf
from tocsin.hub.rules.advisory import Content, Situation, State, Step, after, faults, narrows, slug, sound
from tocsin.hub.rules.advisory_prefill import draft
from tocsin.hub.rules.tlp import Tlp
from tocsin.packs.loading import Pack, data_folder, load_packs
from tocsin.packs.products import load_product

EARLIER = "An earlier version, for fewer readers"


def prefilled(campaign: Campaign) -> Content:
    """What the campaign's pack lets an advisory say.

    Raises:
        UsageFault: the pack did not come with the program.
    """
    pack = load_packs(only=[campaign.key])[0]
    return sound(draft(pack, _product(pack)))


def _product(pack: Pack) -> Any:
    return load_product(data_folder("products") / pack.product_id) if pack.product_id else None


def create(content: Content, *, by: User, campaign: Campaign | None = None) -> Advisory:
    """A new draft with a number and an address of its own.

    Raises:
        PermissionDenied: the person may not write.
        UsageFault: nobody has said who publishes here, or it has no title.
    """
    _writer(by)
    content = sound(content)
    if not content.title:
        raise UsageFault("an advisory needs a title")
    with writing():
        now, speaker = timezone.now(), _publisher()
        advisory = Advisory.objects.create(
            slug=_free_slug(content.title),
            number=_number(speaker, now),
            campaign=campaign,
            title=content.title[:300],
            tlp=content.tlp,
            draft=msgspec.to_builtins(content),
            author=by,
            created=now,
            changed=now,
        )
        record("advisory begun", f"advisory:{advisory.pk}", by=by, number=advisory.number)
    return advisory


def _writer(by: User) -> None:
    if not by.writes:
        raise PermissionDenied


def _publisher() -> Publisher:
    if (found := publisher()) is None:
        raise UsageFault("nobody has said who publishes here", remedy="An administrator fills in Publisher.")
    return found


def _number(speaker: Publisher, now: datetime) -> str:
    start = f"{speaker.prefix}-{now.year}-"
    last = Advisory.objects.filter(number__startswith=start).order_by("-number").first()
    return f"{start}{int(last.number.rpartition('-')[2]) + 1 if last else 1:04}"


def _free_slug(title: str) -> str:
    return next(each for each in _slugs(title) if not Advisory.objects.filter(slug=each).exists())


def _slugs(title: str) -> Iterator[str]:
    wanted = slug(title)
    reserved = {"new", "publisher", "subscribers", "subscribe", "subscription", "preview"}
    if wanted not in reserved:
        yield wanted
    number = 2
    while True:
        yield f"{wanted[:70]}-{number}"
        number += 1


def _step(advisory: Advisory, step: Step, by: User) -> Advisory:
    """The advisory, locked, in the state after a step. Inside `writing`."""
    _writer(by)
    row = Advisory.objects.select_for_update().get(pk=advisory.pk)
    speaker = _publisher()
    row.state = after(
        step,
        Situation(state=State(row.state), author=row.author_id, actor=by.pk, second_look=speaker.second_look),
    )
    row.changed = timezone.now()
    return row


def edit(advisory: Advisory, content: Content, *, by: User, edited: int | None = None) -> Advisory:
    """Save the draft of the next version.

    Args:
        advisory: which.
        content: all of it.
        by: who.
        edited: the draft that the person had before him; a newer one is not overwritten.

    Raises:
        UsageFault: somebody else has saved it meanwhile, or its mark became narrower than it was published.
    """
    content = sound(content)
    if not content.title:
        raise UsageFault("an advisory needs a title")
    with writing():
        row = _step(advisory, Step.EDIT, by)
        if edited is not None and edited != row.edited:
            raise UsageFault("somebody else has saved this meanwhile", remedy="Open it again, and add yours.")
        _not_narrower(row, content)
        row.title, row.tlp, row.author = content.title[:300], content.tlp, by
        row.draft, row.edited = msgspec.to_builtins(content), row.edited + 1
        row.save()
        record("advisory edited", f"advisory:{row.pk}", by=by, edited=row.edited)
    return row


def _not_narrower(row: Advisory, content: Content) -> None:
    if row.published_tlp and narrows(row.published_tlp, content.tlp):
        raise UsageFault(
            f"it was published as TLP:{row.published_tlp.upper()} and cannot be called back",
            remedy="Write another advisory for what fewer may read.",
        )


def submit(advisory: Advisory, *, by: User) -> Advisory:
    """Ask for a second look."""
    return _moved(advisory, Step.SUBMIT, by)


def send_back(advisory: Advisory, *, by: User) -> Advisory:
    """Give it back to its author."""
    return _moved(advisory, Step.RETURN, by)


def _moved(advisory: Advisory, step: Step, by: User) -> Advisory:
    with writing():
        row = _step(advisory, step, by)
        row.save()
        record(f"advisory: {step}", f"advisory:{row.pk}", by=by)
    return row


def publish(
    advisory: Advisory,
    *,
    by: User,
    summary: str,
    mail: bool = True,
    edited: int | None = None,
    now: datetime | None = None,
) -> Version:
    """Publish the draft as the next version: page, feeds, CSAF, mail to subscribers.

    Raises:
        UsageFault: something is missing, it needs a second look, or the draft is not the one that was read.
    """
    with writing():
        row = _step(advisory, Step.PUBLISH, by)
        if wrong := faults(row.content):
            raise UsageFault(" ".join(wrong))
        if edited is not None and edited != row.edited:
            raise UsageFault("this is not the draft that you read", remedy="Read the newer one first.")
        _not_narrower(row, row.content)
        return _release(row, row.content, by=by, summary=summary, mail=mail, at=now)


def withdraw(advisory: Advisory, *, by: User, reason: str, now: datetime | None = None) -> Advisory:
    """Take an advisory back. Published, it stays readable as withdrawn, with the reason; a draft just ends.

    Raises:
        UsageFault: no reason is given.
    """
    if not reason.strip():
        raise UsageFault("say why it is withdrawn")
    with writing():
        row = _step(advisory, Step.WITHDRAW, by)
        row.withdrawn = True
        if row.version:
            last = row.versions.get(number=row.version).content
            said = sound(Content(title=f"Withdrawn: {last.title}", summary=reason, text=reason, tlp=last.tlp))
            _release(row, said, by=by, summary=f"Withdrawn: {reason}", mail=True, at=now)
        row.save()
        record("advisory withdrawn", f"advisory:{row.pk}", by=by, reason=reason)
    return row


def _release(
    row: Advisory, content: Content, *, by: User, summary: str, mail: bool, at: datetime | None
) -> Version:
    moment = max(at or timezone.now(), row.published or row.created)
    number = row.version + 1
    version = Version(
        advisory=row,
        number=number,
        at=moment,
        tlp=content.tlp,
        summary=csaf_line(summary, number),
        body=msgspec.to_builtins(content),
        withdrawal=row.withdrawn,
        author=row.author,
        by=by,
        mailed=None if mail else moment,
    )
    version.csaf = _document(row, version, content)
    version.save()
    row.version, row.published, row.changed = number, moment, moment
    row.published_tlp, row.published_title = content.tlp, content.title[:300]
    row.released = row.released or moment
    row.save()
    _tell(row, version, by)
    return version


def csaf_line(summary: str, number: int) -> str:
    """What changed, in a line; never empty, as CSAF asks."""
    return sound(Content(title=summary, summary="", text="")).title[:300] or f"Version {number}"


def _tell(row: Advisory, version: Version, by: User) -> None:
    campaign = row.campaign.key if row.campaign else ""
    kind = "advisory-withdrawn" if version.withdrawal else "advisory-published"
    summary = "" if version.tlp == Tlp.RED else version.summary  # events leave by the API and by webhooks
    detail = {"number": row.number, "version": version.number, "tlp": version.tlp, "summary": summary}
    subject = f"advisory:{row.pk}"
    append(
        [Change(at=version.at, kind=kind, subject=subject, actor=by.email, campaign=campaign, detail=detail)]
    )


def _document(row: Advisory, version: Version, content: Content) -> str:
    """The CSAF document as it will be served for ever; empty where the mark lets nothing out."""
    if content.tlp == Tlp.RED:
        return ""
    past = [*row.versions.order_by("number"), version]
    release = csaf.Release(
        id=row.number,
        revisions=tuple(_revision(each, content.tlp) for each in past),
        url=addresses.document(row.slug, row.number, past[0].at, content.tlp),
        page=addresses.page(row.slug),
        engine=__version__,
    )
    made = csaf.document(content, release, _publisher().spoken())
    return msgspec.json.format(msgspec.json.encode(made), indent=2).decode()


def _revision(version: Version, tlp: str) -> csaf.Revision:
    """What was said to fewer readers is not told to more."""
    summary = EARLIER if narrows(tlp, version.tlp) else version.summary
    return csaf.Revision(number=version.number, at=version.at, summary=summary)


def set_publisher(row: Publisher, *, by: User) -> Publisher:
    """Say who publishes here.

    Raises:
        PermissionDenied: the person does not administer the hub.
    """
    if not by.administers:
        raise PermissionDenied
    with writing():
        existing = publisher()
        row.pk = existing.pk if existing else None
        row.save(force_insert=existing is None)
        record("publisher changed", "publisher", by=by, name=row.name, second_look=row.second_look)
    return row
