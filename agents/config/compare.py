"""Compares a file with the database; writes nothing."""

import json
from collections.abc import Mapping
from typing import Any

from agents.config.compare_agents import compare_agents
from agents.config.compare_tiers import compare_tiers
from agents.config.content import SECTIONS, TenantFacts
from agents.config.database import Present
from agents.config.document import Document
from agents.config.llm_names import llm_fault
from agents.config.plan import Comparison, Left, Plan, PriceWrite, SurfaceWrite, TenantWrite
from agents.config.writing import shown_price


def compare(document: Document, present: Present) -> Plan:
    """What applying the document would do now, and what speaks against it.

    Prices go before tiers, since a tier may name no LLM whose price nobody knows.
    """
    draft = Comparison(document, present)
    for compare_section in (_tenants, _surfaces, _prices, compare_tiers, compare_agents, _other_sections):
        compare_section(draft)
    return Plan(tuple(draft.differences), tuple(draft.left), tuple(sorted(set(draft.faults))))


def _tenants(draft: Comparison) -> None:
    found = draft.found.tenants
    for slug, facts in draft.wanted.tenants.items():
        before = _facts(found[slug]) if slug in found else None
        draft.differ(("tenants", slug), TenantWrite(slug, facts), before, _facts(facts))
    draft.leave("tenants", [("tenants", slug) for slug in found if slug not in draft.wanted.tenants])


def _facts(facts: TenantFacts) -> dict[str, str]:
    return {"name": facts.name, "timezone": facts.timezone}


def _surfaces(draft: Comparison) -> None:
    found = draft.found.surfaces
    for key, name in draft.wanted.surfaces.items():
        if key.tenant not in draft.wanted.tenants and key.tenant not in draft.found.tenants:
            draft.refuse(key.path[:2], "There is no such tenant, here under tenants or in the database.", at_key=True)
        before = {"name": found[key]} if key in found else None
        draft.differ(key.path, SurfaceWrite(key, name), before, {"name": name})
    draft.leave("surfaces", [key.path for key in found if key not in draft.wanted.surfaces])


def _prices(draft: Comparison) -> None:
    """Versions are never edited: another price from the same instant on is a version that goes before it."""
    found = draft.found.prices
    for key in sorted(draft.wanted.prices):
        price = draft.wanted.prices[key]
        if found.get(key) == price:
            continue
        if fault := llm_fault(key.name, or_tool=True):
            draft.refuse(draft.document.price_paths[key][:2], fault, at_key=True)
        before = _fields(shown_price(key.name, found[key])) if key in found else None
        draft.differ(key.path, PriceWrite(key, price), before, _fields(shown_price(key.name, price)))
    draft.leave("prices", [key.path for key in sorted(found) if key not in draft.wanted.prices])


def _fields(shown: Mapping[str, Any]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in shown.items()}


def _other_sections(draft: Comparison) -> None:
    """Sections that the file does not have are left alone as a whole."""
    for section in SECTIONS:
        if section not in draft.wanted.sections and (entries := getattr(draft.found, section)):
            draft.left.append(Left((section,), f"not in the file, {len(entries)} in the database"))
