"""Refuse change to what is kept for ever."""

from django.db import migrations

from victimcontact.lib.triggers import refuse_change


class Migration(migrations.Migration):
    dependencies = [("messaging", "0001_initial")]

    operations = [
        refuse_change("messaging_message"),
        refuse_change("messaging_receipt"),
    ]
