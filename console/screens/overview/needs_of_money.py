"""What money needs a person for: runs near caps or out of hand, budgets at their end, LLMs without a price. Pure."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

from django.urls import reverse

from budgets.money import format_usd
from console.live.figures import age
from console.screens.budgets.naming import title_of
from console.screens.overview.burners import Burner
from console.screens.overview.facts import Facts
from console.screens.overview.lines import of_kind
from console.screens.overview.money import Budget
from console.screens.overview.ranking import NOW, SOME_DAY, Act, Need

CAP_IS_NEAR = timedelta(minutes=10)
NEARLY_SPENT_PERCENT = 80
HALF_SPENT_PERCENT = 50
TIMES_OVER_NORMAL = 2


def runs_near_their_cap(facts: Facts) -> Iterator[Need]:
    """At work, four fifths of the cap spent, or half of it and the rest within minutes at this pace."""
    runs = _runs(facts)
    for found in facts.paced:
        run = found.run
        if not is_near_cap(found):
            continue
        rate = f" at {format_usd(found.pace_nanos)}/min" if found.pace_nanos else ""
        yield Need(
            key=f"cap-{run.id}",
            tone="bad" if found.left is not None and found.left < CAP_IS_NEAR / 5 else "warn",
            glyph="warn",
            title=f"{run.name} nears its cap",
            why=f"{format_usd(run.cost_nanos)} of {format_usd(run.cap_nanos or 0)} spent{rate}; it stops there.",
            href=f"{runs}{run.id}/",
            act=_kill(runs, run.id),
            nanos=run.cap_nanos or 0,
            what="cap",
            left=SOME_DAY if found.left is None else found.left,
            until=found.cap_at,
        )


def is_near_cap(found: Burner) -> bool:
    """Whether a person should look before the cap stops it."""
    run = found.run
    if run.cap_nanos is None or run.cost_nanos * 100 < run.cap_nanos * HALF_SPENT_PERCENT:
        return False
    if run.cost_nanos * 100 >= run.cap_nanos * NEARLY_SPENT_PERCENT:
        return True
    return found.left is not None and found.left <= CAP_IS_NEAR


def runs_that_run_away(facts: Facts) -> Iterator[Need]:
    """Runs that by themselves burn twice what all runs of this hour normally do together."""
    band = facts.burn.band
    if band is None or not band.high_nanos:
        return
    runs = _runs(facts)
    for found in facts.paced:
        run = found.run
        if found.pace_nanos <= TIMES_OVER_NORMAL * band.high_nanos or is_near_cap(found):
            continue
        yield Need(
            key=f"away-{run.id}",
            tone="bad",
            glyph="flag",
            title=f"{run.name} runs away",
            why=f"{format_usd(found.pace_nanos)}/min alone; all runs together normally burn up to "
            f"{format_usd(band.high_nanos)}/min at this hour.",
            href=f"{runs}{run.id}/",
            act=_kill(runs, run.id),
            nanos=10 * found.pace_nanos,
            what="in 10 min",
            left=NOW if found.left is None else max(NOW, found.left),
            until=found.cap_at,
        )


def paused_at_a_cap(facts: Facts) -> Iterator[Need]:
    """Runs that wait for money, those that wait for the same budget together."""
    paused = [run for run in facts.runs.waiting if run.state == "paused_budget"]
    for account_id in sorted({run.capped_account_id or 0 for run in paused}):
        runs = [run for run in paused if (run.capped_account_id or 0) == account_id]
        first = min(runs, key=lambda run: run.id)
        own = reverse("runs:detail", args=[facts.tenant.slug, first.id])
        listed = reverse("runs:list", args=[facts.tenant.slug]) + "?" + urlencode({"q": "status:paused_budget"})
        yield Need(
            key=f"paused-{account_id}",
            tone="warn",
            glyph="paused",
            title=f"{len(runs)} runs wait for money" if len(runs) > 1 else f"{first.name} waits for money",
            why=first.reason or "Its next call does not fit into what is left of a budget.",
            href=listed if len(runs) > 1 else own,
            act=_top_up(facts, account_id, f"?{urlencode({'run': first.id})}") if account_id else Act("Open", own),
            nanos=sum(run.cost_nanos for run in runs),
            spread=len(runs),
            left=SOME_DAY / 12,
            since=first.created_at,
        )


def budgets_at_their_end(facts: Facts) -> Iterator[Need]:
    """Budgets that end before their window at this pace, or have passed a threshold that nobody has seen yet."""
    known = {budget.account_id: budget for budget in facts.budgets if budget.account_id is not None}
    passed = {alert.account_id: alert for alert in facts.alerts}
    for account_id, budget in known.items():
        if budget.runs_over:
            yield _runs_over(facts, account_id, budget, passed.pop(account_id, None) is not None)
    for account_id, alert in passed.items():
        yield Need(
            key=f"budget-{account_id}",
            tone="bad" if alert.percent >= 100 else "warn",
            glyph="warn",
            title=f"{title_of(alert.account)} has passed {alert.percent} %",
            why=f"{format_usd(alert.spent_nanos)} of {format_usd(alert.limit_nanos)} then; nobody has seen it yet.",
            href=reverse("budgets:account", args=[facts.tenant.slug, account_id]),
            act=_top_up(facts, account_id),
            nanos=alert.limit_nanos,
            what="cap",
            left=SOME_DAY,
            since=alert.fired_at,
        )


def unpriced_llms(facts: Facts) -> Iterator[Need]:
    """LLMs that were asked for and have no price: every call is refused until somebody sets one."""
    for line in of_kind(facts.lines, "unpriced"):
        named = urlencode({"llm": line.name})
        yield Need(
            key=f"unpriced-{'-'.join(line.name.split())}",
            tone="warn",
            glyph="llm",
            title=f"{line.name} has no price",
            why=f"Asked for {line.ref} {'time' if line.ref == '1' else 'times'}; what has no price is refused.",
            href=f"{reverse('prices:list', args=[facts.tenant.slug])}?{named}",
            act=Act("Set a price…", f"{reverse('prices:set', args=[facts.tenant.slug])}?{named}", "set_prices"),
            spread=min(100, int(line.ref)),
            of="times",
            left=SOME_DAY,
            since=line.at,
        )


def _runs_over(facts: Facts, account_id: int, budget: Budget, told: bool) -> Need:
    projection = budget.projection
    full_at = projection.full_at if projection else None
    left = full_at - facts.now if full_at else NOW
    spent, cap = format_usd(budget.spent_nanos), format_usd(budget.cap_nanos or 0)
    ends = age(int((budget.ends_at - facts.now).total_seconds())) if budget.ends_at else ""
    going = f"{spent} of {cap} spent" if left > timedelta() else f"{spent} of {cap} spent, and nothing is left"
    projected = format_usd(projection.nanos) if projection else ""
    return Need(
        key=f"budget-{account_id}",
        tone="bad" if told or left < timedelta(hours=1) else "warn",
        glyph="warn",
        title=f"{budget.title} runs over its cap" if left > timedelta() else f"{budget.title} is used up",
        why=f"{going}; at this pace {projected} when it resets in {ends}.",
        href=reverse("budgets:account", args=[facts.tenant.slug, account_id]),
        act=_top_up(facts, account_id),
        nanos=budget.cap_nanos or 0,
        what="cap",
        spread=max(1, facts.runs.live),
        left=max(left, NOW),
        until=full_at if left > timedelta() else None,
    )


def _runs(facts: Facts) -> str:
    """The address below which each run has its own: looked up once, where hundreds of runs may be meant."""
    return reverse("runs:list", args=[facts.tenant.slug])


def _kill(runs: str, run_id: str) -> Act:
    return Act("Kill…", f"{runs}{run_id}/kill/", "kill", True, True)


def _top_up(facts: Facts, account_id: int, query: str = "") -> Act:
    return Act("Top up…", reverse("budgets:top_up", args=[facts.tenant.slug, account_id]) + query, "top_up", True)
