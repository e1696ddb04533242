"""What directives let people do to many organisations at once, in the list of organisations."""

from __future__ import annotations

from collections.abc import Sequence

from django.forms import Form

from tocsin.hub.accounts.models import User
from tocsin.hub.constituency.bulk import Action
from tocsin.hub.directives import selectors, services
from tocsin.hub.directives.forms import ManyTagsForm


def actions() -> tuple[Action, ...]:
    """Give or take a tag, where a directive names any."""
    return (_TAG,) if selectors.tags() else ()


def _tag(user: User, organisations: Sequence[int], form: Form) -> str:
    given = form.cleaned_data
    number = services.tag_many(organisations, given["tag"], by=user, on=given["on"] == "yes")
    how = "now carry" if given["on"] == "yes" else "no longer carry"
    return f"{number:,} organisations {how} {given['tag']}."


_TAG = Action(
    key="directive-tag",
    label="Addressees of directives",
    title="Addressees of directives",
    explanation=(
        "A directive that names the tag addresses whoever carries it, with all below that own servers of its "
        "campaigns. Who no longer carries it, and stands below nobody who does, is no longer judged: the "
        "answers go, and what was said stays."
    ),
    button="Save for",
    form=ManyTagsForm,
    do=_tag,
)
