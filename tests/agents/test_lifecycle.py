"""The verbs of operators: each is a row first, and whoever comes second finds that it is too late."""

from datetime import UTC, datetime, timedelta

import pytest
from kombu.exceptions import OperationalError

from agents.admission import LaunchRefused
from agents.approvals.deciding import decide
from agents.contracts.endings import TERMINAL, WAITING, Ending
from agents.engine.batch import Batch
from agents.kills import kill
from agents.lifecycle import Upload, launch, pause, resume
from agents.models import Agent, Approval, Run
from budgets.ledger import verify
from budgets.models import Surface, Tenant
from tests.agents.batches import end, event, hold, kinds, put, sequence, settled
from tests.agents.conftest import LLM, USD, Office, Sender
from tests.tier_edit import limit

pytestmark = pytest.mark.usefixtures("no_redis", "sender")
OPERATOR = "acme_operator"


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


def approval_of(run: Run, **changes: object) -> Approval:
    """A call that waits for a person."""
    now = datetime.now(UTC)
    given: dict[str, object] = {"requested_at": now, "expires_at": now + timedelta(hours=1), **changes}
    return Approval.objects.create(run=run, call_id="c1", tool="pay", arguments={}, arguments_hash="k", **given)


def test_a_launched_run_is_queued_bound_to_its_version_and_rung_for(office: Office, sender: Sender) -> None:
    run = start(office, user="ann", session="chat")
    run.refresh_from_db()
    assert (run.state, run.llm, run.cap_nanos, run.launched_by) == ("queued", LLM, 2 * USD, OPERATOR)
    assert run.version == office.agent.current
    assert kinds(run) == ["run.launched"]
    assert sender.sent == [run.id]
    assert run.due_at is not None


def test_files_are_attached_and_equal_ones_kept_once(office: Office) -> None:
    files = [Upload("a.txt", "text/plain", b"tea"), Upload("b\x00.txt", "text/plain", b"tea")]
    run = start(office, attachments=files)
    assert [a.name for a in run.attachments.order_by("pk")] == ["a.txt", "b\\u0000.txt"]
    assert len({a.blob_id for a in run.attachments.all()}) == 1


def test_a_task_of_any_characters_can_be_launched(office: Office) -> None:
    run = start(office, task="tea \x00 \ud800 🍵")
    run.refresh_from_db()
    assert run.task == "tea \\u0000 \\ud800 🍵"


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("task", {"task": " \n"}),
        ("task", {"task": "x" * 1_000_001}),
        ("user", {"user": "x" * 129}),
        ("user", {"user": "a\x00b"}),
        ("session", {"session": "a\nb"}),
        ("llm", {"llm": "no such thing"}),
        ("llm", {"llm": "nobody:has-this"}),
        ("llm", {"llm": "rehearsal:unpriced"}),
    ],
)
def test_a_launch_that_cannot_be_names_its_field_and_makes_nothing(
    office: Office, sender: Sender, field: str, changes: dict[str, object]
) -> None:
    with pytest.raises(LaunchRefused) as refused:
        start(office, **changes)
    assert refused.value.field == field
    assert str(refused.value).strip()
    assert not Run.objects.exists()
    assert sender.sent == []


def test_an_llm_without_its_key_is_refused(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(LaunchRefused, match="OPENAI_API_KEY") as refused:
        start(office, llm="openai:gpt-5")
    assert refused.value.field == "llm"


def test_an_agent_without_a_version_is_refused(office: Office) -> None:
    with pytest.raises(LaunchRefused) as refused:
        start(office, agent=Agent.objects.create(name="empty"))
    assert refused.value.field == "agent"


def test_a_surface_of_another_tenant_or_without_a_tier_is_refused(office: Office) -> None:
    globex = Tenant.objects.create(slug="globex", name="Globex")
    theirs = Surface.objects.create(tenant=globex, slug="chat", name="Chat")
    ours = Surface.objects.create(tenant=office.tenant, slug="new", name="New")
    for surface in (theirs, ours):
        with pytest.raises(LaunchRefused) as refused:
            start(office, surface=surface)
        assert refused.value.field == "surface"


def test_a_run_on_an_exhausted_budget_is_refused_and_leaves_nothing(office: Office) -> None:
    limit(office.tenant, user_day_nanos=1_000)
    first = start(office, user="ann")
    Run.objects.update(state="running", epoch=1)
    first.refresh_from_db()
    office.limits = type(office.limits)(**first.limits)
    claim = office.claim(first)
    put(claim, Batch(hold=hold("h1", 0), intents=[event()]))
    put(claim, Batch(settlements=[settled("h1", 1_000)], facts=[event()]))
    limit(office.surface, run_nanos=0)
    with pytest.raises(LaunchRefused, match="run") as refused:
        start(office)
    assert refused.value.field == "budget"
    assert Run.objects.count() == 1
    assert verify() is None


def test_a_broker_that_is_away_does_not_break_a_launch(office: Office, sender: Sender) -> None:
    sender.broken = OperationalError("nobody there")
    run = start(office)
    run.refresh_from_db()
    assert run.state == "queued"
    assert run.due_at is not None


@pytest.mark.parametrize("state", ["queued", *sorted(WAITING)])
def test_a_kill_ends_a_run_that_no_worker_holds_at_once(office: Office, state: str) -> None:
    run = office.run(state)
    assert kill(run=run, actor=OPERATOR, reason="enough\x00")
    run.refresh_from_db()
    assert (run.state, run.kill_requested_by, run.kill_reason) == ("killed", OPERATOR, "enough\\u0000")
    assert run.ended_at is not None
    assert kinds(run) == ["kill.requested", "run.ended"]
    assert sequence(run) == [1, 2]


def test_a_kill_of_a_run_at_work_asks_its_worker(office: Office) -> None:
    run = office.run()
    assert kill(run=run, actor=OPERATOR, reason="enough")
    run.refresh_from_db()
    assert (run.state, run.lease_owner) == ("kill_requested", "worker")
    assert kinds(run) == ["kill.requested"]


@pytest.mark.parametrize("state", ["kill_requested", *sorted(TERMINAL)])
def test_a_kill_that_comes_too_late_changes_nothing(office: Office, state: str) -> None:
    run = office.run(state, kill_requested_at=datetime.now(UTC) if state == "kill_requested" else None)
    assert not kill(run=run, actor=OPERATOR, reason="enough")
    run.refresh_from_db()
    assert (run.state, kinds(run)) == (state, [])


def test_a_paused_run_keeps_its_place_and_goes_on(office: Office, sender: Sender) -> None:
    run = office.run()
    assert pause(run=run, actor=OPERATOR)
    assert not pause(run=run, actor=OPERATOR)
    end(office.claim(run), Ending(state="paused"))
    assert resume(run=run, actor=OPERATOR)
    assert not resume(run=run, actor=OPERATOR)
    run.refresh_from_db()
    assert (run.state, run.pause_requested_at, run.attempts) == ("queued", None, 0)
    assert sender.sent == [run.id]
    assert kinds(run)[-1] == "run.resumed"


@pytest.mark.parametrize("state", ["running", "queued", *sorted(TERMINAL)])
def test_only_a_run_that_waits_can_be_resumed(office: Office, state: str) -> None:
    assert not resume(run=office.run(state), actor=OPERATOR)


@pytest.mark.parametrize("state", [*sorted(WAITING), *sorted(TERMINAL)])
def test_only_a_run_that_is_queued_or_at_work_can_be_paused(office: Office, state: str) -> None:
    assert not pause(run=office.run(state), actor=OPERATOR)


@pytest.mark.parametrize(("approve", "outcome"), [(True, "approved"), (False, "denied")])
def test_the_first_decision_wins_and_wakes_the_run(office: Office, sender: Sender, approve: bool, outcome: str) -> None:
    run = office.run("waiting_approval")
    approval = approval_of(run)
    assert decide(approval=approval, actor="acme_approver", approve=approve, note="a\x00b")
    assert not decide(approval=approval, actor=OPERATOR, approve=not approve)
    approval.refresh_from_db()
    run.refresh_from_db()
    assert (approval.outcome, approval.decided_by, approval.note) == (outcome, "acme_approver", "a\\u0000b")
    assert run.state == "queued"
    assert sender.sent == [run.id]
    assert kinds(run) == ["approval.decided"]


def test_a_decision_on_what_has_expired_or_ended_counts_for_nothing(office: Office) -> None:
    late = approval_of(office.run("waiting_approval"), expires_at=datetime.now(UTC) - timedelta(seconds=1))
    ended = approval_of(office.run("killed"))
    killed = approval_of(office.run("waiting_approval", kill_requested_at=datetime.now(UTC)))
    for approval in (late, ended, killed):
        assert not decide(approval=approval, actor="acme_approver", approve=True)
        approval.refresh_from_db()
        assert approval.outcome == "open"


def test_redis_away_does_not_break_any_verb(office: Office) -> None:
    run = start(office)
    assert pause(run=run, actor=OPERATOR)
    assert kill(run=run, actor=OPERATOR, reason="enough")
    run.refresh_from_db()
    assert run.state == "killed"
