"""Every address below a tenant, as the resolver knows them: nobody of another tenant gets anything but a 404."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from agents.approvals.rule_edits import RuleText, add_rule
from agents.contracts.specs import AgentSpec
from agents.kills import kill_all
from agents.library.sync import keep_version
from agents.models import Approval, Effect, McpServer, McpTool, Run, StepRow
from agents.secrets.store import set_secret
from agents.switches import set_switch
from budgets.models import Tenant, TierEdit
from budgets.prices import set_price
from budgets.pricing import Rates
from console.access.tokens import make_token
from console.access.wall_links import make_wall_link
from console.models import Membership, SavedView, SignedIn, User, WallLink
from tests.agents.hostile_tools import ECHO
from tests.console.conftest import AddEvents, MakeRun
from tests.console.conftest import SignedIn as SignIn
from tests.console.screens.budgets.conftest import accounts_of, reserve
from tests.tier_edit import limit

pytestmark = pytest.mark.usefixtures("cast", "rung")
METHODS = ("get", "post")
NO_TENANT = {
    "home": "leads whoever is signed in to a tenant of theirs",
    "health": "for machines, says nothing of a tenant",
    "sign_in": "open to everybody",
    "sign_in_link": "the token is the right",
    "sign_out": "ends the session that sends it",
    "wall": "the token is the right, and names its tenant",
    "everywhere:show": "of the tenants of whoever is signed in",
    "tenants:list": "of all tenants, for those who run the platform alone",
    "tenants:add": "of all tenants, for those who run the platform alone",
    "tenants:rename": "of all tenants, for those who run the platform alone",
}
OF_NO_TENANT = {
    "agents:detail": "agents are the installation's",
    "agents:edit": "agents are the installation's",
    "agents:changes": "agents are the installation's",
    "agents:bring_back": "agents are the installation's",
    "tools:llm": "so are the LLMs that they ask",
    "tools:detail": "and the tools that they call",
    "tools:look": "and the servers that these are on",
    "tools:accept": "and what those say of them",
    "prices:withdraw": "prices hold for everybody",
}
"""What their ids name is seen by the members of every tenant, through their own."""
QUERIES = {"runs:compare": "a={run_id}&b={run_id}", "tools:affected": "tool=echo"}
"""What a page needs beside its path to show something."""
Found = dict[tuple[str, str], int]


def patterns(of: list[URLPattern | URLResolver], space: str = "") -> Iterator[tuple[str, list[str]]]:
    """Every named route, and what its own part of the address is filled with."""
    for each in of:
        if isinstance(each, URLResolver):
            for name, wanted in patterns(each.url_patterns, f"{each.namespace}:" if each.namespace else space):
                yield name, [*each.pattern.converters, *wanted]
        else:
            yield f"{space}{each.name}", list(each.pattern.converters)


ROUTES = dict(patterns(get_resolver().url_patterns))
CLOSED = {route: wanted for route, wanted in ROUTES.items() if route not in NO_TENANT}


@pytest.fixture
def run(acme: Tenant, make_run: MakeRun, add_events: AddEvents) -> Run:
    """A run of acme's that has spent, holds money, waits for a yes, and wrote more than a page takes."""
    run = make_run(acme, surface="enterprise", state="waiting_approval", user="mara")
    now = timezone.now()
    limit(acme, tenant_day_nanos=10**10)
    reserve(run, accounts_of(run, now), f"{run.pk}:1:2", 10**6, now, settle=False)
    asked = {"llm": run.llm, "purpose": "turn", "span": "a" * 16}
    answered = {"llm": run.llm, "status": "ok", "text": "Late.", "span": "a" * 16}
    add_events(run, ("model.started", asked), ("model.ended", answered))
    note = {"kind": "note", "text": "Go on."}
    StepRow.objects.create(run=run, number=1, turn=1, kind="note", schema_version=2, output=note, recorded_at=now)
    return run


@pytest.fixture
def ids(acme: Tenant, run: Run, make_run: MakeRun) -> Mapping[str, object]:
    """A row of acme's for whatever an address can name; a route's own word goes before a word that many have."""
    now = timezone.now()
    admin = User.objects.get(username="acme_admin")
    token, _ = make_token(user=admin, tenant=acme, name="t", verbs=["view"], expires_at=now + timedelta(days=1))
    make_wall_link(tenant=acme, place="office", actor="acme_admin")
    dead = make_run(acme, state="completed")
    order = kill_all(runs=Run.objects.filter(pk=dead.pk), scope="x", actor="acme_admin", reason="x", tenant=acme)
    given = {"run": run, "call_id": "c1", "tool": "echo", "arguments": {"text": "a"}}
    effect = Effect.objects.create(**given, step=1, key="k" * 64, state="unknown", epoch=1, started_at=now)
    times = {"requested_at": now, "expires_at": now + timedelta(hours=1)}
    rates = Rates.flat(input=1, output=1)
    price = set_price(llm="x:y", rates=rates, effective_from=now + timedelta(days=2), created_by="admin")
    return {
        "tenant": "acme",
        "run_id": run.pk,
        "row": "a" * 16,
        "runs:value name": "text",
        "step": 1,
        "view_id": SavedView.objects.create(tenant=acme, owner=admin, name="v").pk,
        "order_id": order.pk,
        "switch_id": set_switch(reach="agent", actor="admin", reason="x", tenant=acme, surface=None, name="echoing").pk,
        "approval_id": Approval.objects.create(**given, **times, arguments_hash="h").pk,
        "rule_id": add_rule(tenant=acme, text=RuleText("echo", [], 1, "approver"), actor="acme_admin").pk,
        "account_id": accounts_of(run, now).ids[0],
        "hold_id": f"{run.pk}:1:2",
        "edit_id": TierEdit.objects.filter(tier__tenant=acme).latest("pk").pk,
        "effect_id": effect.pk,
        "secret_id": set_secret(tenant=acme, name="CRM_TOKEN", value="canary-canary", actor="acme_admin").pk,
        "session_id": SignedIn.objects.create(user=admin, session_key="s").pk,
        "token_id": token.pk,
        "member_id": Membership.objects.get(tenant=acme, user__username="acme_viewer").pk,
        "link_id": WallLink.objects.get(tenant=acme).pk,
        "version": price.pk,
        "number": _version_number(),
        "name": "echoing",
        "tools:detail name": "echo",
        "tools:llm name": "rehearsal:search",
        **_served(),
    }


def _version_number() -> int:
    spec = AgentSpec(
        name="echoing", title="E", purpose="E.", system_prompt="You.", llms=("rehearsal:search",), tools=(ECHO,)
    )
    return keep_version(spec=spec).number


def _served() -> dict[str, object]:
    server = McpServer.objects.create(name="f", transport="http", url="https://f.example.com/mcp", made_by="admin")
    seen = {"description": "Reads.", "input_schema": {}, "digest": "b", "accepted_digest": "a"}
    return {"server_id": server.pk, "tool_id": McpTool.objects.create(server=server, name="read", **seen).pk}


def address(route: str, ids: Mapping[str, object], tenant: str = "acme") -> str:
    """The path with acme's ids, below this tenant. An address that names something new has no id here: add it."""
    filled = {word: ids.get(f"{route} {word}", ids[word]) for word in CLOSED[route]} | {"tenant": tenant}
    return f"{reverse(route, kwargs=filled)}?{QUERIES.get(route, '').format(**ids)}"


def answers(
    client: Client, ids: Mapping[str, object], tenant: str = "acme", routes: Mapping[str, object] = CLOSED
) -> Found:
    """What each method gets on each of these routes."""
    return {
        (route, method): getattr(client, method)(address(route, ids, tenant)).status_code
        for route in routes
        for method in METHODS
    }


def test_every_route_is_below_a_tenant_or_named_with_a_reason() -> None:
    assert {route for route, wanted in ROUTES.items() if "tenant" not in wanted} == set(NO_TENANT)
    assert set(OF_NO_TENANT) < set(CLOSED)


@pytest.mark.parametrize("username", ["globex_operator", "acme_admin"])
def test_all_tenants_are_shown_to_nobody_of_one_tenant(username: str, signed_in: SignIn) -> None:
    person = signed_in(username)
    for route in (each for each in NO_TENANT if each.startswith("tenants:")):
        path = reverse(route, kwargs={"slug": "acme"} if "slug" in ROUTES[route] else {})
        assert {person.get(path).status_code, person.post(path, {"name": "x"}).status_code} <= {403, 404, 405}, route


def test_strangers_find_nothing(signed_in: SignIn, ids: Mapping[str, object]) -> None:
    found = answers(signed_in("globex_operator"), ids)
    assert {asked: status for asked, status in found.items() if status != 404 and not asked[0].startswith("api:")} == {}


def test_members_find_what_strangers_do_not(signed_in: SignIn, ids: Mapping[str, object]) -> None:
    member = signed_in("acme_admin")
    pages = [route for route in CLOSED if not route.startswith("api:")]
    found = {route: member.get(address(route, ids)).status_code for route in pages}
    assert {route: status for route, status in found.items() if status == 404 or status >= 500} == {}


def test_no_row_of_a_tenant_is_found_through_another(signed_in: SignIn, ids: Mapping[str, object]) -> None:
    named = {
        route: wanted
        for route, wanted in CLOSED.items()
        if len(wanted) > 1 and route not in OF_NO_TENANT and not route.startswith("api:")
    }
    found = answers(signed_in("admin"), ids, "globex", named)
    assert {asked: status for asked, status in found.items() if status not in (404, 405)} == {}
    assert {route for (route, _), status in found.items() if status == 404} == set(named)


def test_programs_of_a_tenant_find_nothing_of_another(globex: Tenant, ids: Mapping[str, object]) -> None:
    user = User.objects.get(username="globex_operator")
    until = timezone.now() + timedelta(days=1)
    _, text = make_token(user=user, tenant=globex, name="t", verbs=["view", "launch", "kill"], expires_at=until)
    client = Client(headers={"Authorization": f"Bearer {text}"})
    routes = {route: wanted for route, wanted in CLOSED.items() if route.startswith("api:")}
    assert set(answers(client, ids, "acme", routes).values()) == {404}
    body = {"reason": "x", "agent": "echoing", "surface": "enterprise", "task": "Read."}
    for route, wanted in routes.items():
        if "run_id" in wanted:
            path = address(route, ids, "globex")
            for method in (client.get, client.post):
                status = method(path, body, content_type="application/json").status_code
                assert status in (404, 405), (route, status)
    assert not Run.objects.filter(tenant=globex).exists()


def test_people_without_a_session_are_sent_to_sign_in_or_told_to_send_a_token(
    client: Client, ids: Mapping[str, object]
) -> None:
    found = answers(client, ids)
    wrong = {
        asked: status for asked, status in found.items() if status != (401 if asked[0].startswith("api:") else 302)
    }
    assert wrong == {}
