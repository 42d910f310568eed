"""Refuse change to what is kept for ever."""

from django.db import migrations

from victimcontact.lib.triggers import refuse_change


class Migration(migrations.Migration):
    dependencies = [("control", "0001_initial")]

    operations = [
        refuse_change(f"control_{table}")
        for table in (
            "systemcheck",
            "advice",
            "safeguarding",
            "callertold",
            "dispatch",
            "dispatchstep",
            "closure",
            "reopening",
        )
    ]
