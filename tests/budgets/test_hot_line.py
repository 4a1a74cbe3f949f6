"""A transaction on the driver itself keeps what Django's own would keep, and undoes what it would undo."""

from collections.abc import Iterator

import pytest
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections, transaction

from budgets.hot_line import Line, line_on, one_transaction, using
from budgets.hot_sql import (
    Columns,
    fetch,
    ids_parameter,
    in_transaction,
    insert_sql,
    one_of,
    update_sql,
    write,
)
from budgets.models import Tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def line() -> Iterator[Line]:
    """A line on this thread's connection."""
    own = connections[DEFAULT_DB_ALIAS]
    own.ensure_connection()
    line = line_on(own)
    with using(line):
        yield line
    if own.connection is not None:
        line.close()


def name_it(tenant: Tenant, name: str) -> None:
    """A statement of the hot path that changes a row."""
    columns: Columns = {"id": "int", "name": "text"}
    sql = update_sql("budgets_tenant", columns, changes="name = new.name", where="budgets_tenant.id = new.id")
    write(sql, [(tenant.pk, name)])


def name_of(tenant: Tenant) -> str:
    """As any other connection would read it."""
    return Tenant.objects.get(pk=tenant.pk).name


@pytest.mark.usefixtures("line")
def test_what_is_written_stands_and_is_read_in_its_order() -> None:
    tenant = Tenant.objects.create(slug="a", name="old")
    with one_transaction():
        assert in_transaction()
        name_it(tenant, "first")
        assert fetch("SELECT name FROM budgets_tenant WHERE id = %s", [tenant.pk]) == [("first",)]
        name_it(tenant, "second")
    assert not in_transaction()
    assert name_of(tenant) == "second"


@pytest.mark.usefixtures("line")
def test_the_orm_takes_part_and_is_undone_too() -> None:
    tenant = Tenant.objects.create(slug="a", name="old")

    def make_both() -> None:
        fetch("SELECT name FROM budgets_tenant WHERE id = %s", [tenant.pk])
        Tenant.objects.create(slug="b", name="b")
        name_it(tenant, "new")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), one_transaction():
        make_both()
    assert name_of(tenant) == "old"
    assert not Tenant.objects.filter(slug="b").exists()
    with one_transaction():
        fetch("SELECT name FROM budgets_tenant WHERE id = %s", [tenant.pk])
        Tenant.objects.create(slug="b", name="b")
    assert Tenant.objects.filter(slug="b").exists()


@pytest.mark.usefixtures("line")
def test_hooks_run_after_the_commit_and_never_after_a_rollback() -> None:
    tenant = Tenant.objects.create(slug="a", name="old")
    seen: list[str] = []
    with one_transaction():
        name_it(tenant, "new")
        transaction.on_commit(lambda: seen.append(name_of(tenant)))
        assert seen == []
    assert seen == ["new"]

    def fail() -> None:
        transaction.on_commit(lambda: seen.append("undone"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), one_transaction():
        fail()
    with one_transaction():
        name_it(tenant, "newer")
    assert seen == ["new"]


def test_a_statement_that_fails_takes_all_with_it_and_the_line_goes_on(line: Line) -> None:
    tenant = Tenant.objects.create(slug="a", name="old")

    def insert_twice() -> None:
        name_it(tenant, "new")
        write(insert_sql("budgets_tenant", {"id": "int"}), [(tenant.pk,)])

    for _ in range(3):
        with pytest.raises(DatabaseError), one_transaction():
            insert_twice()
        assert not line.in_doubt
        assert not connection.in_atomic_block
    assert name_of(tenant) == "old"
    with one_transaction():
        name_it(tenant, "new")
    assert name_of(tenant) == "new"


def test_what_was_sent_and_not_heard_of_is_undone_and_leaves_nothing_prepared(line: Line) -> None:
    tenant = Tenant.objects.create(slug="a", name="old")

    def leave(*, wrong: bool) -> None:
        name_it(tenant, "new")
        if wrong:
            write(insert_sql("budgets_tenant", {"id": "int"}), [(tenant.pk,)])
        raise ZeroDivisionError

    for wrong in (False, True, False):
        with pytest.raises((DatabaseError, ZeroDivisionError)), one_transaction():
            leave(wrong=wrong)
        assert not line.is_open
        assert not line.in_doubt
        assert name_of(tenant) == "old"
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'hot_%%'")
            assert cursor.fetchone() == (0,)
    with one_transaction():
        name_it(tenant, "new")
    assert name_of(tenant) == "new"


@pytest.mark.usefixtures("line")
def test_more_than_sockets_hold_goes_both_ways_before_the_commit() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite is in this process")
    tenant = Tenant.objects.create(slug="a", name="old")
    columns: Columns = {"id": "int", "name": "text", "echo": "text"}
    sql = update_sql("budgets_tenant", columns, changes="name = new.name", where="budgets_tenant.id = new.id")
    with one_transaction():
        for number in range(40):
            write(f"{sql} RETURNING new.echo", [(tenant.pk, str(number), "x" * 500_000)])
    assert name_of(tenant) == "39"


@pytest.mark.usefixtures("line")
def test_a_query_that_failed_cannot_be_followed_by_a_commit_that_looks_good() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite undoes the one statement and goes on")
    tenant = Tenant.objects.create(slug="a", name="old")

    def swallowed() -> None:
        name_it(tenant, "new")
        with pytest.raises(Exception, match="zero"):
            fetch("SELECT 1 / CAST(%s AS int)", [0])

    with pytest.raises(DatabaseError), one_transaction():
        swallowed()
    assert name_of(tenant) == "old"


def test_without_a_line_it_is_part_of_the_transaction_that_is_open() -> None:
    with transaction.atomic():
        with one_transaction():
            Tenant.objects.create(slug="a", name="a")
        transaction.set_rollback(True)
    assert not Tenant.objects.exists()


@pytest.mark.usefixtures("line")
def test_ids_are_found_whatever_is_in_them() -> None:
    slugs = ['a"b', "a\\b", "a,b", "{a}", "NULL", "a'b", "é"]
    for slug in [*slugs, "other"]:
        Tenant.objects.create(slug=slug, name=slug)
    with one_transaction():
        found = fetch(f"SELECT slug FROM budgets_tenant WHERE {one_of('slug', 'text')}", [ids_parameter(slugs)])
    assert {row[0] for row in found} == set(slugs)
