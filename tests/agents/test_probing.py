"""A link that is out is tried without waiting for a run: once in all workers, and only where trying harms nobody."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pydantic import JsonValue

from agents.contracts.calls import Call, ToolRefusal
from agents.contracts.specs import AgentSpec
from agents.library.sync import keep_version
from agents.models import HealthChange, LinkMinute, ToolHealth
from agents.probing import probe_due
from agents.runtime import Runtime
from agents.tool_control import ask_probe, force
from agents.tools import known_links
from agents.tools.breaker import OPEN_FOR
from agents.tools.define import Arguments, python_tool
from budgets import clock
from tests.agents.at_once import at_once
from tests.agents.conftest import LLM, Office
from tests.agents.workers import worker

PROBED: list[str] = []
PROBE, ACT, QUIET = "count/shop", "act/shop", "quiet/shop"

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_redis", "agent")]


class Wanted(Arguments):
    """What to count."""

    what: str = ""


async def shop(arguments: Wanted, call: Call) -> JsonValue:
    """Counts, or does what its argument says."""
    PROBED.append(f"{call.tenant}{call.run_id}")
    if arguments.what == "broken":
        raise RuntimeError("out of order")
    if arguments.what == "refused":
        raise ToolRefusal("nothing of that kind")
    return {"pieces": 4}


@pytest.fixture
def agent(office: Office) -> None:  # noqa: ARG001
    """An agent with a tool that can be probed, one that acts and one that has no probe."""
    PROBED.clear()
    keep({"what": "tea"})


def keep(probe: dict[str, JsonValue]) -> None:
    """Make a version whose tool is probed so the current one."""
    count = python_tool("count", [shop], description="Count.", probe=probe)
    act = python_tool("act", [shop], description="Act.", effect="keyed", probe=probe)
    quiet = python_tool("quiet", [shop], description="Has no probe.")
    keep_version(
        spec=AgentSpec(
            name="counter",
            title="C",
            purpose="Counts.",
            system_prompt="Count.",
            llms=(LLM,),
            tools=(count, act, quiet),
        )
    )


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    """A worker that knows at once what is in the rows."""
    monkeypatch.setattr(known_links, "REFRESH_SECONDS", 0.0)
    with worker("one") as at:
        yield at


def opened(link: str = PROBE, *, seconds_ago: float = OPEN_FOR.total_seconds() + 1, **fields: object) -> None:
    """A link whose breaker opened then."""
    at = clock.now() - timedelta(seconds=seconds_ago)
    given: dict[str, object] = {"state": "open", "opened_at": at, "window_started_at": at, "failures": 5, **fields}
    ToolHealth.objects.create(link=link, **given)


def state(link: str = PROBE) -> str:
    return ToolHealth.objects.get(link=link).state


def test_a_link_that_works_again_is_closed_by_its_probe(at: Runtime) -> None:
    opened()
    assert probe_due(at) == [PROBE]
    assert (state(), PROBED) == ("closed", [""])
    assert [(each.was, each.now) for each in HealthChange.objects.order_by("pk")] == [
        ("open", "half_open"),
        ("half_open", "closed"),
    ]
    at.health.flush()
    assert LinkMinute.objects.get(link=PROBE).calls == 1
    assert probe_due(at) == []


def test_one_that_does_not_stays_open_for_longer(at: Runtime) -> None:
    keep({"what": "broken"})
    opened(openings=1)
    assert probe_due(at) == [PROBE]
    row = ToolHealth.objects.get()
    assert (row.state, row.openings) == ("open", 2)
    assert "out of order" in row.last_error
    assert probe_due(at) == []


def test_a_refusal_shows_that_it_works(at: Runtime) -> None:
    keep({"what": "refused"})
    opened()
    probe_due(at)
    assert state() == "closed"


def test_nothing_is_probed_before_its_time_unless_somebody_asks(at: Runtime) -> None:
    opened(seconds_ago=1)
    assert probe_due(at) == []
    ask_probe(link=PROBE, actor="ann")
    assert probe_due(at) == [PROBE]
    assert state() == "closed"
    assert ToolHealth.objects.get().probe_asked_at is None


def test_a_link_that_nobody_has_complained_of_can_be_tried_too(at: Runtime) -> None:
    ask_probe(link=PROBE, actor="ann")
    assert probe_due(at) == [PROBE]
    assert probe_due(at) == []


def test_what_a_person_forced_stays_forced_and_is_probed_only_when_asked(at: Runtime) -> None:
    opened()
    force(link=PROBE, to="open", actor="ann", reason="It lies.")
    assert probe_due(at) == []
    ask_probe(link=PROBE, actor="ann")
    assert probe_due(at) == [PROBE]
    row = ToolHealth.objects.get()
    assert (row.forced, row.state) == ("open", "closed")


def test_what_acts_or_has_no_probe_or_costs_money_waits_for_the_next_call(at: Runtime) -> None:
    for link in (ACT, QUIET, f"llm/{LLM}", "gone/gone"):
        opened(link)
        ask_probe(link=link, actor="ann")
    assert probe_due(at) == []
    assert PROBED == []
    assert at.health.allows(QUIET)


def test_of_two_workers_one_probes(at: Runtime) -> None:
    opened()
    with worker("two") as other:
        found = at_once(lambda: probe_due(at), lambda: probe_due(other))
    assert sorted(found) == [[], [PROBE]]
    assert PROBED == [""]
