"""Switches: what one reaches is killed with it, refused after it, and starts again once it is lifted."""

import random
from collections.abc import Callable
from functools import partial

import pytest

from agents import lease
from agents.admission import LaunchRefused
from agents.contracts.endings import TERMINAL
from agents.contracts.specs import AgentSpec
from agents.library.sync import keep_version
from agents.lifecycle import launch
from agents.models import Agent, Run, Switch
from agents.models.switch import Reach
from agents.switches import SwitchRefused, lift, reached_by, set_switch, standing
from budgets.models import Action, Surface, Tenant
from tests.agents.at_once import at_once
from tests.agents.batches import kinds
from tests.agents.conftest import LLM, Office
from tests.agents.workers import PAY
from tests.tier_edit import limit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_redis", "sender")]
OPERATOR = "acme_operator"
SEED = 20261122
ROUNDS = 12


def closed(office: Office, reach: Reach, **changes: object) -> Switch:
    """A switch of the office."""
    given: dict[str, object] = {"tenant": office.tenant, "actor": OPERATOR, "reason": "wrong refunds", **changes}
    return set_switch(reach=reach, **given)  # type: ignore[arg-type]  # by name


def start(office: Office, **changes: object) -> Run:
    """Launch a run as an operator would."""
    given: dict[str, object] = {
        "tenant": office.tenant,
        "surface": office.surface,
        "agent": office.agent,
        "task": "Find out about tea.",
        "actor": OPERATOR,
        **changes,
    }
    return launch(**given)  # type: ignore[arg-type]  # by name


@pytest.fixture
def payer(office: Office) -> Agent:
    """An agent that may pay."""
    del office
    spec = AgentSpec(name="payer", title="Payer", purpose="Pays.", system_prompt="Pay.", llms=(LLM,), tools=(PAY,))
    agent = keep_version(spec=spec).agent
    agent.refresh_from_db()
    return agent


@pytest.fixture
def globex(office: Office) -> Surface:
    """Another tenant's surface."""
    del office
    tenant = Tenant.objects.create(slug="globex", name="Globex")
    surface = Surface.objects.create(tenant=tenant, slug="chat", name="Chat")
    limit(surface, run_nanos=10**9)
    return surface


@pytest.mark.parametrize(
    ("reach", "changes", "stopped"),
    [
        ("everything", {"tenant": None}, {"tester", "payer", "beside", "theirs"}),
        ("tenant", {}, {"tester", "payer", "beside"}),
        ("surface", {"surface": "enterprise"}, {"tester", "payer"}),
        ("agent", {"name": "tester"}, {"tester", "beside"}),
        ("agent", {"name": "tester", "tenant": None}, {"tester", "beside", "theirs"}),
        ("tool", {"name": "pay"}, {"payer"}),
    ],
)
def test_a_switch_kills_and_refuses_what_it_reaches_and_nothing_else(
    office: Office, payer: Agent, globex: Surface, reach: Reach, changes: dict[str, object], stopped: set[str]
) -> None:
    beside = Surface.objects.create(tenant=office.tenant, slug="beside", name="Beside")
    limit(beside, run_nanos=10**9)
    launches: dict[str, Callable[[], Run]] = {
        "tester": lambda: start(office),
        "payer": lambda: start(office, agent=payer),
        "beside": lambda: start(office, surface=beside),
        "theirs": lambda: start(office, tenant=globex.tenant, surface=globex),
    }
    runs = {name: make() for name, make in launches.items()}
    Run.objects.filter(pk=runs["payer"].pk).update(state="running", epoch=1)
    if "surface" in changes:
        changes = {"surface": office.surface}
    switch = closed(office, reach, **changes)
    for name, run in runs.items():
        run.refresh_from_db()
        assert (run.kill_order_id == switch.order_id) == (name in stopped), name
        assert (run.state in TERMINAL) == (name in stopped - {"payer"}), name
    assert switch.order is not None
    assert switch.order.runs_count == len(stopped)
    for name, make in launches.items():
        if name in stopped:
            with pytest.raises(LaunchRefused, match=f"was stopped by {OPERATOR} on .* UTC: wrong refunds") as refused:
                make()
            assert refused.value.field == "switch"
        else:
            assert make().state == "queued"
    assert lift(switch=switch, actor="acme_admin", reason="mended")
    assert all(make().state == "queued" for make in launches.values())


@pytest.mark.parametrize(
    ("reach", "changes"),
    [
        ("tenant", {"tenant": None}),
        ("everything", {}),
        ("surface", {}),
        ("agent", {}),
        ("tool", {"tenant": None}),
        ("tenant", {"name": "tester"}),
        ("tenant", {"reason": " "}),
    ],
)
def test_a_reach_that_makes_no_sense_is_refused(office: Office, reach: Reach, changes: dict[str, object]) -> None:
    run = office.run("queued")
    with pytest.raises(SwitchRefused):
        closed(office, reach, **changes)
    assert not Switch.objects.exists()
    assert kinds(run) == []


def test_a_surface_of_another_tenant_is_refused(office: Office, globex: Surface) -> None:
    with pytest.raises(SwitchRefused, match="chat is not a surface of acme"):
        closed(office, "surface", surface=globex)


def test_what_is_closed_already_is_refused_by_the_word_of_who_closed_it(office: Office) -> None:
    first = closed(office, "agent", name="tester")
    with pytest.raises(SwitchRefused, match=f"was stopped by {OPERATOR} on .*: wrong refunds"):
        closed(office, "agent", name="tester", actor="another")
    assert lift(switch=first, actor=OPERATOR, reason="mended")
    assert not lift(switch=first, actor=OPERATOR, reason="again")
    assert closed(office, "agent", name="tester").pk != first.pk
    done = Action.objects.filter(verb__startswith="switch.").order_by("pk")
    assert [action.verb for action in done] == ["switch.set", "switch.lift", "switch.set"]


def test_a_switch_that_is_not_yet_set_says_what_it_would_stop(office: Office) -> None:
    run = office.run("paused")
    office.run("completed")
    assert list(reached_by(Switch(reach="agent", name="tester", tenant=office.tenant))) == [run]


def test_a_queued_run_under_a_switch_is_not_started_but_stopped_by_its_order(office: Office) -> None:
    switch = closed(office, "tenant")
    missed = office.run("queued", epoch=0)
    assert lease.claim(run_id=missed.id, owner="worker") is None
    missed.refresh_from_db()
    assert (missed.state, missed.kill_order_id, missed.epoch) == ("killed", switch.order_id, 0)
    assert kinds(missed) == ["kill.requested", "run.ended"]


def test_launches_and_claims_beside_a_switch_leave_nothing_at_work_within_its_reach(office: Office) -> None:
    luck = random.Random(SEED)
    limit(office.surface, parallel_runs=1_000, launches_per_minute=1_000)
    for _ in range(ROUNDS):
        waiting = [office.run("queued", epoch=0) for _ in range(3)]

        def begin() -> None:
            try:
                run = start(office)
            except LaunchRefused:
                return
            lease.claim(run_id=run.id, owner="worker")

        def take(run: Run) -> None:
            lease.claim(run_id=run.id, owner="worker")

        work: list[Callable[[], object]] = [lambda: closed(office, "agent", name="tester"), begin, begin]
        work += [partial(take, run) for run in waiting]
        luck.shuffle(work)
        at_once(*work)
        switch = Switch.objects.on().get()
        assert set(Run.objects.values_list("state", flat=True)) <= {"killed", "kill_requested"}
        assert not Run.objects.filter(kill_requested_at=None).exists()
        assert lift(switch=switch, actor=OPERATOR, reason="again")
        Run.objects.filter(state="kill_requested").update(state="killed")


def test_switches_of_other_reaches_are_not_met(office: Office) -> None:
    closed(office, "tool", name="pay")
    tenant, surface = office.tenant, office.surface
    assert standing(tenant=tenant, surface=surface, agent="pay", tools=["look"]) == []
    assert [met.name for met in standing(tenant=tenant, surface=surface, agent="x", tools=["look", "pay"])] == ["pay"]
