"""No page walks all runs of a tenant to show what is live, lately ended or newest."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.utils import timezone

from agents.models import Run
from budgets.models import Tenant
from tests.console.conftest import MakeRun

PAGES = ("", "runs/?view=failed", "runs/?view=burning", "budgets/", "budgets/?by=user", "approvals/", "agents/")
OLD = 2_000
WALKS = re.compile(r"SCAN agents_run|agents_run USING (COVERING )?INDEX \w+ \(tenant_id=\?\)")
ORDERED = ("run_tenant_newest", "run_tenant_created", "run_tenant_ended")
"""Walked from their newer ends, as far as a LIMIT lets them."""

pytestmark = [
    pytest.mark.usefixtures("rung"),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL chooses by how many rows there really are"),
]


@pytest.fixture
def history(acme: Tenant, make_run: MakeRun) -> None:
    """Runs that ended long ago, in every state that a page looks for, and a live one."""
    pattern = make_run(acme, state="failed")
    same = {field.attname: getattr(pattern, field.attname) for field in Run._meta.concrete_fields}
    ago, states = timezone.now() - timedelta(days=30), ("failed", "completed")
    Run.objects.bulk_create(
        Run(
            **{
                **same,
                "id": f"{number:032x}",
                "state": states[number % 2],
                "ended_at": ago + number * timedelta(minutes=1),
            }
        )
        for number in range(OLD)
    )
    Run.objects.filter(pk__lt=f"{OLD:032x}").update(created_at=F("ended_at"), started_at=F("ended_at"))
    make_run(acme)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_walks_no_history(page: str, acme_viewer: Client, history: None) -> None:  # noqa: ARG001
    """Without statistics, which no installation has; with those of a test's few rows walking them would be right."""
    assert walks(lambda: acme_viewer.get(f"/t/acme/{page}")) == []


def walks(look: Callable[[], Any]) -> list[str]:
    """The steps of all plans that go through a tenant's whole history, asked with the values that were given."""
    asked: list[tuple[str, Any]] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        assert look().status_code == 200
    return [step for sql, params in asked for step in plan_of(sql, params) if is_walk(step)]


def plan_of(sql: str, params: Any) -> list[str]:
    if not sql.startswith("SELECT"):
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        return [str(row[-1]) for row in cursor.fetchall()]


def is_walk(step: str) -> bool:
    return bool(WALKS.search(step)) and not any(index in step for index in ORDERED)
