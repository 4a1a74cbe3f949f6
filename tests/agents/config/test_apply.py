"""Applying does what the plan says, all of it or nothing, and says what it leaves alone."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils.timezone import now

from agents.config.apply import PlanChanged, apply, plan_for
from agents.config.document import parse
from agents.config.faults import Refused
from agents.config.plan import Plan
from agents.models import Agent, Run
from budgets.models import Account, PriceOverride, Surface, Tenant, Tier, TierEdit
from budgets.prices import price_for
from budgets.tier_edits import Change, edit_tier, undo_edit
from tests.agents.at_once import at_once
from tests.agents.config.conftest import apply_text, exported, left, plan_of, shown
from tests.tier_edit import limit

pytestmark = pytest.mark.usefixtures("installation")
USD = 10**9
CHAT = "tiers:\n  acme:\n    free-chat:\n      "
NEW = """
tenants:
  initech: {name: Initech, timezone: America/Chicago}
surfaces:
  initech:
    web: {name: Web shop}
tiers:
  initech:
    all surfaces: {tenant_day: 20, user_day: 5}
    web:
      run: "0.50"
      users:
        ann: {run: 2.00}
prices:
  openai:gpt-x:
    - {effective_from: 2026-01-01, input: 1.25, output: 10}
"""


def faults(text: str) -> list[str]:
    """What speaks against a file, given the database."""
    with pytest.raises(Refused) as refused:
        plan_of(text)
    return [fault.in_file("F") for fault in refused.value.faults]


def chat() -> Tier:
    """The tier of Acme's free chat."""
    return Tier.objects.get(tenant__slug="acme", surface__slug="free-chat", user="")


def test_all_that_is_new_is_made_through_the_verbs() -> None:
    plan = apply_text(NEW)
    assert [difference.kind for difference in plan.differences] == ["add"] * 6
    tenant = Tenant.objects.get(slug="initech")
    assert (tenant.name, tenant.timezone) == ("Initech", "America/Chicago")
    edit = TierEdit.objects.get(tier__tenant=tenant, tier__user="ann")
    assert (edit.changes, edit.made_from, edit.made_by) == ({"run_nanos": 2 * USD}, "config", "ann (terminal)")
    assert edit.reason == "as agreed"
    assert price_for("openai:gpt-x", now()).rates.base.input == USD * 5 // 4


def test_applying_again_does_nothing() -> None:
    apply_text(NEW)
    before = exported(), TierEdit.objects.count(), PriceOverride.objects.count()
    assert apply_text(NEW).differences == ()
    assert (exported(), TierEdit.objects.count(), PriceOverride.objects.count()) == before


def test_a_plan_tells_what_stands_before_and_after() -> None:
    plan = plan_of(CHAT + "run: 0.20\n      turns: 20\n      session: none\n      thresholds: [90, 10]")
    assert shown(plan) == {
        "tiers.acme.free-chat": {
            "run": ("0.10", "0.20"),
            "session": ("inherited", "none"),
            "seconds": ("300", "inherited"),
            "parallel_runs": ("20", "inherited"),
            "launches_per_minute": ("60", "inherited"),
            "thresholds": ("inherited", "[10, 90]"),
        }
    }
    assert chat().settings["run_nanos"] == USD // 10


def test_what_a_tier_no_longer_sets_is_inherited() -> None:
    apply_text(CHAT + "run: 0.10")
    assert chat().settings == {"run_nanos": USD // 10}
    apply_text("tiers: {acme: {free-chat: {}}}")
    assert chat().settings == {}


def test_what_the_file_does_not_name_is_left_alone_and_said() -> None:
    before = exported()
    plan = apply_text("tenants:\n  acme: {name: Acme, timezone: UTC}\ntiers:\n  acme:\n    all surfaces: {user_day: 5}")
    assert plan.differences == ()
    assert left(plan) == {
        "tenants.globex": "not in the file",
        "tiers.acme.enterprise": "not in the file",
        "tiers.acme.free-chat": "not in the file",
        "tiers.acme.internal-batch": "not in the file",
        "tiers.globex.all surfaces": "not in the file",
        "tiers.globex.enterprise": "not in the file",
        "tiers.globex.free-chat": "not in the file",
        "tiers.globex.internal-batch": "not in the file",
        "surfaces": "not in the file, 6 in the database",
        "prices": "not in the file, 6 in the database",
        "tools": "not in the file, 14 in the database",
        "agents": "not in the file, 4 in the database",
    }
    assert exported() == before


def test_renaming_and_another_time_zone() -> None:
    apply_text("tenants: {acme: {name: ACME, timezone: Asia/Tokyo}}\nsurfaces: {acme: {free-chat: {name: Chat}}}")
    tenant = Tenant.objects.get(slug="acme")
    assert (tenant.name, tenant.timezone) == ("ACME", "Asia/Tokyo")
    assert Surface.objects.get(tenant=tenant, slug="free-chat").name == "Chat"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tiers: {nobody: {chat: {run: 1}}}", "F:1:9: tiers.nobody: There is no such tenant"),
        ("tiers: {acme: {moon: {run: 1}}}", "F:1:16: tiers.acme.moon: acme has no such surface"),
        ("surfaces: {nobody: {chat: {name: x}}}", "F:1:12: surfaces.nobody: There is no such tenant"),
        (
            CHAT + "surface_day: 4\n      run: 5",
            "F:5:12: tiers.acme.free-chat.run: This is more than the surface's daily",
        ),
        (
            "tiers:\n  acme:\n    all surfaces:\n      tenant_day: 4\n      user_day: 4\n"
            "      users: {ann: {user_day: 6}}",
            "F:6:31: tiers.acme.all surfaces.users.ann.user_day: This is more than the tenant's daily limit",
        ),
        (CHAT + "cheaper_llm: nobody:x", "F:4:20: tiers.acme.free-chat.cheaper_llm: 'nobody:x' names no LLM"),
        ("prices:\n  opnai:x:\n    - {effective_from: 2026-01-01, input: 1, output: 1}", "F:2:3: prices.opnai:x: "),
        ("agents: {desk: {title: t, purpose: p, system_prompt: s, llms: [gpt]}}", "F:1:64: agents.desk.llms.0: 'gpt'"),
        (
            "agents: {desk: {title: t, purpose: p, system_prompt: s, llms: ['rehearsal:x'], tools: [gone]}}",
            "agents.desk.tools.0: There is no such tool",
        ),
        (
            "agents: {desk: {title: t, purpose: p, system_prompt: s, llms: ['rehearsal:x'], checks: [{check: magic}]}}",
            "agents.desk.checks.0.check: no critic check is called 'magic'",
        ),
        (
            "agents: {desk: {title: t, purpose: p, system_prompt: s, llms: ['rehearsal:x'], "
            "checks: [{check: citations, settings: {minimum: -1}}]}}",
            "agents.desk.checks.0.settings.minimum: ",
        ),
        (
            "tools: {stock: {description: d, parameters: {type: object, properties: {x: {}}}, "
            "implementations: [{name: s, target: 'agents.library.support.stock:stock_live'}]}}",
            "tools.stock.parameters: The code takes ",
        ),
        (
            "tools: {stock: {description: d, parameters: {type: 5}, "
            "implementations: [{name: s, target: 'agents.library.support.stock:stock_live'}]}}",
            "tools.stock.parameters.type: This is no JSON Schema",
        ),
        (
            "tools: {stock: {description: d, implementations: "
            "[{name: s, target: 'agents.library.support.stock:stock_live'}, "
            "{name: t, target: 'agents.library.support.refunds:refund'}]}}",
            "tools.stock.implementations.1.target: agents.library.support.refunds:refund takes other arguments",
        ),
    ],
)
def test_what_cannot_be_applied_is_said_at_its_line_before_anything_is_written(text: str, said: str) -> None:
    before = exported()
    assert any(said in line for line in faults(text)), faults(text)
    assert exported() == before


def test_wide_limits_rise_before_the_narrow_ones_within_them() -> None:
    limit(Tenant.objects.get(slug="acme"), tenant_day_nanos=6 * USD)
    apply_text(CHAT + "run: 50\n    all surfaces: {tenant_day: 100, user_day: 60}")
    assert chat().settings["run_nanos"] == 50 * USD


def test_a_fault_in_the_middle_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    before = exported()

    def full(**_price: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("agents.config.apply.set_price", full)
    with pytest.raises(OSError, match="the disk is full"):
        apply_text(NEW)
    assert exported() == before


def test_what_changed_after_the_plan_was_agreed_to_is_shown_again_first() -> None:
    document = parse((CHAT + "run: 0.20").encode())
    agreed = plan_for(document)
    limit(Surface.objects.get(tenant__slug="acme", slug="free-chat"), run_nanos=3 * USD)
    with pytest.raises(PlanChanged) as changed:
        apply(document, agreed=agreed, reason="r", actor="a")
    assert shown(changed.value.plan)["tiers.acme.free-chat"]["run"] == ("3.00", "0.20")
    assert chat().settings["run_nanos"] == 3 * USD


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_the_second_sees_what_the_first_did() -> None:
    document = parse(NEW.encode())
    agreed = plan_for(document)

    def work() -> Plan | None:
        try:
            apply(document, agreed=agreed, reason="r", actor="a")
        except PlanChanged as changed:
            return changed.plan
        return None

    first, second = sorted(at_once(work, work), key=lambda plan: plan is not None)
    assert first is None
    assert second is not None
    assert second.differences == ()
    assert TierEdit.objects.filter(made_from="config").count() == 3


def test_an_edit_that_expires_is_an_exception_that_no_file_ends() -> None:
    raised = passing(run_nanos=USD)
    text = (
        CHAT + "run: 0.10\n      turns: 20\n      seconds: 300\n      parallel_runs: 20\n      launches_per_minute: 60"
    )
    plan = apply_text(text)
    assert plan.differences == ()
    assert left(plan)["tiers.acme.free-chat.run"].startswith("1.00 until ")
    assert chat().settings["run_nanos"] == USD
    undo_edit(edit=raised, actor="ann")
    assert plan_of(text).differences == ()


def test_another_lasting_value_replaces_the_exception() -> None:
    passing(run_nanos=USD)
    text = (
        CHAT + "run: 0.30\n      turns: 20\n      seconds: 300\n      parallel_runs: 20\n      launches_per_minute: 60"
    )
    before, after = shown(apply_text(text))["tiers.acme.free-chat"]["run"]
    assert (str(before)[:11], after) == ("1.00 until ", "0.30")
    assert chat().settings["run_nanos"] == USD * 3 // 10
    assert "tiers.acme.free-chat.run" not in left(plan_of(text))


def test_a_value_that_only_an_exception_gives_is_yet_to_be_made_lasting() -> None:
    passing(run_nanos=USD)
    before, after = shown(plan_of(CHAT + "run: 1"))["tiers.acme.free-chat"]["run"]
    assert (str(before)[:11], after) == ("1.00 until ", "1.00")


def test_the_public_list_holds_again_where_the_file_says_so() -> None:
    text = "prices:\n  openai:gpt-4o:\n    - {effective_from: 2026-01-01, input: 9, output: 9}\n"
    apply_text(text)
    assert price_for("openai:gpt-4o", now()).source == "operator"
    apply_text(text + "    - {effective_from: 2026-02-01, listed: true}\n")
    assert price_for("openai:gpt-4o", now()).source == "genai-prices"
    assert plan_of(exported()).differences == ()


def passing(**changes: int) -> TierEdit:
    """An edit of Acme's free chat that ends in an hour."""
    ends_at = now() + timedelta(hours=1)
    change = Change(changes=changes, reason="r", actor="ann", made_from="console", expires_at=ends_at)
    edit = edit_tier(tenant=chat().tenant, surface=chat().surface, user="", change=change)
    assert edit is not None
    return edit


def test_prices_are_added_and_never_edited() -> None:
    text = "prices:\n  openai:x:\n    - {effective_from: 2026-01-01, input: 1, output: 2}\n"
    apply_text(text)
    assert shown(apply_text(text.replace("output: 2", "output: 3, note: sale"))) == {
        "prices.openai:x from 2026-01-01": {"output": ("2.00", "3.00"), "note": (None, "sale")}
    }
    apply_text(text + "    - {effective_from: 2026-06-01, input: 1, output: 9}\n")
    outputs = [price_for("openai:x", datetime(2026, month, 2, tzinfo=UTC)).rates.base.output for month in (1, 6)]
    assert outputs == [2 * USD, 9 * USD]
    assert PriceOverride.objects.for_llm("openai:x").count() == 4


def test_versions_of_a_price_that_the_file_lacks_are_left_alone() -> None:
    apply_text("prices:\n  tool:stock:\n    - {effective_from: 2026-01-01, per_request: 0.01}\n")
    plan = plan_of("prices:\n  tool:stock:\n    - {effective_from: 2026-02-01, per_request: 0.02}\n")
    assert left(plan)["prices.tool:stock from 2026-01-01"] == "not in the file"


def test_open_accounts_follow_and_runs_that_waited_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []
    monkeypatch.setattr("agents.funding.wake_funded", lambda **given: woken.append(given["why"]))
    run = waiting_run()
    account = Account.objects.create(
        tenant=run.tenant, scope="run", subject=run.pk, limit_nanos=USD // 10, surface=run.surface
    )
    apply_text(CHAT + "run: 0.75")
    account.refresh_from_db()
    run.refresh_from_db()
    assert (account.limit_nanos, run.cap_nanos) == (USD * 3 // 4, USD * 3 // 4)
    assert woken == ["limits edited: as agreed"]


def waiting_run() -> Run:
    """A run of the free chat that waits for money."""
    version = Agent.objects.get(name="search").current
    assert version is not None
    return Run.objects.create(
        tenant=chat().tenant,
        surface=Surface.objects.get(tenant=chat().tenant, slug="free-chat"),
        version=version,
        agent_name="search",
        state="paused_budget",
        task="t",
        llm="rehearsal:search",
        cap_nanos=USD // 10,
        launched_by="x",
    )
