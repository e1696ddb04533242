"""Forms by which people answer under a directive."""

from __future__ import annotations

from datetime import date

from django import forms

from tocsin.hub.census.models import Server
from tocsin.hub.directives import selectors
from tocsin.hub.directives.loading import order_of
from tocsin.hub.directives.models import Directive
from tocsin.hub.directives.services import LONGEST
from tocsin.hub.rules.workbooks.layout import FOUND, NO, YES

SAID = (
    (YES, "done"),
    (FOUND, "done, and signs of compromise were found"),
    (NO, "not done"),
)
MOST_OFFERED = 500
LARGEST = 16 * 1024 * 1024


class _About(forms.Form):
    """Which requirement, and of which server."""

    def __init__(self, row: Directive, organisation: int, *args: object, **rest: object) -> None:
        """Offer the requirements of the directive, and the servers of the organisation."""
        super().__init__(*args, **rest)  # type: ignore[arg-type]  # Django's own, passed through
        order = order_of(row)
        self.fields["requirement"] = forms.ChoiceField(
            label="Requirement", choices=[(each.id, each.title) for each in order.requirements]
        )
        servers = Server.objects.filter(organisation=organisation).order_by("pk")[:MOST_OFFERED]
        self.fields["server"] = forms.ChoiceField(
            label="Server",
            required=False,
            choices=[("", "all of them, or the organisation"), *((str(one.pk), str(one)) for one in servers)],
        )

    def server(self) -> int | None:
        """The server that is meant, or None for all."""
        return int(self.cleaned_data["server"]) if self.cleaned_data["server"] else None


class WordForm(_About):
    """What somebody says: a claim."""

    round = forms.IntegerField(label="Round", min_value=0, max_value=100, initial=0, required=False)
    said = forms.ChoiceField(label="It is", choices=SAID)
    text = forms.CharField(
        label="How you know, or why not",
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    field_order = ("requirement", "server", "round", "said", "text")


class ExceptionForm(_About):
    """Why a requirement is not met, and by when it will be."""

    reason = forms.CharField(label="Why", max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 3}))
    until = forms.DateField(label="It will be done by", widget=forms.DateInput(attrs={"type": "date"}))
    field_order = ("requirement", "server", "reason", "until")

    def day(self) -> date:
        """The day by which it will be done."""
        day: date = self.cleaned_data["until"]
        return day


class SignForm(forms.Form):
    """A report, signed for the organisation and all below it."""

    name = forms.CharField(label="Name of who signs", max_length=200)
    office = forms.CharField(label="Office", max_length=200, help_text="Such as Chief Information Officer.")
    statement = forms.CharField(
        label="Remarks", max_length=LONGEST, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, row: Directive, *args: object, **rest: object) -> None:
        """Offer the reports that the directive asks for."""
        super().__init__(*args, **rest)  # type: ignore[arg-type]  # Django's own, passed through
        reports = [each for each in order_of(row).requirements if each.proof == "report-signed"]
        self.fields["requirement"] = forms.ChoiceField(
            label="Report", choices=[(each.id, each.title) for each in reports]
        )
        self.fields["whole"] = forms.BooleanField(
            label="It speaks for the whole organisation, with all that stands below it"
        )
        self.order_fields(("requirement", "name", "office", "statement", "whole"))


class QuestionsForm(forms.Form):
    """The directive's questions; what is left open stays unanswered."""

    def __init__(self, row: Directive, *args: object, **rest: object) -> None:
        """One field for each question."""
        super().__init__(*args, **rest)  # type: ignore[arg-type]  # Django's own, passed through
        for name, asked in order_of(row).questions.items():
            self.fields[name] = forms.ChoiceField(
                label=asked, required=False, choices=(("", "no answer"), ("yes", "yes"), ("no", "no"))
            )

    def answers(self) -> dict[str, bool]:
        """What was answered."""
        return {name: value == "yes" for name, value in self.cleaned_data.items() if value}


class WorkbookForm(forms.Form):
    """A filled workbook."""

    file = forms.FileField(label="The filled workbook (.xlsx)", help_text=f"At most {LARGEST >> 20} MB.")


ADDRESSED = (("yes", "addressed, with all below"), ("no", "not addressed"))


class TagForm(forms.Form):
    """Which organisation a directive addresses by name."""

    organisation = forms.IntegerField(label="Number of the organisation", min_value=1, max_value=2**62)
    on = forms.ChoiceField(label="It is", choices=ADDRESSED)


class ManyTagsForm(forms.Form):
    """A tag, for many organisations."""

    tag = forms.ChoiceField(label="By the tag", choices=lambda: [(name, name) for name in selectors.tags()])
    on = forms.ChoiceField(label="They are", choices=ADDRESSED)
