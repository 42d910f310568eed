"""Within a grade, what no person has looked at yet comes first."""

from django.conf import settings
from django.db import migrations, models

UNSEEN = """
update triage_incident set is_seen = false
 where status = 'open' and exists (
       select from triage_assessment
        where incident_id = triage_incident.id and decided_by_id is null
          and not exists (select from triage_assessment later
                           where later.supersedes_id = triage_assessment.id))
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_sign_in_tries"),
        ("triage", "0006_reviews_by_event"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(model_name="incident", name="incident_queue"),
        migrations.AddField(
            model_name="incident", name="is_seen", field=models.BooleanField(default=True)
        ),
        migrations.RunSQL(UNSEEN, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                condition=models.Q(("status", "open")),
                fields=["grade", "is_seen", "due_at", "id"],
                name="incident_in_queue",
            ),
        ),
    ]
