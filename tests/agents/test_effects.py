"""What a dead worker had sent is unknown at once, wherever its run ends; a person's word on it holds everywhere."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from agents import effects, holds, recovery
from agents.contracts.base import JsonObject
from agents.contracts.endings import Ending
from agents.engine.batch import Batch, EffectStart
from agents.journal.append import take_over
from agents.journal.gate import NotStorable
from agents.kills import kill
from agents.library.sync import keep_version
from agents.models import Effect, Run
from agents.run_ports.memory import RunMemory
from budgets import clock
from budgets.models import Action, Hold
from tests.agents.at_once import at_once
from tests.agents.batches import effect_end, end, event, hold, kinds, put
from tests.agents.conftest import Office, Sender, agent_spec
from tests.agents.workers import PAY, SEND, SHOUT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_redis", "sender")]


@pytest.fixture
def office(office: Office) -> Office:
    """Its agent shouts without a key, and sends and pays with one."""
    keep_version(spec=agent_spec(SEND, SHOUT, PAY))
    office.agent.refresh_from_db()
    return office


def under_way(office: Office, tool: str = "shout", *, dedupe_seconds: int = 0, run: Run | None = None) -> Effect:
    """A call that has left, of a run at work."""
    run = run or office.run("running")
    start = EffectStart("c1", 1, tool, "1", "k" * 64, dedupe_seconds, {"to": "ann"}, "s" * 64)
    put(office.claim(run), Batch(effects_started=[start], intents=[event("tool.started")]))
    return Effect.objects.get(run=run)


def unknown(office: Office, *, dedupe_seconds: int = 0, state: str = "waiting_resolution") -> Effect:
    """A call of which nobody knows, of a run that waits for the word, or has ended."""
    effect = under_way(office, dedupe_seconds=dedupe_seconds)
    Run.objects.filter(pk=effect.run_id).update(epoch=2)
    take_over(effect.run_id, epoch=2)
    Run.objects.filter(pk=effect.run_id).update(state=state, awaited_key=effect.key, lease_expires_at=None)
    return again(effect)


def again(effect: Effect) -> Effect:
    """The effect and its run as they are now."""
    return Effect.objects.select_related("run").get(pk=effect.pk)


def expire_lease(run: Run, *, attempts: int = 1) -> None:
    """Its worker has died."""
    late = datetime.now(UTC) - timedelta(seconds=90)
    Run.objects.filter(pk=run.pk).update(lease_expires_at=late, attempts=attempts)


def taken_over(office: Office, effect: Effect) -> None:
    del office
    Run.objects.filter(pk=effect.run_id).update(epoch=2)
    take_over(effect.run_id, epoch=2)


def found_dead(office: Office, effect: Effect) -> None:
    del office
    expire_lease(effect.run, attempts=3)
    recovery.sweep()


def killed_with_a_dead_worker(office: Office, effect: Effect) -> None:
    del office
    kill(run=effect.run, actor="acme_operator", reason="enough")
    expire_lease(effect.run)
    recovery.sweep()


def failed_in_the_runtime(office: Office, effect: Effect) -> None:
    end(office.claim(effect.run), Ending(state="failed", reason="An error in the runtime."))


def killed_while_it_waits(office: Office, effect: Effect) -> None:
    del office
    Run.objects.filter(pk=effect.run_id).update(state="queued", lease_expires_at=None)
    kill(run=again(effect).run, actor="acme_operator", reason="enough")


def fenced_by_a_hold(office: Office, effect: Effect) -> None:
    put(office.claim(effect.run), Batch(hold=hold("h1", 900), intents=[event()]))
    expire_lease(effect.run)
    holds.charge_in_full(hold=Hold.objects.get(), actor="acme_admin", reason="dead")


Deed = Callable[[Office, Effect], None]
GOES_ON: list[Deed] = [taken_over, fenced_by_a_hold]
ENDS: list[Deed] = [found_dead, killed_with_a_dead_worker, failed_in_the_runtime, killed_while_it_waits]


@pytest.mark.parametrize("deed", [*GOES_ON, *ENDS])
def test_what_had_left_without_a_key_is_unknown_in_the_transaction_that_takes_it_from_its_worker(
    office: Office, deed: Deed
) -> None:
    effect = under_way(office)
    deed(office, effect)
    effect = again(effect)
    assert (effect.state, effect.outcome) == ("unknown", "")
    assert effect.unknown_since is not None
    told = effect.run.events.get(kind="effect.unknown")
    assert {"tool": "shout", "call_id": "c1", "key": effect.key}.items() <= told.data.items()
    ended = effect.run.events.filter(kind="run.ended").first()
    assert ended is None or told.seq < ended.seq == effect.run.next_seq - 1


@pytest.mark.parametrize(("deed", "state"), [*((d, "started") for d in GOES_ON), *((d, "unknown") for d in ENDS)])
def test_what_had_left_with_a_key_goes_again_while_the_run_goes_on_and_is_unknown_when_it_ends(
    office: Office, deed: Deed, state: str
) -> None:
    effect = under_way(office, "pay")
    deed(office, effect)
    assert again(effect).state == state


def test_what_has_come_out_stays_as_it_is(office: Office) -> None:
    effect = under_way(office)
    put(office.claim(effect.run), Batch(effects_ended=[effect_end("succeeded")], facts=[event()]))
    found_dead(office, effect)
    assert (again(effect).state, again(effect).unknown_since) == ("succeeded", None)


def test_a_word_on_an_effect_wakes_its_run_and_is_in_the_trace_and_among_the_actions(
    office: Office, sender: Sender
) -> None:
    effect = unknown(office)
    sender.sent.clear()
    given: JsonObject = {"order": "1029", "text": "\x00"}
    assert effects.resolve(
        effect=effect, outcome="happened", actor="acme_approver", reason="It is in the outbox.", result=given
    )
    effect = again(effect)
    assert (effect.state, effect.outcome, effect.resolved_by) == ("resolved", "happened", "acme_approver")
    assert (effect.resolution_reason, effect.resolved_at is None) == ("It is in the outbox.", False)
    assert effect.result == {"value": {"order": "1029", "text": "\\u0000"}}
    assert (effect.run.state, sender.sent) == ("queued", [effect.run_id])
    told = effect.run.events.get(kind="effect.resolved").data
    assert (told["how"], told["by"]) == ("happened", "acme_approver")
    action = Action.objects.get(verb="effect.resolve")
    assert (action.verb, action.run_id, action.reason) == ("effect.resolve", effect.run_id, "It is in the outbox.")
    assert action.after["outcome"] == "happened"


def test_who_says_that_it_happened_need_not_know_what_it_gave(office: Office) -> None:
    effect = unknown(office)
    effects.resolve(effect=effect, outcome="happened", actor="acme_approver", reason="Seen.")
    assert again(effect).result == {"value": effects.HAPPENED}


def test_a_result_that_is_no_json_changes_nothing(office: Office) -> None:
    effect = unknown(office)
    with pytest.raises(NotStorable):
        effects.resolve(effect=effect, outcome="happened", actor="a", reason="b", result=float("nan"))
    assert again(effect).state == "unknown"


def test_of_twenty_words_at_once_one_holds(office: Office, sender: Sender) -> None:
    effect = unknown(office)
    words: list[effects.Word] = ["happened", "again", "given_up"]
    sender.sent.clear()
    won = at_once(
        *(
            lambda n=n: effects.resolve(effect=effect, outcome=words[n % 3], actor=f"p{n}", reason="x")
            for n in range(20)
        )
    )
    assert sum(won) == 1
    effect = again(effect)
    assert (effect.outcome, effect.resolved_by) == (words[won.index(True) % 3], f"p{won.index(True)}")
    assert (
        Action.objects.filter(verb="effect.resolve").count(),
        kinds(effect.run).count("effect.resolved"),
        sender.sent,
    ) == (1, 1, [effect.run_id])


@pytest.mark.parametrize("state", ["started", "succeeded", "failed", "resolved"])
def test_what_is_not_unknown_takes_no_word(office: Office, state: str) -> None:
    effect = unknown(office)
    Effect.objects.update(state=state)
    assert not effects.resolve(effect=effect, outcome="again", actor="acme_approver", reason="why")
    assert (again(effect).state, again(effect).run.state) == (state, "waiting_resolution")
    assert not Action.objects.filter(verb="effect.resolve").exists()


def test_of_a_run_that_has_ended_only_the_effect_changes(office: Office, sender: Sender) -> None:
    effect = under_way(office)
    found_dead(office, effect)
    before = again(effect).run.next_seq
    sender.sent.clear()
    assert effects.resolve(effect=effect, outcome="given_up", actor="acme_operator", reason="too late")
    assert (again(effect).state, again(effect).run.state, again(effect).run.next_seq) == ("resolved", "dead", before)
    assert (sender.sent, Action.objects.filter(verb="effect.resolve").count()) == ([], 1)


def test_a_word_wakes_every_run_of_the_tenant_that_waits_for_it_and_no_other(office: Office, sender: Sender) -> None:
    effect = unknown(office, dedupe_seconds=60)
    waiting = office.run("waiting_resolution", awaited_key=effect.key)
    other = office.run("waiting_resolution", awaited_key="o" * 64)
    sender.sent.clear()
    effects.resolve(effect=effect, outcome="happened", actor="acme_approver", reason="seen")
    assert sorted(sender.sent) == sorted([effect.run_id, waiting.id])
    other.refresh_from_db()
    assert other.state == "waiting_resolution"


@pytest.mark.parametrize(
    ("state", "woken"),
    [("succeeded", True), ("failed", True), ("resolved", True), ("unknown", False), ("started", False)],
)
def test_the_sweeper_wakes_a_run_whose_answer_came_out_in_another_run(office: Office, state: str, woken: bool) -> None:
    effect = unknown(office, dedupe_seconds=60, state="dead")
    waiting = office.run("waiting_resolution", awaited_key=effect.key)
    Effect.objects.update(state=state)
    recovery.sweep()
    waiting.refresh_from_db()
    assert waiting.state == ("queued" if woken else "waiting_resolution")


FIRST_RUNS = [
    # of another run of the tenant: state, word, expired; then what this run knows of it, and whether it may start it
    ("started", "", False, "started", False),
    ("started", "", True, "started", False),
    ("unknown", "", False, "unknown", False),
    ("unknown", "", True, "unknown", False),
    ("succeeded", "", False, "succeeded", False),
    ("succeeded", "", True, None, True),
    ("failed", "", False, "failed", True),
    ("failed", "", True, None, True),
    ("resolved", "happened", False, "resolved", False),
    ("resolved", "happened", True, None, True),
    ("resolved", "given_up", False, "resolved", False),
    ("resolved", "given_up", True, None, True),
    ("resolved", "again", False, "resolved", True),
]


@pytest.mark.parametrize(("state", "word", "expired", "known_as", "starts"), FIRST_RUNS)
def test_what_a_second_run_may_do_depends_on_how_the_first_came_out(
    office: Office, state: str, word: str, expired: bool, known_as: str | None, starts: bool
) -> None:
    first = under_way(office, "send", dedupe_seconds=60)
    until = clock.now() + timedelta(seconds=-1 if expired else 60)
    Effect.objects.update(state=state, outcome=word, expires_at=until)
    second = office.run("running")
    known = RunMemory(second).effect(first.key, dedupe_seconds=60)
    assert (known.state if known else None) == known_as
    start = EffectStart("c9", 1, "send", "1", first.key, 60, {"to": "ann"}, "t" * 64)
    put(office.claim(second), Batch(effects_started=[start], intents=[event("tool.started")]))
    row = Effect.objects.get()
    assert (row.run_id == second.id) == starts
    assert (row.state == "started") == (starts or state == "started")
    if starts:
        assert row.sent_key == ("s" * 64 if word == "again" else "t" * 64)
        assert (row.outcome, row.unknown_since, row.result, row.call_id) == ("", None, None, "c9")


def test_a_runs_own_record_holds_for_as_long_as_the_run(office: Office) -> None:
    effect = under_way(office, "send", dedupe_seconds=60)
    put(office.claim(effect.run), Batch(effects_ended=[effect_end("succeeded")], facts=[event()]))
    Effect.objects.update(expires_at=clock.now() - timedelta(days=3))
    known = RunMemory(effect.run).effect(effect.key, dedupe_seconds=60)
    assert known is not None
    assert (known.state, known.result) == ("succeeded", "sent")


def test_the_effects_of_another_tenant_are_not_known_here(office: Office) -> None:
    effect = under_way(office, "send", dedupe_seconds=60)
    Effect.objects.update(scope="tenant:999")
    assert RunMemory(office.run("running")).effect(effect.key, dedupe_seconds=60) is None
