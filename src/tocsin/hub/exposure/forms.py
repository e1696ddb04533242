"""Forms of decisions: about one server, or about many at once."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django import forms
from django.utils import timezone

from tocsin.hub.exposure.services import Ruling
from tocsin.hub.rules.decisions import LONGEST_FALSE_POSITIVE, NEEDS_UNTIL, Kind

SAYS = {
    Kind.ATTESTED: "attested: the owner says it is fixed (moves nothing, is shown)",
    Kind.FALSE_POSITIVE: "false positive, until a day",
    Kind.RETIRED: "retired: it is gone for good",
    Kind.DISCONNECTED: "disconnected from the internet",
    Kind.CONTAINED: "contained: the intruder cannot act (a claim)",
    Kind.REMOVED: "removed: what was left is gone (a claim)",
    Kind.ACCEPTED_RISK: "risk accepted, signed (closes; never clean)",
}
"""What a person may decide, in words."""

MANY = {
    Kind.FALSE_POSITIVE: "False positive",
    Kind.RETIRED: "Retired",
    Kind.DISCONNECTED: "Disconnected",
}
"""What a person may decide about many servers at once."""


def _day(value: date | None) -> datetime | None:
    """A day as a moment: now for today, noon for others, so that time zones do not move it."""
    if value is None or value >= timezone.now().date():
        return None
    return datetime.combine(value, time(12), UTC)


class DecisionForm(forms.Form):
    """Why, since when, and for a false positive until when."""

    kind = forms.ChoiceField(label="What", choices=[(kind.value, words) for kind, words in SAYS.items()])
    reason = forms.CharField(
        label="Why",
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Who said so, and how you know.",
    )
    at = forms.DateField(
        label="True since",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty for today.",
    )
    until = forms.DateField(
        label="Until (false positives only)",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=f"At most {LONGEST_FALSE_POSITIVE.days} days.",
    )
    evidence = forms.CharField(
        label="Evidence", max_length=200, required=False, help_text="A digest, a ticket, or where it is held."
    )

    def clean_at(self) -> date | None:
        """No decision is about the future."""
        day: date | None = self.cleaned_data["at"]
        if day and day > timezone.now().date() + timedelta(days=1):
            raise forms.ValidationError("A decision cannot be about the future.")
        return day

    def ruling(self) -> Ruling:
        """What was decided; the service has the last word."""
        given = self.cleaned_data
        kind = Kind(given["kind"])
        return Ruling(
            kind=kind,
            reason=given["reason"],
            at=_day(given["at"]),
            until=given["until"] if kind in NEEDS_UNTIL else None,
            evidence=given["evidence"],
        )
