"""What every test can ask for; the servers and the browser come from tests.harness."""

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from tests.harness.plan import FLOWS_ARE_IN
from tests.harness.stages import ROOT

pytest_plugins = ["tests.harness.emptying", "tests.harness.fixtures", "tests.harness.hangs"]

# How long one example takes says more of the machine's neighbours than of the code; the test's own limit holds.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")
DATABASE_FIXTURES = frozenset({"db", "transactional_db", "django_db_setup", "stack_databases"})
FLOW_SECONDS = 600
"""A flow starts a handful of processes on a machine that others use: the limit is for one that hangs."""
SERVER_FIXTURES = frozenset({"redis_url", "stack_databases", "browser", "page"})


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by what it asks for, so that nobody has to remember to."""
    for item in items:
        asked = frozenset(getattr(item, "fixturenames", ()))
        if item.get_closest_marker("django_db") or asked & DATABASE_FIXTURES:
            item.add_marker("database")
        if asked & SERVER_FIXTURES:
            item.add_marker("flows")
        if item.get_closest_marker("flows") and not in_place(item):
            raise pytest.UsageError(f"{item.nodeid} is a flow: name its file in FLOWS_ARE_IN of tests/harness/plan.py")
        if item.get_closest_marker("flows") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(FLOW_SECONDS))
    items.sort(key=usual_seconds, reverse=True)


def in_place(item: pytest.Item) -> bool:
    """Whether the stages that run flows look where this one is."""
    return any(item.path.is_relative_to(ROOT / place) for place in FLOWS_ARE_IN)


def usual_seconds(item: pytest.Item) -> int:
    """The longest files begin first, so that none of them is left when the other processes have nothing to do."""
    marker = item.get_closest_marker("takes")
    return int(marker.args[0]) if marker else 0


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,  # noqa: ARG001
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Give each test process an SQLite file of its own: several people may test in one folder."""
    default = settings.DATABASES["default"]
    if default["ENGINE"].endswith("sqlite3"):
        folder: Path = tmp_path_factory.mktemp("database")
        default["TEST"]["NAME"] = str(folder / "test.sqlite3")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:  # noqa: ARG001
    """Before the database of the tests is dropped, end what threads of theirs still have open on a server."""
    yield
    if settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
