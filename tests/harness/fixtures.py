"""The fixtures that give tests real servers (`redis_url`, `live_stack`, `make_stack`, `browser`, `page`), and rows."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dj_database_url
import pytest
from django.conf import settings
from django.db import connections
from playwright.sync_api import Browser, Page
from pytest_django.plugin import DjangoDbBlocker

from agents import bell
from budgets.prices import forget_prices
from budgets.seed import seed_first_use
from console.celery import app as celery_app
from console.supervisor import readiness
from console.supervisor.child import Child
from console.supervisor.redis_server import private_redis
from tests.harness.browser import chromium
from tests.harness.databases import StackDatabases
from tests.harness.kept_rows import KeptRows
from tests.harness.live_stack import LiveStack

MakeStack = Callable[..., LiveStack]
ADDRESS = ("NAME", "HOST", "PORT", "USER", "PASSWORD")
WINDOW = {"width": 1440, "height": 900}


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A private Redis for this test process; tests that share it choose names of their own."""
    var = tmp_path_factory.mktemp("redis")
    (var / "log").mkdir()
    program, url = private_redis(folder=var)
    child = Child(program, var=var, environment=dict(os.environ), say=lambda _line: None)
    try:
        deadline = time.monotonic() + 60
        while not readiness.redis_answers(url=url):
            assert time.monotonic() < deadline, child.last_words()
            time.sleep(0.02)
        yield url
    finally:
        child.ask_to_end()
        child.end(grace_seconds=3)


@pytest.fixture(scope="session")
def stack_databases(tmp_path_factory: pytest.TempPathFactory) -> StackDatabases:
    """Copies of one migrated and seeded database."""
    server_url = os.environ.get("DATABASE_URL", "")
    return StackDatabases(server_url=server_url, folder=tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="module")
def live_stack(
    stack_databases: StackDatabases,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[LiveStack]:
    """One running stack for all tests of a module; inside them the ORM reads and writes that stack's rows."""
    with running_stack(stack_databases, tmp_path_factory.mktemp("stack"), django_db_blocker) as stack:
        yield stack


@pytest.fixture
def make_stack(
    stack_databases: StackDatabases,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[MakeStack]:
    """Starts a stack of its own for one test; keyword arguments become its environment variables."""
    with ExitStack() as stacks:

        def make(**environment: str) -> LiveStack:
            var = tmp_path_factory.mktemp("stack")
            return stacks.enter_context(running_stack(stack_databases, var, django_db_blocker, **environment))

        yield make


@contextmanager
def running_stack(
    databases: StackDatabases, var: Path, blocker: DjangoDbBlocker, **environment: str
) -> Iterator[LiveStack]:
    """Start a stack on a fresh copy of the database and let this process see its rows meanwhile."""
    given = databases.copy(var=var)
    stack = LiveStack(var=var, environment={**given, **environment})
    try:
        with rows_of(given, var=var, blocker=blocker), ringing_at(stack.redis_url):
            stack.start()
            yield stack
    finally:
        stack.end()


@contextmanager
def rows_of(given: dict[str, str], *, var: Path, blocker: DjangoDbBlocker) -> Iterator[None]:
    """Point Django's default connection in this process at a stack's database."""
    default = connections["default"]
    usual = {name: default.settings_dict[name] for name in ADDRESS}
    url = given["DATABASE_URL"]
    _forget_connections()
    parsed = dict(dj_database_url.parse(url)) if url else {"NAME": str(var / "watchfloor.sqlite3")}
    default.settings_dict.update({name: parsed[name] for name in ADDRESS if name in parsed})
    try:
        with blocker.unblock():
            yield
            _forget_connections()
    finally:
        default.settings_dict.update(usual)


@contextmanager
def ringing_at(redis_url: str) -> Iterator[None]:
    """What this process launches, kills and wakes is heard by a stack's workers; with a Redis that is gone it waits."""
    usual: tuple[str, str] = settings.REDIS_URL, celery_app.conf.broker_url
    settings.REDIS_URL = celery_app.conf["broker_url"] = redis_url
    _forget_redis()
    try:
        yield
    finally:
        settings.REDIS_URL, celery_app.conf["broker_url"] = usual
        _forget_redis()


def _forget_redis() -> None:
    """Both keep the connections that they once made."""
    bell.client.cache_clear()
    vars(celery_app.amqp).pop("producer_pool", None)


def _forget_connections() -> None:
    """Close the connection, and on PostgreSQL the pool behind it, which goes by the alias alone."""
    default = connections["default"]
    default.close()
    if hasattr(default, "close_pool"):
        default.close_pool()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for this test process."""
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a browser profile of its own, 1440 by 900."""
    context = browser.new_context(viewport={"width": WINDOW["width"], "height": WINDOW["height"]})
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def rows_of_first_use(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> KeptRows:  # noqa: ARG001
    """The tenants, limits and prices of a first start, as `make run` seeds them."""
    with django_db_blocker.unblock():
        kept = KeptRows(seed_first_use)
        connections["default"].close()
    return kept


@pytest.fixture
def first_use(rows_of_first_use: KeptRows, db: None) -> None:  # noqa: ARG001
    """Acme and Globex with their tiers and prices."""
    rows_of_first_use.put()
    forget_prices()
