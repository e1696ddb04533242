"""Forms of notices: a new batch, approval and its kin, the public page."""

from __future__ import annotations

from django import forms

from tocsin.hub.accounts.models import OperatorText
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.notices.operator import NAME, PARTS
from tocsin.hub.rules.notices import Kind

SAYS = {
    Kind.VULNERABLE: "vulnerable: the server can be broken into",
    Kind.MITIGATED: "mitigated: still without the update",
    Kind.COMPROMISE: "compromise: somebody was, or may be, inside (by mail a reference only)",
    Kind.WEBSHELL: "web shell: one was seen (by mail a reference only)",
    Kind.DIRECTIVE: "directive: an order applies",
}


class BatchForm(forms.Form):
    """What is to be told, to the owners of which servers."""

    campaign = forms.ModelChoiceField(
        queryset=Campaign.objects.none(), to_field_name="key", empty_label="choose one"
    )
    kind = forms.ChoiceField(label="About", choices=[(kind.value, words) for kind, words in SAYS.items()])
    query = forms.CharField(
        label="Filter",
        required=False,
        max_length=1000,
        help_text="As the address of the list of servers has it after the question mark: sector=health. "
        "Besides, cases=open or cases=to-notify: servers with such a case.",
    )
    directive = forms.CharField(
        required=False, max_length=200, help_text="For a directive: its name, as owners know it."
    )
    deadline = forms.CharField(
        required=False, max_length=200, help_text="For a directive: in words, with the time zone."
    )
    note = forms.CharField(
        label="Why now", required=False, max_length=5_000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: object, **rest: object) -> None:
        """Offer the campaigns that this hub follows."""
        super().__init__(*args, **rest)  # type: ignore[arg-type]  # Django's own, passed through
        chosen = self.fields["campaign"]
        if isinstance(chosen, forms.ModelChoiceField):
            chosen.queryset = Campaign.objects.filter(active=True).order_by("name")


class ReferenceForm(forms.Form):
    """A reference that somebody wants to check."""

    reference = forms.CharField(
        label="Reference",
        max_length=40,
        help_text="As it stands in the message, such as T-7K3M-9QXD-24HZ.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class ContactPageForm(forms.Form):
    """What the public page says about reaching the operator."""

    def __init__(self, *args: object, **rest: object) -> None:
        """One field for each part."""
        super().__init__(*args, **rest)  # type: ignore[arg-type]  # Django's own, passed through
        for key, label in PARTS:
            long = key not in {NAME, "contact-mail"}
            widget = forms.Textarea(attrs={"rows": 3}) if long else forms.TextInput()
            self.fields[key] = forms.CharField(
                label=label, required=False, max_length=5_000 if long else 200, widget=widget
            )

    def clean(self) -> dict[str, object]:
        """No address of a page in the name: it signs mail that carries none."""
        given = super().clean() or {}
        if "://" in str(given.get(NAME, "")):
            self.add_error(NAME, "A name, without an address of a page.")
        return given

    def keep(self) -> list[OperatorText]:
        """The parts as rows, not yet saved."""
        return [OperatorText(key=key, text=self.cleaned_data[key]) for key, _ in PARTS]
