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
    ]

    operations = [
        migrations.CreateModel(
            name="Contact",
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
                ("name", victimcontact.lib.encryption.EncryptedTextField(blank=True, default="")),
                (
                    "date_of_birth",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                ("phone", victimcontact.lib.encryption.EncryptedTextField(blank=True, default="")),
                ("email", victimcontact.lib.encryption.EncryptedTextField(blank=True, default="")),
                (
                    "address",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                (
                    "needs",
                    victimcontact.lib.encryption.EncryptedJSONField(blank=True, default=dict),
                ),
                ("language", models.CharField(default="en-gb", max_length=10)),
                ("phone_index", models.CharField(blank=True, editable=False, max_length=64)),
                ("email_index", models.CharField(blank=True, editable=False, max_length=64)),
                (
                    "name_and_birth_index",
                    models.CharField(blank=True, editable=False, max_length=64),
                ),
                ("address_index", models.CharField(blank=True, editable=False, max_length=64)),
                ("created_at", models.DateTimeField()),
                (
                    "force",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contacts",
                        to="accounts.force",
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged_from",
                        to="people.contact",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["phone_index"], name="contact_phone"),
                    models.Index(fields=["email_index"], name="contact_email"),
                    models.Index(fields=["name_and_birth_index"], name="contact_name_birth"),
                    models.Index(fields=["address_index"], name="contact_address"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("merged_into", models.F("id")), _negated=True),
                        name="contact_not_merged_into_itself",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactMerge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", victimcontact.lib.encryption.EncryptedTextField()),
                ("merged_at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(null=True)),
                (
                    "absorbed",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.contact",
                    ),
                ),
                (
                    "kept",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.contact",
                    ),
                ),
                (
                    "merged_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "undone_by",
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
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("undone_at", None), ("undone_by", None)),
                            models.Q(("undone_at__isnull", False), ("undone_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="merge_undone_at_and_by_together",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactPlan",
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
                    "safe",
                    models.CharField(
                        choices=[
                            ("not_asked", "Not asked yet: send nothing"),
                            ("as_below", "Only as set out below"),
                            ("no_contact", "No contact at all"),
                        ],
                        default="not_asked",
                        max_length=10,
                    ),
                ),
                ("channels", models.JSONField(blank=True, default=dict)),
                ("windows", models.JSONField(blank=True, default=list)),
                (
                    "wording",
                    models.CharField(
                        choices=[
                            ("neutral", "Neutral: gives nothing away"),
                            ("named", "May name the police"),
                        ],
                        default="neutral",
                        max_length=10,
                    ),
                ),
                ("phone_watched", models.BooleanField(default=False)),
                ("officer_name_safe", models.BooleanField(default=False)),
                (
                    "who_may_answer",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                (
                    "cover_story",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                (
                    "do_not_say",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                ("note", victimcontact.lib.encryption.EncryptedTextField(blank=True, default="")),
                ("opening_word_hash", models.CharField(blank=True, editable=False, max_length=200)),
                (
                    "help_word",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                ("confirmed_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("replaced_at", models.DateTimeField(editable=False, null=True)),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plans",
                        to="people.contact",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("replaced_at", None)),
                        fields=("contact",),
                        name="one_contact_plan_in_force",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Link",
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
                    "purpose",
                    models.CharField(
                        choices=[("appointment", "Appointment"), ("portal", "Case")], max_length=12
                    ),
                ),
                ("about_id", models.UUIDField()),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("issued_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("wrong_tries", models.PositiveSmallIntegerField(default=0)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("revoked_reason", models.CharField(blank=True, max_length=40)),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links",
                        to="people.contact",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["purpose", "about_id"], name="link_about")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("wrong_tries__lte", 5)), name="link_tries_are_limited"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("revoked_at", None), ("revoked_reason", "")),
                            models.Q(
                                ("revoked_at__isnull", False),
                                models.Q(("revoked_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="link_revoked_with_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Visit",
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
                ("key_hash", models.CharField(max_length=64, unique=True)),
                ("opened_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_why", models.CharField(blank=True, max_length=20)),
                (
                    "link",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="visits",
                        to="people.link",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("link",),
                        name="one_live_visit_a_link",
                    )
                ],
            },
        ),
    ]
