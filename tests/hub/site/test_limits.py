"""The page of limits says what the code does."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from tocsin.hub.accounts import doors, refusals, second_factor, services, views
from tocsin.hub.advisories import mail_views, subscriptions
from tocsin.hub.api import observations
from tocsin.hub.constituency import bulk, importing
from tocsin.hub.directives import forms
from tocsin.hub.exposure import services as exposure
from tocsin.hub.incidents import gates, uploads
from tocsin.hub.listing import export, saved
from tocsin.hub.notices import views as notices
from tocsin.hub.owners import api as owners_api
from tocsin.hub.owners import owner_page
from tocsin.hub.rules import handins
from tocsin.hub.rules.layouts import lines
from tocsin.hub.rules.workbooks import package
from tocsin.hub.site import exports, surroundings

DOCS = Path(__file__).parents[3] / "docs" / "hub"


def said() -> set[str]:
    """What the rows must say, made from the code's own figures."""
    login = settings.ACCOUNT_RATE_LIMITS["login_failed"].split("/")
    return {
        f"{lines.LARGEST >> 30} GiB unpacked",
        f"{importing.LARGEST >> 20} MB |",
        f"| {handins.LARGEST_REPORT >> 20} MiB |",
        f"| {handins.LARGEST_EVIDENCE >> 30} GiB |",
        f"{uploads.LARGEST >> 20} MiB each, {uploads.AT_ONCE} at a time, {uploads.IN_ALL} and",
        f"{uploads.TOGETHER >> 20} MiB a report",
        f"| {forms.LARGEST >> 20} MiB, {package.LARGEST_WHOLE >> 20} MiB unpacked |",
        f"{settings.DATA_UPLOAD_MAX_MEMORY_SIZE >> 20} MiB, {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:,} f",
        f"| {login[0]} for one account, {login[2].removeprefix('key,')} from one place, in five minutes |",
        f"| keys of programs that are wrong | {doors.WRONG_KEYS} from",
        f"| links of invitations | {views.TRIES} from",
        f"| the owner's page and API | {owner_page.TRIES} by one link, and {owners_api.TRIES} from",
        f"| references on the public page | {notices.TRIES} from",
        f"{gates.WORKED} from one place in an hour with a proof of work; {gates.UNWORKED} without, and",
        f"{gates.UNWORKED_IN_ALL} without from everybody",
        f"{gates.TRIES} from one place in a quarter of an hour, {gates.TRIES_OF_ONE} of one report",
        f"| follow-ups of an incident report | {gates.FOLLOW_UPS} in an hour |",
        f"{mail_views.TRIES} from one place in ten minutes, {mail_views.ALL_TOGETHER} from everybody in an",
        f"{subscriptions.ASKED_AT_MOST} of one address in a day",
        f"| {export.AT_MOST:,} rows;",
        f"fetched for {exports.FETCHED_WITHIN.total_seconds() / 3600:.0f} hours",
        f"| {exposure.MOST_AT_ONCE:,} servers, {bulk.MOST:,} organisations |",
        f"| observations in one call | {observations.MOST:,} |",
        f"| saved views | {saved.MOST} a person |",
        f"| {settings.SESSION_COOKIE_AGE // 3600} hours; {surroundings.idle_minutes()} minutes unused",
        f"| {second_factor.GRACE.total_seconds() / 3600:.0f} hours |",
        f"| {services.INVITED_FOR.days} days, once |",
    }


def test_the_page_says_what_the_code_does() -> None:
    page = (DOCS / "limits.md").read_text("utf-8")
    assert {row for row in said() if row not in page} == set()


def test_the_page_on_running_a_hub_says_it_too() -> None:
    page = " ".join((DOCS / "running.md").read_text("utf-8").split())
    assert f"{surroundings.SHORTEST_IDLE} to {surroundings.LONGEST_IDLE}, after which a session" in page
    assert f"an hour makes {refusals.MOST} rows at most" in page
    assert f"Lists export up to {export.AT_MOST:,} rows" in page
