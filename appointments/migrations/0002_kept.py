"""Refuse change to what is kept for ever."""

from django.db import migrations

from victimcontact.lib.triggers import refuse_change


class Migration(migrations.Migration):
    dependencies = [("appointments", "0001_initial")]

    operations = [
        refuse_change("appointments_exhibit"),
        refuse_change("appointments_continuityentry"),
        refuse_change("appointments_signature"),
        refuse_change(
            "appointments_statementversion",
            update_when="old.status = 'signed'",
            delete_when="old.status = 'signed'",
        ),
    ]
