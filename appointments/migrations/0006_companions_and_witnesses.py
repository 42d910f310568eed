"""Who comes along, whose words are heard, and the caller who was put through."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import victimcontact.lib.encryption
import victimcontact.lib.keys
from victimcontact.lib.triggers import refuse_change


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0005_desk_hours_kinds_and_skills"),
        ("people", "0003_companion_links"),
        ("triage", "0009_offer_to_a_witness"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Companion",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=victimcontact.lib.keys.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("guardian", "Parent or guardian"),
                            ("interpreter", "Interpreter"),
                            ("supporter", "Supporter"),
                        ],
                        max_length=11,
                    ),
                ),
                ("added_at", models.DateTimeField()),
                ("waiting_at", models.DateTimeField(null=True)),
                ("admitted_at", models.DateTimeField(null=True)),
                ("removed_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["added_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="PassedOn",
            fields=[
                (
                    "appointment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="passed_on",
                        serialize=False,
                        to="appointments.appointment",
                    ),
                ),
                ("words", models.TextField()),
                ("context", victimcontact.lib.encryption.EncryptedTextField()),
                ("passed_at", models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="appointment",
            name="one_live_appointment_an_incident",
        ),
        migrations.RemoveConstraint(
            model_name="presence",
            name="presence_is_an_officer_or_a_victim",
        ),
        migrations.RemoveConstraint(
            model_name="presence",
            name="one_of_each_side_in_a_room",
        ),
        migrations.AddField(
            model_name="appointment",
            name="follows",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="followed_by",
                to="appointments.appointment",
            ),
        ),
        migrations.AddField(
            model_name="appointment",
            name="outcome_asked_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="appointment",
            name="role",
            field=models.CharField(
                choices=[("victim", "Victim"), ("witness", "Witness")],
                db_default="victim",
                default="victim",
                max_length=7,
            ),
        ),
        migrations.AlterField(
            model_name="appointment",
            name="held_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="presence",
            name="side",
            field=models.CharField(
                choices=[("officer", "Officer"), ("victim", "Victim"), ("companion", "Companion")],
                max_length=9,
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("role", "victim"), ("status__in", ["booked", "waiting"])),
                fields=("incident",),
                name="one_appointment_ahead_for_a_victim",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("role", "witness"), ("status__in", ["booked", "waiting"])),
                fields=("incident", "contact"),
                name="one_appointment_ahead_for_a_witness",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("role", "victim"), ("status", "in_call")),
                fields=("incident",),
                name="one_call_at_a_time_with_a_victim",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(("role", "victim"), ("contact__isnull", False), _connector="OR"),
                name="appointment_of_a_witness_has_its_contact",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind", "video"),
                    models.Q(("status__in", ["waiting", "in_call"]), _negated=True),
                    _connector="OR",
                ),
                name="appointment_room_only_by_video",
            ),
        ),
        migrations.AddField(
            model_name="companion",
            name="added_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="companion",
            name="admitted_visit",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="people.visit",
            ),
        ),
        migrations.AddField(
            model_name="companion",
            name="appointment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="companions",
                to="appointments.appointment",
            ),
        ),
        migrations.AddField(
            model_name="companion",
            name="contact",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="accompanies",
                to="people.contact",
            ),
        ),
        migrations.AddField(
            model_name="companion",
            name="removed_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="presence",
            name="companion",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="presences",
                to="appointments.companion",
            ),
        ),
        migrations.AddConstraint(
            model_name="presence",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("companion", None),
                        ("side", "officer"),
                        ("user__isnull", False),
                        ("visit", None),
                    ),
                    models.Q(
                        ("companion", None),
                        ("side", "victim"),
                        ("user", None),
                        ("visit__isnull", False),
                    ),
                    models.Q(
                        ("companion__isnull", False),
                        ("side", "companion"),
                        ("user", None),
                        ("visit__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="presence_is_of_its_side",
            ),
        ),
        migrations.AddConstraint(
            model_name="presence",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("left_at", None), models.Q(("side", "companion"), _negated=True)
                ),
                fields=("appointment", "side"),
                name="one_of_each_side_in_a_room",
            ),
        ),
        migrations.AddConstraint(
            model_name="presence",
            constraint=models.UniqueConstraint(
                condition=models.Q(("left_at", None)),
                fields=("companion",),
                name="one_seat_a_companion",
            ),
        ),
        migrations.AddField(
            model_name="passedon",
            name="passed_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="companion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_at", None)),
                fields=("appointment", "contact"),
                name="companion_once_an_appointment",
            ),
        ),
        migrations.AddConstraint(
            model_name="companion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("removed_at", None), ("removed_by", None)),
                    models.Q(("removed_at__isnull", False), ("removed_by__isnull", False)),
                    _connector="OR",
                ),
                name="companion_removed_at_and_by_together",
            ),
        ),
        refuse_change("appointments_passedon"),
    ]
