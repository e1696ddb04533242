"""The form by which anybody reports, the one for later, and those of staff."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils import timezone

from tocsin.hub.accounts.models import User
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.constituency.models import Organisation
from tocsin.hub.incidents.models import IncidentReport
from tocsin.hub.incidents.services import Told, objections
from tocsin.hub.rules import incident, tlp
from tocsin.hub.rules.words import Role

TRAP = "website"
"""A field that people do not see; programs that fill in everything do."""

_LONG = 20_000
_TELLS: dict[str, dict[str, str]] = {
    "functional": {
        "none": "everything works",
        "minimal": "works, with effort",
        "significant": "some services do not work",
        "denial": "nothing of importance works",
        "unknown": "not known yet",
    },
    "information": {
        "none": "nothing was read or changed",
        "suspected": "suspected, not shown",
        "privacy": "personal data",
        "proprietary": "secrets of the organisation",
        "credentials": "passwords or keys",
        "destruction": "data was destroyed",
        "unknown": "not known yet",
    },
    "recoverability": {
        "regular": "with what we have, in a time we know",
        "supplemented": "with more help, in a time we know",
        "extended": "nobody knows when",
        "not-recoverable": "not possible",
        "unknown": "not known yet",
    },
}


def _choice(name: str, label: str, help_text: str = "") -> forms.ChoiceField:
    choices = list(_TELLS[name].items())
    return forms.ChoiceField(label=label, choices=choices, initial="unknown", help_text=help_text)


def _answer(label: str) -> forms.ChoiceField:
    choices = [(word.value, "not known yet" if word == "unknown" else word.value) for word in incident.Answer]
    return forms.ChoiceField(label=label, choices=choices, initial="unknown")


class Files(forms.ClearableFileInput):
    """Several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files, or none."""

    widget = Files

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Each as a file."""
        given = data if isinstance(data, list | tuple) else [data] if data else []
        return [super(FilesField, self).clean(each, initial) for each in given]


def files_field() -> FilesField:
    """The field for files that may be anything."""
    return FilesField(
        label="Files",
        required=False,
        help_text="Logs, pages, an assessment: up to 5 at a time, 25 MiB each. They are kept apart.",
    )


class ReportForm(forms.Form):
    """One page: who, what, since when, how bad, and how to reach you safely."""

    organisation_name = forms.CharField(label="Organisation", max_length=300)
    name = forms.CharField(label="Your name", max_length=200, required=False)
    contact = forms.CharField(
        label="How we reach you safely",
        max_length=254,
        help_text="A telephone number, or a mail address outside of what is affected: "
        "mail in your own domain may be read by the intruder.",
    )
    work_address = forms.EmailField(
        label="Your address at the organisation",
        max_length=254,
        required=False,
        help_text="So that we know where you belong. We do not write to it.",
    )
    affected = forms.CharField(
        label="Affected servers and domains",
        max_length=_LONG,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Names or addresses, one a line.",
    )
    seen = forms.CharField(
        label="What you saw",
        max_length=_LONG,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="What, when, what you did since. Plain text.",
    )
    aware_on = forms.DateField(
        label="Day on which you became aware", widget=forms.DateInput(attrs={"type": "date"})
    )
    aware_at = forms.TimeField(
        label="Time of day, UTC",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}),
        help_text="The clocks of your reports begin then. Empty: the beginning of the day.",
    )
    malicious = _answer("Do you suspect unlawful or malicious acts?")
    cross_border = _answer("Could it affect other countries?")
    personal_data = _answer("Is personal data concerned?")
    functional = _choice("functional", "What still works")
    information = _choice("information", "What was read, changed or lost")
    recoverability = _choice("recoverability", "Getting over it")
    tlp = forms.ChoiceField(
        label="Whom we may tell",
        choices=tlp.choices,
        initial="amber",
        help_text="Traffic Light Protocol 2.0.",
    )
    attached = files_field()
    proof = forms.CharField(widget=forms.HiddenInput, required=False, max_length=400)
    website = forms.CharField(
        label="Leave this empty",
        required=False,
        max_length=400,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        """What the rules object to, at its field."""
        given = super().clean() or {}
        if self.errors:
            return given
        for name, says in objections(self.told()):
            self.add_error("aware_on" if name == "aware" else name, says)
        return given

    def told(self) -> Told:
        """What was reported."""
        given = dict(self.cleaned_data)
        day, hour = given.pop("aware_on"), given.pop("aware_at")
        moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
        moment = moment.replace(hour=hour.hour, minute=hour.minute) if hour else moment
        for name in ("attached", "proof", TRAP):
            given.pop(name, None)
        return Told(aware=min(moment, timezone.now()) if not hour else moment, **given)

    @property
    def trapped(self) -> bool:
        """Whether something filled in what people do not see."""
        return bool(self.cleaned_data.get(TRAP, "").strip())


class OpenForm(forms.Form):
    """What was shown when the report was sent."""

    reference = forms.CharField(max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    secret = forms.CharField(
        max_length=60, widget=forms.PasswordInput(attrs={"autocomplete": "off"}), help_text="Four groups."
    )


class FollowUpForm(forms.Form):
    """What the reporter says later."""

    stage = forms.ChoiceField(
        choices=[
            ("other", "an answer, or something new"),
            ("notification", "the notification (72 hours): severity, impact, indicators"),
            ("intermediate", "an intermediate report"),
            ("final", "the final report (one month): what happened, root cause, measures"),
            ("personal-data", "that the supervisory authority has been told of personal data"),
        ]
    )
    text = forms.CharField(label="What you say", max_length=_LONG, widget=forms.Textarea(attrs={"rows": 8}))
    attached = files_field()


def _analysts() -> list[tuple[str, str]]:
    people = User.objects.filter(is_active=True, role__in=(Role.ADMINISTRATOR, Role.ANALYST))
    return [("", "nobody"), *((str(each.pk), str(each)) for each in people.order_by("email"))]


class LinkForm(forms.Form):
    """Whose it is, of which campaign, which servers, who works on it."""

    organisation = forms.IntegerField(
        required=False, min_value=1, help_text="Number of the organisation.", label="Organisation"
    )
    campaign = forms.ModelChoiceField(
        queryset=Campaign.objects.order_by("name"), required=False, empty_label="not said yet"
    )
    servers = forms.CharField(
        required=False, max_length=600, help_text="Numbers of servers, with blanks between them."
    )
    assignee = forms.ChoiceField(choices=_analysts, required=False, label="Who works on it")

    def clean_organisation(self) -> Organisation | None:
        """One that there is."""
        number = self.cleaned_data["organisation"]
        found = Organisation.objects.filter(pk=number).first() if number else None
        if number and found is None:
            raise forms.ValidationError("There is no organisation of this number.")
        return found

    def clean_servers(self) -> list[int]:
        """Numbers."""
        words = self.cleaned_data["servers"].replace(",", " ").split()
        if not all(word.isascii() and word.isdigit() and len(word) < 18 for word in words):  # noqa: PLR2004 - 64 bits
            raise forms.ValidationError("Numbers of servers, with blanks between them.")
        return [int(word) for word in words]

    @classmethod
    def of(cls, report: IncidentReport) -> LinkForm:
        """The form as the report stands."""
        servers = " ".join(map(str, report.servers.order_by("pk").values_list("pk", flat=True)))
        initial = {
            "organisation": report.organisation_id,
            "campaign": report.campaign_id,
            "servers": servers,
            "assignee": report.assignee_id or "",
        }
        return cls(initial=initial)


class SayForm(forms.Form):
    """Something for the reporter's page, or among staff."""

    text = forms.CharField(max_length=_LONG, widget=forms.Textarea(attrs={"rows": 4}))
    shown = forms.ChoiceField(
        label="Who reads it", choices=[("yes", "the reporter, on his page"), ("no", "staff only")]
    )
    mail = forms.BooleanField(
        required=False,
        label="Tell the safe contact by mail that something stands there",
    )


class StateForm(forms.Form):
    """The next state, and why."""

    reason = forms.CharField(required=False, max_length=2_000, label="Why (the reporter reads it)")

    def __init__(self, *args: Any, state: str, **rest: Any) -> None:
        """With the states that may follow."""
        super().__init__(*args, **rest)
        follows = [word for word in incident.following(state) if word is not incident.State.MERGED]
        self.fields["state"] = forms.ChoiceField(choices=[(word.value, word.value) for word in follows])
        self.order_fields(["state", "reason"])


class MergeForm(forms.Form):
    """Into which report."""

    into = forms.CharField(label="Reference of the other report", max_length=20)
