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

    def __str__(self) -> str:
        """Who read what, when."""
        return f"{self.user} {self.path} {self.at:%Y-%m-%d %H:%M}"


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
