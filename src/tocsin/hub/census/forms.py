"""The form by which a census file comes in."""

from __future__ import annotations

from datetime import UTC, datetime, time

from django import forms

from tocsin.hub.census.services import Terms
from tocsin.hub.rules.layouts.layout import all_layouts
from tocsin.hub.rules.scope import spell


def _layouts() -> list[tuple[str, str]]:
    return [("", "recognise it"), *((layout.key, layout.key) for layout in all_layouts())]


class UploadForm(forms.Form):
    """A file, and what is known of it. What the layout or the file's name tells may stay empty."""

    file = forms.FileField(label="Census file", help_text="CSV or JSON lines, plain or gzip.")
    source = forms.CharField(
        label="Source",
        max_length=60,
        required=False,
        help_text="Who looked, such as shadowserver. Empty: from the layout.",
    )
    taken = forms.DateField(
        label="Day on which it was taken",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty: from the file's name.",
    )
    scope = forms.CharField(
        label="Scope",
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What was looked at: all, or words such as 192.0.2.0/24 port:443 country:GB check:cve-…"
        " Empty: not known; then nobody counts as looked for and not found.",
    )
    method = forms.CharField(
        label="Method and its version",
        max_length=200,
        required=False,
        help_text="A change of method breaks the curve.",
    )
    succeeds = forms.CharField(
        label="Methods that it continues", max_length=1_000, required=False, help_text="Separated by commas."
    )
    layout = forms.ChoiceField(label="Layout", choices=_layouts, required=False)

    def clean_scope(self) -> str:
        """Words that `rules.scope.spell` reads."""
        text: str = self.cleaned_data["scope"].strip()
        try:
            spell(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        return text

    def terms(self, given_by: str) -> Terms:
        """What the service is told."""
        given, day = self.cleaned_data, self.cleaned_data["taken"]
        return Terms(
            source=given["source"].strip().lower(),
            taken=datetime.combine(day, time(12), UTC) if day else None,
            scope=given["scope"] or None,
            method=given["method"].strip(),
            succeeds=[word.strip() for word in given["succeeds"].split(",") if word.strip()],
            layout=given["layout"],
            given_by=given_by,
        )
