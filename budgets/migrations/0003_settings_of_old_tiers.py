"""Carries the limits of tenants and tiers over into settings, as the first edit of each tier."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F

TIER_FIELDS = (
    "run_nanos",
    "session_nanos",
    "surface_day_nanos",
    "max_turns",
    "max_seconds",
    "parallel_runs",
    "launches_per_minute",
    "at_cap",
)
BY = "migration"


def carry_over(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """A user's day was counted per surface and is the tenant's now: the largest of its surfaces' limits holds."""
    tenants, tiers = apps.get_model("budgets", "Tenant"), apps.get_model("budgets", "Tier")
    for tier in list(tiers.objects.select_related("surface")):
        settings = {name: getattr(tier, name) for name in TIER_FIELDS}
        if tier.user:
            settings.pop("surface_day_nanos")
        tier.tenant_id = tier.surface.tenant_id
        keep(apps, tier, settings)
        if tier.user and not tiers.objects.filter(tenant=tier.tenant_id, surface=None, user=tier.user).exists():
            everywhere = tiers(tenant_id=tier.tenant_id, user=tier.user)
            keep(apps, everywhere, {"user_day_nanos": tier.user_day_nanos})
    for tenant in tenants.objects.all():
        days = [tier.user_day_nanos for tier in tiers.objects.filter(tenant=tenant, user="", surface__isnull=False)]
        settings = {"tenant_day_nanos": tenant.day_limit_nanos, "tenant_month_nanos": tenant.month_limit_nanos}
        settings["user_day_nanos"] = None if None in days else max(days, default=None)
        keep(apps, tiers(tenant=tenant, user=""), settings)
    carry_accounts_over(apps)


def keep(apps: Apps, tier: object, settings: dict[str, object]) -> None:
    """One tier with its first edit."""
    tier.settings = settings
    tier.save()
    apps.get_model("budgets", "TierEdit").objects.create(
        tier=tier, changes=settings, reason="The limits that stood before.", made_by=BY, made_from=BY
    )


def carry_accounts_over(apps: Apps) -> None:
    """Accounts began with the limit that they have; those of a session and a surface know their surface."""
    accounts = apps.get_model("budgets", "Account")
    accounts.objects.update(first_limit_nanos=F("limit_nanos"))
    for account in accounts.objects.filter(scope__in=["session", "surface_day"]).iterator():
        accounts.objects.filter(pk=account.pk).update(surface_id=int(account.subject.partition("/")[0]))


class Migration(migrations.Migration):

    dependencies = [
        ("budgets", "0002_limits_by_tier"),
    ]

    operations = [migrations.RunPython(carry_over, migrations.RunPython.noop)]
