"""Forms of the owner's page, and those by which staff give links and decide about hand-ins."""

from __future__ import annotations

from typing import Any

from django import forms

from tocsin.hub.owners.answering import Reply
from tocsin.hub.owners.models import OwnerLink
from tocsin.hub.rules.links import LONGEST_DAYS, LONGEST_TEXT, LONGEST_VALUE, OFFERED, Answered, Purpose

SAYS = {
    Answered.ACKNOWLEDGED: "We have read this and are working on it",
    Answered.HELP: "We need help: please contact us",
    Answered.DONE: "We have done what is asked (say what)",
    Answered.REMOVAL_CLAIMED: "We have removed the web shell, or what else was left (say what)",
    Answered.CHANGE_CHANNEL: "Reach us another way (say how below)",
    Answered.OPT_OUT: "Do not write to this contact any more",
    Answered.NOT_OURS: "This is not ours (say whose, if you know)",
}


class AnswerForm(forms.Form):
    """What an owner says."""

    kind = forms.ChoiceField(
        label="Your answer",
        choices=[(kind.value, words) for kind, words in SAYS.items()],
        widget=forms.RadioSelect,
    )
    server = forms.TypedChoiceField(label="About", coerce=int, empty_value=None, required=False)
    text = forms.CharField(
        label="In your words",
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What you found, what you did and when, or what you need.",
    )
    channel = forms.ChoiceField(
        label="New way to reach you",
        required=False,
        choices=[("", "no change"), *((each.value, each.value) for each in OFFERED)],
    )
    value = forms.CharField(
        label="Address or number",
        required=False,
        max_length=LONGEST_VALUE,
        help_text="An analyst verifies it first. If an intruder may read your mail, give a number.",
    )

    def __init__(self, link: OwnerLink, *args: Any, **rest: Any) -> None:
        """For one link: its servers can be named."""
        super().__init__(*args, **rest)
        servers = link.own_servers.order_by("id")[:200]
        field = self.fields["server"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", "all servers here"), *((each.pk, str(each)) for each in servers)]

    def reply(self) -> Reply:
        """What was said; the service has the last word."""
        given = self.cleaned_data
        return Reply(
            kind=Answered(given["kind"]),
            text=given["text"],
            server=given["server"] or None,
            channel=given["channel"],
            value=given["value"],
        )


class LinkForm(forms.Form):
    """A link for an owner: about which campaign, what for, for how long."""

    purpose = forms.ChoiceField(label="What for", choices=[(each.value, each.value) for each in Purpose])
    days = forms.IntegerField(
        label="Days for which it opens", min_value=1, max_value=LONGEST_DAYS, initial=30
    )


class DecideForm(forms.Form):
    """Why a hand-in is confirmed or refused."""

    reason = forms.CharField(
        label="Why", required=False, max_length=5_000, widget=forms.Textarea(attrs={"rows": 2})
    )
