"""What stands beside the launch form, for what is typed so far: limits, money, tools, and the same as commands."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from pydantic import JsonValue

from agents.contracts.specs import LoopLimits
from agents.loop_limits import stricter
from agents.secrets.vault import vault
from agents.switches import met
from budgets.models import Surface
from budgets.money import MoneyError, parse_usd
from budgets.own_limits import OwnLimits
from budgets.tiers import Limits
from console.access.requests import TenantRequest
from console.screens.launch.estimates import Estimate, estimate
from console.screens.launch.forms import LaunchForm, number_in
from console.screens.launch.selectors import AgentChoice, budgets_left, degraded_links, llm_offers, surface_named
from console.screens.launch.terminal import curl_command, launch_command
from console.screens.stops.standing import Stop

WORDS = ("agent", "version", "task", "surface", "user", "session", "llm", "cap", "turns", "seconds")
IN_THE_BODY = {"cap": "cap_usd"}
NUMBERS = frozenset({"version", "turns", "seconds"})
Context = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Typed:
    """What is in the form, whatever it is; ``own`` are the limits of it that are numbers."""

    words: Mapping[str, str]
    own: OwnLimits
    has_input: bool


def typed_of(form: LaunchForm, given: Mapping[str, object]) -> Typed:
    """As it was given, without what no database takes."""
    words = {name: str(given.get(name) or "").replace("\x00", "") for name in WORDS}
    if form.inputs is not None and form.is_bound:
        form.inputs.is_valid()
        words["task"] = json.dumps(form.inputs.arguments(), ensure_ascii=False)
    return Typed(words, _own(words), form.inputs is not None)


def _own(words: Mapping[str, str]) -> OwnLimits:
    """Those that are numbers; what is wrong with the others is said when the form is sent."""
    try:
        cap_nanos = parse_usd(words["cap"]) if words["cap"] else None
    except MoneyError:
        cap_nanos = None
    return OwnLimits(run_nanos=cap_nanos, max_turns=number_in(words["turns"]), max_seconds=number_in(words["seconds"]))


def beside(request: TenantRequest, form: LaunchForm, typed: Typed, stops: Sequence[Stop]) -> Context:
    """The context of launch/_beside.html; ``stops`` are those that stand for the tenant."""
    words, agent = typed.words, form.chosen
    choice = surface_named(form.surfaces, words["surface"])
    tier = choice.limits if choice else None
    surface = choice.surface if choice else None
    limits = typed.own.within(tier) if tier else None
    agents_own = agent.spec.limits if agent else LoopLimits()
    loop = stricter(agents_own, limits) if limits else None
    most = stricter(agents_own, tier) if tier else None
    return {
        "tenant": request.tenant,
        "verbs": request.verbs,
        "agent": agent,
        "llms": llm_offers(agent, vault.environ()),
        "limits": limits,
        "tier": tier,
        "own": typed.own,
        "loop": loop,
        "most": most,
        "most_ms": most.max_seconds * 1000 if most else None,
        "max_ms": loop.max_seconds * 1000 if loop else None,
        "budgets": _budgets(surface, limits, words),
        "estimate": _estimate(surface, agent, words["llm"]) if surface and agent else None,
        "degraded": degraded_links(agent.spec) if agent else [],
        "met": _met(surface, agent, stops) if surface and agent else [],
        "command": _command(request, words),
        "curl": _curl(request, typed),
    }


def _budgets(surface: Surface | None, limits: Limits | None, words: Mapping[str, str]) -> list[Any]:
    if surface is None or limits is None:
        return []
    return budgets_left(surface=surface, limits=limits, user=words["user"], session=words["session"])


def _met(surface: Surface, agent: AgentChoice, stops: Sequence[Stop]) -> list[Stop]:
    """The stops that would refuse this launch."""
    tools = {tool.name for tool in agent.spec.tools}
    found = met((stop.switch for stop in stops), surface=surface, agent=agent.name, tools=tools)
    return [stop for stop in stops if stop.switch in found]


def _estimate(surface: Surface, agent: AgentChoice, llm: str) -> Estimate | None:
    return estimate(surface=surface, agent_name=agent.name, llm=llm.strip() or agent.spec.llms[0])


def _command(request: TenantRequest, words: Mapping[str, str]) -> str:
    options = {name: text for name, text in words.items() if name not in ("agent", "task", "version")}
    options |= {"tenant": request.tenant.slug, "agent-version": words["version"]}
    return launch_command(agent=words["agent"], task=words["task"], options=options)


def _curl(request: TenantRequest, typed: Typed) -> str:
    body: dict[str, JsonValue] = {}
    for name, text in typed.words.items():
        if text and name != "task":
            body[IN_THE_BODY.get(name, name)] = int(text) if name in NUMBERS and text.isdecimal() else text
    task = typed.words["task"]
    body |= {"input": _read(task)} if typed.has_input else {"task": task or "TASK"}
    address = request.build_absolute_uri(reverse("api:launch", args=[request.tenant.slug]))
    return curl_command(address=address, body=body)


def _read(task: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(task)
    except (ValueError, RecursionError):
        return {}
    return value
