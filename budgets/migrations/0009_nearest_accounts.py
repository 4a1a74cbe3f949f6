from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('budgets', '0008_burn'),
    ]

    operations = [
        migrations.RemoveIndex(model_name='account', name='account_of_window'),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(fields=['tenant', 'scope', 'window', 'id'], name='account_of_window'),
        ),
        migrations.AddIndex(
            model_name='budgetalert',
            index=models.Index(fields=['fired_at'], name='alert_fired'),
        ),
    ]
