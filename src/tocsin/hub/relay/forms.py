"""What people fill in about carriers, their slices and what attackers run."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import ClassVar

from django import forms
from django.utils import timezone

from tocsin.hub.accounts.models import choices
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.constituency.models import Organisation
from tocsin.hub.relay.models import Authority, Carrier
from tocsin.hub.relay.reporting import Found
from tocsin.hub.rules.relay import ANSWERS, Answer, Label, RowState
from tocsin.hub.rules.relay_reports import BY_HAND, Use
from tocsin.hub.rules.relay_scope import KINDS, ORGANISATION

DAY = forms.DateInput(attrs={"type": "date"})
LINES = forms.Textarea(attrs={"rows": 4})
NAMED = {
    RowState.TAKEN_ON: "taken on",
    RowState.PASSED_ON: "passed on to the customer",
    RowState.CANNOT_REACH: "cannot reach the customer",
    RowState.NOT_OURS: "not ours",
    RowState.FIXED: "fixed, as far as we know",
}


class CarrierForm(forms.ModelForm):  # type: ignore[type-arg]  # takes none at run time
    """A carrier and what was agreed."""

    organisation = forms.ModelChoiceField(
        Organisation.objects.all(),
        widget=forms.NumberInput,
        help_text="Number of the organisation whose members see the slice.",
    )

    class Meta:
        model = Carrier
        fields: ClassVar = [
            "name",
            "kind",
            "organisation",
            "by_claims",
            "ceiling",
            "tells_owner",
            "tells_compromise",
            "agreement",
            "active",
        ]
        widgets: ClassVar = {"agreement": LINES}
        labels: ClassVar = {
            "by_claims": "Its organisation's claims are scope, too",
            "ceiling": "Narrowest TLP label that it respects",
            "tells_owner": "Tell owners' names",
            "tells_compromise": "Tell that somebody was inside",
        }
        help_texts: ClassVar = {
            "agreement": "Where it is held. Without one, no compromise is told.",
            "active": "An inactive carrier sees nothing.",
        }


class ScopeForm(forms.Form):
    """More of a carrier's scope."""

    kind = forms.ChoiceField(
        choices=[*((kind.value, kind.value) for kind in KINDS), (ORGANISATION, "organisation (its number)")]
    )
    values = forms.CharField(widget=LINES, max_length=400_000, help_text="One on each line.")

    def listed(self) -> list[str]:
        """The values."""
        return [line.strip() for line in self.cleaned_data["values"].splitlines() if line.strip()]


class SecrecyForm(forms.Form):
    """Whose servers are told to no carrier."""

    organisation = forms.ModelChoiceField(
        Organisation.objects.all(), widget=forms.NumberInput, help_text="Number of the organisation."
    )
    reason = forms.CharField(max_length=500)


class AnswerForm(forms.Form):
    """What a carrier says of some rows."""

    state = forms.ChoiceField(label="Answer", choices=[(word.value, NAMED[word]) for word in ANSWERS])
    day = forms.DateField(
        label="Passed on at", required=False, widget=DAY, help_text="The day, for what was passed on."
    )
    note = forms.CharField(
        max_length=500, required=False, help_text="What was tried, or whose it is. No customer's particulars."
    )

    def answer(self) -> Answer:
        """What was said; the service has the last word."""
        given = self.cleaned_data
        return Answer(state=RowState(given["state"]), day=given["day"], note=given["note"])


class InfrastructureForm(forms.Form):
    """Something that attackers use."""

    text = forms.CharField(
        label="Address, name or URL", max_length=2_000, help_text="As it is or disguised: hxxp://192.0.2[.]1/"
    )
    use = forms.ChoiceField(label="Used for", choices=choices(Use), initial=Use.ATTACK)
    first = forms.DateField(label="First seen", widget=DAY)
    last = forms.DateField(label="Last seen", widget=DAY)
    campaign = forms.ModelChoiceField(Campaign.objects.all(), required=False, empty_label="none")
    label = forms.ChoiceField(
        label="TLP", choices=choices(Label), initial=Label.AMBER, help_text="Up to AMBER it may be reported."
    )
    public = forms.CharField(
        label="What may be told",
        max_length=5_000,
        required=False,
        widget=LINES,
        help_text="Goes into reports. Nothing that points at a victim.",
    )
    note = forms.CharField(
        label="Own note", max_length=5_000, required=False, widget=LINES, help_text="Never leaves the hub."
    )

    def clean_last(self) -> date:
        """Not in the future."""
        day: date = self.cleaned_data["last"]
        if day > timezone.now().date():
            raise forms.ValidationError("Nothing was seen in the future.")
        return day

    def found(self) -> Found:
        """As the service takes it; days count from their beginning."""
        given = self.cleaned_data
        return Found(
            text=given["text"],
            use=Use(given["use"]),
            first=datetime.combine(given["first"], time(), UTC),
            last=datetime.combine(given["last"], time(), UTC),
            origin="by hand",
            campaign=given["campaign"].pk if given["campaign"] else None,
            label=Label(given["label"]),
            public=given["public"].replace("\r\n", "\n"),
            note=given["note"],
        )


class SeenForm(forms.Form):
    """When somebody saw what is taken over."""

    first = forms.DateField(label="First seen", widget=DAY)
    last = forms.DateField(label="Last seen", widget=DAY)

    def seen(self) -> dict[str, datetime]:
        """Both days from their beginning."""
        return {name: datetime.combine(self.cleaned_data[name], time(), UTC) for name in ("first", "last")}


class StepForm(forms.Form):
    """What became of a report."""

    state = forms.ChoiceField(choices=[(word.value, word.value) for word in sorted(BY_HAND)])
    note = forms.CharField(max_length=1_000, required=False)


class AuthorityForm(forms.ModelForm):  # type: ignore[type-arg]  # takes none at run time
    """Law enforcement that gets reports."""

    country = forms.RegexField(r"^[A-Za-z]{2}\Z", required=False, help_text="Two letters (ISO 3166).")

    class Meta:
        model = Authority
        fields: ClassVar = ["name", "address", "country", "active"]


class SenderForm(forms.Form):
    """Who reports, as recipients read it."""

    name = forms.CharField(max_length=200)
    address = forms.EmailField(max_length=254, help_text="Where answers go.")
