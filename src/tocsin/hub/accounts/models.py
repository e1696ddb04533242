"""People, what they belong to, the keys of programs, and the record of who read what."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone

from tocsin.hub.rules.words import Role


def choices(words: Any) -> list[tuple[str, str]]:
    """An enumeration of words as a field's choices; the words are shown as they are."""
    return [(word.value, word.value) for word in words]


class Users(BaseUserManager["User"]):
    """Makes people. Nobody signs up by himself: an administrator invites."""

    def create_user(self, email: str, password: str | None = None, **rest: Any) -> User:
        """A person who logs in by e-mail; without a password only an invitation link lets him in."""
        user = self.model(email=self.normalize_email(email).lower(), **rest)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):  # pyright: ignore[reportIncompatibleVariableOverride] - Meta
    """A person. ``role`` tells what he may do; members of organisations see those alone."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=20, choices=choices(Role), default=Role.VIEWER)
    is_active = models.BooleanField(default=True)
    joined = models.DateTimeField(default=timezone.now)
    grace_until = models.DateTimeField(null=True, blank=True)  # until then without a second factor

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = Users()

    def __str__(self) -> str:
        """Name, or address where there is none."""
        return self.name or self.email

    @property
    def writes(self) -> bool:
        """Whether this person may change what the hub holds."""
        return self.role in {Role.ADMINISTRATOR, Role.ANALYST}

    @property
    def administers(self) -> bool:
        """Whether this person manages people, backups and retention."""
        return self.role == Role.ADMINISTRATOR


class Membership(models.Model):
    """One person in one organisation."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(
        "constituency.Organisation", on_delete=models.CASCADE, related_name="memberships"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "organisation"], name="one_membership")
        ]

    def __str__(self) -> str:
        """Who belongs where."""
        return f"{self.user} in {self.organisation}"


class Invitation(models.Model):
    """A link that lets one person in once: to open an account, or (with ``user``) to set a new password."""

    email = models.EmailField()
    name = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=20, choices=choices(Role), default=Role.VIEWER)
    organisation = models.ForeignKey(
        "constituency.Organisation", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created = models.DateTimeField(default=timezone.now)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True)

    def __str__(self) -> str:
        """For whom, as what."""
        return f"{self.email} as {self.role}"


class Token(models.Model):
    """A program's key. Only its digest is kept; the key itself is shown once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created = models.DateTimeField(default=timezone.now)
    expires = models.DateTimeField()
    revoked = models.DateTimeField(null=True, blank=True)
    last_used = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        """Its name and owner."""
        return f"{self.name} of {self.user}"


class Reading(models.Model):
    """Somebody looked at a page that shows victims."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="readings")
    at = models.DateTimeField(default=timezone.now, db_index=True)
    address = models.GenericIPAddressField(null=True)
    path = models.CharField(max_length=500)
    rows = models.PositiveIntegerField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["user", "-id"], name="reading_by_person")]

    def __str__(self) -> str:
        """Who read what, when."""
        return f"{self.user} {self.path} {self.at:%Y-%m-%d %H:%M}"


class Refusal(models.Model):
    """Somebody was refused, once or ``times`` within an hour. What he typed is not kept."""

    KINDS: ClassVar = [
        ("password", "wrong password"),
        ("locked", "too many wrong passwords"),
        ("code", "wrong code of a second factor"),
        ("link", "unknown or used invitation"),
        ("key", "wrong key of a program"),
        ("page", "not for this person"),
    ]

    kind = models.CharField(max_length=20, choices=KINDS)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="refusals")
    address = models.GenericIPAddressField(null=True)
    place = models.CharField(max_length=200, blank=True)  # what was asked for, of people who are known
    first = models.DateTimeField()
    last = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["kind", "-first"], name="refusal_of_kind"),
            models.Index(fields=["-last", "-id"], name="refusal_newest"),
        ]

    def __str__(self) -> str:
        """What was refused to whom."""
        return f"{self.get_kind_display()}: {self.user or self.address or 'many'}"


class Act(models.Model):
    """Something that a person did: let somebody in, changed a contact, approved an export. Never changed.

    What happens to servers stands in the exposure's own chain of events.
    """

    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="acts")
    actor = models.CharField(max_length=200)
    kind = models.CharField(max_length=60)
    subject = models.CharField(max_length=80)  # organisation:4, user:2
    detail = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["subject", "-id"], name="act_on_subject"),
            models.Index(fields=["-at", "-id"], name="act_newest"),
        ]

    def __str__(self) -> str:
        """Who did what."""
        return f"{self.actor}: {self.kind} {self.subject}"


class Retention(models.Model):
    """For how many days one kind of record is kept; no row means the kind's own default."""

    kind = models.CharField(max_length=60, unique=True)
    days = models.PositiveIntegerField(null=True)  # null: for ever
    last_run = models.DateTimeField(null=True)
    last_removed = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        """Kind and days."""
        return f"{self.kind}: {self.days or 'for ever'}"


class OperatorText(models.Model):
    """What the operator of this hub writes about it, in Markdown; one row for each part of a page."""

    key = models.CharField(max_length=60, unique=True)
    text = models.TextField(blank=True)
    changed = models.DateTimeField(auto_now=True)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    def __str__(self) -> str:
        """Which part."""
        return self.key


class ExportRequest(models.Model):
    """A bulk export: one person asks, another approves, and only then there is a file."""

    kind = models.CharField(max_length=60)
    reason = models.TextField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="exports_asked")
    asked = models.DateTimeField(default=timezone.now)
    approved_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="exports_approved"
    )
    approved = models.DateTimeField(null=True)
    refused = models.DateTimeField(null=True)
    expires = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(approved_by__isnull=True) | ~models.Q(approved_by=models.F("asked_by")),
                name="export_by_two",
            )
        ]

    def __str__(self) -> str:
        """What was asked for."""
        return f"{self.kind} for {self.asked_by}"


class SavedView(models.Model):
    """A list with its filters, under a name."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=100)
    page = models.CharField(max_length=50)
    query = models.CharField(max_length=1000)
    shared = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "page", "name"], name="one_view_name")
        ]

    def __str__(self) -> str:
        """Its name."""
        return self.name
