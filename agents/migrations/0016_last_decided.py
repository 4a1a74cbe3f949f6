"""Approvals are found by when they were decided."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0015_launches_by_the_databases_clock")]

    operations = [
        migrations.AddIndex(
            model_name="approval",
            index=models.Index(
                condition=models.Q(("decided_at__isnull", False)), fields=["decided_at"], name="approval_decided"
            ),
        ),
    ]
