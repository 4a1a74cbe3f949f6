"""What needs a person and in which order, from facts alone: no database is asked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from agents.contracts.specs import Implementation, ToolSpec
from agents.models import Switch
from budgets.burn import Band
from budgets.models import Account, BudgetAlert, Tenant
from console.screens.budgets.projection import Projection
from console.screens.overview.calm import Calm, latest
from console.screens.overview.catalogue import ToolAt
from console.screens.overview.chart import HEIGHT, chart_of
from console.screens.overview.facts import Facts
from console.screens.overview.lines import Line
from console.screens.overview.live_runs import SeenRun, SeenRuns, sorted_out
from console.screens.overview.money import Budget, Burn, pace_of, until_cap
from console.screens.overview.needs import needs_of
from console.screens.overview.ranking import Act, Need, ranked
from console.screens.stops.standing import Stop
from console.screens.tools.known import Holder, KnownTool
from console.screens.tools.standing import DOWN, FAILING, FELL_BACK, LINK_STATUS, LinkStanding, ToolStanding

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
USD = 10**9
MINUTE = timedelta(minutes=1)
ACME = Tenant(pk=1, slug="acme", name="Acme")
LOOK = Act("Look", "/")
LINK = Implementation(name="a", target="shop.stock:a")
QUIET = Facts(
    tenant=ACME,
    now=NOW,
    runs=SeenRuns(),
    spent={},
    burn=Burn((0,) * 60, NOW - 60 * MINUTE, None, None),
    budgets=[Budget(1, "Acme's day", USD, 0, 400 * USD)],
    tools=[],
    lines=[],
    stops=[],
    alerts=[],
)


def seen(number: int = 1, state: str = "running", **fields: object) -> SeenRun:
    """A run that spends nothing, launched ten minutes ago."""
    usual = SeenRun(
        id=f"{number:032x}",
        agent="support-triage",
        state=state,
        severity=0,
        doing="",
        reason="",
        cost_nanos=0,
        cap_nanos=2 * USD,
        created_at=NOW - 10 * MINUTE,
        due_at=None,
        ended_at=None,
        lease_expires_at=NOW + MINUTE if state == "running" else None,
        capped_account_id=None,
    )
    return replace(usual, **fields)  # type: ignore[arg-type]  # whoever names a field gives what it holds


def with_runs(*runs: SeenRun, **spent: tuple[int, ...]) -> Facts:
    """Facts with these runs, and what their last minutes cost by number (``r1``)."""
    minutes = {f"{int(name[1:]):032x}": each for name, each in spent.items()}
    return replace(QUIET, runs=sorted_out(list(runs)), spent=minutes)


def line(kind: str, name: str, at: datetime = NOW, **texts: str) -> Line:
    return Line(kind, at, **{"ref": "1", "run_id": f"{1:032x}", "note": "", "by": "", **texts, "name": name})  # type: ignore[arg-type]  # the kinds are words


def keys(facts: Facts) -> list[str]:
    return [need.key for need in needs_of(facts)]


def only(facts: Facts) -> Need:
    (found,) = needs_of(facts)
    return found


def test_nothing_needs_anybody_while_runs_just_run() -> None:
    assert needs_of(with_runs(seen(1, cost_nanos=USD // 2), r1=(0,) * 19 + (1_000_000,))) == []


@pytest.mark.parametrize(
    ("cost", "minutes", "is_near"),
    [
        (1_600_000_000, (), True),
        (1_599_999_999, (), False),
        (USD, (100_000_000,) * 3, True),
        (USD, (99_000_000,) * 3, False),
        (USD - 1, (USD,) * 3, False),
    ],
)
def test_a_run_is_near_its_cap_by_share_or_by_pace(cost: int, minutes: tuple[int, ...], is_near: bool) -> None:
    facts = with_runs(seen(1, cost_nanos=cost), r1=minutes)
    assert [need.title for need in needs_of(facts)] == (["support-triage 000001 nears its cap"] if is_near else [])


def test_the_cap_says_when_it_comes_and_the_verb_is_kill() -> None:
    need = only(with_runs(seen(1, cost_nanos=1_700_000_000), r1=(300_000_000,) * 3))
    assert need.until == NOW + MINUTE
    assert (need.act.label, need.act.verb, need.act.dialog) == ("Kill…", "kill", True)
    assert need.why == "$1.70 of $2.00 spent at $0.30/min; it stops there."


def test_a_run_that_burns_more_than_all_normally_do_runs_away() -> None:
    facts = with_runs(seen(1, cap_nanos=None), seen(2, cap_nanos=None), r1=(USD,) * 3, r2=(USD // 10,) * 3)
    facts = replace(facts, burn=replace(facts.burn, band=Band(0, USD // 3, 7)))
    assert keys(facts) == [f"away-{1:032x}"]


def test_nothing_runs_away_while_nobody_knows_what_is_normal() -> None:
    assert needs_of(with_runs(seen(1, cap_nanos=None), r1=(USD,) * 3)) == []


def test_runs_that_wait_for_one_budget_are_one_need() -> None:
    runs = [seen(number, "paused_budget", capped_account_id=7, reason="No room.") for number in (1, 2)]
    need = only(with_runs(*runs))
    assert (need.title, need.why, need.spread) == ("2 runs wait for money", "No room.", 2)
    assert (need.act.label, need.act.href) == ("Top up…", f"/t/acme/budgets/7/top-up/?run={1:032x}")


def test_calls_of_one_tool_wait_together_and_the_first_to_expire_counts() -> None:
    asked = [line("asked", "refund", NOW + n * MINUTE, ref=str(n), note="Refund\n 12.50") for n in (5, 3)]
    need = only(replace(with_runs(seen(1, "waiting_approval", cost_nanos=USD)), lines=asked))
    assert (need.title, need.until) == ("2 calls of refund wait for a yes", NOW + 3 * MINUTE)
    assert need.why.endswith("asks: Refund 12.50")
    one = only(replace(QUIET, lines=asked[1:]))
    assert one.act.href == "/t/acme/approvals/3/"


def test_an_effect_that_nobody_knows_of_is_bad_until_somebody_says() -> None:
    need = only(replace(QUIET, lines=[line("unknown", "send_email")]))
    assert (need.title, need.tone, need.act.label) == ("Did send_email happen?", "bad", "Resolve…")


def test_what_has_no_price_wants_one() -> None:
    need = only(replace(QUIET, lines=[line("unpriced", "openai:gpt 9", ref="12")]))
    assert (need.key, need.act.verb) == ("unpriced-openai:gpt-9", "set_prices")
    assert need.act.href == "/t/acme/prices/new/?llm=openai%3Agpt+9"


def tool(name: str, *, down: bool, stands: tuple[tuple[str, tuple[str, ...], int], ...] = ()) -> ToolAt:
    spec = None if stands else ToolSpec(name=name, description=name, parameters={}, implementations=(LINK,))
    known = KnownTool(name, (f"{name}/a",), spec, holders=(Holder("support-triage", 1),), stands=stands)
    link = LinkStanding(f"{name}/a", "a", LINK_STATUS["open"], serves=False, out=True, since=NOW - MINUTE)
    status, severity = ((FAILING if stands else DOWN), 3) if down else (FELL_BACK, 2)
    return ToolAt(known, ToolStanding(status, severity, (link,)))


def test_a_tool_without_fallback_needs_somebody_one_on_fallback_does_not() -> None:
    facts = with_runs(seen(1, cost_nanos=USD), seen(2, agent="search"))
    facts = replace(facts, tools=[tool("stock", down=True), tool("maps", down=False)])
    assert (only(facts).key, only(facts).spread, only(facts).nanos) == ("tool-stock", 1, USD)


def test_an_llm_that_is_down_needs_somebody_where_its_chain_has_no_other() -> None:
    alone = tool("llm/a", down=True, stands=(("search", ("a",), 0),))
    spared = tool("llm/b", down=True, stands=(("search", ("b", "c"), 0),))
    assert keys(replace(QUIET, tools=[alone, spared])) == ["tool-llm/a"]


def budget(**fields: object) -> Budget:
    return replace(Budget(1, "Acme's day", 130 * USD, 0, 400 * USD, ends_at=NOW + 600 * MINUTE), **fields)  # type: ignore[arg-type]  # as above


def test_a_day_that_will_not_last_says_how_long_it_does() -> None:
    over = budget(projection=Projection(790 * USD, NOW + 90 * MINUTE))
    need = only(replace(QUIET, budgets=[over]))
    assert need.why == "$130.00 of $400.00 spent; at this pace $790.00 when it resets in 10h 00m."
    assert (need.until, need.act.label) == (NOW + 90 * MINUTE, "Top up…")
    assert needs_of(replace(QUIET, budgets=[budget(projection=Projection(300 * USD, None))])) == []


def test_one_budget_is_one_need_whatever_is_wrong_with_it() -> None:
    account = Account(pk=1, tenant=ACME, scope="tenant_day", window="2026-11-23", limit_nanos=400 * USD)
    alert = BudgetAlert(account=account, percent=80, spent_nanos=320 * USD, limit_nanos=400 * USD, fired_at=NOW)
    over = budget(projection=Projection(790 * USD, NOW))
    assert only(replace(QUIET, budgets=[over], alerts=[alert])).title == "Acme's day is used up"
    assert only(replace(QUIET, alerts=[alert])).title == "Acme's day has passed 80 %"


def test_a_queue_needs_somebody_only_when_it_does_not_move() -> None:
    waits = seen(1, "queued", created_at=NOW - timedelta(seconds=46))
    assert only(with_runs(waits)).title == "Nobody works: 1 run waits for a worker"
    assert only(with_runs(waits, seen(2))).tone == "warn"
    assert needs_of(with_runs(seen(1, "queued", created_at=NOW - timedelta(seconds=44)))) == []
    assert needs_of(with_runs(replace(waits, due_at=NOW + MINUTE))) == []


def test_a_run_is_lost_once_its_worker_is_silent_for_longer_than_others_take_to_notice() -> None:
    assert keys(with_runs(seen(1, lease_expires_at=NOW - timedelta(seconds=16)))) == ["lost"]
    assert needs_of(with_runs(seen(1, lease_expires_at=NOW - timedelta(seconds=14)))) == []


def test_the_dead_of_the_hour_are_told_together() -> None:
    dead = [seen(n, "dead", ended_at=NOW - n * MINUTE, reason=f"Lost at {n}.") for n in (1, 2)]
    need = only(with_runs(*dead, seen(3, "failed", ended_at=NOW)))
    assert (need.title, need.why) == ("2 runs died within the hour", "support-triage 000001: Lost at 1.")


def test_a_stop_stands_until_somebody_who_may_lifts_it() -> None:
    switch = Switch(pk=4, reach="tenant", tenant=ACME, set_by="ada", set_at=NOW, reason="drill")
    need = only(replace(QUIET, stops=[Stop(switch, "everything of Acme", may_lift=False)]))
    assert (need.why, need.act.verb, need.act.href) == (
        "ada: drill",
        "set_tenant_switch",
        "/t/acme/stops/switches/4/lift/",
    )


def need(key: str, **fields: object) -> Need:
    return Need(key, "warn", "warn", key, "", "/", LOOK, **fields)  # type: ignore[arg-type]  # as above


def test_money_spread_and_little_time_each_put_a_need_first() -> None:
    base = {"nanos": USD, "spread": 2, "left": 10 * MINUTE}
    for better in ({"nanos": 2 * USD}, {"spread": 3}, {"left": 9 * MINUTE}):
        assert ranked([need("a", **base), need("b", **{**base, **better})])[0].key == "b"


def test_seconds_outweigh_a_large_budget_that_lasts_for_hours() -> None:
    soon = need("soon", nanos=2 * USD, left=timedelta(seconds=48))
    large = need("large", nanos=400 * USD, spread=18, left=timedelta(hours=8))
    assert [each.key for each in ranked([large, soon])] == ["soon", "large"]


def test_the_order_of_two_alike_never_changes() -> None:
    assert [each.key for each in ranked([need("b"), need("a"), replace(need("c"), tone="bad")])] == ["c", "a", "b"]


def test_the_pace_of_a_run_that_has_just_begun_is_not_thinned_by_the_minutes_before() -> None:
    assert pace_of((0,) * 17 + (3, 6, 9)) == 6
    assert pace_of((0,) * 19 + (9,)) == 9
    assert pace_of((5,) + (0,) * 18 + (9,)) == 3
    assert pace_of(()) == 0


def test_time_to_the_cap_is_what_is_left_at_this_pace() -> None:
    assert until_cap(cost_nanos=USD, cap_nanos=2 * USD, pace_nanos=USD // 2) == 2 * MINUTE
    assert until_cap(cost_nanos=3 * USD, cap_nanos=2 * USD, pace_nanos=1) == timedelta()
    assert until_cap(cost_nanos=0, cap_nanos=None, pace_nanos=1) is None
    assert until_cap(cost_nanos=0, cap_nanos=USD, pace_nanos=0) is None


def test_the_band_changes_where_the_hour_does() -> None:
    burn = Burn((USD,) * 59 + (2 * USD,), NOW - 60 * MINUTE, Band(0, USD, 7), Band(USD, 2 * USD, 7))
    chart = chart_of(burn)
    first, second = chart.bands
    assert (first.x, first.width, second.x, second.width) == (0, 120, 120, 120)
    assert (first.y, first.height, second.y, second.height) == (HEIGHT // 2, HEIGHT // 2, 0, HEIGHT // 2)
    assert chart.bars.count("M") == 60
    assert chart.top_nanos == 2 * USD


def test_the_last_minutes_are_held_against_the_band() -> None:
    band = Band(10, 20, 7)
    for minutes, word in (((15,) * 60, "normal"), ((25,) * 60, "above normal"), ((5,) * 60, "below normal")):
        assert Burn(minutes, NOW, band, band).word == word
    assert Burn((5,) * 60, NOW, None, None).word == ""


def test_calm_is_since_the_last_end_of_anything() -> None:
    ends = {"approval": NOW - 5 * MINUTE, "stop": NOW - 9 * MINUTE, "effect": None}
    assert latest(ends) == Calm(NOW - 5 * MINUTE, "a call was decided")
    assert latest({**ends, "dead": NOW - 62 * MINUTE}) == Calm(NOW - 2 * MINUTE, "a run died")
    assert latest({}) == Calm(None)


def test_calm_is_not_claimed_for_longer_than_runs_were_looked_at() -> None:
    back_to = {"looked back to": NOW - 5 * MINUTE}
    assert latest({"approval": NOW - 9 * MINUTE, **back_to}) == Calm(NOW - 5 * MINUTE, at_least=True)
    assert latest({"approval": NOW - 4 * MINUTE, **back_to}).what == "a call was decided"
