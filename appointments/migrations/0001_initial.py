import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.operations
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import victimcontact.lib.encryption
import victimcontact.lib.keys


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("people", "0001_initial"),
        ("triage", "0001_initial"),
    ]

    operations = [
        django.contrib.postgres.operations.BtreeGistExtension(),
        migrations.CreateModel(
            name="Desk",
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
                ("name", models.CharField(max_length=100)),
                ("slug", models.SlugField()),
                ("opens", models.TimeField()),
                ("closes", models.TimeField()),
                ("slot_minutes", models.PositiveSmallIntegerField(default=45)),
                ("buffer_minutes", models.PositiveSmallIntegerField(default=15)),
                (
                    "takes_flags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.SlugField(), blank=True, default=list, size=None
                    ),
                ),
                (
                    "names_officer",
                    models.BooleanField(
                        default=True,
                        help_text="Whether a victim is told the officer's name beforehand.",
                    ),
                ),
                ("plain_background", models.BooleanField(default=False)),
                (
                    "force",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="desks",
                        to="accounts.force",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("force", "slug"), name="desk_slug_unique_in_force"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("opens__lt", models.F("closes"))),
                        name="desk_opens_before_it_closes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("slot_minutes__gte", 5)),
                        name="desk_slots_have_a_length",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Appointment",
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
                ("during", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ("occupies", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("held", "Held"),
                            ("booked", "Booked"),
                            ("waiting", "Victim is waiting"),
                            ("in_call", "In the call"),
                            ("ended", "Ended"),
                            ("missed", "Missed"),
                            ("cancelled", "Cancelled"),
                            ("released", "Hold released"),
                        ],
                        default="held",
                        max_length=10,
                    ),
                ),
                ("held_until", models.DateTimeField(null=True)),
                ("idempotency_key", models.UUIDField(unique=True)),
                ("created_at", models.DateTimeField()),
                ("booked_at", models.DateTimeField(null=True)),
                ("waiting_at", models.DateTimeField(null=True)),
                ("admitted_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("cancelled_at", models.DateTimeField(null=True)),
                ("cancelled_reason", models.CharField(blank=True, max_length=60)),
                (
                    "contact",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appointments",
                        to="people.contact",
                    ),
                ),
                (
                    "held_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appointments",
                        to="triage.incident",
                    ),
                ),
                (
                    "moved_from",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="moved_to",
                        to="appointments.appointment",
                    ),
                ),
                (
                    "offer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appointments",
                        to="triage.offer",
                    ),
                ),
                (
                    "officer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appointments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "desk",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appointments",
                        to="appointments.desk",
                    ),
                ),
            ],
            options={
                "ordering": ["during"],
                "indexes": [
                    models.Index(
                        condition=models.Q(
                            ("status__in", ["held", "booked", "waiting", "in_call"])
                        ),
                        fields=["incident"],
                        name="appointment_live",
                    )
                ],
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(
                            ("status__in", ["held", "booked", "waiting", "in_call", "ended"])
                        ),
                        expressions=[("officer", "="), ("occupies", "&&")],
                        name="appointment_officer_not_double_booked",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["booked", "waiting", "in_call"])),
                        fields=("incident",),
                        name="one_live_appointment_an_incident",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("held_until__isnull", False), ("status", "held")),
                            models.Q(
                                models.Q(("status", "held"), _negated=True), ("held_until", None)
                            ),
                            _connector="OR",
                        ),
                        name="appointment_held_until_exactly_while_held",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["held", "released"]),
                            models.Q(("booked_at__isnull", False), ("contact__isnull", False)),
                            _connector="OR",
                        ),
                        name="appointment_booked_for_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("occupies__contains", models.F("during"))),
                        name="appointment_occupies_at_least_the_talk",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "cancelled"), _negated=True),
                            models.Q(
                                ("cancelled_at__isnull", False),
                                models.Q(("cancelled_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="appointment_cancelled_with_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DeviceTest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("has_camera", models.BooleanField()),
                ("has_microphone", models.BooleanField()),
                ("problem", models.CharField(blank=True, max_length=40)),
                ("tested_at", models.DateTimeField()),
                (
                    "appointment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="device_tests",
                        to="appointments.appointment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Exhibit",
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
                ("initials", models.CharField(max_length=6)),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "description",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                (
                    "original_name",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                ("media_type", models.CharField(max_length=40)),
                ("size_bytes", models.PositiveBigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("client_sha256", models.CharField(blank=True, max_length=64)),
                ("file", models.CharField(max_length=100)),
                ("copy_file", models.CharField(blank=True, max_length=100)),
                ("idempotency_key", models.UUIDField(unique=True)),
                ("received_at", models.DateTimeField()),
                (
                    "appointment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exhibits",
                        to="appointments.appointment",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exhibits",
                        to="people.contact",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exhibits",
                        to="triage.incident",
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exhibits",
                        to="people.visit",
                    ),
                ),
            ],
            options={
                "ordering": ["incident", "initials", "number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("incident", "initials", "number"), name="exhibit_reference_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("size_bytes__gte", 1)), name="exhibit_is_not_empty"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Presence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "side",
                    models.CharField(
                        choices=[("officer", "Officer"), ("victim", "Victim")], max_length=8
                    ),
                ),
                ("channel", models.CharField(max_length=120)),
                ("joined_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("left_at", models.DateTimeField(null=True)),
                ("left_why", models.CharField(blank=True, max_length=20)),
                (
                    "appointment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="presences",
                        to="appointments.appointment",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="presences",
                        to="people.visit",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("left_at", None)),
                        fields=["appointment", "side"],
                        name="presence_now",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("side", "officer"), ("user__isnull", False), ("visit", None)),
                            models.Q(("side", "victim"), ("user", None), ("visit__isnull", False)),
                            _connector="OR",
                        ),
                        name="presence_is_an_officer_or_a_victim",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("left_at", None)),
                        fields=("appointment", "side"),
                        name="one_of_each_side_in_a_room",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Shift",
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
                ("during", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                (
                    "desk",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shifts",
                        to="appointments.desk",
                    ),
                ),
                (
                    "officer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shifts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["during"],
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("officer", "="), ("during", "&&")],
                        name="shift_officer_in_one_place",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("during__isempty", False),
                            ("during__lower_inf", False),
                            ("during__upper_inf", False),
                        ),
                        name="shift_has_a_beginning_and_an_end",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Statement",
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
                ("created_at", models.DateTimeField()),
                (
                    "appointment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statements",
                        to="appointments.appointment",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statements",
                        to="people.contact",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statements",
                        to="triage.incident",
                    ),
                ),
                (
                    "taken_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statements_taken",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("appointment", "contact"), name="statement_once_an_appointment"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StatementVersion",
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
                ("number", models.PositiveSmallIntegerField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("final", "Ready to sign"),
                            ("signed", "Signed"),
                        ],
                        default="draft",
                        max_length=6,
                    ),
                ),
                (
                    "witness_name",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                ("age_if_under_18", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "occupation",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                ("body", victimcontact.lib.encryption.EncryptedTextField(blank=True, default="")),
                ("visually_recorded", models.BooleanField(default=False)),
                (
                    "reader_name",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                ("language", models.CharField(default="en-gb", max_length=10)),
                ("declaration_version", models.CharField(blank=True, max_length=20)),
                ("edits", models.PositiveIntegerField(default=0)),
                ("saved_at", models.DateTimeField()),
                ("finalised_at", models.DateTimeField(null=True)),
                ("page_count", models.PositiveSmallIntegerField(null=True)),
                ("final_file", models.CharField(blank=True, max_length=100)),
                ("final_sha256", models.CharField(blank=True, max_length=64)),
                ("signed_file", models.CharField(blank=True, max_length=100)),
                ("signed_sha256", models.CharField(blank=True, max_length=64)),
                (
                    "statement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="appointments.statement",
                    ),
                ),
            ],
            options={
                "ordering": ["statement", "number"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("signed_sha256", ""), _negated=True),
                        fields=["signed_sha256"],
                        name="statement_seal",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("statement", "number"), name="statement_version_numbered_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "signed"), _negated=True),
                        fields=("statement",),
                        name="one_unsigned_version_a_statement",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status", "draft"),
                            models.Q(
                                ("finalised_at__isnull", False),
                                ("page_count__gte", 1),
                                models.Q(("final_sha256", ""), _negated=True),
                                models.Q(("declaration_version", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="statement_final_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "signed"), _negated=True),
                            models.Q(
                                models.Q(("signed_sha256", ""), _negated=True),
                                models.Q(("signed_file", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="statement_signed_is_sealed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Signature",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "party",
                    models.CharField(
                        choices=[
                            ("witness", "Witness"),
                            ("officer", "Signature witnessed by"),
                            ("reader", "Person who read it over"),
                        ],
                        max_length=8,
                    ),
                ),
                ("typed_name", victimcontact.lib.encryption.EncryptedTextField()),
                ("method", models.CharField(default="typed and ticked", max_length=20)),
                ("signed_sha256", models.CharField(max_length=64)),
                ("device", victimcontact.lib.encryption.EncryptedJSONField(default=dict)),
                ("signed_at", models.DateTimeField()),
                (
                    "officer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signatures",
                        to="people.visit",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signatures",
                        to="appointments.statementversion",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("version", "party"), name="signed_once_by_each")
                ],
            },
        ),
        migrations.CreateModel(
            name="ContinuityEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("copied", "Copy made for viewing"),
                            ("viewed", "Viewed"),
                            ("exported", "Original exported"),
                            ("verified", "Hash checked"),
                        ],
                        max_length=10,
                    ),
                ),
                ("actor", models.CharField(max_length=60)),
                ("reason", models.CharField(blank=True, max_length=100)),
                ("sha256", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "exhibit",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="continuity",
                        to="appointments.exhibit",
                    ),
                ),
                (
                    "statement_version",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="continuity",
                        to="appointments.statementversion",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("exhibit__isnull", False), ("statement_version", None)),
                            models.Q(("exhibit", None), ("statement_version__isnull", False)),
                            _connector="OR",
                        ),
                        name="continuity_of_one_thing",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ChangeRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "wish",
                    models.CharField(
                        choices=[
                            ("another_time", "Another time"),
                            ("visit", "Officer's visit"),
                            ("station", "Police station"),
                            ("cancel", "Cancel"),
                        ],
                        max_length=12,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "appointment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="change_requests",
                        to="appointments.appointment",
                    ),
                ),
                (
                    "settled_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("settled_at", None)),
                        fields=("appointment", "wish"),
                        name="change_asked_once",
                    )
                ],
            },
        ),
    ]
