"""Limits that a launch asks for below its tier's: never above, kept when the tier is edited, and they bind."""

import pytest

from agents import execution, funding
from agents.admission import LaunchRefused
from agents.forks import retry
from agents.lifecycle import launch
from agents.models import Run
from agents.run_input import input_of
from budgets import clock
from budgets.ledger import verify
from budgets.models import Account
from budgets.own_limits import OwnLimits
from budgets.tier_edits import Change
from budgets.tiers import Limits
from tests.agents.conftest import USD, Office
from tests.agents.test_execution import at, llm  # noqa: F401 - fixtures: a worker and its LLM
from tests.agents.workers import WrittenLLM

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_redis", "sender")]
CENT = USD // 100


def launched(office: Office, **own: int) -> Run:
    """A run with limits of its own."""
    return launch(
        tenant=office.tenant,
        surface=office.surface,
        agent=office.agent,
        task="Write to Ann.",
        actor="acme_operator",
        own=OwnLimits(**own),
    )


def edit(office: Office, run_nanos: int) -> None:
    """Another cap for all runs of the surface, by the verb that people use."""
    change = Change(changes={"run_nanos": run_nanos}, reason="busy day", actor="acme_admin", made_from="test")
    funding.edit_tier(tenant=office.tenant, surface=office.surface, user="", change=change)


def caps(run: Run) -> tuple[int | None, int | None, int | None]:
    """What the run, its limits and its account say that it may spend."""
    run.refresh_from_db()
    account = Account.objects.get(scope="run", subject=run.pk)
    return run.cap_nanos, run.limits["run_nanos"], account.limit_nanos


def test_own_limits_only_tighten() -> None:
    tier = Limits(run_nanos=None, max_turns=10, max_seconds=60)
    within = OwnLimits(run_nanos=5, max_turns=3).within(tier)
    assert (within.run_nanos, within.max_turns, within.max_seconds) == (5, 3, 60)
    assert OwnLimits(run_nanos=9, max_turns=30).within(Limits(run_nanos=7, max_turns=10)).run_nanos == 7
    assert OwnLimits().within(tier) == tier


def test_a_launch_has_its_own_limits(office: Office) -> None:
    run = launched(office, run_nanos=USD, max_turns=3, max_seconds=30)
    assert caps(run) == (USD, USD, USD)
    limits = input_of(run, started_at=clock.now()).limits
    assert (limits.max_turns, limits.max_seconds) == (3, 30)
    assert run.own_limits == {"run_nanos": USD, "max_turns": 3, "max_seconds": 30}


@pytest.mark.parametrize(
    ("own", "field", "said"),
    [
        ({"run_nanos": 2 * USD + 1}, "cap", "At most $2.00, the tier's limit for a run."),
        ({"run_nanos": 0}, "cap", "more than nothing"),
        ({"max_turns": 26}, "turns", "At most 25 turns, the agent's limit."),
        ({"max_turns": 0}, "turns", "At least 1 turn."),
        ({"max_seconds": 901}, "seconds", "At most 900 s, the tier's limit."),
    ],
)
def test_above_the_limit_that_holds_it_is_refused_at_the_field(
    office: Office, own: dict[str, int], field: str, said: str
) -> None:
    with pytest.raises(LaunchRefused) as refused:
        launched(office, **own)
    assert refused.value.field == field
    assert said in str(refused.value)
    assert not Run.objects.exists()


def test_an_edit_of_the_tier_never_lifts_a_run_above_its_own_cap(office: Office) -> None:
    run, other = launched(office, run_nanos=USD), launched(office)
    edit(office, 5 * USD)
    assert (caps(run), caps(other)) == ((USD,) * 3, (5 * USD,) * 3)
    edit(office, CENT)
    assert (caps(run), caps(other)) == ((CENT,) * 3, (CENT,) * 3)
    edit(office, 3 * USD)
    assert caps(run) == (USD,) * 3
    assert verify() is None


@pytest.mark.usefixtures("at", "llm")
def test_its_own_cap_stops_a_run_before_its_first_call(office: Office, llm: WrittenLLM) -> None:  # noqa: F811
    run = launched(office, run_nanos=1_000)
    execution.work_on(run.pk)
    run.refresh_from_db()
    assert (run.cost_nanos, llm.asked) == (0, 0)
    assert "The budget of this run is $0.000001" in run.reason


@pytest.mark.usefixtures("at")
def test_its_own_turns_end_a_run(office: Office, llm: WrittenLLM) -> None:  # noqa: F811
    run = launched(office, max_turns=1)
    execution.work_on(run.pk)
    run.refresh_from_db()
    assert (run.turn, llm.asked) == (1, 1)
    assert "turn" in run.reason


@pytest.mark.usefixtures("at", "llm")
def test_a_retry_keeps_them(office: Office) -> None:
    run = launched(office, run_nanos=1_000)
    execution.work_on(run.pk)
    run.refresh_from_db()
    edit(office, USD)
    again = retry(run=run, actor="acme_operator", reason="once more")
    assert (again.own_limits, again.cap_nanos) == (run.own_limits, 1_000)
