"""The pages of agents: versions, what differs, and an edit that becomes the current version."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agents.library.search.agent import AGENT
from agents.library.sync import keep_version
from agents.models import Agent, AgentVersion, EventRow, Run
from budgets.models import Action, Tenant
from console.screens.agents import selectors
from console.screens.agents.forms import typed

ADDRESS = "/t/acme/agents/"
MOST_QUERIES = 11
MakeRun = Callable[..., Run]


@pytest.fixture
def search(cast: dict[str, Any]) -> Agent:  # noqa: ARG001
    return keep_version(spec=AGENT).agent


@pytest.fixture
def admin(signed_in: Callable[[str], Client]) -> Client:
    return signed_in("admin")


def form(**changed: object) -> dict[str, Any]:
    """What a browser sends when nothing but this was changed."""
    said = {name: value for name, value in typed(AGENT).items() if value is not None}
    return {**said, "based_on": 1, "note": "try it", **changed}


def page(client: Client, path: str = "") -> str:
    answer = client.get(ADDRESS + path)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_the_list_counts_the_tenants_own_runs(
    search: Agent, acme: Tenant, globex: Tenant, acme_viewer: Client, make_run: MakeRun
) -> None:
    for tenant, state in ((acme, "completed"), (acme, "flagged"), (globex, "completed")):
        run = make_run(tenant, state=state, cost_nanos=10**9)
        Run.objects.filter(pk=run.pk).update(version=search.current, agent_name=search.name)
    shown = page(acme_viewer)
    assert "Search" in shown
    assert "$2.00" in shown
    assert "$3.00" not in shown
    assert 'data-label="runs"' in shown


def test_one_run_is_not_called_runs(search: Agent, acme: Tenant, acme_viewer: Client, make_run: MakeRun) -> None:
    run = make_run(acme, state="completed")
    Run.objects.filter(pk=run.pk).update(version=search.current, agent_name=search.name)
    assert 'data-label="run"' in page(acme_viewer)


@pytest.mark.parametrize("path", ["", "search/"])
def test_no_more_than_the_newest_runs_are_counted_and_the_page_says_so(
    path: str, search: Agent, acme: Tenant, acme_viewer: Client, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        run = make_run(acme, state="completed", cost_nanos=(number + 1) * 10**9)
        at = timezone.now() - timedelta(hours=3 - number)
        Run.objects.filter(pk=run.pk).update(version=search.current, agent_name=search.name, created_at=at)
    assert "runs of the last 7 days" in page(acme_viewer, path)
    assert "$6.00" in page(acme_viewer, path)
    monkeypatch.setattr(selectors, "MOST_RUNS", 2)
    shown = page(acme_viewer, path)
    assert "newest 2 runs" in shown
    assert "$5.00" in shown


def test_a_version_whose_drafts_are_refused_says_what_to_mend(
    search: Agent, acme: Tenant, acme_viewer: Client, make_run: MakeRun
) -> None:
    run = make_run(acme)
    Run.objects.filter(pk=run.pk).update(version=search.current, agent_name=search.name)
    for seq in range(1, 21):
        accepted = seq <= 12
        data = {"accepted": accepted, "revision": 0, "issues": [] if accepted else [{"check": "length", "text": "x"}]}
        EventRow.objects.create(run_id=run.pk, seq=1_000 + seq, kind="verdict.given", at=timezone.now(), data=data)
    assert "60 %" in page(acme_viewer)
    assert "mend the prompt, not the output (most often wrong: length)" in page(acme_viewer, "search/")


@pytest.mark.parametrize("path", ["", "search/"])
def test_a_page_asks_few_questions(
    path: str, search: Agent, acme_viewer: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    assert search.name == "search"
    page(acme_viewer, path)
    with django_assert_max_num_queries(MOST_QUERIES):
        page(acme_viewer, path)


def test_an_edit_is_a_version_of_its_own_and_a_row(search: Agent, admin: Client) -> None:
    answer = admin.post(f"{ADDRESS}search/edit/", form(limits_max_turns=7, llms="rehearsal:search\nrehearsal:content"))
    assert answer.status_code == 302, answer.content.decode()
    search.refresh_from_db()
    version = search.current
    assert version is not None
    assert (version.number, version.origin, version.made_by, version.note) == (2, "screen", "admin", "try it")
    assert version.to_spec() == AGENT.model_copy(
        update={
            "limits": AGENT.limits.model_copy(update={"max_turns": 7}),
            "llms": ("rehearsal:search", "rehearsal:content"),
        }
    )
    row = Action.objects.get(verb="agent.version")
    assert (row.actor, row.reason, row.before, row.after) == ("admin", "try it", {"version": 1}, {"version": 2})
    shown = page(admin, "search/")
    assert "Limit: max turns" in shown
    assert "try it" in shown


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"llms": "nobody:x"}, "names no LLM"),
        ({"llms": ""}, "required"),
        ({"checks": "no_such_check"}, "no critic check is called"),
        ({"checks": "length {"}, "no JSON"),
        ({"checks": 'length {"maximun": 3}'}, "maximun"),
        ({"memory_soft_tokens": 99_999}, "soft_tokens is more than hard_tokens"),
        ({"limits_max_turns": 0}, "greater than or equal to 1"),
        ({"tools": ["rm_rf"]}, "rm_rf"),
        ({"grading_llm": "rehearsal:search", "grading_rubric": ""}, "at least 1 character"),
        ({"note": ""}, "required"),
        ({"input_schema": "{"}, "no JSON"),
        ({"input_schema": '{"type": "string"}'}, "An input is an object with properties"),
        ({}, "what the current version says already"),
    ],
)
def test_what_cannot_be_a_version_is_said_and_nothing_is_kept(
    changed: dict[str, object], told: str, search: Agent, admin: Client
) -> None:
    answer = admin.post(f"{ADDRESS}search/edit/", form(**changed))
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert search.versions.count() == 1


def test_an_input_schema_is_kept_and_shown_to_whoever_looks_at_the_agent(search: Agent, admin: Client) -> None:
    schema = '{"type": "object", "properties": {"order_number": {"type": "integer"}}}'
    assert admin.post(f"{ADDRESS}search/edit/", form(input_schema=schema)).status_code == 302
    search.refresh_from_db()
    assert search.current is not None
    assert search.current.to_spec().input_schema == json.loads(schema)
    assert "order_number" in page(admin, "search/")
    assert "&quot;order_number&quot;" in page(admin, "search/edit/")


def test_who_was_slower_does_not_overwrite(search: Agent, admin: Client) -> None:
    assert admin.post(f"{ADDRESS}search/edit/", form(limits_max_turns=7)).status_code == 302
    answer = admin.post(f"{ADDRESS}search/edit/", form(limits_max_turns=8))
    assert answer.status_code == 422
    assert "Version 2 is the current one now." in answer.content.decode()
    assert search.versions.count() == 2


def test_an_earlier_version_comes_back(search: Agent, admin: Client) -> None:
    admin.post(f"{ADDRESS}search/edit/", form(limits_max_turns=7))
    assert admin.post(f"{ADDRESS}search/versions/1/back/").status_code == 302
    search.refresh_from_db()
    assert search.current is not None
    assert search.current.number == 1
    assert AgentVersion.objects.filter(agent=search).count() == 2


def test_the_column_of_verbs_is_there_only_for_whom_something_is_to_be_brought_back(
    search: Agent, admin: Client, acme_admin: Client
) -> None:
    assert search.name == "search"
    assert "verb-cell" not in page(admin, "search/")
    admin.post(f"{ADDRESS}search/edit/", form(limits_max_turns=7))
    assert "verb-cell" in page(admin, "search/")
    assert "verb-cell" not in page(acme_admin, "search/")


def test_what_is_typed_is_compared_beside_the_form(search: Agent, admin: Client) -> None:
    assert search.name == "search"
    answer = admin.post(f"{ADDRESS}search/edit/changes/", form(title="Searcher"))
    assert "Searcher" in answer.content.decode()
    wrong = admin.post(f"{ADDRESS}search/edit/changes/", form(llms="x"))
    assert "names no LLM" in wrong.content.decode()


@pytest.mark.parametrize("username", ["acme_operator", "acme_admin"])
def test_who_is_not_of_the_platform_looks_only(
    username: str, search: Agent, signed_in: Callable[[str], Client]
) -> None:
    client = signed_in(username)
    assert "platform admin edits them" in page(client, "search/")
    assert client.get(f"{ADDRESS}search/edit/").status_code == 403
    assert client.post(f"{ADDRESS}search/versions/1/back/").status_code == 403
    assert search.versions.count() == 1


@pytest.mark.parametrize("path", ["nobody/", "nobody/edit/", "search/versions/9/back/"])
def test_what_is_not_there_is_not_found(path: str, search: Agent, admin: Client) -> None:
    assert search.name == "search"
    answer = admin.post(ADDRESS + path) if "back" in path else admin.get(ADDRESS + path)
    assert answer.status_code == 404


@pytest.mark.parametrize("query", ["?from=x&to=y", "?from=1&to=1", "?from=99&to=2", "?to=" + "9" * 400])
def test_odd_numbers_to_compare_harm_nothing(query: str, search: Agent, acme_viewer: Client) -> None:
    assert search.name == "search"
    assert "What it is made of" in page(acme_viewer, f"search/{query}")
