"""Which link of a chain serves, and in what words that is said."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agents.models import ToolHealth
from console.screens.tools.effect_of import forced_otherwise, means
from console.screens.tools.known import KnownTool
from console.screens.tools.standing import standing_of
from tests.console.screens.tools.conftest import REFUND, STOCK, breaker, known

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LLM = KnownTool("llm/rehearsal:search", ("llm/rehearsal:search",))
OPEN = {"state": "open", "opened_at": NOW}
FORCED_OPEN = {"forced": "open", "forced_by": "ann"}
HALF = {"state": "half_open", "opened_at": NOW, "probe_at": NOW}


def health(tool: KnownTool, *fields: dict[str, Any] | None) -> dict[str, ToolHealth]:
    """Breakers of a tool's links in order; None: never called."""
    pairs = zip(tool.links, fields, strict=False)
    return {link: breaker(link, **given) for link, given in pairs if given is not None}


@pytest.mark.parametrize(
    ("fields", "serves", "word", "severity"),
    [
        ((None, None), "live", "no calls yet", 0),
        (({}, None), "live", "ok", 0),
        ((OPEN, None), "copy", "on fallback", 2),
        ((HALF, {}), "copy", "on fallback", 2),
        (({}, OPEN), "live", "fallback out", 1),
        ((OPEN, OPEN), "", "down", 3),
        ((FORCED_OPEN, FORCED_OPEN), "", "down", 3),
        (({**OPEN, "forced": "closed"}, {}), "live", "forced", 2),
        (({}, {**OPEN, "forced": "only"}), "copy", "forced", 2),
    ],
)
def test_the_first_link_that_takes_calls_serves(
    fields: tuple[dict[str, Any] | None, ...], serves: str, word: str, severity: int
) -> None:
    tool = known(STOCK)
    found = standing_of(tool, health(tool, *fields))
    assert (found.serving.name if found.serving else "", found.status.word, found.severity) == (serves, word, severity)


def test_what_acts_on_the_world_is_down_with_its_first_link() -> None:
    tool = known(REFUND)
    assert standing_of(tool, health(tool, OPEN, {})).serving is None


def test_links_beside_the_only_one_are_set_aside() -> None:
    tool = known(STOCK)
    live, copy = standing_of(tool, health(tool, {}, {"forced": "only"})).links
    assert (live.status.word, live.out, copy.out) == ("set aside", True, False)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ((OPEN, {}), "live is failing; copy serves instead."),
        ((OPEN, HALF), "live is failing and copy is being tried again; nothing serves instead."),
        ((FORCED_OPEN, {}), "live is forced open by ann; copy serves instead."),
        (({"forced": "closed", "forced_by": "ann"}, {}), "live is forced closed by ann."),
        (({}, {"forced": "only", "forced_by": "ann"}), "live is set aside and copy is made the only one by ann."),
        (({}, {}), ""),
    ],
)
def test_trouble_is_said_with_what_serves_instead(fields: tuple[dict[str, Any], ...], said: str) -> None:
    tool = known(STOCK)
    assert standing_of(tool, health(tool, *fields)).trouble == said


def test_an_llm_that_fails_is_not_called_down() -> None:
    """Its breaker open, a run whose chain ends there still tries it."""
    assert standing_of(LLM, health(LLM, OPEN)).status.word == "failing"
    assert standing_of(LLM, health(LLM, FORCED_OPEN)).status.word == "down"


def test_an_open_link_says_when_it_may_be_probed() -> None:
    tool = known(STOCK)
    found = standing_of(tool, health(tool, {**OPEN, "openings": 2}))
    assert found.links[0].next_probe_at == NOW + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("tool", "link", "to", "said"),
    [
        (STOCK, "stock/live", "open", "Calls go to copy; now live serves."),
        (STOCK, "stock/copy", "open", "live serves, as it does now."),
        (STOCK, "stock/copy", "only", "Calls go to copy; now live serves."),
        (REFUND, "refund/copy", "open", "Nothing serves refund then"),
    ],
)
def test_forcing_says_beforehand_where_calls_will_go(tool: Any, link: str, to: Any, said: str) -> None:
    shown = known(tool)
    after = forced_otherwise(shown, {}, link, to, NOW)
    assert means(shown, standing_of(shown, {}), after, link, to)[1].startswith(said)


def test_looking_at_what_forcing_would_do_changes_nothing() -> None:
    tool = known(STOCK)
    rows = health(tool, {}, {"forced": "only"})
    forced_otherwise(tool, rows, "stock/live", "only", NOW)
    assert [rows[link].forced for link in tool.links] == ["", "only"]
