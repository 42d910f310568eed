"""Find the assessments of a week among those of years."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("triage", "0002_kept")]

    operations = [
        migrations.AddIndex(
            model_name="assessment",
            index=models.Index(fields=["decided_at"], name="assessment_decided_at"),
        ),
    ]
