"""Brings the database up to date and fills in what a newcomer needs to start a first run."""

from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from agents.library.sync import sync_library
from budgets.seed import seed_first_use
from console.access.seed import seed_people


def migrations_waiting() -> bool:
    """True when the database lacks a migration that the code has."""
    executor = MigrationExecutor(connections["default"])
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def migrate() -> None:
    """Apply the migrations that wait."""
    call_command("migrate", interactive=False, verbosity=0)


def seed() -> None:
    """First-use data: tenants and budgets, the cast of operators, the bundled agents. Safe to repeat."""
    seed_first_use()
    seed_people()
    sync_library()
