"""The commands: what they print and the codes they exit with."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from agents.library.sync import apply_version
from agents.models import Agent, Run
from budgets.models import Tenant
from tests.console.conftest import AddEvents, MakeRun
from tests.tier_edit import limit

pytestmark = pytest.mark.usefixtures("acme", "agent", "rung")

Ends = Callable[[str], None]


@pytest.fixture
def ends(
    monkeypatch: pytest.MonkeyPatch,
    add_events: AddEvents,
) -> Ends:
    """From now on a launched run ends at once in this state, as a worker would end it."""

    def end_as(state: str) -> None:
        def work_on(run_id: str) -> None:
            run = Run.objects.get(pk=run_id)
            add_events(run, ("run.ended", {"state": state, "reason": "so it is"}))
            Run.objects.filter(pk=run_id).update(state=state, answer="The answer.")

        monkeypatch.setattr("agents.lifecycle.enqueue", work_on)

    return end_as


def launch(*more: str) -> tuple[int, str]:
    """The exit code and the output of `launch reader "Read this."` with more options."""
    out = StringIO()
    try:
        call_command("launch", "reader", "Read this.", *more, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("completed", 0),
        ("flagged", 3),
        ("degraded", 3),
        ("refused", 4),
        ("killed", 5),
        ("failed", 1),
        ("dead", 1),
    ],
)
def test_the_exit_code_says_how_the_run_ended(state: str, code: int, ends: Ends) -> None:
    ends(state)
    assert launch("--follow")[0] == code
    assert launch("--json")[0] == code


def test_following_prints_steps_and_the_answer(ends: Ends) -> None:
    ends("completed")
    _, out = launch("--follow")
    assert "run.launched" in out
    assert "so it is" in out
    assert out.endswith("The answer.\n")


def test_json_prints_every_event_and_nothing_else(ends: Ends) -> None:
    ends("completed")
    _, out = launch("--json")
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["seq"] for event in events] == [1, 2]
    assert [event["kind"] for event in events] == ["run.launched", "run.ended"]


def test_without_following_the_id_and_the_address_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHFLOOR_URL", raising=False)
    code, out = launch()
    run = Run.objects.get()
    assert (code, run.surface.slug) == (0, "internal-batch")
    assert out == f"{run.pk}  http://127.0.0.1:8000/t/acme/runs/{run.pk}/\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("nobody", "task"), "agent: There is no agent 'nobody'; there are: reader."),
        (("reader", ""), "task: Say what"),
        (("reader", "x", "--tenant", "moon"), "tenant: There is no tenant 'moon'; there are: acme, globex."),
        (("reader", "x", "--surface", "moon"), "surface: There is no surface 'moon'"),
        (("reader", "x", "--llm", "gpt"), "llm: "),
        (("reader", "x", "--attach", "no-such-file.txt"), "attachments: Cannot read no-such-file.txt"),
    ],
)
def test_wrong_options_are_one_line_and_exit_2(options: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError) as error:
        call_command("launch", *options)
    assert str(error.value).startswith(said)
    assert error.value.returncode == 2
    assert Run.objects.count() == 0


def test_an_empty_budget_exits_4(acme: Tenant) -> None:
    limit(acme, tenant_day_nanos=0, user_day_nanos=0)
    with pytest.raises(CommandError) as error:
        call_command("launch", "reader", "x")
    assert error.value.returncode == 4


def test_files_are_checked_as_at_the_form(tmp_path: Path) -> None:
    good, bad = tmp_path / "a.txt", tmp_path / "a.exe"
    good.write_text("hello")
    bad.write_bytes(b"MZ")
    launch("--attach", str(good))
    assert Run.objects.get().attachments.get().name == "a.txt"
    with pytest.raises(CommandError, match="this agent reads"):
        call_command("launch", "reader", "x", "--attach", str(bad))


def test_kill_takes_the_short_id(acme: Tenant, make_run: MakeRun) -> None:
    run = make_run(acme)
    call_command("kill", run.short, "--reason", "burns money", stdout=StringIO())
    run.refresh_from_db()
    assert (run.state, run.kill_reason) == ("kill_requested", "burns money")
    assert run.kill_requested_by.endswith("(terminal)")


@pytest.mark.parametrize(
    ("wanted", "reason", "said"),
    [
        ("abc", "x", "too short"),
        ("ffffffffff", "x", "There is no run"),
        ("ended", "x", "already ended"),
        ("ended", " ", "Give a reason"),
    ],
)
def test_a_kill_that_cannot_be_says_why(wanted: str, reason: str, said: str, acme: Tenant, make_run: MakeRun) -> None:
    run = make_run(acme, state="completed")
    with pytest.raises(CommandError, match=said):
        call_command("kill", run.pk if wanted == "ended" else wanted, "--reason", reason)


def test_an_id_that_fits_several_runs_is_refused(acme: Tenant, make_run: MakeRun) -> None:
    for first in "ab":
        make_run(acme, id=first * 28 + "cdef")
    with pytest.raises(CommandError, match="Several runs end in"):
        call_command("kill", "cdef", "--reason", "x")


def test_agents_are_listed_with_their_purpose_or_by_name() -> None:
    Agent.objects.create(name="without-a-version")
    named, described = StringIO(), StringIO()
    call_command("agents", "--names", stdout=named)
    call_command("agents", stdout=described)
    assert named.getvalue() == "reader\n"
    assert described.getvalue() == "reader  v1  Reader: Reads.\n"


def test_a_launch_has_limits_of_its_own_and_an_older_version(agent: Agent) -> None:
    assert agent.current is not None
    apply_version(spec=agent.current.to_spec().model_copy(update={"purpose": "Reads again."}), actor="admin")
    more = ("--cap", "0.05", "--turns", "3", "--seconds", "30", "--agent-version", "1", "--surface", "free-chat")
    assert launch(*more)[0] == 0
    run = Run.objects.get()
    assert run.own_limits == {"run_nanos": 50_000_000, "max_turns": 3, "max_seconds": 30}
    assert run.version.number == 1


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--cap", "much", "cap: This is not an amount"),
        ("--cap", "50", "cap: At most $"),
        ("--turns", "-1", "turns: Enter a whole number."),
        ("--agent-version", "9", "agent-version: There is no agent-version '9'; there are: 1."),
    ],
)
def test_a_limit_or_version_that_cannot_be_is_refused(option: str, value: str, said: str) -> None:
    with pytest.raises(CommandError) as refused:
        launch(f"{option}={value}")
    assert said in str(refused.value)
    assert refused.value.returncode == 2
    assert not Run.objects.exists()
