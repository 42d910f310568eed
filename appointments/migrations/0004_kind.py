"""An appointment is of the kind that was chosen, by the database itself."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0003_admitted_visit"),
        ("triage", "0008_offer_words"),
    ]

    operations = [
        migrations.AddField(
            model_name="appointment",
            name="kind",
            field=models.CharField(
                choices=[
                    ("video", "Video appointment"),
                    ("visit", "Officer's visit"),
                    ("station", "Police station"),
                ],
                db_default="video",
                default="video",
                max_length=10,
            ),
        ),
        migrations.RunSQL(
            """
alter table appointments_appointment add constraint appointment_kind_as_chosen
  foreign key (offer_id, kind) references triage_offer (id, chosen);
""",
            "alter table appointments_appointment drop constraint appointment_kind_as_chosen;",
        ),
    ]
