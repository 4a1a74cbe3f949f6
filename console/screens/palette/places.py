"""The entries of the palette that need no look at the database: pages, verbs, views of runs, tenants, settings."""

from collections.abc import Iterable

from django.urls import reverse

from console.access.policy import Verb
from console.access.requests import TenantRequest
from console.screens.frame import links_of, own_links
from console.screens.palette.items import Item

FURTHER: tuple[tuple[str, str, str, Verb], ...] = (
    ("Holds", "budgets:holds", "budgets: money kept free for calls under way", "view"),
    ("Limits", "tiers:list", "budgets: caps, turns, time, what happens at the cap", "view"),
    ("History of limits", "tiers:history", "budgets: every edit and its undo", "view"),
    ("Proof", "proof:show", "budgets: the ledger checked against itself", "view"),
    ("Rules of approval", "approvals:rules", "which calls wait for a person", "view"),
    ("MCP servers", "tools:servers", "tools: what they offer and what was accepted", "view"),
    ("Add a person…", "people:add", "people: a role, and a link to sign in with", "manage_people"),
    ("Set a price…", "prices:set", "prices: what an LLM costs from a moment on", "set_prices"),
)
VIEWS = (
    ("burning", "Burning runs", "those that spend fastest"),
    ("stuck", "Stuck runs", "no step for a while"),
    ("waiting", "Waiting runs", "for a word, for money"),
    ("failed", "Failed runs", "within the last hour"),
    ("mine", "My runs", "launched by me"),
)
SETTINGS = (
    ("theme", "", "Theme: as the system", "colours"),
    ("theme", "light", "Theme: light", "colours"),
    ("theme", "dark", "Theme: dark", "colours night"),
    ("time", "", "Times in UTC", "clock zone"),
    ("time", "local", "Times in local time", "clock zone"),
    ("density", "", "Rows dense", "density"),
    ("density", "comfortable", "Rows comfortable", "density"),
    ("keys", "", "Single keys on", "keyboard shortcuts"),
    ("keys", "off", "Single keys off", "keyboard shortcuts"),
)


def places(request: TenantRequest) -> Iterable[Item]:
    """As far as this person may go and do."""
    slug = request.tenant.slug
    yield from _verbs(request)
    for link in links_of(request):
        yield Item("Pages", link.label, link.url, keys=f"g {link.key}")
    for label, route, hint, verb in FURTHER:
        if verb in request.verbs:
            yield Item("Pages", label, reverse(route, args=[slug]), hint)
    for link in own_links(request):
        yield Item("Pages", link.label, link.url, keys=f"g {link.key}" if link.key else "")
    for name, label, hint in VIEWS:
        yield Item("Views of runs", label, f"{reverse('runs:list', args=[slug])}?view={name}", hint)
    if len(request.tenants) > 1:
        yield Item("Tenants", "All tenants", reverse("everywhere:show"), "side by side", "every switch", "g e")
    for tenant in request.tenants:
        if tenant != request.tenant:
            yield Item("Tenants", tenant.name, reverse("runs:list", args=[tenant.slug]), "switch", tenant.slug)
    for setting, value, label, also in SETTINGS:
        yield Item("Settings", label, also=also, setting=setting, value=value)


def _verbs(request: TenantRequest) -> Iterable[Item]:
    slug = request.tenant.slug
    if "kill" in request.verbs:
        stop = reverse("stops:new", args=[slug])
        yield Item("Do", "Stop…", stop, "a filter, a surface, an agent, a tool, all", "kill end halt", "S", dialog=True)
    if "launch" in request.verbs:
        launch = reverse("runs:launch", args=[slug])
        yield Item("Do", "Launch…", launch, "a run of an agent", "new start run", "g l")
    yield Item("Do", "Keyboard shortcuts", hint="what each key does", also="help keys", keys="?", opens="keys-help")
