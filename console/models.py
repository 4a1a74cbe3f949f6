"""People: who may look at which tenant, in which role, and how they signed in."""

from django.contrib.auth.models import AbstractUser
from django.db import models

from budgets.models import Tenant
from console.live.models import LiveEpoch

__all__ = ["LiveEpoch", "Membership", "SignInFailures", "SignInLink", "User"]

ROLES = (
    ("viewer", "viewer"),
    ("operator", "operator"),
    ("approver", "approver"),
    ("admin", "admin"),
)


class User(AbstractUser):
    """A person; a platform admin may do everything in every tenant, all others what their memberships say."""

    is_platform_admin = models.BooleanField(default=False)


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
