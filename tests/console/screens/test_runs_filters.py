"""What each term of the filter over runs selects, and the views that are made of such terms."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from agents.models import AgentVersion, Run
from budgets.models import Surface, Tenant, Tier
from console.screens.runs.filters import filter_runs
from console.screens.runs.query import Query, Term, parse
from console.screens.runs.tabs import is_shown, with_view
from tests.console.conftest import AddEvents, MakeRun

ADDRESS = "/t/acme/runs/"


def found(tenant: Tenant, text: str) -> set[str]:
    runs, problems = filter_runs(Run.objects.filter(tenant=tenant), parse(text))
    assert problems == []
    return set(runs.values_list("pk", flat=True))


def test_a_severity_is_named_by_its_word(acme: Tenant, make_run: MakeRun) -> None:
    bad, warned, _ = (make_run(acme, severity=severity).pk for severity in (3, 2, 0))
    assert found(acme, "severity:bad") == {bad}
    assert found(acme, "severity:bad,warn") == {bad, warned}


def test_an_error_is_found_by_how_it_begins(acme: Tenant, make_run: MakeRun) -> None:
    failed = make_run(acme, state="failed", reason="Refund API: 503, giving up").pk
    make_run(acme, state="failed", reason="Something else; Refund API: 503")
    assert found(acme, 'error:"refund api: 503, giv"') == {failed}


def test_a_version_is_an_agent_and_its_number(acme: Tenant, make_run: MakeRun) -> None:
    first = make_run(acme)
    given = {"agent": first.version.agent, "digest": "e" * 64, "spec": first.version.spec}
    second = make_run(acme)
    Run.objects.filter(pk=second.pk).update(version=AgentVersion.objects.create(number=2, **given))
    assert found(acme, "version:reader@2") == {second.pk}
    assert found(acme, "version:reader@1,reader@2") == {first.pk, second.pk}
    assert found(acme, "version:reader@9") == set()


def test_who_launched_a_run(acme: Tenant, make_run: MakeRun) -> None:
    mine = make_run(acme)
    Run.objects.filter(pk=mine.pk).update(launched_by="mara")
    make_run(acme)
    assert found(acme, "by:mara") == {mine.pk}


def test_the_tier_of_a_run_is_the_most_specific_one(acme: Tenant, make_run: MakeRun) -> None:
    chat = Surface.objects.get(tenant=acme, slug="free-chat")
    Tier.objects.create(tenant=acme, surface=chat, user="mara")
    Tier.objects.create(tenant=acme, surface=None, user="otto")
    usual, mara, otto = (make_run(acme, user=user).pk for user in ("", "mara", "otto"))
    elsewhere = make_run(acme, user="mara", surface="enterprise").pk
    assert found(acme, "tier:free-chat") == {usual}
    assert found(acme, "tier:mara@free-chat") == {mara}
    assert found(acme, "tier:otto@*,enterprise") == {otto, elsewhere}
    Tier.objects.filter(surface=chat, user="").delete()
    assert found(acme, "tier:*") == {usual}


def test_runs_that_ended_within_the_hour(acme: Tenant, make_run: MakeRun) -> None:
    now = timezone.now()
    late = make_run(acme, state="failed", ended_at=now - timedelta(minutes=59)).pk
    make_run(acme, state="failed", ended_at=now - timedelta(minutes=61))
    make_run(acme)
    assert found(acme, "ended:1h") == {late}


def test_burning_and_stuck_are_looked_up_among_the_live_runs(
    acme: Tenant, make_run: MakeRun, add_events: AddEvents
) -> None:
    burning = make_run(acme, cost_nanos=90_000_000)
    make_run(acme, state="completed", cost_nanos=99_000_000)
    stuck = make_run(acme)
    Run.objects.filter(pk=stuck.pk).update(created_at=timezone.now() - timedelta(minutes=5))
    heard = make_run(acme)
    Run.objects.filter(pk=heard.pk).update(created_at=timezone.now() - timedelta(minutes=5))
    add_events(heard, ("tool.started", {"tool": "search"}))
    assert found(acme, "is:burning") == {burning.pk}
    assert found(acme, "is:stuck") == {stuck.pk}
    assert found(acme, "is:stuck,burning") == {burning.pk, stuck.pk}


@pytest.mark.parametrize("text", ["severity:awful", "version:reader", "is:happy", "ended:soon"])
def test_a_word_that_is_no_value_of_its_key_selects_nothing_and_says_why(
    text: str, acme: Tenant, make_run: MakeRun
) -> None:
    make_run(acme)
    runs, problems = filter_runs(Run.objects.filter(tenant=acme), parse(text))
    assert len(problems) == 1
    assert not runs.exists()


def test_a_view_is_terms_before_those_that_were_typed() -> None:
    query = with_view(parse("agent:reader ended:1h"), "failed", "mara")
    assert str(query) == "status:failed,dead ended:1h agent:reader"
    assert with_view(parse("x"), "mine", "Mara Lind").terms[0] == Term("by", "Mara Lind")
    assert with_view(parse("x"), "nonsense", "mara") == parse("x")


def test_a_view_is_shown_while_all_its_terms_are_there() -> None:
    assert is_shown(parse("ended:1h agent:x status:failed,dead"), "failed", "mara")
    assert not is_shown(Query((Term("ended", "1h"),)), "failed", "mara")


@pytest.mark.parametrize("view", ["burning", "stuck", "waiting", "failed", "mine"])
def test_every_view_has_a_page_that_marks_its_tab(view: str, acme_viewer: Client) -> None:
    page = acme_viewer.get(ADDRESS, {"view": view}).content.decode()
    assert f'href="?view={view}" aria-current="true"' in page
