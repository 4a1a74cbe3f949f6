"""What an MCP server claims of a tool's effects is kept beside its schema."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0007_tools_approvals_and_secrets")]

    operations = [
        migrations.AddField("mcptool", "hints", models.JSONField(blank=True, default=dict)),
    ]
