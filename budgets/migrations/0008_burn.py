"""What was spent by the minute is read along indexes: a run's closed holds by time, and a tenant's with their sums."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('budgets', '0007_actions_of_operators'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='hold',
            index=models.Index(fields=['run_id', 'closed_at'], name='hold_of_run'),
        ),
        migrations.RemoveIndex(
            model_name='hold',
            name='hold_run',
        ),
        migrations.AddIndex(
            model_name='hold',
            index=models.Index(condition=models.Q(('closed_at__isnull', False)), fields=['tenant', 'closed_at', 'settled_nanos'], name='hold_closed'),
        ),
    ]
