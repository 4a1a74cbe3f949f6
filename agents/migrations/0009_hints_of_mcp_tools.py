"""What an MCP server claims of a tool's effects is kept beside its schema."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0008_troubles_of_links")]

    operations = [
        migrations.AddField("mcptool", "hints", models.JSONField(
                blank=True, db_default=models.Value({}, output_field=models.JSONField()), default=dict
            )),
    ]
