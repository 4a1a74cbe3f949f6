"""Alerts that nobody has seen are found by an index: every page of a tenant counts them."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('budgets', '0005_verifications_of_each_tenant'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='budgetalert',
            index=models.Index(condition=models.Q(('seen_at', None)), fields=['account'], name='alert_unseen'),
        ),
    ]
