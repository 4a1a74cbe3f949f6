"""Retries and forks are found by the run that they were made from."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0013_runs_are_found")]

    operations = [
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("parent__isnull", False)), fields=["parent", "-id"], name="run_made_from"
            ),
        ),
    ]
