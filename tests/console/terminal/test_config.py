"""manage.py config: what it prints, what it asks, and the codes it exits with."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from agents.config.apply import apply
from agents.config.document import Document
from agents.config.plan import Plan
from budgets.models import Surface, Tier, TierEdit
from tests.tier_edit import limit

pytestmark = pytest.mark.usefixtures("acme", "rung")

Write = Callable[[str], str]
CHAT = "tiers:\n  acme:\n    free-chat:\n      run: {}\n      turns: 20\n      seconds: 300\n"
CHAT += "      parallel_runs: 20\n      launches_per_minute: 60\n"
UNNAMED = ("acme.all surfaces", "acme.enterprise", "acme.internal-batch", "globex.all surfaces", "globex.enterprise")
PLAN = f"""\
~ tiers.acme.free-chat
    run: 0.10 -> 0.20
Left alone:
    tenants: not in the file, 2 in the database
    surfaces: not in the file, 6 in the database
    prices: not in the file, 6 in the database
    tiers: {", ".join(UNNAMED)}, globex.free-chat, globex.internal-batch
0 to add, 1 to change.
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a file where the command runs, and gives its name."""
    monkeypatch.chdir(tmp_path)

    def put(text: str) -> str:
        Path("config.yaml").write_text(text)
        return "config.yaml"

    return put


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """Somebody sits at the terminal and answers so; the questions are kept."""

    def answer(text: str) -> list[str]:
        asked: list[str] = []

        def ask(question: str) -> str:
            asked.append(question)
            return text

        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("builtins.input", ask)
        return asked

    return answer


def config(*arguments: str) -> tuple[int, str, str]:
    """The exit code of `manage.py config ...`, its output and its errors."""
    out, err = StringIO(), StringIO()
    try:
        call_command("config", *arguments, stdout=out, stderr=err)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue(), err.getvalue()
    except CommandError as error:
        return error.returncode, out.getvalue(), f"{err.getvalue()}{error}"
    return 0, out.getvalue(), err.getvalue()


def run_nanos() -> int:
    """What a run on Acme's free chat may cost."""
    return int(Tier.objects.get(tenant__slug="acme", surface__slug="free-chat", user="").settings["run_nanos"])


def test_what_was_exported_is_no_difference(write: Write) -> None:
    code, text, _ = config("export")
    assert code == 0
    assert text.startswith("# watchfloor's configuration.")
    assert config("diff", write(text)) == (0, "No differences.\n", "")


def test_a_part_can_be_exported(write: Write) -> None:
    _, text, _ = config("export", "--tenant", "acme", "--only", "tiers")
    assert "globex" not in text
    assert "tenants:" not in text
    assert config("diff", write(text))[0] == 0


def test_a_difference_is_shown_and_exits_1(write: Write) -> None:
    assert config("diff", write(CHAT.format("0.20"))) == (1, PLAN, "")
    assert run_nanos() == 10**8


def test_errors_are_a_line_each_and_exit_2(write: Write) -> None:
    text = CHAT.format('"1,50"').replace("turns", "turms")
    said = (
        'config.yaml:4:12: tiers.acme.free-chat.run: "1,50" is not an amount. '
        "Use a point for decimals and no thousands separator, for example 1.50.\n"
        "config.yaml:5:7: tiers.acme.free-chat.turms: There is no such key; did you mean turns?\n"
    )
    assert config("diff", write(text)) == (2, "", said)
    assert config("apply", "config.yaml", "--yes") == (2, "", said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("diff", "no-such.yaml"), "Cannot read no-such.yaml: no such file or directory."),
        (("diff", "."), "Cannot read .: is a directory."),
        (("export", "--tenant", "moon"), "There is no tenant 'moon'."),
        (("export", "--only", "tiers,moon"), "There is no section 'moon'; there are: tenants, surfaces, tiers,"),
        (("apply", "config.yaml"), "Nobody can be asked here: add --yes"),
        (("apply", "config.yaml", "--json"), "Nobody can be asked here: add --yes"),
        (("apply", "config.yaml", "--yes", "--reason", "x" * 501), "--reason: write one line of at most 500"),
        (("apply", "config.yaml", "--yes", "--actor", "a\nb"), "--actor: write one line"),
    ],
)
def test_wrong_options_are_one_line_and_exit_2(arguments: tuple[str, ...], said: str, write: Write) -> None:
    write(CHAT.format("0.20"))
    code, _, err = config(*arguments)
    assert code == 2
    assert err.startswith(said)
    assert run_nanos() == 10**8


@pytest.mark.parametrize(("answer", "code", "nanos"), [("y", 0, 2 * 10**8), ("", 1, 10**8), ("no", 1, 10**8)])
def test_the_plan_is_shown_and_agreed_to(
    answer: str, code: int, nanos: int, write: Write, answers: Callable[[str], list[str]]
) -> None:
    asked = answers(answer)
    found = config("apply", write(CHAT.format("0.20")))
    assert found == (code, PLAN + "Applied.\n" if code == 0 else PLAN, "" if code == 0 else "Nothing was applied.")
    assert asked == ["Apply? [y/N] "]
    assert run_nanos() == nanos


def test_nobody_is_asked_about_nothing(write: Write, answers: Callable[[str], list[str]]) -> None:
    asked = answers("n")
    assert config("apply", write(CHAT.format("0.10")))[0] == 0
    assert asked == []


def test_who_and_why_are_kept_with_the_edit(write: Write) -> None:
    assert config("apply", write(CHAT.format("0.20")), "--yes", "--reason", "Q3", "--actor", "ci")[0] == 0
    edit = TierEdit.objects.latest("pk")
    assert (edit.reason, edit.made_by, edit.made_from) == ("Q3", "ci", "config")
    assert config("apply", write(CHAT.format("0.30")), "--yes")[0] == 0
    edit = TierEdit.objects.latest("pk")
    assert edit.reason == "Applied config.yaml."
    assert edit.made_by.endswith("(terminal)")


def test_json_is_for_programs(write: Write) -> None:
    code, out, _ = config("diff", write(CHAT.format("0.20")), "--json")
    change = {"name": "run", "before": "0.10", "after": "0.20"}
    assert code == 1
    assert json.loads(out)["differences"] == [{"path": "tiers.acme.free-chat", "kind": "change", "fields": [change]}]
    code, out, _ = config("apply", "config.yaml", "--json", "--yes")
    assert (code, json.loads(out)["applied"]) == (0, True)
    code, out, _ = config("apply", "config.yaml", "--json", "--yes")
    assert (code, json.loads(out)["applied"]) == (0, False)
    code, out, err = config("diff", write("tiers: {acme: {free-chat: {run: x}}}"), "--json")
    (error,) = json.loads(out)["errors"]
    assert (code, err) == (2, "")
    assert (error["file"], error["line"], error["column"]) == ("config.yaml", 1, 33)
    assert error["path"] == "tiers.acme.free-chat.run"


def test_a_plan_that_has_changed_is_shown_again(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    surface = Surface.objects.get(tenant__slug="acme", slug="free-chat")

    def after_somebody_else(document: Document, *, agreed: Plan, reason: str, actor: str) -> None:
        monkeypatch.setattr("console.management.commands.config.apply", apply)
        limit(surface, run_nanos=5 * 10**8)
        apply(document, agreed=agreed, reason=reason, actor=actor)

    monkeypatch.setattr("console.management.commands.config.apply", after_somebody_else)
    code, out, err = config("apply", write(CHAT.format("0.20")), "--yes")
    assert code == 0
    assert out == PLAN + PLAN.replace("0.10 ->", "0.50 ->") + "Applied.\n"
    assert err == "The database has changed since the plan was made. Nothing was applied; it is now:\n"
    assert run_nanos() == 2 * 10**8


def test_a_database_that_refuses_is_one_line(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_given: object, **_named: object) -> None:
        raise DatabaseError("database is locked")

    monkeypatch.setattr("console.management.commands.config.apply", locked)
    code, _, err = config("apply", write(CHAT.format("0.20")), "--yes")
    assert (code, err) == (2, "The database refused, and nothing was applied: database is locked")


def test_a_long_text_is_shown_by_its_changed_lines_without_moving_the_cursor(write: Write) -> None:
    agent = (
        "agents:\n  desk:\n    title: Desk\n    purpose: p\n    system_prompt: |\n      One.\n      Two.\n      {}\n"
    )
    agent += "    llms: [rehearsal:search]\n"
    config("apply", write(agent.format("Three.")), "--yes")
    code, out, _ = config("diff", write(agent.format('"\u202e3\u202c."')))
    assert code == 1
    assert '    system_prompt:\n       Two.\n      -Three.\n      +" 3 ."\n' in out
