"""Effects are found by when they were resolved."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0016_last_decided")]

    operations = [
        migrations.AddIndex(
            model_name="effect",
            index=models.Index(
                condition=models.Q(("resolved_at__isnull", False)), fields=["resolved_at"], name="effect_resolved"
            ),
        ),
    ]
