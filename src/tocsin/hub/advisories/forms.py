"""What people fill in about advisories."""

from __future__ import annotations

from typing import Any

from django import forms

from tocsin.errors import UsageFault
from tocsin.hub.advisories.models import Publisher
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.rules import tlp
from tocsin.hub.rules.advisory import SEVERITIES, Content, lines, table

TABLES = {"cves": 2, "products": 5, "mitigations": 2, "steps": 2, "sources": 2}
"""Fields that are tables, one row a line, and how many cells a row has."""

LONGEST_TEXT = 100_000


class BeginForm(forms.Form):
    """From which campaign a new advisory is filled in."""

    campaign = forms.ModelChoiceField(
        queryset=Campaign.objects.order_by("name"),
        required=False,
        empty_label="none: begin empty",
        help_text="What its pack knows is filled in: vulnerabilities, fixes, mitigations, steps, sources.",
    )
    title = forms.CharField(max_length=300, required=False, help_text="Empty: the campaign's.")

    def clean(self) -> dict[str, Any]:
        """One of the two."""
        given = super().clean() or {}
        if not given.get("campaign") and not (given.get("title") or "").strip():
            raise forms.ValidationError("Choose a campaign, or give a title.")
        return given


def _rows(label: str, help_text: str) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 5, "spellcheck": "false"})
    return forms.CharField(
        label=label, help_text=help_text, widget=widget, required=False, max_length=LONGEST_TEXT
    )


class AdvisoryForm(forms.Form):
    """An advisory's content. Tables are typed as lines, cells between bars."""

    title = forms.CharField(max_length=300)
    tlp = forms.ChoiceField(label="Mark", choices=tlp.choices)
    severity = forms.ChoiceField(choices=[(word, word) for word in SEVERITIES])
    summary = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=2_000,
        help_text="Plain text, one paragraph: it stands in mail, feeds and CSAF.",
    )
    text = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 24}),
        max_length=LONGEST_TEXT,
        help_text="Markdown. HTML in it is shown as text, images are left out.",
    )
    cves = _rows("Vulnerabilities", "CVE number | what it lets someone do")
    products = _rows(
        "Products", "Maker | product | affected line | first fixed version (number first) | where the fix is"
    )
    mitigations = _rows("Mitigations", "Title | what must be known of it")
    steps = _rows("Courses of action", "Kind | title, in the order in which they are taken")
    sources = _rows("Sources", "Title | web address")
    edited = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean(self) -> dict[str, Any]:
        """Tables as rows."""
        given = super().clean() or {}
        for name, columns in TABLES.items():
            try:
                given[name] = table(given.get(name) or "", columns, str(self.fields[name].label))
            except UsageFault as fault:
                self.add_error(name, str(fault))
        return given

    def content(self) -> Content:
        """What was filled in."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "edited"}
        return Content(**given)

    @classmethod
    def of(cls, content: Content, edited: int) -> AdvisoryForm:
        """The form with an advisory's content in it."""
        shown = {name: getattr(content, name) for name in ("title", "tlp", "severity", "summary", "text")}
        tables = {name: lines(getattr(content, name)) for name in TABLES}
        return cls(initial={**shown, **tables, "edited": edited})


class PublishForm(forms.Form):
    """What is said of a new version."""

    summary = forms.CharField(
        label="What changed", max_length=300, help_text="One line, for the revision history."
    )
    mail = forms.BooleanField(label="Mail it to subscribers", required=False, initial=True)
    edited = forms.IntegerField(widget=forms.HiddenInput)


class WithdrawForm(forms.Form):
    """Why."""

    reason = forms.CharField(label="Why it is withdrawn", max_length=1_000)


class SubscribeForm(forms.Form):
    """An address."""

    address = forms.EmailField(
        label="E-mail",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text="An address that works while your own mail server is down or not yours alone.",
    )


class PublisherForm(forms.ModelForm):  # type: ignore[type-arg]  # takes none at run time
    """Who publishes here."""

    namespace = forms.URLField(label="Web address of the authority", max_length=300, assume_scheme="https")

    class Meta:
        model = Publisher
        fields = ["name", "namespace", "category", "contact", "authority", "prefix", "second_look"]
        labels = {
            "authority": "By what right it speaks",
            "second_look": "Nothing is published before a second person has looked at it",
        }
        help_texts = {
            "prefix": "Numbers of advisories begin with it: TOCSIN-2021-0001.",
            "contact": "How people reach it about advisories.",
        }

    def clean_prefix(self) -> str:
        """Letters, digits and hyphens: it stands in file names."""
        text: str = self.cleaned_data["prefix"].strip().upper()
        if not text.replace("-", "").isalnum() or not text.isascii() or text.startswith("-"):
            raise forms.ValidationError("Letters, digits and hyphens.")
        return text
