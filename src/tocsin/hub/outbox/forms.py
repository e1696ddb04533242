"""What people fill in."""

from __future__ import annotations

from django import forms

from tocsin.hub.outbox.by_hand import LONGEST, Call


class CallForm(forms.Form):
    """How a call ended."""

    outcome = forms.ChoiceField(
        choices=[
            (Call.REACHED.value, "reached"),
            (Call.NO_ANSWER.value, "no answer: call again later"),
            (Call.WRONG_NUMBER.value, "wrong number"),
        ],
        error_messages={"required": "Say how the call ended.", "invalid_choice": "Say how the call ended."},
    )
    note = forms.CharField(required=False, max_length=LONGEST)


class HoldForm(forms.Form):
    """Hold everything, with a reason, or let it go."""

    held = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])
    reason = forms.CharField(required=False, max_length=LONGEST)


class NoteForm(forms.Form):
    """A few words."""

    note = forms.CharField(required=False, max_length=LONGEST)
