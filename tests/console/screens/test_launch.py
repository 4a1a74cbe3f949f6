"""The launch page: whatever is wrong is said at its field, and nothing is launched."""

import json
import shlex
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agents.contracts.specs import AgentSpec
from agents.library.documents.agent import AGENT as DOCUMENTS
from agents.library.support.agent import AGENT as SUPPORT
from agents.library.sync import apply_version
from agents.models import Agent, AgentVersion, Attachment, Run, ToolHealth
from budgets.models import Account, Surface, Tenant
from console.screens.launch.selectors import AgentChoice, budgets_left, degraded_links, limits_or_none, llm_offers
from console.screens.launch.terminal import launch_command
from tests.console.conftest import SignedIn
from tests.tier_edit import limit

pytestmark = pytest.mark.usefixtures("acme", "rung")

ADDRESS = "/t/acme/runs/new/"


@pytest.fixture
def filled(agent: Agent) -> dict[str, Any]:
    """A form that launches."""
    return {"agent": agent.name, "task": "Read this.", "surface": "free-chat"}


def add_agent(spec: AgentSpec) -> Agent:
    """A bundled agent as a row."""
    row = Agent.objects.create(name=spec.name)
    row.current = AgentVersion.objects.create(
        agent=row, number=1, digest=spec.name.ljust(64, "0"), spec=spec.model_dump(mode="json")
    )
    row.save()
    return row


def test_a_right_form_launches_and_leads_to_the_run(
    acme_operator: Client, filled: dict[str, Any], rung: list[str]
) -> None:
    response = acme_operator.post(ADDRESS, {**filled, "user": "mara", "session": "s1"})
    run = Run.objects.get()
    assert response["Location"] == f"/t/acme/runs/{run.pk}/"
    assert (run.launched_by, run.user, run.session, run.surface.slug) == (
        "acme_operator",
        "mara",
        "s1",
        "free-chat",
    )
    assert run.cap_nanos == 100_000_000
    assert rung == [run.pk]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("task", "", "Say what the agent is to do."),
        ("task", "   \n ", "Say what the agent is to do."),
        ("task", "x" * 1_000_001, "at most 1000000 characters"),
        ("task", "nul\x00", "Null characters"),
        ("agent", "", "required"),
        ("agent", "nobody", "There is no agent “nobody”."),
        ("surface", "moon", "There is no surface “moon”."),
        ("user", "x" * 129, "at most 128"),
        ("session", "a\tb", "printable"),
        ("llm", "gpt", "vendor:name"),
        ("llm", "openai:gpt-6-luna", "OPENAI_API_KEY"),
        ("llm", "rehearsal:unheard-of", "price"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    field: str,
    value: str,
    said: str,
    acme_operator: Client,
    filled: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    response = acme_operator.post(ADDRESS, {**filled, field: value})
    assert response.status_code == 422
    assert said in str(response.context["form"].errors[field])
    assert Run.objects.count() == 0


def test_pressing_twice_launches_once(acme_operator: Client, filled: dict[str, Any]) -> None:
    first = acme_operator.post(ADDRESS, {**filled, "key": "k1"})
    again = acme_operator.post(ADDRESS, {**filled, "key": "k1"})
    assert first["Location"] == again["Location"]
    acme_operator.post(ADDRESS, {**filled, "key": "k1", "task": "Something else."})
    acme_operator.post(ADDRESS, {**filled, "key": "k2"})
    assert Run.objects.count() == 3


def test_a_task_of_one_megabyte_is_taken(acme_operator: Client, filled: dict[str, Any]) -> None:
    acme_operator.post(ADDRESS, {**filled, "task": "x" * 1_000_000})
    assert len(Run.objects.get().task) == 1_000_000


def test_a_surface_of_another_tenant_is_unknown(acme_operator: Client, filled: dict[str, Any], globex: Tenant) -> None:
    Surface.objects.create(tenant=globex, slug="globex-only", name="Globex only")
    response = acme_operator.post(ADDRESS, {**filled, "surface": "globex-only"})
    assert "There is no surface" in response.content.decode()


def test_a_surface_without_a_tier_cannot_be_chosen(acme_operator: Client, filled: dict[str, Any], acme: Tenant) -> None:
    Surface.objects.create(tenant=acme, slug="bare", name="Bare")
    assert acme_operator.post(ADDRESS, {**filled, "surface": "bare"}).status_code == 422


def test_files_are_attached(acme_operator: Client, filled: dict[str, Any]) -> None:
    files = [SimpleUploadedFile("a.txt", b"one"), SimpleUploadedFile("b.txt", b"two")]
    acme_operator.post(ADDRESS, {**filled, "attachments": files})
    assert sorted(Attachment.objects.values_list("name", "media_type")) == [
        ("a.txt", "text/plain"),
        ("b.txt", "text/plain"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.exe", b"MZ", "this agent reads .txt, .pdf"),
        ("a.txt", b"", "empty"),
        ("a.pdf", b"%PDF-1.7 but broken", "a.pdf"),
        ("a.txt", b"x" * (20 * 2**20 + 1), "at most 20 MB"),
        ("a.txt", b"\x89PNG\r\n\x1a\n", "PNG"),
    ],
)
def test_wrong_files_are_refused_at_the_field(
    name: str, content: bytes, said: str, acme_operator: Client, filled: dict[str, Any]
) -> None:
    response = acme_operator.post(ADDRESS, {**filled, "attachments": SimpleUploadedFile(name, content)})
    assert response.status_code == 422
    assert said in str(response.context["form"].errors["attachments"])
    assert Run.objects.count() == 0


def test_a_budget_that_is_used_up_refuses(acme_operator: Client, filled: dict[str, Any], acme: Tenant) -> None:
    limit(acme, tenant_day_nanos=0, user_day_nanos=0)
    response = acme_operator.post(ADDRESS, filled)
    assert response.status_code == 422
    assert "budget" in str(response.context["form"].non_field_errors())
    assert Run.objects.count() == 0


@pytest.mark.usefixtures("agent")
def test_the_example_fills_the_form_in(acme_operator: Client) -> None:
    page = acme_operator.get(ADDRESS).content.decode()
    assert "?agent=reader&amp;task=Read+this." in page
    assert (
        "Read this.</textarea>"
        in acme_operator.get(ADDRESS, {"agent": "reader", "task": "Read this."}).content.decode()
    )


def test_the_preview_follows_what_is_typed_and_launches_nothing(acme_operator: Client, filled: dict[str, Any]) -> None:
    beside = acme_operator.post(f"{ADDRESS}preview/", {**filled, "task": "it's late"})
    assert "$0.10" in beside.content.decode()
    assert "--surface free-chat" in beside.context["command"]
    assert Run.objects.count() == 0


@pytest.mark.usefixtures("agent")
@pytest.mark.parametrize("odd", [{}, {"agent": "?", "surface": "?"}, {"user": "x" * 9000}, {"user": "a\x00b"}])
def test_the_preview_takes_anything(odd: dict[str, str], acme_operator: Client) -> None:
    assert acme_operator.post(f"{ADDRESS}preview/", odd).status_code == 200


def test_before_any_agent_exists_the_page_says_so(acme_operator: Client) -> None:
    assert "No agent yet" in acme_operator.get(ADDRESS).content.decode()


def test_what_is_left_counts_spent_and_held(acme: Tenant) -> None:
    surface = Surface.objects.get(tenant=acme, slug="free-chat")
    limits = limits_or_none(surface, "mara")
    assert limits is not None
    now = timezone.now()
    Account.objects.create(
        tenant=acme,
        scope="user_day",
        subject="mara",
        window="w",
        window_start_at=now - timedelta(hours=1),
        window_end_at=now + timedelta(hours=1),
        limit_nanos=5 * 10**9,
        spent_nanos=10**9,
        held_nanos=10**9,
    )
    first, *others = budgets_left(surface=surface, limits=limits, user="mara", session="")
    assert (first.scope, first.left_nanos) == ("user_day", 3 * 10**9)
    assert [left.scope for left in others] == ["surface_day", "tenant_day", "tenant_month"]


def test_only_links_of_the_agents_tools_are_called_degraded(agent: Agent) -> None:
    ToolHealth.objects.create(link="stock/live", state="open", window_started_at=timezone.now())
    assert agent.current is not None
    assert degraded_links(agent.current.to_spec()) == []


def test_the_command_is_quoted_for_a_shell() -> None:
    command = launch_command(agent="reader", task="it's $HOME", options={"tenant": "acme", "user": "a b", "llm": ""})
    assert command == ("python manage.py launch reader 'it'\"'\"'s $HOME' --tenant acme --user 'a b' --follow")


def test_a_long_task_is_read_from_a_file() -> None:
    assert '"$(cat task.txt)"' in launch_command(agent="reader", task="x" * 5000, options={})


def test_an_agent_whose_tools_all_read_files_wants_one(acme_operator: Client, filled: dict[str, Any]) -> None:
    add_agent(DOCUMENTS)
    given = {**filled, "agent": DOCUMENTS.name}
    response = acme_operator.post(ADDRESS, given)
    assert response.status_code == 422
    assert "only works on files: attach at least one" in str(response.context["form"].errors["attachments"])
    assert Run.objects.count() == 0
    assert acme_operator.post(ADDRESS, {**given, "attachments": SimpleUploadedFile("a.txt", b"one")}).status_code == 302


@pytest.mark.parametrize(
    ("spec", "needs"),
    [
        (DOCUMENTS, True),
        (SUPPORT, False),
        (SUPPORT.model_copy(update={"accepts": (".txt",)}), False),
        (DOCUMENTS.model_copy(update={"tools": (*DOCUMENTS.tools, SUPPORT.tools[0])}), False),
        (DOCUMENTS.model_copy(update={"tools": ()}), False),
    ],
)
def test_whoever_can_do_something_without_a_file_needs_none(spec: AgentSpec, needs: bool) -> None:
    assert AgentChoice(spec.name, 1, spec).needs_file is needs


@pytest.mark.usefixtures("agent")
def test_a_fresh_form_has_support_triage_chosen(acme_operator: Client) -> None:
    assert acme_operator.get(ADDRESS).context["form"]["agent"].value() == "reader"
    add_agent(SUPPORT)
    assert acme_operator.get(ADDRESS).context["form"]["agent"].value() == "support-triage"
    assert acme_operator.get(ADDRESS, {"agent": "reader"}).context["form"]["agent"].value() == "reader"


def test_the_llm_field_offers_the_chosen_agents_rehearsal_and_its_misbehaviours_first() -> None:
    offered = [offer.llm for offer in llm_offers(AgentChoice("support-triage", 1, SUPPORT), {})]
    assert offered[0] == "rehearsal:support-triage"
    assert {"rehearsal:support-triage+loop", "rehearsal:support-triage+slow=5"} < set(offered)
    assert "rehearsal:search+loop" not in offered
    assert len(offered) == len(set(offered))


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "note": {"type": "string", "description": "Anything else."},
        "order": {"type": "integer"},
        "reason": {"enum": ["broken", "late"]},
    },
    "required": ["order"],
}


def shape(agent: Agent) -> None:
    """Give the agent a second version, with an input schema."""
    assert agent.current is not None
    spec = agent.current.to_spec().model_copy(update={"input_schema": SCHEMA})
    apply_version(spec=spec, actor="admin", reason="asks for fields")


def test_limits_of_its_own_are_the_runs(acme_operator: Client, filled: dict[str, Any]) -> None:
    acme_operator.post(ADDRESS, {**filled, "cap": "0.05", "turns": "3", "seconds": "30"})
    run = Run.objects.get()
    assert (run.cap_nanos, run.limits["max_turns"], run.limits["max_seconds"]) == (50_000_000, 3, 30)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("cap", "0.11", "At most $0.10, the tier&#x27;s limit for a run."),
        ("cap", "a lot", "not an amount"),
        ("turns", "21", "At most 20 turns, the tier&#x27;s limit."),
        ("turns", "few", "whole number"),
        ("seconds", "301", "At most 300 s, the tier&#x27;s limit."),
        ("version", "7", "This agent has no version 7."),
    ],
)
def test_a_limit_above_the_tiers_is_refused_at_its_field(
    field: str, value: str, said: str, acme_operator: Client, filled: dict[str, Any]
) -> None:
    response = acme_operator.post(ADDRESS, {**filled, field: value})
    assert response.status_code == 422
    assert said in str(response.context["form"].errors[field])
    assert Run.objects.count() == 0


def test_an_older_version_is_launched_and_said_clearly(
    acme_operator: Client, filled: dict[str, Any], agent: Agent
) -> None:
    shape(agent)
    given = {**filled, "version": "1"}
    beside = acme_operator.post(f"{ADDRESS}preview/", given).content.decode()
    assert "not the current one, which is 2" in beside
    acme_operator.post(ADDRESS, given)
    assert Run.objects.get().version.number == 1


def test_an_input_schema_is_a_form(acme_operator: Client, filled: dict[str, Any], agent: Agent) -> None:
    shape(agent)
    part = acme_operator.post(f"{ADDRESS}task/", {**filled, "of": "agent"}).content.decode()
    assert [part.index(f'name="input-a{number}"') for number in range(3)]
    assert 'name="task" value="Read this."' in part
    wrong = acme_operator.post(ADDRESS, {**filled, "input-a0": "seven"})
    assert "must be of type integer" in wrong.content.decode()
    empty = acme_operator.post(ADDRESS, {**filled, "input-a0": ""})
    assert "The input is not complete" in empty.content.decode()
    assert Run.objects.count() == 0
    acme_operator.post(ADDRESS, {**filled, "input-a0": "7", "input-a1": "hello", "input-a2": "late"})
    assert json.loads(Run.objects.get().task) == {"order": 7, "note": "hello", "reason": "late"}


def test_a_dry_run_says_what_would_happen_and_starts_nothing(
    acme_operator: Client, filled: dict[str, Any], rung: list[str]
) -> None:
    address = f"{ADDRESS}dry-run/"
    page = acme_operator.post(address, {**filled, "cap": "0.05"}).content.decode()
    assert "It would start" in page
    assert "Cap $0.05, then it stops." in page
    partial = acme_operator.post(address, {**filled, "turns": "99"}, headers={"HX-Request": "true"}).content.decode()
    assert "It would be refused" in partial
    assert "At most 20 turns" in partial
    assert "<html" not in partial
    assert "It cannot even be tried" in acme_operator.post(address, {**filled, "task": ""}).content.decode()
    assert (Run.objects.count(), rung) == (0, [])


def test_another_tenant_is_shown_what_was_typed(signed_in: SignedIn, filled: dict[str, Any], agent: Agent) -> None:
    shape(agent)
    admin = signed_in("admin")
    typed = {**filled, "user": "mara", "cap": "0.03", "input-a0": "7", "to_tenant": "globex"}
    moved = admin.post(f"{ADDRESS}move/", typed)
    assert (moved.status_code, moved["Location"]) == (307, "/t/globex/runs/new/?moved=1")
    page = admin.post(moved["Location"], typed)
    assert page.status_code == 200
    form = page.context["form"]
    assert (form["user"].value(), form["cap"].value(), form.inputs["a0"].value()) == ("mara", "0.03", "7")
    assert Run.objects.count() == 0


@pytest.mark.usefixtures("agent")
def test_only_tenants_where_one_may_launch_can_be_gone_to(acme_operator: Client, signed_in: SignedIn) -> None:
    assert acme_operator.post(f"{ADDRESS}move/", {"to_tenant": "globex"}).status_code == 404
    assert acme_operator.post(f"{ADDRESS}move/", {"to_tenant": "https://example.com"}).status_code == 404
    assert "to_tenant" not in acme_operator.get(ADDRESS).content.decode()
    assert "to_tenant" in signed_in("admin").get(ADDRESS).content.decode()


def test_curl_says_the_same(acme_operator: Client, filled: dict[str, Any]) -> None:
    given = {**filled, "task": "it's late", "cap": "0.05", "turns": "3"}
    command = acme_operator.post(f"{ADDRESS}preview/", given).context["curl"]
    words = shlex.split(command)
    assert words[:5] == ["curl", "-sS", "-X", "POST", "http://testserver/api/t/acme/runs"]
    assert "Authorization: Bearer $WATCHFLOOR_TOKEN" in words
    body = {"agent": "reader", "task": "it's late", "surface": "free-chat", "cap_usd": "0.05", "turns": 3}
    assert json.loads(words[-1]) == body


@pytest.mark.usefixtures("agent")
def test_the_page_and_what_stands_beside_it_ask_few_questions(
    acme_operator: Client,
    filled: dict[str, Any],
    django_assert_max_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_agent(SUPPORT)
    for _ in range(2):
        acme_operator.post(ADDRESS, {**filled, "user": "mara", "session": "s1"})
    shape(Agent.objects.get(name="reader"))
    query = {"agent": "reader", "user": "mara", "session": "s1", "version": "1"}
    acme_operator.get(ADDRESS, query)
    monkeypatch.setattr("agents.secrets.vault.REFRESH_SECONDS", 0.0)  # as for whoever comes after a while
    for agent in ("reader", SUPPORT.name):
        with django_assert_max_num_queries(12):
            acme_operator.get(ADDRESS, {**query, "agent": agent})
    with django_assert_max_num_queries(12):
        acme_operator.post(f"{ADDRESS}preview/", {**filled, **query})
