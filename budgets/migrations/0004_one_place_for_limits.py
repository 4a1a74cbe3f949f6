"""The columns that settings have replaced."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('budgets', '0003_settings_of_old_tiers'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='tier',
            name='tier_per_surface_and_user',
        ),
        migrations.RemoveConstraint(
            model_name='tenant',
            name='tenant_day_limit_not_negative',
        ),
        migrations.RemoveConstraint(
            model_name='tenant',
            name='tenant_month_limit_not_negative',
        ),
        migrations.RemoveConstraint(
            model_name='tier',
            name='tier_run_nanos_not_negative',
        ),
        migrations.RemoveConstraint(
            model_name='tier',
            name='tier_session_nanos_not_negative',
        ),
        migrations.RemoveConstraint(
            model_name='tier',
            name='tier_user_day_nanos_not_negative',
        ),
        migrations.RemoveConstraint(
            model_name='tier',
            name='tier_surface_day_nanos_not_negative',
        ),
        migrations.RemoveConstraint(
            model_name='tier',
            name='tier_allows_something',
        ),
        migrations.RemoveConstraint(
            model_name='tier',
            name='tier_at_cap_known',
        ),
        migrations.RemoveField(
            model_name='tenant',
            name='day_limit_nanos',
        ),
        migrations.RemoveField(
            model_name='tenant',
            name='month_limit_nanos',
        ),
        migrations.RemoveField(
            model_name='tier',
            name='at_cap',
        ),
        migrations.RemoveField(
            model_name='tier',
            name='launches_per_minute',
        ),
        migrations.RemoveField(
            model_name='tier',
            name='max_seconds',
        ),
        migrations.RemoveField(
            model_name='tier',
            name='max_turns',
        ),
        migrations.RemoveField(
            model_name='tier',
            name='parallel_runs',
        ),
        migrations.RemoveField(
            model_name='tier',
            name='run_nanos',
        ),
        migrations.RemoveField(
            model_name='tier',
            name='session_nanos',
        ),
        migrations.RemoveField(
            model_name='tier',
            name='surface_day_nanos',
        ),
        migrations.RemoveField(
            model_name='tier',
            name='user_day_nanos',
        ),
        migrations.AlterField(
            model_name='tier',
            name='tenant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tiers', to='budgets.tenant'),
        ),
        migrations.AddConstraint(
            model_name='tier',
            constraint=models.UniqueConstraint(condition=models.Q(('surface__isnull', False)), fields=('surface', 'user'), name='tier_per_surface_and_user'),
        ),
        migrations.AddConstraint(
            model_name='tier',
            constraint=models.UniqueConstraint(condition=models.Q(('surface', None)), fields=('tenant', 'user'), name='tier_per_tenant_and_user'),
        ),
    ]
