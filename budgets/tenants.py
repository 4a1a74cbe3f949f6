"""The verbs on tenants and surfaces: make and rename; `budgets.time_zone` moves a tenant's days."""

import re

from django.db import transaction

from budgets import actions
from budgets.models import Surface, Tenant
from budgets.periods import PeriodError, zone

NAME_MAX_CHARS = 120
_SLUG = re.compile(r"[A-Za-z0-9_-]{1,60}")


class TenantRefused(ValueError):
    """A tenant or a surface that cannot be: the field, and one sentence fit to stand there."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field
        self.text = text


def make_tenant(*, slug: str, name: str, timezone: str, actor: str) -> Tenant:
    """A new tenant; it has no tier, so that nothing may run yet. Raises `TenantRefused`."""
    _check_slug(slug)
    if Tenant.objects.filter(slug=slug).exists():
        raise TenantRefused("slug", f"There is a tenant {slug} already.")
    with transaction.atomic():
        tenant = Tenant.objects.create(slug=slug, name=_checked_name(name), timezone=_checked_zone(timezone))
        after = {"name": tenant.name, "timezone": timezone}
        actions.note(actor=actor, verb="tenant.make", target=f"tenant {slug}", tenant=tenant, after=after)
    return tenant


def rename_tenant(*, tenant: Tenant, name: str, actor: str) -> None:
    """Give a tenant another name; its slug, which addresses are made of, stays. Raises `TenantRefused`."""
    before, tenant.name = tenant.name, _checked_name(name)
    with transaction.atomic():
        tenant.save(update_fields=["name"])
        _note_name(actor, "tenant.rename", f"tenant {tenant.slug}", tenant, before, tenant.name)


def make_surface(*, tenant: Tenant, slug: str, name: str, actor: str) -> Surface:
    """A new surface; until it or its tenant has a tier nothing may run there. Raises `TenantRefused`."""
    _check_slug(slug)
    if Surface.objects.for_tenant(tenant).filter(slug=slug).exists():
        raise TenantRefused("slug", f"{tenant.slug} has a surface {slug} already.")
    with transaction.atomic():
        surface = Surface.objects.create(tenant=tenant, slug=slug, name=_checked_name(name))
        target = f"surface {slug} of {tenant.slug}"
        actions.note(actor=actor, verb="surface.make", target=target, tenant=tenant, after={"name": surface.name})
    return surface


def rename_surface(*, surface: Surface, name: str, actor: str) -> None:
    """Give a surface another name. Raises `TenantRefused`."""
    before, surface.name = surface.name, _checked_name(name)
    with transaction.atomic():
        surface.save(update_fields=["name"])
        target = f"surface {surface.slug} of {surface.tenant.slug}"
        _note_name(actor, "surface.rename", target, surface.tenant, before, surface.name)


def _note_name(actor: str, verb: str, target: str, tenant: Tenant, before: str, after: str) -> None:
    actions.note(actor=actor, verb=verb, target=target, tenant=tenant, before={"name": before}, after={"name": after})


def _check_slug(slug: str) -> None:
    if not _SLUG.fullmatch(slug):
        raise TenantRefused("slug", "Use letters, digits, - and _, at most 60.")


def _checked_name(name: str) -> str:
    if not name.strip() or not name.isprintable() or len(name) > NAME_MAX_CHARS:
        raise TenantRefused("name", f"Write one line of at most {NAME_MAX_CHARS} characters.")
    return name.strip()


def _checked_zone(name: str) -> str:
    try:
        zone(name)
    except PeriodError as error:
        raise TenantRefused("timezone", str(error)) from error
    return name
