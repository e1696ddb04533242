"""Forms of what is done to cases, to one or to many alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any, ClassVar

from django import forms
from django.utils import timezone

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.cases import services, work
from tocsin.hub.cases.finding import Sighting
from tocsin.hub.cases.selectors import visible_to, workers
from tocsin.hub.census.models import Server
from tocsin.hub.rules.cases import CaseKind, Source

DAY = {"type": "date"}


def moment_of(day: date | None) -> datetime | None:
    """A day as a moment: None for today or nothing, else noon, so that time zones do not move it."""
    if day is None or day >= timezone.now().date():
        return None
    return datetime.combine(day, time(12), UTC)


class ActForm(forms.Form):
    """Something that is done to some cases."""

    words: ClassVar[str]
    members: ClassVar[bool] = False

    def do(self, by: User, cases: Sequence[int]) -> None:
        """Do it. Raises what the service raises."""
        raise NotImplementedError


class AssignForm(ActForm):
    """Who works on it."""

    words = "Assign"
    to = forms.ModelChoiceField(
        queryset=User.objects.none(), label="To", required=False, empty_label="nobody"
    )

    def __init__(self, *args: Any, **rest: Any) -> None:
        """Offer those who may work on cases."""
        super().__init__(*args, **rest)
        self.fields["to"].queryset = workers()  # type: ignore[attr-defined]  # a ModelChoiceField

    def do(self, by: User, cases: Sequence[int]) -> None:
        """Assign."""
        work.assign(cases, by=by, to=self.cleaned_data["to"])


class DueForm(ActForm):
    """By when."""

    words = "Set due date"
    day = forms.DateField(
        label="Due", required=False, widget=forms.DateInput(attrs=DAY), help_text="Empty for none."
    )

    def do(self, by: User, cases: Sequence[int]) -> None:
        """Set the day."""
        work.set_due(cases, by=by, day=self.cleaned_data["day"])


class CommentForm(ActForm):
    """What is written on it."""

    words = "Comment"
    text = forms.CharField(
        max_length=work.LONGEST_COMMENT, label="Comment", widget=forms.Textarea(attrs={"rows": 3})
    )

    def do(self, by: User, cases: Sequence[int]) -> None:
        """Write it."""
        work.comment(cases, by=by, text=self.cleaned_data["text"])


class NotifyForm(ActForm):
    """Ask for a notice to the owner."""

    words = "Notify owner"

    def do(self, by: User, cases: Sequence[int]) -> None:
        """Mark for the next batch of notices."""
        work.ask_notice(cases, by=by)


class LinkForm(ActForm):
    """Where evidence is held."""

    words = "Add evidence link"
    label = forms.CharField(max_length=200, label="What", required=False)
    place = forms.CharField(
        max_length=500, label="Where", help_text="A digest, a ticket, a file and line. Shown as text."
    )

    def do(self, by: User, cases: Sequence[int]) -> None:
        """Keep it."""
        work.add_link(cases, by=by, label=self.cleaned_data["label"], place=self.cleaned_data["place"])


class AcknowledgeForm(ActForm):
    """The owner answered."""

    words = "Owner acknowledged"
    reason = forms.CharField(max_length=500, label="How you know", help_text="Who said so, by which channel.")

    def do(self, by: User, cases: Sequence[int]) -> None:
        """Keep it."""
        services.acknowledged(cases, by=by, reason=self.cleaned_data["reason"])


class ClaimForm(ActForm):
    """Somebody says that it is gone."""

    words = "Claim removal"
    members = True
    reason = forms.CharField(
        max_length=services.LONGEST_REASON,
        label="What was done",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="A claim closes nothing: evidence collected after it has to show it.",
    )
    day = forms.DateField(
        label="Gone since", required=False, widget=forms.DateInput(attrs=DAY), help_text="Empty for now."
    )

    def clean_day(self) -> date | None:
        """Not in the future."""
        day: date | None = self.cleaned_data["day"]
        if day and day > timezone.now().date():
            raise forms.ValidationError("Nothing was removed in the future.")
        return day

    def do(self, by: User, cases: Sequence[int]) -> None:
        """Claim it."""
        at = moment_of(self.cleaned_data["day"])
        services.claim_removed(cases, by=by, reason=self.cleaned_data["reason"], at=at)


class AcceptForm(ActForm):
    """A signed exception."""

    words = "Accept risk"
    reason = forms.CharField(
        max_length=services.LONGEST_REASON,
        label="Why nothing better can be had",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Signed with your name. It closes the case as accepted risk, never as clean.",
    )
    review = forms.DateField(
        label="Looked at again on", widget=forms.DateInput(attrs=DAY), help_text="Within a year."
    )

    def do(self, by: User, cases: Sequence[int]) -> None:
        """Sign it."""
        given = self.cleaned_data
        services.accept_risk(cases, by=by, reason=given["reason"], review=given["review"])


class MergeForm(ActForm):
    """It is another case."""

    words = "It is another case"
    into = forms.IntegerField(min_value=1, max_value=2**63 - 1, label="Number of the other case")
    reason = forms.CharField(max_length=services.LONGEST_REASON, label="How you know")

    def do(self, by: User, cases: Sequence[int]) -> None:
        """Merge it into the other."""
        into = self.cleaned_data["into"]
        if into in cases or not visible_to(by).filter(pk=into).exists():
            raise UsageFault("there is no such other case")
        for case in cases:
            services.merge(case, into, by=by, reason=self.cleaned_data["reason"])


ACTS: dict[str, type[ActForm]] = {
    "assign": AssignForm,
    "due": DueForm,
    "comment": CommentForm,
    "notify": NotifyForm,
    "link": LinkForm,
    "acknowledged": AcknowledgeForm,
    "claim": ClaimForm,
    "accept": AcceptForm,
}
"""What is done to cases, by the word that stands in a form."""

ACTS_ON_ONE: dict[str, type[ActForm]] = {**ACTS, "merge": MergeForm}
"""What is done to one case at a time besides."""


class NewCaseForm(forms.Form):
    """A case opened by hand."""

    kind = forms.ChoiceField(label="What", choices=[(kind.value, kind.value) for kind in CaseKind])
    campaign = forms.ModelChoiceField(queryset=Campaign.objects.none(), to_field_name="key", empty_label=None)
    server = forms.IntegerField(
        label="Server's number",
        min_value=1,
        max_value=2**63 - 1,
        help_text="It stands in the server's address.",
    )
    url = forms.CharField(
        label="Path of the web shell",
        max_length=500,
        required=False,
        help_text="As asked for (/owa/auth/a.aspx), or the file. Empty while it is not known.",
    )
    reason = forms.CharField(
        label="How you know", max_length=services.LONGEST_REASON, widget=forms.Textarea(attrs={"rows": 3})
    )
    day = forms.DateField(
        label="Seen on", required=False, widget=forms.DateInput(attrs=DAY), help_text="Empty for now."
    )

    def __init__(self, *args: Any, **rest: Any) -> None:
        """Offer the campaigns that are followed."""
        super().__init__(*args, **rest)
        field: Any = self.fields["campaign"]
        field.queryset = Campaign.objects.filter(active=True).order_by("name")

    def clean_server(self) -> int:
        """A server that there is."""
        number: int = self.cleaned_data["server"]
        if not Server.objects.filter(pk=number).exists():
            raise forms.ValidationError("There is no such server.")
        return number

    def clean_day(self) -> date | None:
        """Not in the future."""
        day: date | None = self.cleaned_data["day"]
        if day and day > timezone.now().date():
            raise forms.ValidationError("Nobody saw it in the future.")
        return day

    def sighting(self) -> Sighting:
        """What was seen."""
        given = self.cleaned_data
        named = given["url"] if given["kind"] == CaseKind.WEBSHELL else ""
        is_path = "\\" in named or named[1:2] == ":"
        return Sighting(
            kind=CaseKind(given["kind"]),
            campaign=given["campaign"].pk,
            server=given["server"],
            at=moment_of(given["day"]) or timezone.now(),
            url="" if is_path else named,
            path=named if is_path else "",
            source=Source.HAND,
            reason=given["reason"],
        )
