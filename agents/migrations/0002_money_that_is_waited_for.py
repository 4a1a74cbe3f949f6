"""Runs that wait for money know for whose, and what is counted at a launch is found by an index."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('agents', '0001_initial'),
        ('budgets', '0004_one_place_for_limits'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='capped_account_id',
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='run',
            name='capped_limit_nanos',
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(condition=models.Q(('state__in', ['completed', 'dead', 'degraded', 'failed', 'flagged', 'killed', 'refused']), _negated=True), fields=['surface', 'user'], name='run_live_surface'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(fields=['surface', 'created_at'], name='run_surface_created'),
        ),
    ]
