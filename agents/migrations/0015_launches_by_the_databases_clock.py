"""A run's `created_at` is read from the database's clock as it is made; the column itself stays as it is."""

from django.db import migrations, models

import budgets.clock


class Migration(migrations.Migration):
    dependencies = [("agents", "0014_runs_made_from_a_run")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="run",
                    name="created_at",
                    field=models.DateTimeField(default=budgets.clock.now, editable=False),
                ),
            ],
        ),
    ]
