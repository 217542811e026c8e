"""People, the organisations they work for and the role they have there."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.roles import Role


class UserManager(BaseUserManager["User"]):
    """Creates users by email address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a user; without a password nobody can sign in as them until they set one."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Fold the whole address to lower case: people do not tell `Kim@` from `kim@`, nor do mail providers."""
        return (email or "").strip().lower()


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by their email address."""

    email = models.EmailField("email address", unique=True)
    name = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique_whatever_the_case")]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)


class Organisation(models.Model):
    """Who holds approvals: it owns projects and the words that they use."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(unique=True)
    four_eyes = models.BooleanField(
        default=False, help_text="Who submits an occurrence for review does not close it: somebody else does."
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


def unexpired(prefix: str = "") -> Q:
    """Return the condition that a membership has not ended, for queries that reach it by the prefix."""
    return Q(**{f"{prefix}expires_on": None}) | Q(**{f"{prefix}expires_on__gte": timezone.localdate()})


class Membership(models.Model):
    """A person's role in an organisation."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    expires_on = models.DateField(
        "last day", null=True, blank=True, help_text="The role ends with this day, as an external auditor's should."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "user"], name="one_role_in_an_organisation")]

    def __str__(self) -> str:
        return f"{self.user} as {self.get_role_display()} of {self.organisation}"


class Failure(models.Model):
    """A sign-in that failed, as far as a limit has to know: kept in the database, so that all processes count alike."""

    scope = models.CharField(max_length=20, help_text="What was tried, and whose tries are counted.")
    key = models.CharField(max_length=64, help_text="SHA-256 of the account or the address.")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["scope", "key", "at"], name="failure_counted")]

    def __str__(self) -> str:
        return f"{self.scope} {self.at:%Y-%m-%d %H:%M:%S}"


class UsedCode(models.Model):
    """A one-time code that was used a moment ago; the constraint lets it be used once, whichever process asks."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    code = models.CharField(max_length=64, help_text="SHA-256.")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "code"], name="one_time_code_once")]

    def __str__(self) -> str:
        return f"{self.user} {self.at:%Y-%m-%d %H:%M:%S}"
