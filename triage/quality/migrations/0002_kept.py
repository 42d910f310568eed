"""Refuse change to what is kept for ever."""

from django.db import migrations

from victimcontact.lib.triggers import refuse_change


class Migration(migrations.Migration):
    dependencies = [("quality", "0001_initial")]

    operations = [
        refuse_change("quality_draw"),
        refuse_change("quality_sample"),
        refuse_change("quality_qualityreview"),
        refuse_change("quality_criterionscore"),
        refuse_change("quality_feedbackanswer"),
        refuse_change("quality_secondopinion"),
        refuse_change("quality_unsafenow"),
        # An attempt may be worked on until it is finished.
        refuse_change(
            "quality_practiceattempt",
            update_when="old.finished_at is not null",
            delete_when="old.finished_at is not null",
        ),
    ]
