"""The pages of tools, as the people of a tenant see them."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agents.models import AgentVersion, HealthChange, LinkTrouble, McpServer, McpTool, Run, Tool, ToolHealth, ToolNote
from budgets.models import Tenant
from tests.console.conftest import MakeRun, SignedIn
from tests.console.screens.tools.conftest import STOCK, SetHealth, count

pytestmark = pytest.mark.usefixtures("acme", "shop")

MOST_QUERIES = 12
TOOLS = "/t/acme/tools/"
AFFECTED = f"{TOOLS}-/affected/?tool=stock"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def broken(set_health: SetHealth, acme: Tenant, globex: Tenant, make_run: MakeRun) -> Run:
    """The live stock is out since a minute ago; acme's run met it, and so did one of globex."""
    set_health("stock/live", state="open", opened_at=timezone.now(), openings=1)
    set_health("stock/copy")
    count("stock/live", calls=6, failures=5, ms50=5, ms300=1)
    count("stock/live", calls=10, ago=timedelta(minutes=30), ms50=10)
    hit = make_run(acme, state="degraded", cost_nanos=5_000_000)
    for tenant, run_id, error in ((acme, hit.pk, "ACME SAW THIS"), (globex, "g" * 32, "GLOBEX SAW THIS")):
        HealthChange.objects.create(
            link="stock/live", was="closed", now="open", why="5 of 6", tenant=tenant, run_id=run_id, error=error
        )
        for what, nanos in (("failed", 20_000), ("degraded", 0)):
            LinkTrouble.objects.create(tenant=tenant, run_id=run_id, link="stock/live", what=what, cost_nanos=nanos)
    return hit


def lines(client: Client) -> dict[str, Any]:
    """The lines of the list by the name of the tool, in their order."""
    lists = client.get(TOOLS).context["lists"]
    return {line.tool.title: line for line in (*lists.tools, *lists.llms)}


@pytest.mark.usefixtures("broken")
def test_the_worst_comes_first_with_what_serves_instead(acme_viewer: Client) -> None:
    page = acme_viewer.get(TOOLS)
    assert next(iter(lines(acme_viewer))) == "stock"
    shown = page.content.decode()
    assert "live is failing; copy serves instead." in shown
    assert 'id="l-stock/copy" data-tone="ok" data-serves=""' in shown


@pytest.mark.usefixtures("broken")
def test_figures_are_those_that_were_counted(acme_viewer: Client) -> None:
    found = lines(acme_viewer)["stock"]
    assert (found.hour.calls, found.hour.error_share, found.affected) == (16, "31 %", 1)
    page = acme_viewer.get(f"{TOOLS}stock/").content.decode()
    assert "16 calls" in page
    assert "31 % failed" in page


def test_a_tool_that_nobody_called_has_no_share_of_errors(acme_viewer: Client) -> None:
    page = acme_viewer.get(TOOLS).content.decode()
    assert "no calls yet" in page
    assert "0 %" not in page
    detail = acme_viewer.get(f"{TOOLS}stock/").content.decode()
    assert "never called" in detail
    assert "0 %" not in detail


def test_llms_are_there_with_the_chains_they_stand_in(acme_viewer: Client) -> None:
    assert "rehearsal:search" in lines(acme_viewer)
    page = acme_viewer.get(f"{TOOLS}llm/rehearsal:search/").content.decode()
    assert "rehearsal:support-triage → <strong>rehearsal:search</strong>" in page


def test_a_tool_of_the_catalogue_is_there_without_an_agent(acme_viewer: Client) -> None:
    spec = STOCK.model_copy(update={"name": "spare"}).model_dump(mode="json")
    Tool.objects.create(name="spare", spec=spec, digest="d", origin="openapi", changed_by="admin")
    assert lines(acme_viewer)["spare"].tool.holders == ()


def test_where_a_link_leads_is_its_host_and_no_secret(acme_viewer: Client) -> None:
    page = acme_viewer.get(f"{TOOLS}stock/").content.decode()
    assert "GET stock.example.com" in page
    for secret in ("pw@", "k-123", "Bearer", "secret:STOCK"):
        assert secret not in page


def test_a_page_says_what_its_own_tenant_met_and_nothing_of_another(acme_viewer: Client, broken: Run) -> None:
    page = acme_viewer.get(f"{TOOLS}stock/").content.decode()
    assert "ACME SAW THIS" in page
    assert f"/t/acme/runs/{broken.pk}/" in page
    assert "GLOBEX SAW THIS" not in page
    assert "g" * 32 not in page
    hit = acme_viewer.get(f"{TOOLS}-/affected/", {"tool": "stock"}, headers=HTMX).content.decode()
    assert f"/t/acme/runs/{broken.pk}/" in hit
    assert "g" * 32 not in hit
    assert "$0.00002" in hit  # what the failed attempt cost
    assert "$0.005" in hit  # what the run cost that answered without


def test_a_changed_schema_is_an_alert(acme_viewer: Client, shop: AgentVersion) -> None:
    implementation = {"name": "read", "kind": "mcp", "mcp": {"server": "files", "tool": "read", "schema_digest": "a"}}
    spec = {**shop.spec, "tools": [{**shop.spec["tools"][0], "implementations": [implementation]}]}
    AgentVersion.objects.filter(pk=shop.pk).update(spec=spec)
    server = McpServer.objects.create(name="files", transport="http", made_by="admin")
    McpTool.objects.create(server=server, name="read", input_schema={}, digest="b", accepted_digest="a")
    assert lines(acme_viewer)["stock"].severity == 2
    assert "the schema of files/read is not what was accepted" in acme_viewer.get(TOOLS).content.decode()


@pytest.mark.parametrize(
    "address", [TOOLS, f"{TOOLS}stock/", f"{TOOLS}stock/?back=14d", f"{TOOLS}llm/rehearsal:search/"]
)
@pytest.mark.usefixtures("broken")
def test_a_page_takes_few_queries(
    address: str, acme_viewer: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(MOST_QUERIES):
        assert acme_viewer.get(address).status_code == 200


@pytest.mark.parametrize("address", [f"{TOOLS}nothing/", f"{TOOLS}llm/nothing/", "/t/globex/tools/stock/"])
def test_what_there_is_not_is_not_found(address: str, acme_viewer: Client) -> None:
    assert acme_viewer.get(address).status_code == 404


def test_who_may_not_force_is_told_why_there_are_no_buttons(acme_viewer: Client, signed_in: SignedIn) -> None:
    page = acme_viewer.get(f"{TOOLS}stock/").content.decode()
    assert "Force open" not in page
    assert "only the platform's admins force them" in page
    assert "Force open" in signed_in("admin").get(f"{TOOLS}stock/").content.decode()


@pytest.mark.parametrize("username", ["acme_viewer", "acme_operator", "acme_approver", "acme_admin"])
@pytest.mark.parametrize("verb", ["force", "probe", "slow"])
def test_only_the_platform_touches_a_breaker(username: str, verb: str, signed_in: SignedIn) -> None:
    given = {"link": "stock/live", "to": "open", "reason": "why"}
    assert signed_in(username).post(f"{TOOLS}-/{verb}/", given).status_code == 403
    assert not ToolHealth.objects.exists()


def test_forcing_says_what_will_happen_and_then_does_it(
    acme: Tenant, shop: AgentVersion, make_run: MakeRun, signed_in: SignedIn, rung: list[str]
) -> None:
    for state in ("running", "completed"):
        made = make_run(acme, state=state)
        Run.objects.filter(pk=made.pk).update(version=shop)
    admin = signed_in("admin")
    asked = {"link": "stock/live", "to": "open"}
    dialog = admin.get(f"{TOOLS}-/force/", asked, headers=HTMX).content.decode()
    assert "Calls go to copy; now live serves." in dialog
    assert "<strong>1</strong> live run of Acme" in dialog
    assert admin.post(f"{TOOLS}-/force/", asked, headers=HTMX).status_code == 422
    assert admin.post(f"{TOOLS}-/force/", {**asked, "reason": "It lies."}, headers=HTMX).status_code == 200
    row = ToolHealth.objects.get()
    assert (row.link, row.forced, row.forced_by, row.forced_reason) == ("stock/live", "open", "admin", "It lies.")
    admin.post(f"{TOOLS}-/force/", {"link": "stock/live", "to": "", "reason": "Mended."}, headers=HTMX)
    row.refresh_from_db()
    assert row.forced == ""
    assert rung == []


@pytest.mark.usefixtures("rung")
def test_a_probe_is_asked_for_once(signed_in: SignedIn) -> None:
    admin = signed_in("admin")
    said = [admin.post(f"{TOOLS}-/probe/", {"link": "stock/live"}, headers=HTMX).content.decode() for _ in range(2)]
    assert "Probe of live asked for" in said[0]
    assert "already" in said[1]
    assert ToolHealth.objects.get().probe_asked_at is not None


@pytest.mark.parametrize(("typed", "kept"), [("1500", 1500), ("0", 0), ("", None)])
@pytest.mark.usefixtures("rung")
def test_the_slow_limit_is_set_or_left_to_the_link(
    typed: str, kept: int | None, signed_in: SignedIn, set_health: SetHealth
) -> None:
    set_health("stock/live", slow_after_ms=7)
    sent = {"link": "stock/live", "slow_after_ms": typed, "reason": "It is slow today."}
    assert signed_in("admin").post(f"{TOOLS}-/slow/", sent, headers=HTMX).status_code == 200
    assert ToolHealth.objects.get().slow_after_ms == kept


@pytest.mark.parametrize("given", [{"link": "stock/none"}, {"link": "none/live"}, {"link": ""}, {}])
def test_a_link_that_no_chain_has_is_not_found(given: dict[str, str], signed_in: SignedIn) -> None:
    admin = signed_in("admin")
    assert admin.post(f"{TOOLS}-/probe/", given).status_code == 404
    assert admin.post(f"{TOOLS}-/force/", {**given, "to": "open", "reason": "why"}).status_code == 404
    assert not ToolHealth.objects.exists()


def test_a_note_is_for_the_own_tenant(acme_operator: Client, globex_operator: Client) -> None:
    sent = {"tool": "stock", "text": "<b>Restarts on Mondays.</b>"}
    assert acme_operator.post(f"{TOOLS}-/note/", sent).status_code == 302
    assert ToolNote.objects.get().by == "acme_operator"
    shown = acme_operator.get(f"{TOOLS}stock/").content.decode()
    assert "&lt;b&gt;Restarts on Mondays.&lt;/b&gt;" in shown
    assert "Restarts" not in globex_operator.get("/t/globex/tools/stock/").content.decode()


def test_a_viewer_writes_no_notes_and_an_empty_one_is_asked_again(acme_viewer: Client, acme_operator: Client) -> None:
    assert acme_viewer.post(f"{TOOLS}-/note/", {"tool": "stock", "text": "x"}).status_code == 403
    assert acme_operator.post(f"{TOOLS}-/note/", {"tool": "stock", "text": " "}).status_code == 422
    assert not ToolNote.objects.exists()
