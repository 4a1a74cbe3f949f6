"""Export of runs: exactly the filter, a part at a time, and nothing in it that a spreadsheet would run."""

import csv
import io
import json

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from agents.models import Run
from budgets.models import Action, Tenant
from console.screens.runs import export
from console.screens.runs.export import COLUMNS, lines_of, neutral
from tests.console.conftest import MakeRun, SignedIn

ADDRESS = "/t/acme/runs/export"


def body(client: Client, form: str, text: str = "") -> str:
    answer = client.get(f"{ADDRESS}.{form}", {"q": text})
    assert answer.status_code == 200
    return b"".join(answer).decode()


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_file_has_exactly_the_runs_of_the_filter_the_newest_first(
    acme_viewer: Client, acme: Tenant, globex: Tenant, make_run: MakeRun
) -> None:
    first = make_run(acme, state="failed", reason="vendor, away\nfor good", cost_nanos=12_300_000)
    make_run(acme, state="completed")
    make_run(globex, state="failed")
    second = make_run(acme, state="failed", severity=3)
    found = rows(body(acme_viewer, "csv", "status:failed"))
    assert [row["id"] for row in found] == [second.pk, first.pk]
    assert found[1]["reason"] == "vendor, away\nfor good"
    assert (found[1]["cost_usd"], found[1]["tier"], found[0]["severity"]) == ("0.0123", "free-chat", "bad")
    told = [json.loads(line) for line in body(acme_viewer, "jsonl", "status:failed").splitlines()]
    assert [row["id"] for row in told] == [second.pk, first.pk]
    assert tuple(told[0]) == COLUMNS


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\uff1d1", "\n=1"])
def test_a_cell_that_a_spreadsheet_would_run_is_marked_as_text(text: str) -> None:
    assert neutral(text) == f"'{text}"


@pytest.mark.parametrize("cell", ["", "plain", "a=b", 5, -5, None])
def test_other_cells_stay_as_they_are(cell: str | int | None) -> None:
    assert neutral(cell) == cell


def test_formulas_of_tasks_users_and_reasons_are_neutralised(
    acme_viewer: Client, acme: Tenant, make_run: MakeRun
) -> None:
    formula = '=HYPERLINK("http://evil","x")'
    make_run(acme, state="failed", task=formula, user=formula, reason=formula, session=formula)
    (row,) = rows(body(acme_viewer, "csv"))
    assert {row["task"], row["user"], row["reason"], row["session"]} == {f"'{formula}"}


def test_breaks_within_a_cell_never_look_like_the_end_of_a_row(
    acme_viewer: Client, acme: Tenant, make_run: MakeRun
) -> None:
    make_run(acme, task="one\r\ntwo\rthree")
    assert body(acme_viewer, "csv").count("\r\n") == 2


def test_an_export_is_written_down_with_its_filter_and_its_rows(
    acme_viewer: Client, acme: Tenant, make_run: MakeRun
) -> None:
    make_run(acme, state="failed")
    body(acme_viewer, "csv", "status:failed")
    action = Action.objects.get(verb="runs.export")
    assert (action.actor, action.tenant, action.target) == ("acme_viewer", acme, "1 runs as CSV")
    assert action.after == {"filter": "status:failed", "rows": 1}


def test_rows_are_read_a_part_at_a_time(
    acme: Tenant,
    make_run: MakeRun,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    monkeypatch.setattr(export, "ROWS_AT_ONCE", 2)
    for _ in range(5):
        make_run(acme)
    lines = lines_of(Run.objects.filter(tenant=acme), "jsonl")
    with django_assert_num_queries(1):
        assert len(next(lines).splitlines()) == 2
    with django_assert_num_queries(3):
        assert sum(len(part.splitlines()) for part in lines) == 3


def test_a_name_from_an_address_never_reaches_a_header(acme_viewer: Client) -> None:
    answer = acme_viewer.get(f"{ADDRESS}.csv", {"q": 'user:"x\r\nSet-Cookie: a=b"', "view": "\r\nX: y"})
    assert answer["Content-Disposition"].startswith('attachment; filename="runs-acme-')
    assert "Set-Cookie" not in answer


def test_a_filter_with_a_fault_is_not_exported(acme_viewer: Client, acme: Tenant, make_run: MakeRun) -> None:
    make_run(acme)
    assert acme_viewer.get(f"{ADDRESS}.csv", {"q": "status:purple"}).status_code == 400
    assert not Action.objects.filter(verb="runs.export").exists()


def test_the_dialog_says_how_many_rows_there_will_be(acme_viewer: Client, acme: Tenant, make_run: MakeRun) -> None:
    make_run(acme, state="failed")
    make_run(acme)
    page = acme_viewer.get(f"{ADDRESS}/", {"q": "status:failed"}).content.decode()
    assert "Export 1 run<" in page
    assert "/t/acme/runs/export.csv?q=status%3Afailed" in page


@pytest.mark.parametrize("address", [f"{ADDRESS}/", f"{ADDRESS}.csv", f"{ADDRESS}.jsonl"])
def test_only_members_export_and_only_by_get(address: str, signed_in: SignedIn, client: Client) -> None:
    assert signed_in("globex_operator").get(address).status_code == 404
    assert signed_in("acme_viewer").post(address).status_code == 405
    assert client.get(address).status_code == 302
