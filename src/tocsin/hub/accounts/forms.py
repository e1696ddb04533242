"""What people fill in about accounts."""

from __future__ import annotations

from datetime import timedelta

from django import forms

from tocsin.hub.accounts.models import OperatorText, choices
from tocsin.hub.accounts.services import LONGEST_TOKEN
from tocsin.hub.rules.permissions import grantable
from tocsin.hub.rules.words import Role

LARGEST = 2**63 - 1
NUMBER = "Its number, as the address of its page ends: /organisations/12/ has 12."
YEAR = timedelta(days=LONGEST_TOKEN)


class InvitationForm(forms.Form):
    """Whom to let in, as what."""

    email = forms.EmailField(label="E-mail", max_length=254)
    name = forms.CharField(max_length=200, required=False)
    role = forms.ChoiceField(choices=choices(Role), initial=Role.VIEWER)
    organisation = forms.IntegerField(
        required=False, min_value=1, max_value=LARGEST, help_text=f"Needed for members. {NUMBER}"
    )


class EntranceForm(forms.Form):
    """Opens an account, or sets a new password."""

    name = forms.CharField(max_length=200, required=False)
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,  # log-in takes it as it is typed
        min_length=12,
        max_length=200,
    )


class RoleForm(forms.Form):
    """Another role."""

    role = forms.ChoiceField(choices=choices(Role))


class MembershipForm(forms.Form):
    """Another organisation."""

    organisation = forms.IntegerField(min_value=1, max_value=LARGEST, help_text=NUMBER)


class TokenForm(forms.Form):
    """A new token: what for, what it may reach, how long it lives."""

    name = forms.CharField(max_length=100, help_text="What it is for.")
    scopes = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, choices=())
    days = forms.IntegerField(label="Days until it ends", min_value=1, max_value=LONGEST_TOKEN, initial=90)

    def __init__(self, *args: object, role: str, **rest: object) -> None:
        """Offer the scopes that this role may give."""
        super().__init__(*args, **rest)  # type: ignore[arg-type]  # Django's own, passed through
        offered = sorted(grantable(role))
        self.fields["scopes"] = forms.MultipleChoiceField(
            widget=forms.CheckboxSelectMultiple, choices=[(str(scope), str(scope)) for scope in offered]
        )


PARTS = (
    ("controller", "Who runs this hub, and how to reach the data protection officer"),
    ("basis", "Legal basis, such as GDPR Article 6(1)(e) or (f), and the national law behind it"),
    ("kept", "What is kept about whom, and why"),
    ("recipients", "Who gets to see it"),
    ("rights", "Rights of those concerned, and where to complain"),
    ("breach", "What this hub's operator does when the hub itself is broken into (GDPR Articles 33 and 34)"),
)


class DataProtectionForm(forms.Form):
    """The operator's part of the data-protection page."""

    def __init__(self, *args: object, **rest: object) -> None:
        """One field of Markdown for each part."""
        super().__init__(*args, **rest)  # type: ignore[arg-type]  # Django's own, passed through
        for key, label in PARTS:
            self.fields[key] = forms.CharField(
                label=label,
                required=False,
                max_length=20_000,
                widget=forms.Textarea(attrs={"rows": 4}),
                help_text="Markdown",
            )

    def keep(self) -> list[OperatorText]:
        """The parts as rows, not yet saved."""
        return [OperatorText(key=key, text=self.cleaned_data[key]) for key, _ in PARTS]
