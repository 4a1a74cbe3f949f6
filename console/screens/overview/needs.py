"""What needs a person right now, found in the facts. Pure."""

from collections.abc import Iterator

from django.urls import reverse

from console.access.policy import verb_to_switch
from console.screens.overview.facts import Facts
from console.screens.overview.needs_of_calls import asked_calls, unknown_effects
from console.screens.overview.needs_of_money import (
    budgets_at_their_end,
    paused_at_a_cap,
    runs_near_their_cap,
    runs_that_run_away,
    unpriced_llms,
)
from console.screens.overview.ranking import NOW, SOME_DAY, Act, Need, ranked
from console.screens.overview.workers import dead_runs, lost_runs, unserved_queue
from console.screens.tools.selectors import address_of

BROKEN = 3


def needs_of(facts: Facts) -> list[Need]:
    """All of them, the most urgent first."""
    return ranked(
        [
            *runs_near_their_cap(facts),
            *runs_that_run_away(facts),
            *paused_at_a_cap(facts),
            *budgets_at_their_end(facts),
            *unpriced_llms(facts),
            *asked_calls(facts),
            *unknown_effects(facts),
            *broken_tools(facts),
            *unserved_queue(facts),
            *lost_runs(facts),
            *dead_runs(facts),
            *standing_stops(facts),
        ]
    )


def broken_tools(facts: Facts) -> Iterator[Need]:
    """Chains of which nothing serves; an LLM only where some agent has no other that does."""
    down = {each.tool.name for each in facts.tools if each.standing.severity >= BROKEN}
    for each in facts.tools:
        tool = each.tool
        if tool.name not in down or (tool.is_llm and not _left_without(tool.stands, down)):
            continue
        hit = [run for run in facts.runs.at_work if run.agent in {holder.agent for holder in tool.holders}]
        since = min((link.since for link in each.standing.links if link.since), default=None)
        href = address_of(facts.tenant, tool)
        yield Need(
            key=f"tool-{tool.name}",
            tone="bad",
            glyph="tool",
            title=f"{tool.title} is {each.standing.status.word}",
            why=each.standing.trouble,
            href=href,
            act=Act("Open the LLM" if tool.is_llm else "Open the tool", href),
            nanos=sum(run.cost_nanos for run in hit),
            spread=len(hit),
            left=NOW,
            since=since,
        )


def standing_stops(facts: Facts) -> Iterator[Need]:
    """Stops stand until somebody lifts them, and refuse launches meanwhile."""
    for stop in facts.stops:
        verb = verb_to_switch(stop.switch.known_reach, stop.switch.tenant)
        yield Need(
            key=f"stop-{stop.switch.pk}",
            tone="warn",
            glyph="stopped",
            title=f"Stopped: {stop.words}",
            why=f"{stop.switch.set_by}: {stop.switch.reason}",
            href=reverse("stops:list", args=[facts.tenant.slug]),
            act=Act("Lift the stop…", reverse("stops:lift", args=[facts.tenant.slug, stop.switch.pk]), verb, True),
            left=SOME_DAY,
            since=stop.switch.set_at,
        )


def _left_without(stands: tuple[tuple[str, tuple[str, ...], int], ...], down: set[str]) -> bool:
    """Whether some agent's chain has nothing but what is down."""
    return any(all(f"llm/{llm}" in down for llm in chain) for _, chain, _ in stands)
