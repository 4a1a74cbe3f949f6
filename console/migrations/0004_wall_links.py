"""Links to a wall: by a digest of their token."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('budgets', '0008_burn'),
        ('console', '0003_tokens_and_settings'),
    ]

    operations = [
        migrations.CreateModel(
            name='WallLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('place', models.CharField(max_length=80)),
                ('made_by', models.CharField(max_length=150)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('revoked_by', models.CharField(blank=True, db_default='', max_length=150)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='budgets.tenant')),
            ],
        ),
    ]
