"""Read incident reports: staff see all; members those of their organisations that were looked at."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Min, QuerySet
from django.utils import timezone

from tocsin.hub.accounts.models import User
from tocsin.hub.cases.models import Case
from tocsin.hub.cases.selectors import visible_to as cases_visible_to
from tocsin.hub.census.models import Server
from tocsin.hub.census.selectors import servers_visible_to
from tocsin.hub.constituency.selectors import Visitor, organisation_ids
from tocsin.hub.incidents.models import Entry, IncidentReport, Upload
from tocsin.hub.rules.incident import Answer, Stage, State
from tocsin.hub.rules.incident_clocks import ANSWER, Clock, clocks
from tocsin.hub.rules.keys import digest
from tocsin.hub.rules.tlp import Tlp

UNSEEN = (State.TO_CHECK, State.REFUSED)


def visible_to(user: Visitor) -> QuerySet[IncidentReport]:
    """A report is a member's once staff have linked it to his organisation; never one for named eyes."""
    found = IncidentReport.objects.select_related("organisation", "campaign", "assignee", "merged_into")
    owned = organisation_ids(user)
    if owned is None:
        return found
    return found.filter(organisation_id__in=owned).exclude(tlp=Tlp.RED).exclude(state__in=UNSEEN)


def exported_to(user: Visitor) -> QuerySet[IncidentReport]:
    """What this person sees and may take away: nothing that is TLP:RED."""
    return visible_to(user).exclude(tlp=Tlp.RED)


def servers_of(user: Visitor, report: IncidentReport) -> QuerySet[Server]:
    """A report's servers that this person may see: of a merged one, some may be another organisation's."""
    return servers_visible_to(user).filter(incidents=report).order_by("pk")


def cases_of(user: Visitor, report: IncidentReport) -> QuerySet[Case]:
    """A report's cases that this person may see."""
    return cases_visible_to(user).filter(incidents=report).order_by("pk")


def is_staff(user: Visitor) -> bool:
    """Whether this person works here: members of organisations do not."""
    return isinstance(user, User) and organisation_ids(user) is None


def entries_visible_to(user: Visitor, report: IncidentReport) -> QuerySet[Entry]:
    """What was said since; notes among staff for staff alone."""
    rows = Entry.objects.filter(report=report).select_related("by").order_by("id")
    return rows if is_staff(user) else rows.filter(shown=True)


def shown_to_reporter(report: IncidentReport) -> QuerySet[Entry]:
    """What the reporter sees on his page."""
    return Entry.objects.filter(report=report, shown=True).order_by("id")


def uploads_visible_to(user: Visitor) -> QuerySet[Upload]:
    """Files, for staff alone: they may be live malware."""
    return Upload.objects.select_related("report") if is_staff(user) else Upload.objects.none()


def opened_by(reference: str, secret: str) -> IncidentReport | None:
    """The report of a reference and its secret, as a person types them."""
    key = "".join(secret.upper().split()).replace("-", "")
    found = IncidentReport.objects.filter(reference=reference.strip().upper()[:20], secret=digest(key[:100]))
    return found.first()


def clocks_of(report: IncidentReport, now: datetime | None = None) -> list[Clock]:
    """Every clock of a report. The report itself is the early warning: it says what one has to say."""
    said = Entry.objects.filter(report=report)
    stages = said.filter(kind=Entry.FOLLOW_UP).exclude(stage="").values_list("stage").annotate(Min("at"))
    came = {Stage.EARLY_WARNING.value: report.received, **dict(stages.order_by())}
    came[Stage.EARLY_WARNING.value] = report.received
    answered = said.filter(kind=Entry.QUESTION, shown=True).aggregate(at=Min("at"))["at"]
    if answered:
        came[ANSWER] = answered
    return clocks(
        report.aware,
        came,
        received=report.received,
        personal=report.personal_data == Answer.YES,
        now=now or timezone.now(),
    )
