"""Two runs side by side."""

from django.test import Client

from agents.contracts.messages import ToolMessage
from agents.contracts.steps import NoteStep, Step, ToolStep
from agents.models import Run, StepRow
from budgets.models import Tenant
from console.screens.runs.compare import aligned
from tests.console.conftest import MakeRun, SignedIn


def note(number: int, text: str) -> Step:
    return Step(number=number, turn=1, output=NoteStep(text=text))


def called(number: int, key: str, content: str) -> Step:
    result = ToolMessage(call_id=f"c{number}", name="search", status="ok", content=content)
    return Step(number=number, turn=1, output=ToolStep(result=result, key=key))


def test_like_steps_stand_on_one_line_and_the_first_other_one_is_marked() -> None:
    left = [note(1, "go"), called(2, "k1", "x"), note(3, "end")]
    right = [note(1, "go"), note(2, "look again"), called(3, "k1", "x"), note(4, "end")]
    lines = aligned(left, right)
    assert [line.mark for line in lines] == ["same", "right", "same", "same"]
    assert [line.first for line in lines] == [False, True, False, False]


def test_the_same_call_may_get_another_answer() -> None:
    (line,) = aligned([called(1, "k", "x")], [called(1, "k", "y")])
    assert (line.mark, line.first) == ("answer", True)


def test_calls_with_other_arguments_are_other_steps() -> None:
    assert [line.mark for line in aligned([called(1, "k1", "x")], [called(1, "k2", "x")])] == ["other"]


def test_runs_without_steps_have_no_line() -> None:
    assert aligned([], []) == []


def recorded(run: Run, *texts: str) -> None:
    for number, text in enumerate(texts, 1):
        output = {"kind": "note", "text": text}
        StepRow.objects.create(
            run=run, number=number, turn=1, kind="note", schema_version=3, output=output, recorded_at=run.created_at
        )


def test_the_page_says_where_they_part_and_what_differs(acme_viewer: Client, acme: Tenant, make_run: MakeRun) -> None:
    left = make_run(acme, state="completed", cost_nanos=10_000_000, task="<b>one</b>")
    right = make_run(acme, state="failed", cost_nanos=15_000_000, llm="other:llm")
    recorded(left, "go", "on")
    recorded(right, "go", "away")
    page = acme_viewer.get("/t/acme/runs/compare/", {"a": left.pk, "b": right.pk}).content.decode()
    assert "They part at step 2 of the first, step 2 of the second" in page
    assert "+ $0.005" in page
    assert "&lt;b&gt;one" in page
    same = acme_viewer.get("/t/acme/runs/compare/", {"run": [left.pk, left.pk]}).content.decode()
    assert "They took the same steps to the end" in same


def test_only_two_runs_of_the_tenant_are_compared(
    signed_in: SignedIn, acme: Tenant, globex: Tenant, make_run: MakeRun
) -> None:
    here, there = make_run(acme), make_run(globex)
    for given in ({"a": here.pk, "b": there.pk}, {"a": here.pk}, {"run": [here.pk]}):
        assert signed_in("admin").get("/t/acme/runs/compare/", given).status_code == 404
    both = {"a": here.pk, "b": here.pk}
    assert signed_in("globex_operator").get("/t/acme/runs/compare/", both).status_code == 404
