"""Writes content as YAML for people: a stable order, amounts as text, long texts as blocks."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from pydantic import JsonValue

from agents.config.agent_entries import Unloadable, code_parameters
from agents.config.content import EVERYWHERE, OPERATOR, SECTIONS, AgentContent, Content, Price, shown_instant
from agents.config.faults import Path
from agents.config.llm_names import TOOL_PREFIX
from agents.config.natural import natural
from agents.config.reading import Text
from agents.config.scalars import NO_LIMIT
from agents.config.sections import SETTINGS
from agents.contracts.specs import ToolSpec
from budgets.money import exact_usd
from budgets.pricing import Rates, TokenRates
from budgets.tier_settings import AMOUNTS

HEADER = "# watchfloor's configuration. Amounts are US dollars; what a tier does not set is inherited.\n"
WIDTH = 110
_OTHER_BREAKS = re.compile("[\r\x85\u2028\u2029\ufeff]")
"""A reader takes them for the end of a line; only in double quotes do they survive, escaped."""

Plain = dict[str, Any]


def written(content: Content) -> str:
    """The content as a file; sections that say nothing are left out."""
    sections: Plain = {
        "tenants": {slug: {"name": facts.name, "timezone": facts.timezone} for slug, facts in _sorted(content.tenants)},
        "surfaces": _surfaces(content),
        "tiers": _tiers(content),
        "prices": _prices(content),
        "tools": {key: _tool(key, tool) for key, tool in _sorted(content.tools)},
        "agents": {name: _agent(agent) for name, agent in _sorted(content.agents)},
    }
    said = [_yaml({name: sections[name]}) for name in SECTIONS if sections[name]]
    return "\n".join([HEADER, *(said or ["{}\n"])])


def shown_setting(stored_name: str, value: JsonValue) -> JsonValue:
    """A tier's setting as a file has it."""
    if stored_name in AMOUNTS:
        return exact_usd(value) if isinstance(value, int) else NO_LIMIT
    return value


def shown_price(name: str, price: Price) -> Plain:
    """A version of the price of an LLM or a tool as a file has it, without its date."""
    shown: Plain = _whole_price(name, price.rates) if price.rates else {"listed": True}
    if price.source != OPERATOR:
        shown["source"] = price.source
    return {**shown, "note": price.note} if price.note else shown


def _sorted(named: Mapping[Any, Any]) -> Iterator[tuple[Any, Any]]:
    return iter(sorted(named.items(), key=lambda item: item[0]))


def _surfaces(content: Content) -> Plain:
    found: Plain = {}
    for key, name in _sorted(content.surfaces):
        found.setdefault(key.tenant, {})[key.surface] = {"name": name}
    return found


def _tiers(content: Content) -> Plain:
    """The tenant's own first, then its surfaces, each with its users below."""
    found: Plain = {}
    for key, settings in _sorted(content.tiers):
        place = found.setdefault(key.tenant, {}).setdefault(key.surface or EVERYWHERE, {})
        holder = place.setdefault("users", {}).setdefault(key.user, {}) if key.user else place
        holder.update(
            {name: shown_setting(stored, settings[stored]) for name, stored in SETTINGS.items() if stored in settings}
        )
    return found


def _prices(content: Content) -> Plain:
    found: Plain = {}
    for key, price in _sorted(content.prices):
        version = {"effective_from": shown_instant(key.effective_from), **shown_price(key.name, price)}
        found.setdefault(key.name, []).append(version)
    return found


def _whole_price(name: str, rates: Rates) -> Plain:
    if name.startswith(TOOL_PREFIX):
        return {"per_request": exact_usd(rates.per_request)}
    shown: Plain = _rates(rates.base)
    if rates.per_request:
        shown["per_request"] = exact_usd(rates.per_request)
    long = [{"above_input_tokens": tier.above_input_tokens, **_rates(tier.rates)} for tier in rates.tiers]
    return {**shown, "long_context": long} if long else shown


def _rates(rates: TokenRates) -> Plain:
    """USD per million tokens; without what follows from the rest."""
    shown = {"input": exact_usd(rates.input), "output": exact_usd(rates.output)}
    for name in ("cache_read", "cache_write"):
        if (nanos := getattr(rates, name)) != rates.input:
            shown[name] = exact_usd(nanos)
    return shown if rates.reasoning is None else {**shown, "reasoning": exact_usd(rates.reasoning)}


def _tool(key: str, tool: ToolSpec) -> Plain:
    shown = _in_order(tool.model_dump(mode="json", exclude_defaults=True))
    if tool.name == key:
        del shown["name"]
    try:
        if code_parameters(tool) == tool.parameters:
            del shown["parameters"]
    except Unloadable:
        pass  # Then they stand in the file, where somebody can see them.
    return shown


def _agent(agent: AgentContent) -> Plain:
    shown = _in_order(agent.spec.model_dump(mode="json", exclude_defaults=True))
    del shown["name"]
    return {**shown, "tools": list(agent.tools)} if agent.tools else shown


def _in_order(spec: Plain) -> Plain:
    """Free JSON by key: one of the databases does not keep the order that it was written in."""
    free = ("parameters", "settings", "probe", "query", "headers", "result_schema")
    return {name: _by_key(value) if name in free else _inside(value) for name, value in spec.items()}


def _inside(value: Any) -> Any:
    if isinstance(value, list):
        return [_inside(each) for each in value]
    return _in_order(value) if isinstance(value, dict) else value


def _by_key(value: Any) -> Any:
    if isinstance(value, list):
        return [_by_key(each) for each in value]
    return {key: _by_key(value[key]) for key in sorted(value)} if isinstance(value, dict) else value


class _Dumper(yaml.SafeDumper):
    """Indents lists, and never writes an alias, which no file may have."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, _style(text))


def _style(text: str) -> str | None:
    """A block where there are several lines, quotes where plain text would mean something else."""
    if _OTHER_BREAKS.search(text):
        return '"'
    if "\n" in text:
        return "|"
    return None if isinstance(natural(Text(text, plain=True), (), _ignore), str) else '"'


def _ignore(_path: Path, _text: str) -> None:
    """Too large a number is no text either, and that is all the question."""


_Dumper.add_representer(str, _text)


def _yaml(value: Plain) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)
