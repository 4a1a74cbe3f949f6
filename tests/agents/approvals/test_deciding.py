"""An approval holds for one call with exactly these arguments, and lets it happen once, however many give it.

What people say at once, change at once, or say while its time runs out, is decided once.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from agents import execution, runtime
from agents.approvals.deciding import NotCounted, decide
from agents.approvals.expiry import expire
from agents.contracts.base import JsonObject
from agents.library.sync import keep_version
from agents.lifecycle import launch
from agents.llms import registry
from agents.models import Approval, ApprovalRule, Effect, Run
from agents.recovery import sweep
from agents.tools.boundary import Rejected
from budgets import clock
from budgets.models import Action, Tenant
from tests.agents.at_once import at_once
from tests.agents.batches import kinds
from tests.agents.conftest import Office, agent_spec
from tests.agents.engine.doubles import asks, call, says
from tests.agents.workers import PAY, SENT, WrittenLLM, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_redis", "sender")]
PEOPLE = 20


@pytest.fixture(autouse=True)
def _at_work(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process's worker; its LLM wants to pay Ann."""
    SENT.clear()
    written = WrittenLLM([asks(call("pay", to="ann", number=5)), says("Paid.")])
    monkeypatch.setattr(registry, "resolve", lambda _reference: written)
    with worker("one") as at:
        monkeypatch.setattr(runtime, "current", lambda: at)
        yield


@pytest.fixture
def launched(office: Office) -> Callable[[], Run]:
    """Makes a run that wants to pay, and works on it for as long as it goes."""

    def make() -> Run:
        keep_version(spec=agent_spec(PAY))
        office.agent.refresh_from_db()
        run = launch(
            tenant=office.tenant, surface=office.surface, agent=office.agent, task="Pay Ann.", actor="acme_operator"
        )
        execution.work_on(run.id)
        run.refresh_from_db()
        return run

    return make


@pytest.fixture
def asked(launched: Callable[[], Run]) -> Run:
    """A run that waits for a person's word on a payment."""
    run = launched()
    assert run.state == "waiting_approval"
    return run


def test_what_was_approved_for_other_arguments_is_refused(asked: Run) -> None:
    assert decide(approval=asked.approvals.get(), actor="acme_approver", approve=True)
    step = asked.steps.get(number=1)
    step.output["message"]["calls"][0]["arguments"]["number"] = 5_000
    step.save()
    execution.work_on(asked.id)
    asked.refresh_from_db()
    assert (asked.state, SENT) == ("completed", [])
    assert not Effect.objects.exists()
    assert asked.steps.get(number=2).output["result"]["status"] == "denied"


def test_twenty_approvals_at_once_and_as_many_workers_make_one_payment(asked: Run) -> None:
    approval = asked.approvals.get()
    said = at_once(*(lambda n=n: decide(approval=approval, actor=f"person {n}", approve=True) for n in range(PEOPLE)))
    assert sum(said) == 1
    at_once(*(lambda: execution.work_on(asked.id) for _ in range(PEOPLE)))
    asked.refresh_from_db()
    approval.refresh_from_db()
    assert (asked.state, len(SENT), approval.decided_by) == ("completed", 1, f"person {said.index(True)}")
    assert kinds(asked).count("approval.decided") == 1
    assert Effect.objects.get().state == "succeeded"


def test_a_word_that_comes_after_a_denial_lets_nothing_happen(asked: Run) -> None:
    approval = asked.approvals.get()
    said = at_once(
        *(lambda n=n: decide(approval=approval, actor=f"person {n}", approve=n != 0) for n in range(2)),
    )
    assert sum(said) == 1
    execution.work_on(asked.id)
    assert len(SENT) == said[1]


FIVE: JsonObject = {"to": "ann", "number": 5}
FOUR: JsonObject = {"to": "ann", "number": 4}


def the_tool_got(run: Run) -> JsonObject:
    """The arguments of the one effect of a run."""
    arguments: JsonObject = run.effects.get().arguments
    return arguments


def test_an_edited_call_goes_out_once_as_it_was_edited_and_the_llm_reads_what_changed(asked: Run) -> None:
    approval = asked.approvals.get()
    assert decide(approval=approval, actor="acme_approver", approve=True, arguments=FOUR)
    execution.work_on(asked.id)
    asked.refresh_from_db()
    approval.refresh_from_db()
    assert (asked.state, len(SENT), the_tool_got(asked)) == ("completed", 1, FOUR)
    assert asked.effects.get().key == approval.edited_hash != approval.arguments_hash
    step = asked.steps.get(number=2).output
    assert (step["arguments"], step["key"]) == (FOUR, approval.arguments_hash)
    change = {"argument": "/number", "was": 5, "now": 4}
    assert step["result"]["content"]["edited"]["changes"] == [change]
    decided = asked.events.get(kind="approval.decided").data
    assert (decided["edited"]["by"], decided["edited"]["changes"]) == ("acme_approver", [change])
    action = Action.objects.get(verb="approval.approve")
    assert (action.before, action.after["arguments"]) == ({"arguments": FIVE}, FOUR)


@pytest.mark.parametrize("made", [{"to": "ann", "number": "4"}, {"number": 4}, {**FOUR, "also": 1}])
def test_an_edit_that_the_tool_would_not_take_changes_nothing(asked: Run, made: JsonObject) -> None:
    approval = asked.approvals.get()
    with pytest.raises(Rejected):
        decide(approval=approval, actor="acme_approver", approve=True, arguments=made)
    approval.refresh_from_db()
    assert (approval.outcome, approval.votes.count(), kinds(asked).count("approval.voted")) == ("open", 0, 0)
    assert not Action.objects.filter(verb__startswith="approval").exists()


def test_an_edit_back_to_what_was_asked_is_no_edit(asked: Run) -> None:
    approval = asked.approvals.get()
    assert decide(approval=approval, actor="acme_approver", approve=True, arguments=dict(FIVE))
    approval.refresh_from_db()
    assert (approval.outcome, approval.edited_arguments) == ("approved", None)


def test_of_edits_made_at_once_one_is_sent(asked: Run) -> None:
    approval = asked.approvals.get()
    said = at_once(
        *(
            lambda n=n: decide(
                approval=approval, actor=f"person {n}", approve=True, arguments={"to": "ann", "number": n}
            )
            for n in range(10, 16)
        )
    )
    assert sum(said) == 1
    at_once(*(lambda: execution.work_on(asked.id) for _ in range(4)))
    assert (len(SENT), the_tool_got(asked)["number"]) == (1, 10 + said.index(True))


def test_a_yes_at_the_moment_of_expiry_and_the_expiry_are_one_decision(asked: Run) -> None:
    approval = asked.approvals.get()
    soon = clock.now() + timedelta(milliseconds=40)
    asked.approvals.update(expires_at=soon)

    def expire_in_time() -> bool:
        while clock.now() <= soon:
            pass
        return expire(approval)

    yes, late = at_once(lambda: decide(approval=approval, actor="acme_approver", approve=True), expire_in_time)
    assert yes is not late
    execution.work_on(asked.id)
    assert len(SENT) == yes
    assert kinds(asked).count("approval.decided") == 1


def test_what_has_expired_is_a_no_for_good_and_the_llm_is_told(asked: Run) -> None:
    approval = asked.approvals.get()
    assert not expire(approval), "its time is not over"
    asked.approvals.update(expires_at=clock.now())
    assert not decide(approval=approval, actor="acme_approver", approve=True)
    sweep()
    execution.work_on(asked.id)
    asked.refresh_from_db()
    assert (asked.state, SENT, asked.approvals.get().outcome) == ("completed", [], "expired")
    assert "expired" in asked.steps.get(number=2).output["result"]["content"]["error"]


def needs_two(run: Run) -> Approval:
    """Its approval, as a rule would have asked for it."""
    run.approvals.update(people=2)
    return run.approvals.get()


def test_two_different_people_must_say_yes_and_the_launcher_may_be_one_of_them(asked: Run) -> None:
    approval = needs_two(asked)
    assert decide(approval=approval, actor="acme_operator", approve=True)
    execution.work_on(asked.id)
    assert SENT == []
    with pytest.raises(NotCounted, match="another person"):
        decide(approval=approval, actor="acme_operator", approve=True)
    assert decide(approval=approval, actor="acme_approver", approve=True)
    execution.work_on(asked.id)
    approval.refresh_from_db()
    assert (len(SENT), approval.decided_by) == (1, "acme_operator and acme_approver")
    assert [kind for kind in kinds(asked) if kind.startswith("approval.")] == [
        "approval.requested",
        "approval.voted",
        "approval.decided",
    ]


def test_an_edit_makes_an_earlier_yes_one_to_something_else(asked: Run) -> None:
    approval = needs_two(asked)
    assert decide(approval=approval, actor="one", approve=True)
    assert decide(approval=approval, actor="two", approve=True, arguments=FOUR)
    approval.refresh_from_db()
    assert (approval.outcome, approval.edited_arguments) == ("open", FOUR)
    with pytest.raises(NotCounted, match="changed while you looked"):
        decide(approval=approval, actor="one", approve=True, seen=approval.arguments_hash)
    assert decide(approval=approval, actor="one", approve=True, seen=approval.edited_hash)
    execution.work_on(asked.id)
    assert (len(SENT), the_tool_got(asked)) == (1, FOUR)


def test_one_no_is_enough_though_two_yeses_were_wanted(asked: Run) -> None:
    approval = needs_two(asked)
    assert decide(approval=approval, actor="one", approve=True)
    assert decide(approval=approval, actor="two", approve=False, note="no such order")
    assert not decide(approval=approval, actor="three", approve=True)
    execution.work_on(asked.id)
    assert SENT == []


def test_many_people_at_once_are_two_yeses_and_one_payment(asked: Run) -> None:
    approval = needs_two(asked)
    said = at_once(*(lambda n=n: decide(approval=approval, actor=f"person {n}", approve=True) for n in range(8)))
    assert sum(said) == 2
    execution.work_on(asked.id)
    approval.refresh_from_db()
    assert (len(SENT), len(approval.decided_by.split(" and "))) == (1, 2)
    assert (kinds(asked).count("approval.voted"), kinds(asked).count("approval.decided")) == (1, 1)


def test_the_same_person_twice_at_once_is_one_yes(asked: Run) -> None:
    approval = needs_two(asked)

    def yes() -> bool:
        try:
            return decide(approval=approval, actor="one", approve=True)
        except NotCounted:
            return False

    assert sum(at_once(*(yes for _ in range(6)))) == 1
    assert approval.votes.count() == 1


def test_who_may_do_less_than_the_rule_asks_for_is_not_counted(asked: Run) -> None:
    asked.approvals.update(role="admin")
    approval = asked.approvals.get()
    with pytest.raises(NotCounted, match="role admin"):
        decide(approval=approval, actor="acme_approver", approve=False, role="approver")
    assert decide(approval=approval, actor="acme_admin", approve=True, role="admin")


def rule(office: Office, *conditions: JsonObject, people: int, **fields: object) -> ApprovalRule:
    """A rule of the tenant on payments."""
    given: dict[str, object] = {"tool": "pay", "position": 1, "made_by": "acme_admin", **fields}
    return ApprovalRule.objects.create(tenant=office.tenant, conditions=list(conditions), people=people, **given)


def over(number: int) -> JsonObject:
    """The condition that the payment is larger."""
    return {"argument": "/number", "is": ">", "value": number}


def test_a_rule_says_who_is_asked_and_for_how_long(office: Office, launched: Callable[[], Run]) -> None:
    large = rule(office, over(4), people=2, role="admin", expires_seconds=60)
    approval = launched().approvals.get()
    assert (approval.people, approval.role, approval.rule_id) == (2, "admin", large.pk)
    assert approval.expires_at - approval.requested_at == timedelta(seconds=60)


def test_a_rule_of_all_tenants_comes_before_one_that_would_let_the_call_go(
    office: Office, launched: Callable[[], Run]
) -> None:
    rule(office, people=0)
    everywhere = ApprovalRule.objects.create(position=9, tool="*", people=1, made_by="admin")
    assert launched().approvals.get().rule_id == everywhere.pk


def test_what_an_admin_lets_go_goes_without_asking(office: Office, launched: Callable[[], Run]) -> None:
    rule(office, {"argument": "/number", "is": "<=", "value": "5.00"}, people=0)
    run = launched()
    assert (run.state, len(SENT), run.approvals.count()) == ("completed", 1, 0)


def test_a_rule_that_was_switched_off_or_is_another_tenants_counts_for_nothing(
    office: Office, launched: Callable[[], Run]
) -> None:
    rule(office, people=0, active=False)
    other = Tenant.objects.create(slug="globex", name="Globex")
    ApprovalRule.objects.create(tenant=other, position=1, tool="*", people=0, made_by="globex_admin")
    assert launched().state == "waiting_approval"


def test_an_edit_into_what_two_people_must_see_needs_the_second(office: Office, launched: Callable[[], Run]) -> None:
    rule(office, over(100), people=2)
    run = launched()
    approval = run.approvals.get()
    assert approval.people == 1
    assert decide(approval=approval, actor="one", approve=True, arguments={"to": "ann", "number": 5_000})
    approval.refresh_from_db()
    assert (approval.outcome, approval.people) == ("open", 2)
    execution.work_on(run.id)
    assert SENT == []
