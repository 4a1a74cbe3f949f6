"""An installation as after its first start, and files that are compared with it and applied to it."""

from collections.abc import Callable

import pytest

from agents.config.apply import apply, plan_for
from agents.config.database import read_database
from agents.config.document import parse
from agents.config.plan import Plan
from agents.config.writing import written
from agents.library.sync import sync_library

Apply = Callable[[str], Plan]


@pytest.fixture
def installation(first_use: None, no_redis: None) -> None:  # noqa: ARG001
    """Acme and Globex with their tiers and prices, and the bundled agents."""
    sync_library()


def plan_of(text: str) -> Plan:
    """What applying a file would do."""
    return plan_for(parse(text.encode()))


def apply_text(text: str) -> Plan:
    """Apply a file as the command does after the question; the plan that was applied."""
    document = parse(text.encode())
    plan = plan_for(document)
    apply(document, agreed=plan, reason="as agreed", actor="ann (terminal)")
    return plan


def exported() -> str:
    """The whole database as a file."""
    return written(read_database().content)


def shown(plan: Plan) -> dict[str, dict[str, tuple[str | None, str | None]]]:
    """The differences of a plan: by entry and field, what stands before and after."""
    return {
        difference.name: {field.name: (field.before, field.after) for field in difference.fields}
        for difference in plan.differences
    }


def left(plan: Plan) -> dict[str, str]:
    """What a plan leaves alone, and why."""
    return {".".join(map(str, each.path)): each.why for each in plan.left}
