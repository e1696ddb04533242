"""What people fill in about organisations."""

from __future__ import annotations

from typing import ClassVar

from django import forms

from tocsin.errors import UsageFault
from tocsin.hub.constituency.models import Claim, Contact, Organisation
from tocsin.hub.rules.claims import sound_claim
from tocsin.hub.rules.reach import sound_contact
from tocsin.hub.rules.sectors import sectors

MAPPING = "One line each, such as: name = Behörde. Empty where the table has a layout that the hub knows."


def sector_choices() -> list[tuple[str, str]]:
    """The vocabulary of sectors for a form."""
    return [(row.id, row.name) for row in sectors().values()]


class OrganisationForm(forms.ModelForm):  # type: ignore[type-arg]  # takes none at run time
    """An organisation."""

    sector = forms.ChoiceField(choices=sector_choices)
    country = forms.RegexField(r"^[A-Za-z]{2}\Z", required=False, help_text="Two letters (ISO 3166).")
    parent = forms.ModelChoiceField(
        Organisation.objects.all(),
        required=False,
        widget=forms.NumberInput,
        help_text="Number of the organisation above.",
    )

    class Meta:
        model = Organisation
        fields: ClassVar = ["name", "sector", "country", "region", "parent", "note"]
        widgets: ClassVar = {"note": forms.Textarea(attrs={"rows": 3})}

    def clean_country(self) -> str:
        """Upper case."""
        return str(self.cleaned_data["country"]).upper()


class ChangeForm(forms.Form):
    """What many organisations are to have in common; what is left empty stays as it is."""

    sector = forms.ChoiceField(required=False, choices=lambda: [("", "as it is"), *sector_choices()])
    country = forms.RegexField(r"^[A-Za-z]{2}\Z", required=False, help_text="Two letters (ISO 3166).")
    region = forms.CharField(required=False, max_length=100)
    parent = forms.ModelChoiceField(
        Organisation.objects.all(),
        required=False,
        widget=forms.NumberInput,
        help_text="Number of the organisation above.",
    )

    def clean_country(self) -> str:
        """Upper case."""
        return str(self.cleaned_data["country"]).upper()

    def clean(self) -> dict[str, object] | None:
        """Something is to change."""
        found = super().clean() or self.cleaned_data
        if not self.errors and not any(found.values()):
            raise forms.ValidationError("Say what they are to have in common.")
        return found


class ContactForm(forms.ModelForm):  # type: ignore[type-arg]  # takes none at run time
    """A way to reach an organisation."""

    class Meta:
        model = Contact
        fields: ClassVar = ["role", "channel", "value", "name", "language", "key"]
        widgets: ClassVar = {"key": forms.Textarea(attrs={"rows": 3})}
        help_texts: ClassVar = {"key": "OpenPGP key or S/MIME certificate.", "value": "Address or number."}

    def clean(self) -> dict[str, object] | None:
        """Written in one way."""
        found = super().clean() or self.cleaned_data
        try:
            found["value"] = sound_contact(str(found.get("channel", "")), str(found.get("value", "")))
        except UsageFault as fault:
            self.add_error("value", fault.what)
        return found


class ClaimForm(forms.ModelForm):  # type: ignore[type-arg]  # takes none at run time
    """A claim of an organisation."""

    class Meta:
        model = Claim
        fields: ClassVar = ["kind", "value", "valid_from", "valid_until"]
        widgets: ClassVar = {
            "valid_from": forms.DateInput(attrs={"type": "date"}),
            "valid_until": forms.DateInput(attrs={"type": "date"}),
        }

    def clean(self) -> dict[str, object] | None:
        """Written in one way."""
        found = super().clean() or self.cleaned_data
        try:
            found["value"] = sound_claim(str(found.get("kind", "")), str(found.get("value", "")))
        except UsageFault as fault:
            self.add_error("value", str(fault))
        return found


class ImportForm(forms.Form):
    """A file of organisations."""

    file = forms.FileField(label="CSV, or JSON of RDAP or abuse contacts", allow_empty_file=False)
    mapping = forms.CharField(
        label="Columns",
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=MAPPING,
    )
    complete = forms.BooleanField(
        required=False, label="The file is complete: end claims of its source that it no longer lists"
    )
    dry = forms.BooleanField(
        required=False, initial=True, label="Dry run: say what would change, and change nothing"
    )

    def clean_mapping(self) -> dict[str, str]:
        """Our name to their name."""
        lines = [line for line in self.cleaned_data["mapping"].splitlines() if line.strip()]
        pairs = [line.partition("=") for line in lines]
        if not all(middle and left.strip() and right.strip() for left, middle, right in pairs):
            raise forms.ValidationError("Each line is: our name = their name.")
        return {left.strip(): right.strip() for left, _, right in pairs}
