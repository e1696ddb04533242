"""Directives as pages: the list, one with its counts, the matrix, one organisation, and what people say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from tocsin.errors import UsageFault
from tocsin.hub.accounts.doors import person_of, writers
from tocsin.hub.accounts.services import record_reading
from tocsin.hub.directives import forms, selectors, services, tables, workbooks
from tocsin.hub.directives.lists import ANSWERS, SUBJECTS
from tocsin.hub.directives.loading import order_of
from tocsin.hub.directives.models import Directive, Subject
from tocsin.hub.directives.pages import organisation_page
from tocsin.hub.listing.views import show
from tocsin.hub.lists.keyset import page
from tocsin.hub.rules.cells import as_csv

MOST_ROWS = 20_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _directive(request: HttpRequest, key: str) -> Directive:
    return get_object_or_404(selectors.directives_visible_to(person_of(request)), key=key)


def _subject(request: HttpRequest, key: str, number: int) -> Subject:
    rows = selectors.subjects_visible_to(person_of(request))
    return get_object_or_404(rows, directive=_directive(request, key), organisation=number)


def _speaker(request: HttpRequest, key: str, number: int) -> Subject:
    subject = _subject(request, key, number)
    if not services.may_speak(person_of(request), number):
        raise PermissionDenied
    return subject


@login_required
def directives(request: HttpRequest) -> HttpResponse:
    """Every directive that this person may see."""
    found = selectors.directives_visible_to(person_of(request)).order_by("-active", "-issued", "key")
    return render(request, "directives/directives.html", {"directives": found})


@login_required
def directive(request: HttpRequest, directive: str) -> HttpResponseBase:
    """One directive: its requirements with counts, and every organisation that it addresses."""
    row, person = _directive(request, directive), person_of(request)
    answers = selectors.visible_to(person).filter(directive=row)
    context: dict[str, Any] = {"directive": row, "order": order_of(row)}
    context |= {"lines": tables.lines(row, answers)}
    rows = selectors.subjects_visible_to(person).filter(directive=row)
    context |= {"waiting": rows.filter(stale=True).count() if row.active else 0, "addressed": rows.count()}
    return show(request, SUBJECTS, rows=rows, template="directives/directive.html", context=context)


@login_required
def answers(request: HttpRequest, directive: str) -> HttpResponseBase:
    """Every answer under a directive, to filter and take away."""
    row = _directive(request, directive)
    found = selectors.visible_to(person_of(request)).filter(directive=row)
    context = {"directive": row}
    return show(request, ANSWERS, rows=found, template="directives/answers.html", context=context)


@login_required
def matrix(request: HttpRequest, directive: str) -> HttpResponseBase:
    """Organisations by requirements; ``?export=csv`` and ``?export=xlsx`` give all of it as a file."""
    row, person = _directive(request, directive), person_of(request)
    found = selectors.subjects_visible_to(person).filter(directive=row)
    answers_ = selectors.visible_to(person).filter(directive=row)
    if form := request.GET.get("export"):
        return _matrix_file(request, row, form)
    shown = page(found, order=("-late", "-id"), cursor=request.GET.get("at", ""))
    record_reading(request, len(shown.rows))
    order = order_of(row)
    lines = tables.matrix(order, answers_, shown.rows)
    context = {"directive": row, "order": order, "matrix": lines, "page": shown}
    return render(request, "directives/matrix.html", context)


def _matrix_file(request: HttpRequest, row: Directive, form: str) -> HttpResponseBase:
    person = person_of(request)
    subjects = list(selectors.subjects_visible_to(person).filter(directive=row).order_by("pk"))
    if len(subjects) * len(order_of(row).requirements) > MOST_ROWS:
        raise BadRequest(f"This is more than {MOST_ROWS:,} rows: export the answers, filtered.")
    found = tables.rows(row, selectors.visible_to(person).filter(directive=row), subjects)
    record_reading(request, len(subjects))
    if form == "csv":
        return _attached(as_csv(tables.HEADER, found), f"{row.key}.csv", "text/csv; charset=utf-8")
    if form == "xlsx":
        return _attached([tables.as_xlsx(found)], f"{row.key}-matrix.xlsx", XLSX)
    raise BadRequest("The matrix is exported as csv or xlsx.")


def _attached(content: Any, name: str, kind: str) -> HttpResponseBase:
    answer = StreamingHttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@login_required
def report(request: HttpRequest, directive: str, number: int) -> HttpResponse:
    """One round's report: in a later round that asks for findings alone, findings alone."""
    row, person = _directive(request, directive), person_of(request)
    asked = [each for each in order_of(row).requirements if number < len(order_of(row).deadlines(each))]
    if number and not asked:
        raise BadRequest("No requirement has so many rounds.")
    positives = {each.id for each in asked if number and each.repeats and each.repeats.only == "findings"}
    found = selectors.visible_to(person).filter(directive=row, round=number)
    found = found.exclude(requirement__in=positives, found=False).order_by(
        "organisation", "requirement", "id"
    )
    counts = selectors.by_requirement(selectors.visible_to(person).filter(directive=row, round=number))
    rows = list(found.filter(found=True)[:MOST_SHOWN]) if number else []
    record_reading(request, len(rows))
    lines = [
        (each, counts.get((each.id, number), {}), order_of(row).deadlines(each)[number], each.id in positives)
        for each in asked
    ]
    context = {"directive": row, "number": number, "lines": lines, "rows": rows}
    return render(request, "directives/report.html", context)


MOST_SHOWN = 500


@login_required
@never_cache
def organisation(request: HttpRequest, directive: str, number: int) -> HttpResponse:
    """One organisation: each requirement with its proof, where to look, and when it is due."""
    subject = _subject(request, directive, number)
    record_reading(request, 1)
    return render(request, "directives/organisation.html", organisation_page(person_of(request), subject))


def _posted(
    request: HttpRequest, subject: Subject, form: Any, title: str, act: Callable[[], str]
) -> HttpResponse:
    """Show a form, or do what it says; what the service objects to stands in the form."""
    if request.method == "POST" and form.is_valid():
        try:
            said = act()
        except UsageFault as fault:
            form.add_error(None, str(fault))
        else:
            messages.success(request, said)
            return redirect("directive-organisation", subject.directive.key, subject.organisation_id)
    back = reverse("directive-organisation", args=[subject.directive.key, subject.organisation_id])
    explanation = "What is said here is kept with your name, and is a claim: evidence proves."
    context = {"form": form, "subject": subject, "title": title, "back": back, "explanation": explanation}
    return render(request, "directives/form.html", context)


@login_required
def say(request: HttpRequest, directive: str, number: int) -> HttpResponse:
    """Say that a requirement is met, or not: a claim."""
    subject = _speaker(request, directive, number)
    initial = {"requirement": request.GET.get("requirement", "")[:60]}
    form = forms.WordForm(subject.directive, number, request.POST or None, initial=initial)

    def act() -> str:
        given = form.cleaned_data
        saying = services.Saying(
            requirement=given["requirement"],
            said=given["said"],
            server=form.server(),
            number=given["round"] or 0,
            text=given["text"],
        )
        services.say(subject.directive, number, [saying], by=person_of(request))
        return "Noted, as a claim."

    return _posted(request, subject, form, "Say how it stands", act)


@login_required
def ask_exception(request: HttpRequest, directive: str, number: int) -> HttpResponse:
    """Ask for an exception."""
    subject = _speaker(request, directive, number)
    initial = {"requirement": request.GET.get("requirement", "")[:60]}
    form = forms.ExceptionForm(subject.directive, number, request.POST or None, initial=initial)

    def act() -> str:
        given = form.cleaned_data
        asking = services.Asking(
            requirement=given["requirement"], reason=given["reason"], until=form.day(), server=form.server()
        )
        services.ask_exception(subject.directive, number, asking, by=person_of(request))
        return "Asked for. It counts once it is approved."

    return _posted(request, subject, form, "Ask for an exception", act)


@login_required
def sign(request: HttpRequest, directive: str, number: int) -> HttpResponse:
    """Sign a report."""
    subject = _speaker(request, directive, number)
    form = forms.SignForm(subject.directive, request.POST or None)

    def act() -> str:
        given = {name: form.cleaned_data[name] for name in ("requirement", "name", "office", "statement")}
        services.sign(subject.directive, number, services.Signing(**given), by=person_of(request))
        return "Signed. It is proven once the document is taken in."

    return _posted(request, subject, form, "Sign a report", act)


@login_required
def questions(request: HttpRequest, directive: str, number: int) -> HttpResponse:
    """Answer the directive's questions."""
    subject = _speaker(request, directive, number)
    form = forms.QuestionsForm(subject.directive, request.POST or None)

    def act() -> str:
        services.reply(subject.directive, number, form.answers(), by=person_of(request))
        return "Noted."

    return _posted(request, subject, form, "Answer the questions", act)


@login_required
def workbook(request: HttpRequest, directive: str, number: int) -> HttpResponse:
    """Take in a filled workbook."""
    subject = _speaker(request, directive, number)
    form = forms.WorkbookForm(request.POST or None, request.FILES or None)

    def act() -> str:
        file = form.cleaned_data["file"]
        data = file.read(forms.LARGEST + 1)
        kept = workbooks.take_in(
            subject.directive, subject.organisation, data, file.name, by=person_of(request)
        )
        return (
            f"Taken in: {len(kept.unmatched)} rows belong to no known server, "
            f"{len(kept.doubts)} cells could not be understood. All of it is kept."
        )

    return _posted(request, subject, form, "Take in a filled workbook", act)


@login_required
@never_cache
def filled_workbook(request: HttpRequest, directive: str, number: int) -> HttpResponseBase:
    """The issuer's workbook, filled for this organisation and all below it, with the proof of every cell."""
    subject = _subject(request, directive, number)
    try:
        made = workbooks.filled(subject.directive, subject.organisation)
    except UsageFault as fault:
        messages.error(request, str(fault))
        return redirect("directive-organisation", directive, number)
    record_reading(request, len(made))
    content = workbooks.bundle(subject.directive, made)
    return _attached([content], f"{subject.directive.key}-{number}.zip", "application/zip")


def _decided(request: HttpRequest, key: str, number: int, act: Callable[[], None], said: str) -> HttpResponse:
    try:
        act()
    except UsageFault as fault:
        messages.error(request, str(fault))
    else:
        messages.success(request, said)
    return redirect("directive-organisation", key, number)


@writers
@require_POST
def decide_exception(request: HttpRequest, number: int) -> HttpResponse:
    """Approve or refuse an exception."""
    excuse = get_object_or_404(selectors.excuses_visible_to(person_of(request)), pk=number)
    approve = request.POST.get("decision") == "approve"

    def act() -> None:
        services.decide_exception(excuse, by=person_of(request), approve=approve)

    said = "Approved." if approve else "Refused."
    return _decided(request, excuse.directive.key, excuse.organisation_id, act, said)


@writers
@require_POST
def take_in_report(request: HttpRequest, number: int) -> HttpResponse:
    """Note that a signed document is here."""
    signoff = get_object_or_404(selectors.signoffs_visible_to(person_of(request)), pk=number)

    def act() -> None:
        services.take_in_report(
            signoff, by=person_of(request), document=request.POST.get("document", "")[:200]
        )

    return _decided(request, signoff.directive.key, signoff.organisation_id, act, "Taken in.")


@writers
@require_POST
def follow(request: HttpRequest, directive: str) -> HttpResponse:
    """Put a directive in force here, or no longer."""
    row = _directive(request, directive)
    services.set_active(row, active=request.POST.get("active") == "yes", by=person_of(request))
    return redirect("directive", directive)


@writers
def addressees(request: HttpRequest, directive: str) -> HttpResponse:
    """Say which organisations carry the tags that a directive names."""
    row = _directive(request, directive)
    form = forms.TagForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            for name in order_of(row).applies.tags:
                services.tag(given["organisation"], name, by=person_of(request), on=given["on"] == "yes")
        except UsageFault as fault:
            form.add_error("organisation", django_forms.ValidationError(str(fault)))
        else:
            return redirect("directive-addressees", directive)
    tags = order_of(row).applies.tags
    carriers = selectors.addressees(tags)[:MOST_SHOWN]
    record_reading(request, len(carriers))
    context = {"directive": row, "form": form, "carriers": carriers, "tags": tags}
    return render(request, "directives/addressees.html", context)
