"""A launch that a budget refuses says which one: scope, limit, spent, held, and when it starts afresh."""

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from agents.models import Agent
from tests.console.screens.budgets.conftest import USD, Spend

pytestmark = pytest.mark.usefixtures("acme", "rung", "full")

NAMED = ("budget of this user today", "$5.00", "$4.50 spent", "$0.50 held", "starts afresh at", "UTC")


@pytest.fixture
def full(spend: Spend) -> None:
    """mara's day: all that is not spent is held."""
    for _ in range(5):
        spend(9 * USD // 10, user="mara")
    spend(0, USD // 2, user="mara")


def test_at_the_form(acme_operator: Client, agent: Agent) -> None:
    typed = {"agent": agent.name, "task": "x", "surface": "enterprise", "user": "mara"}
    response = acme_operator.post("/t/acme/runs/new/", typed)
    said = str(response.context["form"].non_field_errors())
    assert response.status_code == 422
    assert [words for words in NAMED if words not in said] == []


def test_in_the_terminal(agent: Agent, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises((CommandError, SystemExit)) as refused:
        call_command("launch", agent.name, "x", tenant="acme", surface="enterprise", user="mara")
    printed = capsys.readouterr()
    said = f"{refused.value} {printed.out} {printed.err}"
    assert [words for words in NAMED if words not in said] == []
