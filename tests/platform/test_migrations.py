"""During a rolling upgrade an older process inserts rows into tables that a newer release has migrated."""

from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddField
from django.db.models import NOT_PROVIDED, Field

LAST_WITHOUT_UPGRADES = {"agents": "0004", "budgets": "0006", "console": "0001", "library": "0001"}
"""The migrations of the first release; what came after meets processes that know nothing of it."""


def added_later() -> list[tuple[str, "Field[object, object]"]]:
    """Columns that later migrations add, with their names."""
    disk = MigrationLoader(None).disk_migrations
    return [
        (f"{app}.{name}.{operation.model_name}.{operation.name}", operation.field)
        for (app, name), migration in sorted(disk.items())
        if name[:4] > LAST_WITHOUT_UPGRADES.get(app, "9999")
        for operation in migration.operations
        if isinstance(operation, AddField)
    ]


def may_be_left_out(field: "Field[object, object]") -> bool:
    """Whether an INSERT that does not know the column succeeds."""
    return bool(field.null or field.many_to_many) or field.db_default is not NOT_PROVIDED


def test_what_a_release_adds_to_a_table_has_a_default_in_the_database_or_may_be_empty() -> None:
    added = added_later()
    assert added, "the list of migrations was not read"
    assert [name for name, field in added if not may_be_left_out(field)] == []
