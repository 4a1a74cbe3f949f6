"""Tells the accounts of runs that are under way whose limits they follow, so that an edited tier finds them."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

OVER = ("completed", "flagged", "degraded", "failed", "refused", "killed", "dead")


def tell_accounts(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Ended runs keep the limit that they ran under."""
    accounts = apps.get_model("budgets", "Account").objects
    for run in apps.get_model("agents", "Run").objects.exclude(state__in=OVER).iterator():
        accounts.filter(scope="run", subject=run.pk).update(surface_id=run.surface_id, user=run.user)


class Migration(migrations.Migration):

    dependencies = [
        ("agents", "0002_money_that_is_waited_for"),
        ("budgets", "0004_one_place_for_limits"),
    ]

    operations = [migrations.RunPython(tell_accounts, migrations.RunPython.noop)]
