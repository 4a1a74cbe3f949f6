"""Who may start: what the tiers allow, counted at each level, exact however many ask at once."""

import re
from collections import Counter
from datetime import timedelta

import pytest

from agents import lease
from agents.admission import LaunchRefused
from agents.engine.batch import Batch
from agents.kills import kill
from agents.lifecycle import launch
from agents.models import EventRow, Run
from agents.recorder import Entry
from budgets import clock
from budgets.ledger import verify
from budgets.models import Account, Hold, Surface, Tenant
from budgets.prices import set_price
from budgets.pricing import Rates
from tests.agents.at_once import at_once
from tests.agents.batches import event, hold, put, recorder, settled
from tests.agents.conftest import LLM, USD, Office, Sender
from tests.tier_edit import limit

pytestmark = pytest.mark.usefixtures("no_redis", "sender")
AT_ONCE = 64
AT_WORK = r"10 runs of the surface enterprise are at work, and 10 may be at once; again when one ends\."
TOO_FAST = r"20 runs of the surface enterprise were launched within a minute, the most; again in (\d+) s\."
EXHAUSTED = (
    r"The budget of this surface today is \$0\.000001, \$0\.000001 spent, and nothing is left; "
    r"it starts afresh at 20\d\d-\d\d-\d\d 00:00 UTC\."
)


def start(office: Office, *, surface: Surface | None = None, user: str = "", llm: str = "") -> Run:
    """Launch a run as an operator would."""
    return launch(
        tenant=office.tenant,
        surface=surface or office.surface,
        agent=office.agent,
        task="Find out about tea.",
        actor="acme_operator",
        user=user,
        llm=llm,
    )


def refusal(office: Office, *, surface: Surface | None = None, user: str = "", llm: str = "") -> str:
    """Why it may not start."""
    with pytest.raises(LaunchRefused) as refused:
        start(office, surface=surface, user=user, llm=llm)
    return f"{refused.value.field}: {refused.value}"


def try_to_start(office: Office) -> str:
    """Launch; the reason when it was refused, "" when not."""
    try:
        start(office)
    except LaunchRefused as refused:
        return f"{refused.field}: {refused}"
    return ""


@pytest.fixture
def lounge(office: Office) -> Surface:
    """A second surface of the same tenant."""
    lounge = Surface.objects.create(tenant=office.tenant, slug="lounge", name="Lounge")
    limit(lounge, run_nanos=USD)
    return lounge


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("setting", "most", "said"),
    [("parallel_runs", 10, AT_WORK), ("launches_per_minute", 20, TOO_FAST)],
    ids=["parallel_runs", "launches_per_minute"],
)
def test_of_64_that_launch_at_once_as_many_start_as_may(
    office: Office, sender: Sender, setting: str, most: int, said: str
) -> None:
    limit(office.surface, **{"parallel_runs": 100, "launches_per_minute": 100, setting: most})
    answers = Counter(at_once(*[lambda: try_to_start(office)] * AT_ONCE))
    assert answers.pop("") == most
    assert sum(answers.values()) == AT_ONCE - most
    assert [text for text in answers if not re.fullmatch(f"budget: {said}", text)] == []
    assert Run.objects.count() == EventRow.objects.filter(kind="run.launched").count() == most
    assert sorted(sender.sent) == sorted(Run.objects.values_list("pk", flat=True))


@pytest.mark.django_db(transaction=True)
def test_of_64_that_launch_at_once_on_an_exhausted_budget_none_starts(office: Office) -> None:
    limit(office.surface, parallel_runs=100, launches_per_minute=100)
    first = lease.claim(run_id=start(office).id, owner="one")
    assert first is not None
    put(office.claim(first), Batch(hold=hold("h1", 1_000), intents=[event()]))
    put(office.claim(first), Batch(settlements=[settled("h1", 1_000)], facts=[event()]))
    limit(office.surface, surface_day_nanos=1_000, run_nanos=1_000)
    answers = set(at_once(*[lambda: try_to_start(office)] * AT_ONCE))
    assert [text for text in answers if not re.fullmatch(f"budget: {EXHAUSTED}", text)] == []
    assert Run.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_64_that_launch_and_call_at_once_seven_are_admitted_where_the_money_is_for_seven(office: Office) -> None:
    limit(office.surface, parallel_runs=100, launches_per_minute=100, surface_day_nanos=700, run_nanos=100)

    def go() -> str:
        try:
            claimed = lease.claim(run_id=start(office).id, owner="one")
        except LaunchRefused as refused:
            return refused.field
        assert claimed is not None
        batch = Batch(hold=hold(claimed.id, 100), intents=[event("model.started")])
        return "refused" if writer.submit(Entry(office.claim(claimed), batch=batch)).refusal else "called"

    with recorder() as writer:
        answers = Counter(at_once(*[go] * AT_ONCE))
    assert answers.keys() <= {"called", "refused", "budget"}
    assert answers["called"] == Hold.objects.count() == 7
    assert EventRow.objects.filter(kind="model.started").count() == 7
    day = Account.objects.of_scope("surface_day").get()
    assert (day.held_nanos, day.spent_nanos) == (700, 0)
    assert refusal(office).startswith("budget: The budget of this surface today is")
    assert verify() is None


@pytest.mark.django_db(transaction=True)
def test_two_surfaces_that_launch_at_once_share_the_tenants_places(office: Office, lounge: Surface) -> None:
    limit(office.tenant, parallel_runs=5)

    def go(number: int) -> bool:
        try:
            start(office, surface=(office.surface, lounge)[number % 2])
        except LaunchRefused:
            return False
        return True

    assert sum(at_once(*(lambda number=number: go(number) for number in range(16)))) == 5


def test_each_level_counts_its_own_runs(office: Office, lounge: Surface) -> None:
    limit(office.tenant, parallel_runs=5)
    limit(office.surface, parallel_runs=3)
    limit(office.tenant, "ann", parallel_runs=2)
    limit(office.surface, "ann", parallel_runs=1)
    start(office, user="ann")
    assert "1 runs of the user ann on enterprise are at work" in refusal(office, user="ann")
    start(office, surface=lounge, user="ann")
    assert "2 runs of the user ann are at work" in refusal(office, surface=lounge, user="ann")
    start(office, user="bob")
    start(office, user="bob")
    assert "3 runs of the surface enterprise are at work" in refusal(office, user="bob")
    start(office, surface=lounge, user="bob")
    assert "5 runs of this tenant are at work" in refusal(office, surface=lounge, user="bob")


def test_a_surface_without_a_number_of_its_own_has_the_tenants(office: Office, lounge: Surface) -> None:
    limit(office.tenant, parallel_runs=1)
    start(office)
    assert "1 runs of this tenant" in refusal(office, surface=lounge)


def test_without_any_number_a_surface_has_the_usual_one(office: Office, lounge: Surface) -> None:
    for _ in range(20):
        office.run("queued")
    assert "20 runs of the surface enterprise are at work, and 20 may be at once" in refusal(office)
    start(office, surface=lounge)


def test_only_what_is_at_work_takes_a_place(office: Office) -> None:
    limit(office.surface, parallel_runs=1)
    for state in ("waiting_approval", "paused", "paused_budget", "completed", "killed", "dead"):
        office.run(state)
    first = start(office)
    assert "1 runs of the surface enterprise" in refusal(office)
    assert kill(run=first, actor="acme_operator", reason="enough")
    start(office)


def test_a_minute_later_there_is_room_again(office: Office) -> None:
    limit(office.surface, launches_per_minute=2)
    first, second = start(office), start(office)
    Run.objects.filter(pk=first.pk).update(created_at=clock.now() - timedelta(seconds=50))
    assert re.search(r"again in (9|10|11) s", refusal(office))
    Run.objects.filter(pk=first.pk).update(created_at=clock.now() - timedelta(seconds=61))
    assert kill(run=second, actor="acme_operator", reason="enough")  # it was launched all the same
    start(office)
    assert "2 runs of the surface enterprise were launched within a minute" in refusal(office)


def test_what_was_refused_does_not_count(office: Office) -> None:
    limit(office.surface, launches_per_minute=2)
    start(office)
    for _ in range(3):
        refusal(office, llm="rehearsal:unpriced")
    start(office)


def test_only_the_llms_of_the_most_specific_tier_may_be_asked(office: Office) -> None:
    other = "rehearsal:support-triage"
    set_price(llm=other, rates=Rates.flat(input=1, output=1), effective_from=clock.now(), created_by="test")
    limit(office.tenant, allowed_llms=["openai:*"])
    assert refusal(office) == "llm: The tier of enterprise allows only openai:*."
    limit(office.surface, allowed_llms=["rehearsal:s*"])
    start(office)
    start(office, llm=other)
    limit(office.surface, "ann", allowed_llms=[LLM])
    start(office, user="ann")
    assert refusal(office, user="ann", llm=other) == f"llm: The tier of enterprise allows only {LLM}."
    start(office, user="bob", llm=other)


def test_a_surface_for_which_nobody_has_set_a_limit_starts_nothing(office: Office) -> None:
    bare = Surface.objects.create(tenant=office.tenant, slug="bare", name="Bare")
    assert (
        refusal(office, surface=bare) == "surface: Surface bare has no tier; an operator has to set its limits first."
    )
    limit(bare, parallel_runs=5)
    assert "has no tier" in refusal(office, surface=bare)
    limit(office.tenant, "ann", run_nanos=USD)
    assert "has no tier" in refusal(office, surface=bare, user="ann")
    limit(office.tenant, run_nanos=None)
    assert start(office, surface=bare).cap_nanos is None


def test_a_run_has_the_limits_of_the_moment_with_what_it_inherits(office: Office) -> None:
    limit(office.tenant, max_turns=7, at_cap="pause")
    limit(office.surface, "ann", run_nanos=USD)
    ann, bob = start(office, user="ann"), start(office, user="bob")
    assert (ann.cap_nanos, bob.cap_nanos) == (USD, 2 * USD)
    assert (ann.limits["max_turns"], ann.limits["at_cap"], bob.limits["max_turns"]) == (7, "pause", 7)


def test_another_tenants_runs_take_no_place(office: Office) -> None:
    limit(office.tenant, parallel_runs=1)
    limit(office.tenant, "ann", parallel_runs=1)
    globex = Tenant.objects.create(slug="globex", name="Globex")
    theirs = Surface.objects.create(tenant=globex, slug="enterprise", name="Enterprise")
    Run.objects.filter(pk=office.run("queued", user="ann").pk).update(tenant=globex, surface=theirs)
    start(office, user="ann")
