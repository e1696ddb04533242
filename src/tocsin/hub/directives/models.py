"""Directives as they were loaded, whom they address, what was said, and where each requirement stands."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from tocsin.hub.accounts.models import choices
from tocsin.hub.rules.directives import Standing


class Directive(models.Model):
    """One order, in its newest version. The text is kept whole, so that it can be read without its folder."""

    key = models.CharField(max_length=60, unique=True)
    title = models.CharField(max_length=300)
    issuer = models.CharField(max_length=200)
    issued = models.DateField()
    source = models.CharField(max_length=500)
    version = models.PositiveIntegerField(default=1)
    digest = models.CharField(max_length=64)
    text = models.TextField()
    active = models.BooleanField(default=False)  # in force here: an administrator or analyst says so
    loaded = models.DateTimeField(default=timezone.now)
    seen = models.BigIntegerField(default=0)  # number of the last event that was looked at
    walked = models.BigIntegerField(default=0)  # the last organisation that was looked at for the scope
    settled = models.BooleanField(default=False)  # the scope was walked through to the end

    def __str__(self) -> str:
        """Its title."""
        return self.title


class Version(models.Model):
    """A text that a directive had, never changed."""

    directive = models.ForeignKey(Directive, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    text = models.TextField()
    loaded = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["directive", "number"], name="one_directive_version")
        ]

    def __str__(self) -> str:
        """Which one."""
        return f"{self.directive} {self.number}"


class Addressee(models.Model):
    """An organisation that carries a tag of directives, such as ``federal-civilian``; who is below, too."""

    organisation_id: int

    tag = models.CharField(max_length=60)
    organisation = models.ForeignKey(
        "constituency.Organisation", on_delete=models.CASCADE, related_name="directive_tags"
    )
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tag", "organisation"], name="one_directive_tag")
        ]

    def __str__(self) -> str:
        """Who, as what."""
        return f"{self.organisation}: {self.tag}"


class Subject(models.Model):
    """One organisation under one directive, with the counts of its requirements. Waits while ``stale``."""

    directive_id: int
    organisation_id: int

    directive = models.ForeignKey(Directive, on_delete=models.CASCADE, related_name="subjects")
    organisation = models.ForeignKey(
        "constituency.Organisation", on_delete=models.CASCADE, related_name="under_directives"
    )
    stale = models.BooleanField(default=True)
    reached = models.BigIntegerField(default=0)  # the last server that was judged, in a round of judging
    judged = models.DateTimeField(null=True)
    servers = models.PositiveIntegerField(default=0)
    proven = models.PositiveIntegerField(default=0)
    claimed = models.PositiveIntegerField(default=0)
    excepted = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)
    not_applicable = models.PositiveIntegerField(default=0)
    late = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["directive", "organisation"], name="one_subject")
        ]
        indexes: ClassVar = [
            models.Index(fields=["stale", "id"], name="subject_to_judge"),
            models.Index(fields=["directive", "-late", "-id"], name="subject_by_late"),
            models.Index(fields=["directive", "-missing", "-id"], name="subject_by_missing"),
            models.Index(fields=["directive", "id"], name="subject_by_directive"),
        ]

    def __str__(self) -> str:
        """Who, under what."""
        return f"{self.organisation} under {self.directive}"


class Answer(models.Model):
    """Where one requirement stands in one round, for one server or (``server`` empty) an organisation.

    ``late_from`` is the first moment at which an open one is late: a "before" ends earlier.
    """

    directive_id: int
    organisation_id: int
    server_id: int | None

    directive = models.ForeignKey(Directive, on_delete=models.CASCADE, related_name="answers")
    organisation = models.ForeignKey(
        "constituency.Organisation", on_delete=models.CASCADE, related_name="directive_answers"
    )
    server = models.ForeignKey(
        "census.Server", null=True, on_delete=models.CASCADE, related_name="directive_answers"
    )
    requirement = models.CharField(max_length=60)
    round = models.PositiveIntegerField(default=0)
    standing = models.CharField(max_length=20, choices=choices(Standing), default=Standing.MISSING)
    found = models.BooleanField(default=False)
    reason = models.CharField(max_length=1000, blank=True)
    at = models.DateTimeField(null=True)  # when it was done
    locators = models.JSONField(default=list)
    due = models.CharField(max_length=120, blank=True)  # in the order's zone and in UTC
    late_from = models.DateTimeField(null=True)
    late = models.BooleanField(default=False)
    changed = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["directive", "requirement", "round", "server"],
                condition=Q(server__isnull=False),
                name="one_answer_of_server",
            ),
            models.UniqueConstraint(
                fields=["directive", "requirement", "round", "organisation"],
                condition=Q(server__isnull=True),
                name="one_answer_of_owner",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["directive", "organisation", "id"], name="directive_answer_by_owner"),
            models.Index(fields=["directive", "requirement", "standing"], name="answer_by_requirement"),
            models.Index(fields=["directive", "-changed", "-id"], name="directive_answer_newest"),
            models.Index(
                fields=["late_from"],
                condition=Q(late=False, standing=Standing.MISSING),
                name="answer_to_be_late",
            ),
        ]

    def __str__(self) -> str:
        """Which requirement, and how it stands."""
        return f"{self.requirement}: {self.standing}"


class Word(models.Model):
    """What somebody says about a requirement: done or not, and whether signs of compromise were found.

    Never changed; the newest counts. A word is a claim and becomes nothing else.
    """

    organisation_id: int
    server_id: int | None

    directive = models.ForeignKey(Directive, on_delete=models.CASCADE, related_name="words")
    organisation = models.ForeignKey(
        "constituency.Organisation", on_delete=models.CASCADE, related_name="directive_words"
    )
    server = models.ForeignKey(  # empty: of the organisation, and of each of its servers without a word
        "census.Server", null=True, on_delete=models.CASCADE, related_name="directive_words"
    )
    requirement = models.CharField(max_length=60)
    round = models.PositiveIntegerField(default=0)
    said = models.CharField(max_length=10)  # yes, found, no
    text = models.TextField(blank=True)
    source = models.CharField(max_length=80)  # page, api, workbook:4
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["directive", "organisation", "id"], name="word_by_owner")]

    def __str__(self) -> str:
        """What was said."""
        return f"{self.requirement}: {self.said}"


class Reply(models.Model):
    """An organisation's answer to one of a directive's questions; the newest counts."""

    organisation_id: int

    directive = models.ForeignKey(Directive, on_delete=models.CASCADE, related_name="replies")
    organisation = models.ForeignKey(
        "constituency.Organisation", on_delete=models.CASCADE, related_name="directive_replies"
    )
    question = models.CharField(max_length=60)
    value = models.BooleanField()
    source = models.CharField(max_length=80)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["directive", "organisation", "id"], name="reply_by_owner")]

    def __str__(self) -> str:
        """Question and answer."""
        return f"{self.question}: {'yes' if self.value else 'no'}"


class Excuse(models.Model):
    """An exception that was asked for: why a requirement is not met, and by when it will be.

    It counts once another person than the one who asked approves it, and ends with its day.
    """

    organisation_id: int
    server_id: int | None

    directive = models.ForeignKey(Directive, on_delete=models.CASCADE, related_name="excuses")
    organisation = models.ForeignKey(
        "constituency.Organisation", on_delete=models.CASCADE, related_name="directive_excuses"
    )
    server = models.ForeignKey(
        "census.Server", null=True, on_delete=models.CASCADE, related_name="directive_excuses"
    )
    requirement = models.CharField(max_length=60)
    reason = models.TextField()
    until = models.DateField()
    asked_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    asked = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    decided = models.DateTimeField(null=True)
    approved = models.BooleanField(default=False)
    ended = models.BooleanField(default=False)  # its day has passed, and its answers were judged anew

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["directive", "organisation", "id"], name="excuse_by_owner"),
            models.Index(fields=["until"], condition=Q(approved=True, ended=False), name="excuse_to_end"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | Q(asked_by__isnull=True)
                | ~Q(decided_by=F("asked_by")),
                name="excuse_by_two",
            )
        ]

    def __str__(self) -> str:
        """Until when."""
        return f"{self.requirement} until {self.until}"


class SignOff(models.Model):
    """A report of an organisation and all below it, signed by name; ``document``: it was taken in."""

    organisation_id: int

    directive = models.ForeignKey(Directive, on_delete=models.CASCADE, related_name="signoffs")
    organisation = models.ForeignKey(
        "constituency.Organisation", on_delete=models.CASCADE, related_name="directive_signoffs"
    )
    requirement = models.CharField(max_length=60)
    round = models.PositiveIntegerField(default=0)
    name = models.CharField(max_length=200)
    office = models.CharField(max_length=200)
    statement = models.TextField(blank=True)
    counts = models.JSONField(default=dict)  # what stood where when it was signed
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    document = models.CharField(max_length=200, blank=True)
    taken_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    taken = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["directive", "organisation", "id"], name="signoff_by_owner")
        ]

    def __str__(self) -> str:
        """Who signed what."""
        return f"{self.requirement}: {self.name}"


class Return(models.Model):
    """A filled workbook that came back, whole: what it says, and which rows belong to no known server."""

    organisation_id: int

    directive = models.ForeignKey(Directive, on_delete=models.CASCADE, related_name="returns")
    organisation = models.ForeignKey(
        "constituency.Organisation", on_delete=models.CASCADE, related_name="directive_returns"
    )
    digest = models.CharField(max_length=64)
    name = models.CharField(max_length=300)
    content = models.JSONField(default=dict)
    doubts = models.JSONField(default=list)
    unmatched = models.JSONField(default=list)  # numbers of rows
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["directive", "organisation", "digest"], name="one_return")
        ]

    def __str__(self) -> str:
        """Which file."""
        return self.name
