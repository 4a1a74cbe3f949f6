"""People: who may look at which tenant, in which role, how they signed in, the views they saved, and their tokens."""

from typing import ClassVar, Self

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Now

from budgets.models import Tenant
from console.live.models import LiveEpoch

__all__ = [
    "ApiToken",
    "DefaultView",
    "LaunchKey",
    "LiveEpoch",
    "Membership",
    "SavedView",
    "SignInFailures",
    "SignInLink",
    "SignedIn",
    "User",
    "WallLink",
]

ROLES = (
    ("viewer", "viewer"),
    ("operator", "operator"),
    ("approver", "approver"),
    ("admin", "admin"),
)


class User(AbstractUser):
    """A person; a platform admin may do everything in every tenant, all others what their memberships say.

    The bare address leads to ``home_tenant`` and ``home_page`` (a route), where both are still there for them.
    """

    is_platform_admin = models.BooleanField(default=False)
    home_tenant = models.ForeignKey(Tenant, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    home_page = models.CharField(max_length=40, blank=True, default="", db_default="")


class Membership(models.Model):
    """A person's role in one tenant."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=ROLES)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "tenant"], name="membership_once_a_tenant"),)

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} of {self.tenant_id}"


class SignInLink(models.Model):
    """A link that signs one person in once. Of its token only the digest is stored: a copy opens nothing."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_in_links")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"sign-in link of {self.user_id}"


class SignInFailures(models.Model):
    """Wrong passwords for a name from an address within the present window; the key is a digest of both."""

    key = models.CharField(primary_key=True, max_length=64)
    count = models.PositiveIntegerField(default=0)
    window_started_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "sign-in failures"

    def __str__(self) -> str:
        return f"{self.count} failures"


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    """Filters over saved views."""

    def seen_by(self, user: User, tenant: Tenant) -> Self:
        """A person's own in a tenant, and those that others there share."""
        return self.filter(models.Q(owner=user) | models.Q(shared=True), tenant=tenant)


class SavedView(models.Model):
    """A filter over a tenant's runs that somebody gave a name; shared ones are seen by everybody of the tenant."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="saved_views")
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=500, blank=True)
    order = models.CharField(max_length=20, blank=True)
    shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager["SavedView"]] = SavedViewQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["tenant", "owner", "name"], name="saved_view_name_once_a_person"),
        )

    def __str__(self) -> str:
        return self.name


class DefaultView(models.Model):
    """The view that a person's list of a tenant's runs opens with."""

    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="defaults")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["tenant", "user"], name="default_view_once_a_person"),)

    def __str__(self) -> str:
        return f"{self.view_id} of {self.user_id}"


class SignedIn(models.Model):
    """A session as its owner sees it: since when, from where, with what. It ends with its session."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    session_key = models.CharField(max_length=40, unique=True)
    at = models.DateTimeField(auto_now_add=True)
    address = models.CharField(max_length=45, blank=True)
    browser = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "signed in"

    def __str__(self) -> str:
        return f"session of {self.user_id}"


class ApiToken(models.Model):
    """A key of one person for one tenant. Of the token only the digest is stored: a copy opens nothing.

    ``verbs`` are the most that it may be used for; what its person's role does not include at the time of a request
    is refused all the same.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64, unique=True)
    verbs = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class LaunchKey(models.Model):
    """An Idempotency-Key of the API with the run that it launches, whose id is chosen before the run is made."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=128)
    body_digest = models.CharField(max_length=64)
    run_id = models.CharField(max_length=32)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["tenant", "user", "key"], name="launch_key_once"),)

    def __str__(self) -> str:
        return self.key


class WallLink(models.Model):
    """A link that shows one tenant's Overview to whoever has it, until it is revoked. Of its token only the digest is
    stored: a copy of the database opens nothing.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    place = models.CharField(max_length=80)
    made_by = models.CharField(max_length=150)
    made_at = models.DateTimeField(db_default=Now())
    revoked_by = models.CharField(max_length=150, blank=True, db_default="")
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"wall {self.place}"
