"""Pages about the hub itself: retention, bulk exports."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from tocsin.errors import UsageFault
from tocsin.hub.accounts.doors import administrators, person_of, writers
from tocsin.hub.accounts.selectors import exports_visible_to
from tocsin.hub.site import exports, retention

FOR_EVER = 0


class RetentionForm(forms.Form):
    """Days for each kind of record."""

    def __init__(self, *args: object, **rest: object) -> None:
        """One field for each kind."""
        super().__init__(*args, **rest)  # type: ignore[arg-type]  # Django's own, passed through
        for rule in retention.rules():
            self.fields[rule.kept.kind] = forms.IntegerField(
                label=rule.kept.what,
                min_value=FOR_EVER,
                max_value=36_500,
                initial=rule.days or FOR_EVER,
                help_text=f"Days; 0 for ever. {_tidied(rule)}",
            )


def _tidied(rule: retention.Rule) -> str:
    if rule.last_run is None:
        return "Not tidied yet."
    return f"Last tidied {rule.last_run:%Y-%m-%d %H:%M} UTC."


class ExportForm(forms.Form):
    """What to export, and why."""

    kind = forms.ChoiceField(choices=())
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), max_length=2_000)

    def __init__(self, *args: object, **rest: object) -> None:
        """Offer what the apps declare."""
        super().__init__(*args, **rest)  # type: ignore[arg-type]  # Django's own, passed through
        offered = [(export.kind, export.what) for export in exports.all_exports().values()]
        self.fields["kind"] = forms.ChoiceField(choices=offered)


@administrators
def retention_page(request: HttpRequest) -> HttpResponse:
    """How long each kind of record is kept; a dry run says what would go."""
    form = RetentionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        for kind, days in form.cleaned_data.items():
            retention.keep_for(kind, days or None, by=person_of(request))
        messages.success(request, "Kept.")
        return redirect("retention")
    would = retention.dry_run() if "dry" in request.GET else None
    return render(request, "site/retention.html", {"form": form, "would": would})


@writers
@never_cache
def exports_page(request: HttpRequest) -> HttpResponse:
    """Requests for bulk exports, and a form for another."""
    form, person = ExportForm(request.POST or None), person_of(request)
    if request.method == "POST" and form.is_valid():
        exports.ask(form.cleaned_data["kind"], form.cleaned_data["reason"], by=person)
        return redirect("exports")
    shown = list(exports_visible_to(person).order_by("-asked", "-id")[:200])
    rows = [(row, exports.ready(row, person)) for row in shown]
    return render(request, "site/exports.html", {"form": form, "rows": rows})


@writers
@require_POST
def decide_export(request: HttpRequest, number: int) -> HttpResponse:
    """Approve or refuse a colleague's request."""
    wanted = get_object_or_404(exports_visible_to(request.user), pk=number)
    try:
        exports.decide(wanted, by=person_of(request), yes=request.POST.get("decision") == "approve")
    except UsageFault as fault:
        messages.error(request, str(fault))
    return redirect("exports")


@writers
@require_POST
def fetch_export(request: HttpRequest, number: int) -> HttpResponseBase:
    """The approved export, for the person who asked."""
    wanted = get_object_or_404(exports_visible_to(request.user), pk=number)
    if not exports.ready(wanted, person_of(request)):
        raise PermissionDenied
    answer = StreamingHttpResponse(
        exports.lines(wanted, person_of(request)), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="{wanted.kind}-{wanted.pk}.csv"'
    return answer
