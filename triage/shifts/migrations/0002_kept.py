"""A handover stays as it was written; only its acknowledgement is added, once."""

from django.db import migrations

from victimcontact.lib.triggers import refuse_change

WRITTEN = ("id", "force_id", "handed_by_id", "handed_to_id", "note", "handed_at")


class Migration(migrations.Migration):
    dependencies = [("shifts", "0001_initial")]

    operations = [
        refuse_change(
            "shifts_handover",
            update_when="old.acknowledged_at is not null or "
            + " or ".join(f"old.{name} is distinct from new.{name}" for name in WRITTEN),
        ),
        refuse_change("shifts_handover_incidents"),
    ]
