"""Applies a file: everything in one transaction, through the verbs that the console uses."""

from collections.abc import Iterable

from django.db import connection, transaction

from agents import funding
from agents.config.compare import compare
from agents.config.database import read_database
from agents.config.document import Document, in_words
from agents.config.faults import Refused
from agents.config.plan import AgentWrite, Difference, Plan, PriceWrite, SurfaceWrite, TenantWrite, TierWrite
from agents.config.sections import SETTINGS
from agents.contracts.digest import spec_digest
from agents.library.sync import apply_version
from agents.secrets.redaction import redacted
from agents.tools.catalogue import keep_tool
from budgets.models import Surface, Tenant
from budgets.prices import set_price
from budgets.tenants import make_surface, make_tenant, rename_surface, rename_tenant
from budgets.tier_edits import Change
from budgets.tier_settings import SettingRefused
from budgets.time_zone import set_time_zone

MADE_FROM = "config"
ONE_AT_A_TIME = 0x7761_7463_6866
"""The key of the lock under which files are applied; any number that nobody else uses."""


class PlanChanged(Exception):
    """Somebody changed the database after the plan was agreed to; nothing was applied. `plan` is the new one."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("The database has changed since the plan was made.")
        self.plan = plan


def plan_for(document: Document) -> Plan:
    """What applying would do now; writes and locks nothing. Raises `Refused`."""
    plan = compare(document, read_database())
    if plan.faults:
        raise Refused(plan.faults)
    return plan


def apply(document: Document, *, agreed: Plan, reason: str, actor: str) -> None:
    """Do exactly what was agreed to, all of it or nothing; files are applied one after the other.

    Raises `PlanChanged` when the same file would do something else by now, and `Refused`.
    """
    reason = redacted(reason)
    with transaction.atomic():
        _wait_for_others()
        _hold_still(document)
        plan = plan_for(document)
        if plan.differences != agreed.differences:
            raise PlanChanged(plan)
        for difference in plan.differences:
            _write(document, difference, reason, actor)
        _keep_tools(document, plan, reason, actor)
    if any(isinstance(difference.write, TierWrite) for difference in agreed.differences):
        funding.wake_funded(actor=actor, why=f"limits edited: {reason}")


def _keep_tools(document: Document, plan: Plan, reason: str, actor: str) -> None:
    """The file's tools that agents were given go into the catalogue too."""
    given = {
        spec_digest(tool)
        for each in plan.differences
        if isinstance(each.write, AgentWrite)
        for tool in each.write.spec.tools
    }
    for tool in document.content.tools.values():
        if spec_digest(tool) in given:
            keep_tool(spec=tool, origin="config", actor=actor, reason=reason)


def _hold_still(document: Document) -> None:
    named = {*document.content.tenants, *(key.tenant for key in document.content.tiers)}
    funding.hold_still(Tenant.objects.filter(slug__in=named))


def _wait_for_others() -> None:
    """SQLite lets one transaction write at a time anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])


def _write(document: Document, difference: Difference, reason: str, actor: str) -> None:
    match difference.write:
        case TenantWrite():
            _write_tenant(
                difference.write, {field.name for field in difference.fields}, difference.kind == "add", actor
            )
        case SurfaceWrite(key=key, name=name):
            _write_surface(key.tenant, key.surface, name, is_new=difference.kind == "add", actor=actor)
        case TierWrite():
            _write_tier(document, difference.write, reason, actor)
        case PriceWrite(key=key, price=price):
            set_price(
                llm=key.name,
                rates=price.rates,
                effective_from=key.effective_from,
                created_by=actor,
                source=price.source,
                note=price.note,
            )
        case AgentWrite(spec=spec):
            apply_version(spec=spec, actor=actor, reason=reason)


def _write_tenant(write: TenantWrite, fields: Iterable[str], is_new: bool, actor: str) -> None:
    facts = write.facts
    if is_new:
        make_tenant(slug=write.slug, name=facts.name, timezone=facts.timezone, actor=actor)
        return
    tenant = Tenant.objects.get(slug=write.slug)
    if "name" in fields:
        rename_tenant(tenant=tenant, name=facts.name, actor=actor)
    if "timezone" in fields:
        set_time_zone(tenant=tenant, name=facts.timezone, actor=actor)


def _write_surface(tenant_slug: str, slug: str, name: str, *, is_new: bool, actor: str) -> None:
    tenant = Tenant.objects.get(slug=tenant_slug)
    if is_new:
        make_surface(tenant=tenant, slug=slug, name=name, actor=actor)
    else:
        rename_surface(surface=Surface.objects.for_tenant(tenant).get(slug=slug), name=name, actor=actor)


def _write_tier(document: Document, write: TierWrite, reason: str, actor: str) -> None:
    key = write.key
    tenant = Tenant.objects.get(slug=key.tenant)
    surface = Surface.objects.for_tenant(tenant).get(slug=key.surface) if key.surface else None
    change = Change(changes=write.changes, unset=write.unset, reason=reason, actor=actor, made_from=MADE_FROM)
    try:
        funding.write_edit(tenant=tenant, surface=surface, user=key.user, change=change)
    except SettingRefused as refused:
        name = next((name for name, stored in SETTINGS.items() if stored == refused.field), refused.field)
        raise Refused([document.fault((*key.path, name), in_words(refused, name))]) from refused
