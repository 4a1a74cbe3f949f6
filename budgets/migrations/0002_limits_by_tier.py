"""Tiers get settings of their own kind, accounts know whose limits they follow, and every change of a limit is kept."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('budgets', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='BudgetAlert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('percent', models.PositiveSmallIntegerField()),
                ('spent_nanos', models.BigIntegerField()),
                ('limit_nanos', models.BigIntegerField()),
                ('fired_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField(blank=True, null=True)),
                ('seen_by', models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name='TierEdit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('changes', models.JSONField(default=dict)),
                ('unset', models.JSONField(default=list)),
                ('before', models.JSONField(default=dict)),
                ('reason', models.CharField(max_length=500)),
                ('made_by', models.CharField(max_length=200)),
                ('made_from', models.CharField(max_length=40)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('lapsed_at', models.DateTimeField(blank=True, null=True)),
                ('lapsed_by', models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name='UnpricedLLM',
            fields=[
                ('llm', models.CharField(max_length=200, primary_key=True, serialize=False)),
                ('first_seen_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
                ('times', models.PositiveIntegerField(default=1)),
                ('last_tenant', models.CharField(blank=True, max_length=60)),
            ],
            options={
                'verbose_name': 'unpriced LLM',
            },
        ),
        migrations.CreateModel(
            name='Verification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('took_ms', models.PositiveIntegerField()),
                ('accounts', models.PositiveBigIntegerField()),
                ('holds', models.PositiveBigIntegerField()),
                ('entries', models.PositiveBigIntegerField()),
                ('mismatch', models.TextField(blank=True)),
                ('overshoot_nanos', models.BigIntegerField(default=0)),
                ('overbilled_nanos', models.BigIntegerField(default=0)),
                ('asked_by', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AlterModelOptions(
            name='tier',
            options={'ordering': ['tenant', 'surface', 'user']},
        ),
        migrations.RemoveConstraint(
            model_name='ledgerentry',
            name='entry_kind_fits',
        ),
        migrations.RemoveIndex(
            model_name='ledgerentry',
            name='entry_top_up',
        ),
        migrations.AddField(
            model_name='account',
            name='first_limit_nanos',
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='account',
            name='surface',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='budgets.surface'),
        ),
        migrations.AddField(
            model_name='account',
            name='thresholds',
            field=models.CharField(blank=True, default='', max_length=40),
        ),
        migrations.AddField(
            model_name='account',
            name='user',
            field=models.CharField(blank=True, default='', max_length=200),
        ),
        migrations.AddField(
            model_name='hold',
            name='input_tokens',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='hold',
            name='max_output_tokens',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='expires_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='limit_nanos',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='reverses',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='reversed_by', to='budgets.ledgerentry'),
        ),
        migrations.AddField(
            model_name='tier',
            name='changed_at',
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name='tier',
            name='settings',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='tier',
            name='tenant',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tiers', to='budgets.tenant'),
        ),
        migrations.AlterField(
            model_name='ledgerentry',
            name='account',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='budgets.account'),
        ),
        migrations.AlterField(
            model_name='ledgerentry',
            name='kind',
            field=models.CharField(choices=[('reserve', 'Reserved'), ('settle', 'Settled'), ('release', 'Released'), ('top_up', 'Topped up'), ('lapse', 'Top-up expired'), ('limit', 'Limit changed')], max_length=7),
        ),
        migrations.AlterField(
            model_name='tier',
            name='surface',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='tiers', to='budgets.surface'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(fields=['tenant', 'scope', 'window'], name='account_of_window'),
        ),
        migrations.AddIndex(
            model_name='ledgerentry',
            index=models.Index(condition=models.Q(('account__isnull', False)), fields=['account'], name='entry_of_account'),
        ),
        migrations.AddIndex(
            model_name='ledgerentry',
            index=models.Index(condition=models.Q(('expires_at__isnull', False)), fields=['expires_at'], name='entry_expires'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.UniqueConstraint(condition=models.Q(('reverses__isnull', False)), fields=('reverses',), name='entry_reversed_once'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('account__isnull', False), ('hold', None), ('kind', 'top_up'), ('limit_delta_nanos__gt', 0)), models.Q(('account__isnull', False), ('hold', None), ('kind', 'lapse'), ('limit_delta_nanos__lte', 0), ('reverses__isnull', False)), models.Q(('account__isnull', False), ('hold', None), ('kind', 'limit'), ('limit_delta_nanos', 0)), models.Q(('account', None), ('hold__isnull', False), ('kind__in', ['reserve', 'settle', 'release']), ('limit_delta_nanos', 0)), _connector='OR'), name='entry_kind_fits'),
        ),
        migrations.AddField(
            model_name='budgetalert',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alerts', to='budgets.account'),
        ),
        migrations.AddField(
            model_name='tieredit',
            name='tier',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='edits', to='budgets.tier'),
        ),
        migrations.AddConstraint(
            model_name='budgetalert',
            constraint=models.UniqueConstraint(fields=('account', 'percent'), name='alert_once_per_window'),
        ),
        migrations.AddIndex(
            model_name='tieredit',
            index=models.Index(condition=models.Q(('expires_at__isnull', False), ('lapsed_at', None)), fields=['expires_at'], name='edit_expires'),
        ),
    ]
