"""Refuse change to what is kept for ever."""

from django.db import migrations

from victimcontact.lib.triggers import refuse_change


class Migration(migrations.Migration):
    dependencies = [("triage", "0001_initial")]

    operations = [
        refuse_change("triage_assessment"),
        refuse_change("triage_offer"),
        # A published policy may only be retired.
        refuse_change(
            "triage_policy",
            update_when="old.status <> 'draft' and (new.data is distinct from old.data"
            " or new.version <> old.version or new.status not in ('published', 'retired'))",
            delete_when="old.status <> 'draft'",
        ),
    ]
