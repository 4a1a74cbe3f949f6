"""What pages show of links: counted by all workers, told to one tenant, from a few small rows."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.engine import ports
from agents.models import HealthChange, LinkMinute, LinkTrouble, Run
from agents.tools import affected, link_minutes
from agents.tools.health import SharedHealth
from agents.tools.link_minutes import KEPT, prune
from budgets import clock
from budgets.models import Tenant
from tests.agents.conftest import Office

SHELF, ARCHIVE = "look_up/shelf", "look_up/archive"
BOTH = (SHELF, ARCHIVE)

pytestmark = pytest.mark.django_db


def long_ago() -> datetime:
    """Before everything."""
    return datetime(2020, 1, 1, tzinfo=UTC)


def fails(health: SharedHealth, run: Run, link: str = SHELF, *, cost_nanos: int = 0) -> None:
    """One failed attempt of a run."""
    health.record(link, error="fell down", tenant=run.tenant.slug, run_id=run.pk, cost_nanos=cost_nanos)


def notes(health: SharedHealth, run: Run, what: ports.Trouble) -> None:
    """What happened to a run beside its attempts."""
    for link in BOTH:
        health.trouble(link, what, tenant=run.tenant.slug, run_id=run.pk)


def test_calls_of_two_workers_in_one_minute_are_one_row() -> None:
    one, other = SharedHealth(), SharedHealth()
    for health, durations in ((one, (10, 20, 30)), (other, (40, 900))):
        for took in durations:
            health.record(SHELF, error="", duration_ms=took, slow_after_ms=500)
        health.flush()
    rows = LinkMinute.objects.filter(link=SHELF)
    assert sum(row.calls for row in rows) == 5
    assert sum(row.duration_ms for row in rows) == 1_000
    figures = affected.figures(BOTH, long_ago())
    assert (figures[SHELF].calls, figures[SHELF].failures, figures[SHELF].slow) == (5, 0, 1)
    assert figures[SHELF].bad_percent == 20
    assert 20 < (figures[SHELF].p50_ms or 0) <= 30
    assert 700 < (figures[SHELF].p95_ms or 0) <= 1_000
    assert figures[ARCHIVE] == affected.Figures()


def test_counts_that_could_not_be_written_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    health = SharedHealth()
    health.record(SHELF, error="", duration_ms=10)
    with monkeypatch.context() as broken:
        broken.setattr(link_minutes, "_add", _no_database)
        with pytest.raises(RuntimeError):
            health.flush()
    health.record(SHELF, error="", duration_ms=10)
    health.flush()
    health.flush()
    assert affected.figures((SHELF,), long_ago())[SHELF].calls == 2


def _no_database(counts: object) -> None:
    raise RuntimeError(f"no database for {counts}")


def test_runs_affected_are_told_by_what_happened_to_them_and_what_it_cost(office: Office) -> None:
    health = SharedHealth()
    failed, skipped, without = (office.run() for _ in range(3))
    fails(health, failed, cost_nanos=7)
    fails(health, failed, cost_nanos=7)
    for _ in range(3):
        notes(health, skipped, "passed_over")
    notes(health, without, "degraded")
    Run.objects.filter(pk=without.pk).update(state="degraded", cost_nanos=1_000)
    health.flush()
    told = affected.affected(failed.tenant, BOTH, long_ago())
    assert told == affected.Affected(
        runs=3, failed_attempts=2, passed_over_runs=1, degraded_runs=1, wasted_nanos=14, degraded_nanos=1_000
    )
    runs = affected.affected_runs(failed.tenant, BOTH, long_ago())
    assert {each.run.pk: each.what for each in runs} == {
        failed.pk: {"failed"},
        skipped.pk: {"passed_over"},
        without.pk: {"degraded"},
    }
    assert affected.affected(failed.tenant, BOTH, clock.now() + timedelta(hours=1)) == affected.Affected()


def test_another_tenant_sees_neither_the_runs_nor_what_the_link_said_to_them(office: Office) -> None:
    health, run = SharedHealth(), office.run()
    for _ in range(5):
        fails(health, run)
    globex = Tenant.objects.create(slug="globex", name="Globex")
    assert affected.affected(globex, BOTH, long_ago()) == affected.Affected()
    assert affected.affected_runs(globex, BOTH, long_ago()) == []
    (own,), (foreign,) = affected.changes(BOTH, run.tenant), affected.changes(BOTH, globex)
    assert (own.was, own.now, own.error, own.run_id) == ("closed", "open", "fell down", run.pk)
    assert own.why == "5 of 5 calls failed or were slow"
    assert (foreign.now, foreign.error, foreign.run_id) == ("open", "", "")


def test_a_link_stands_as_its_row_says_since_its_last_change(office: Office) -> None:
    health, run = SharedHealth(), office.run()
    for _ in range(5):
        fails(health, run)
    standings = affected.standings(BOTH)
    assert standings[ARCHIVE] == affected.LinkStanding(ARCHIVE)
    shelf = standings[SHELF]
    assert shelf.standing == "open"
    assert shelf.since_at is not None
    assert shelf.probe_due_at is not None
    assert shelf.probe_due_at > shelf.since_at


def test_figures_of_a_page_take_few_queries_whatever_has_happened(office: Office) -> None:
    health, runs = SharedHealth(), [office.run() for _ in range(5)]
    for run in runs:
        fails(health, run)
        notes(health, run, "degraded")
    health.flush()
    with CaptureQueriesContext(connection) as asked:
        affected.affected(runs[0].tenant, BOTH, long_ago())
        affected.affected_runs(runs[0].tenant, BOTH, long_ago())
        affected.standings(BOTH)
        affected.figures(BOTH, long_ago())
        affected.changes(BOTH, runs[0].tenant)
    assert len(asked) == 7


def test_what_is_old_is_dropped_every_night(office: Office) -> None:
    health = SharedHealth()
    fails(health, office.run())
    health.flush()
    LinkMinute.objects.update(minute_at=clock.now() - KEPT - timedelta(minutes=1))
    prune()
    assert not LinkMinute.objects.exists()
    assert LinkTrouble.objects.count() == 1
    LinkTrouble.objects.update(at=long_ago())
    HealthChange.objects.update(at=long_ago())
    prune()
    assert not LinkTrouble.objects.exists()
    assert not HealthChange.objects.exists()
