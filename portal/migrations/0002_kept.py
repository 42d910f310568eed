"""Refuse change to what is kept for ever."""

from django.db import migrations

from victimcontact.lib.triggers import refuse_change


class Migration(migrations.Migration):
    dependencies = [("portal", "0001_initial")]

    operations = [
        refuse_change("portal_caseevent"),
    ]
