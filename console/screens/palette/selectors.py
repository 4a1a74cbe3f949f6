"""The entries of the palette that are rows: saved views, runs, agents, their tools and LLMs, accounts; one query each.

A tenant may have hundreds of thousands of runs and accounts: runs are found by the end of their id through the primary
key, by words among the newest ones; accounts by how their names begin.
"""

import re
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import and_, or_

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from agents.contracts.ids import short_id
from agents.models import Agent, Run
from budgets.models import Account, Tenant
from budgets.periods import day_window, month_window, zone
from console.live.status import run_status
from console.models import SavedView, User
from console.screens.budgets.naming import title_of
from console.screens.palette.items import GROUP_ROWS, Item
from console.screens.runs.address import href_of

NEWEST_RUNS = 2_000
SAME_ENDINGS = 50
PLACES = ("agent_name", "user", "session", "doing", "reason", "task")
_ID_END = re.compile(r"[0-9a-f]{4,32}")
_RUN_PAGE = re.compile(r"/runs/([0-9a-f]{32})/$")
_ACCOUNT_PAGE = re.compile(r"/budgets/([0-9]{1,18})/$")


def rows(tenant: Tenant, user: User, text: str, recent: Sequence[str]) -> Iterable[Item]:
    """Everything that the text may mean; without a text, what was open lately."""
    yield from _saved_views(tenant, user)
    yield from _runs(tenant, text, recent)
    yield from _agents(tenant)
    yield from _accounts(tenant, text, recent)


def _runs(tenant: Tenant, text: str, recent: Sequence[str]) -> Iterable[Item]:
    found = Run.objects.filter(tenant=tenant).only("id", "agent_name", "state", "kill_acknowledged_at", "user")
    for run in _that(found, text, recent).order_by("-id")[:GROUP_ROWS]:
        status = run_status(run.state, kill_acknowledged=run.kill_acknowledged_at is not None)
        hint = f"{run.agent_name}, {status.word}" + (f", {run.user}" if run.user else "")
        # What was typed has found it already, if only in the task.
        yield Item("Runs", short_id(run.pk), reverse("runs:detail", args=[tenant.slug, run.pk]), hint, text)


def _that(runs: QuerySet[Run], text: str, recent: Sequence[str]) -> QuerySet[Run]:
    if not text:
        return runs.filter(pk__in=[match[1] for href in recent if (match := _RUN_PAGE.search(href))])
    if _ID_END.fullmatch(text.lower()):
        # The ids alone first, which the index of the primary key holds: rows of runs are wide.
        ending = Run.objects.filter(pk__endswith=text.lower()).order_by("-pk").values_list("pk", flat=True)
        return runs.filter(pk__in=list(ending[:SAME_ENDINGS]))
    newest = runs.order_by("-created_at").values("pk")[:NEWEST_RUNS]
    words = (reduce(or_, (Q(**{f"{place}__icontains": word}) for place in PLACES)) for word in text.split())
    return runs.filter(reduce(and_, words), pk__in=newest)


def _saved_views(tenant: Tenant, user: User) -> Iterable[Item]:
    """One's own first, then those that others share."""
    runs = reverse("runs:list", args=[tenant.slug])
    views = list(SavedView.objects.seen_by(user, tenant).select_related("owner").order_by("name", "pk"))
    for view in sorted(views, key=lambda view: view.owner_id != user.pk):
        whose = "saved" if view.owner_id == user.pk else f"shared by {view.owner.get_username()}"
        yield Item("Saved views", view.name, runs + href_of(view.query, view.order), f"{whose}: {view.query or 'all'}")


def _agents(tenant: Tenant) -> Iterable[Item]:
    agents = Agent.objects.filter(current__isnull=False).select_related("current").order_by("name")
    specs = [agent.current.to_spec() for agent in agents if agent.current]
    for spec in specs:
        yield Item("Agents", spec.name, reverse("agents:detail", args=[tenant.slug, spec.name]), spec.title)
    for tool in sorted({tool.name for spec in specs for tool in spec.tools}):
        yield Item("Tools", tool, reverse("tools:detail", args=[tenant.slug, tool]))
    for llm in sorted({llm for spec in specs for llm in spec.llms}):
        yield Item("LLMs", llm, reverse("tools:llm", args=[tenant.slug, llm]))


def _accounts(tenant: Tenant, text: str, recent: Sequence[str]) -> Iterable[Item]:
    now, tz = timezone.now(), zone(tenant.timezone)
    day, month = day_window(now, tz).key, month_window(now, tz).key
    wanted = Q(scope__in=("tenant_day", "surface_day"), window=day) | Q(scope="tenant_month", window=month)
    if text:
        wanted |= Q(scope="user_day", window=day, subject__startswith=text)
    else:
        wanted |= Q(pk__in=[int(match[1]) for href in recent if (match := _ACCOUNT_PAGE.search(href))])
    accounts = Account.objects.for_tenant(tenant).filter(wanted).select_related("tenant", "surface")
    for account in accounts.order_by("scope", "subject")[: 4 * GROUP_ROWS]:
        label = title_of(account)
        href = reverse("budgets:account", args=[tenant.slug, account.pk])
        yield Item("Accounts", label, href, "budget", "account money spent top up")
