"""Every named address of the console: the pages with what makes them worth a look, and why the others are none."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from playwright.sync_api import Page

from agents.approvals.rule_edits import RuleText, add_rule
from agents.kills import kill_all
from agents.models import Approval, Effect, McpServer, McpTool, Run
from agents.secrets.store import set_secret
from agents.switches import set_switch
from budgets.models import Account, Hold, Tenant
from console.access.sign_in_links import create_link
from console.access.tokens import make_token
from console.models import Membership, SavedView, User
from tests.flows.desk import QUIET, SLOW, TROUBLED, Desk
from tests.harness.live_stack import LiveStack
from tests.tier_edit import limit

SLUG = "acme"
SCHEMA = {"type": "object", "properties": {"path": {"type": "string", "description": "Where it lies."}}}


@dataclass(frozen=True)
class Look:
    """A page: the names of what is filled in after the tenant, and a query. ``fixed`` has no tenant."""

    values: tuple[str, ...] = ()
    query: str = ""
    fixed: bool = False

    def address(self, route: str, filled: Mapping[str, object]) -> str:
        """The path with the ids of the rows that were made for it."""
        tenant = () if self.fixed else (SLUG,)
        query = self.query.format(**filled)
        return reverse(route, args=[*tenant, *(filled[name] for name in self.values)]) + (f"?{query}" if query else "")


PAGES: dict[str, Look] = {
    "sign_in": Look(fixed=True),
    "sign_in_link": Look(("token",), fixed=True),
    "runs:list": Look(),
    "runs:launch": Look(query="agent=support-triage"),
    "overview:show": Look(),
    "overview:walls": Look(),
    "settings:show": Look(),
    "settings:new_token": Look(),
    "settings:revoke_token": Look(("api_token",)),
    "runs:detail": Look(("run",)),
    "runs:compare": Look(query="a={run}&b={waiting}"),
    "runs:export": Look(query="q=status:completed"),
    "runs:new_view": Look(query="q=status:completed"),
    "runs:view": Look(("view",)),
    "runs:kill": Look(("slow",)),
    "runs:fork": Look(("run", "step")),
    "runs:retry": Look(("run",)),
    "runs:replay": Look(("run",)),
    "stops:list": Look(),
    "stops:new": Look(query="kind=agent&agent=support-triage"),
    "stops:order": Look(("order",)),
    "stops:lift": Look(("switch",)),
    "stops:end": Look(("slow",)),
    "approvals:list": Look(),
    "approvals:detail": Look(("approval",)),
    "approvals:edit": Look(("approval",)),
    "approvals:word": Look(("approval",), "word=approve"),
    "approvals:rules": Look(),
    "approvals:new_rule": Look(),
    "approvals:rule": Look(("rule",)),
    "budgets:list": Look(),
    "budgets:holds": Look(),
    "budgets:release_hold": Look(("hold",)),
    "budgets:charge_hold": Look(("hold",)),
    "budgets:account": Look(("account",)),
    "budgets:top_up": Look(("account",)),
    "proof:show": Look(),
    "tiers:list": Look(),
    "tiers:new": Look(),
    "tiers:edit": Look(query="surface=free-chat"),
    "tiers:history": Look(query="surface=enterprise"),
    "tiers:time_zone": Look(),
    "agents:list": Look(),
    "agents:detail": Look(("agent",)),
    "agents:edit": Look(("agent",)),
    "actions:list": Look(),
    "people:list": Look(),
    "people:add": Look(),
    "people:role": Look(("member",)),
    "people:link": Look(("member",)),
    "people:remove": Look(("member",)),
    "people:disable": Look(("member",)),
    "people:enable": Look(("member",)),
    "everywhere:show": Look(fixed=True),
    "tenants:list": Look(fixed=True),
    "tenants:add": Look(fixed=True),
    "tenants:rename": Look(("slug",), fixed=True),
    "secrets:list": Look(),
    "secrets:set": Look(query="name=CRM_TOKEN"),
    "secrets:remove": Look(("secret",)),
    "prices:list": Look(),
    "prices:set": Look(),
    "tools:list": Look(),
    "tools:detail": Look(("tool",)),
    "tools:llm": Look(("llm",)),
    "tools:force": Look(query="link={link}&to=open"),
    "tools:slow": Look(query="link={link}"),
    "tools:servers": Look(),
    "tools:accept": Look(("mcp_tool",)),
}
MORE: dict[str, str] = {
    "a run that waits": "runs/{waiting}/",
    "a run of unknown effect": "runs/{unknown}/",
    "a run at work": "runs/{slow}/",
    "a filter that finds nothing": "runs/?q=nothing-is-called-so",
    "budgets of users": "budgets/?by=user",
    "budgets of sessions": "budgets/?by=session",
    "budgets of runs": "budgets/?by=run",
    "one price": "prices/?llm={llm}",
    "nothing here": "nowhere/",
}
"""Further looks at pages that differ much by what they show."""
VERBS = {
    "sign_out": (),
    "runs:launch_preview": (),
    "runs:pause": ("run",),
    "runs:resume": ("run",),
    "runs:undo_pause": ("run",),
    "runs:undo_resume": ("run",),
    "runs:launch_task": (),
    "runs:launch_dry": (),
    "runs:launch_move": (),
    "overview:make_wall": (),
    "overview:revoke_wall": ("one",),
    "runs:remove_view": ("view",),
    "settings:start": (),
    "settings:password": (),
    "settings:end_others": (),
    "settings:end_session": ("one",),
    "runs:resolve_effect": ("unknown", "effect"),
    "stops:undo": ("switch",),
    "approvals:looking": ("approval",),
    "approvals:move_rule": ("rule",),
    "approvals:switch_rule": ("rule",),
    "budgets:see_alerts": (),
    "proof:verify": (),
    "tiers:what_if": (),
    "tiers:undo": ("one",),
    "tiers:keep": ("one",),
    "agents:changes": ("agent",),
    "agents:bring_back": ("agent", "one"),
    "prices:preview": (),
    "prices:withdraw": ("one",),
    "tools:probe": (),
    "tools:note": (),
    "tools:look": ("one",),
}
"""They only take a POST."""
PARTS = frozenset(
    {
        "tools:affected",
        "proof:progress",
        "palette:find",
        "runs:peek",
        "runs:affected",
        "runs:record",
    }
)
"""They fill a part of a page that is looked at with them."""
ELSEWHERE = frozenset(
    {
        "home",
        "health",
        "effects:list",
        "wall",
        "runs:export_csv",
        "runs:export_jsonl",
        "runs:bundle",
        "runs:value",
        "api:launch",
        "api:run",
        "api:kill",
    }
)
"""They lead to a page, or are for machines."""


def named_routes() -> set[str]:
    """Every route of the console by its name."""
    return set(_names(get_resolver().url_patterns, ""))


def _names(patterns: list[URLPattern | URLResolver], space: str) -> Iterator[str]:
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from _names(each.url_patterns, f"{each.namespace}:" if each.namespace else space)
        else:
            yield f"{space}{each.name}"


def fill(stack: LiveStack, page: Page) -> dict[str, object]:
    """A tenant with a little of everything; what each address needs, by its name."""
    acme, admin = Tenant.objects.get(slug=SLUG), "acme_admin"
    desk = Desk(page, stack)
    limit(acme, tenant_day_nanos=200_000_000)
    limit(acme.surfaces.get(slug="enterprise"), surface_day_nanos=80_000_000)
    done, *others = [desk.launch(task) for task in (QUIET[0], *TROUBLED[2:4], TROUBLED[-1])]
    desk.settle([done, *others])
    waiting = others[-1]
    killed = desk.launch(SLOW[0])
    order = kill_all(runs=Run.objects.filter(pk=killed), scope="status:live", actor=admin, reason="Drill.", tenant=acme)
    slow = desk.launch(SLOW[1])
    stack.wait_for(lambda: Hold.objects.open().filter(run_id=slow).exists(), what="a call to be under way")
    switch = set_switch(reach="agent", actor="admin", reason="Drill.", tenant=acme, surface=None, name="search")
    stack.manage("verify_ledger")
    return {
        "one": 1,
        "run": done,
        "step": 1,
        "waiting": waiting,
        "approval": Approval.objects.get(run=waiting, decision="").pk,
        "slow": slow,
        "hold": Hold.objects.open().filter(run_id=slow)[0].pk,
        "order": order.pk,
        "switch": switch.pk,
        "rule": add_rule(tenant=acme, text=RuleText("send_email", [], 2, "approver"), actor=admin).pk,
        "account": Account.objects.get(tenant=acme, scope="tenant_day").pk,
        "agent": "support-triage",
        "tool": "stock",
        "link": "stock/stock_live",
        "llm": "rehearsal:support-triage",
        "secret": set_secret(tenant=acme, name="CRM_TOKEN", value="canary-for-a-look", actor=admin).pk,
        "mcp_tool": _mcp_tool().pk,
        **_of_the_person(acme),
        **_unknown_effect(done),
        **_people(acme),
    }


def _mcp_tool() -> McpTool:
    server = McpServer.objects.create(
        name="files", transport="http", url="https://files.example.com/mcp", made_by="admin"
    )
    seen = {"description": "Reads.", "input_schema": SCHEMA, "digest": "b", "accepted_digest": "a"}
    return McpTool.objects.create(server=server, name="read", **seen)


def _of_the_person(tenant: Tenant) -> dict[str, object]:
    """What whoever looks at the pages has made for themselves."""
    person = User.objects.get(username="admin")
    ends_at = timezone.now() + timedelta(days=1)
    token, _ = make_token(user=person, tenant=tenant, name="cron", verbs=["view"], expires_at=ends_at)
    view = SavedView.objects.create(tenant=tenant, owner=person, name="Mine", query="status:completed")
    return {"view": view.pk, "api_token": token.pk}


def _people(tenant: Tenant) -> dict[str, object]:
    """A tenant, one of its people who is not its last admin, and a link that lets them in."""
    member = Membership.objects.select_related("user").get(tenant=tenant, user__username="acme_operator")
    token = create_link(username=member.user.username).rstrip("/").rpartition("/")[2]
    return {"slug": tenant.slug, "member": member.pk, "token": token}


def _unknown_effect(run_id: str) -> dict[str, object]:
    """A run of which nobody knows whether its letter went out, like the other one in all else."""
    run = Run.objects.get(pk=run_id)
    run.pk, run.state, run.ended_at, run.awaited_key = f"{'0' * 20}ffffffffffff", "waiting_resolution", None, "k" * 64
    run.save(force_insert=True)
    since = timezone.now() - timedelta(minutes=2)
    effect = Effect.objects.create(
        run=run,
        step=1,
        call_id="c1",
        scope=run.pk,
        key="k" * 64,
        sent_key="s" * 64,
        tool="send_email",
        arguments={"to": "ann@example.com", "body": "Dear Ann,\nyour order is late."},
        state="unknown",
        epoch=1,
        started_at=since,
        unknown_since=since,
    )
    return {"unknown": run.pk, "effect": effect.pk}
