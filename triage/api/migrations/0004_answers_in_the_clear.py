"""What a system was answered holds no word about anybody, and so needs no seal."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("api", "0003_changes_by_time")]

    operations = [
        migrations.RemoveField("answered", "answer"),
        migrations.AddField("answered", "answer", models.JSONField(null=True)),
    ]
