"""Refuse change to what is kept for ever, and count what was reported before."""

from django.db import migrations

from victimcontact.lib.triggers import refuse_change

# What the agency was told, by whom and on what ground stands; only its progress moves.
TOLD = ("force_id", "incident_id", "agency_id", "card", "way", "asked", "consent", "ground")
TOLD += ("told_about_consent", "made_at", "made_by_id", "key")


class Migration(migrations.Migration):
    dependencies = [("partners", "0001_initial")]

    operations = [
        refuse_change("partners_referralmove"),
        refuse_change("partners_cardtick"),
        refuse_change("partners_steptaken"),
        refuse_change(
            "partners_referral",
            update_when="old.settled_at is not null or "
            + " or ".join(f"new.{name} is distinct from old.{name}" for name in TOLD),
        ),
        migrations.RunSQL(
            "insert into partners_tocount (incident_id) select id from triage_incident"
            " where grade is not null and reported_at > now() - interval '365 days'",
            migrations.RunSQL.noop,
        ),
    ]
