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
        migrations.CreateModel(
            name="Case",
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
                    "status",
                    models.CharField(
                        choices=[
                            ("recorded", "Recorded"),
                            ("investigating", "Under investigation"),
                            ("waiting", "Waiting for evidence"),
                            ("with_prosecutors", "With the prosecutors"),
                            ("court", "At court"),
                            ("closed", "Closed"),
                        ],
                        default="recorded",
                        max_length=20,
                    ),
                ),
                ("next_update_on", models.DateField(blank=True, null=True)),
                ("is_enhanced", models.BooleanField(default=True)),
                ("enhanced_reason", models.CharField(default="not yet assessed", max_length=60)),
                ("opened_at", models.DateTimeField()),
                ("invited_at", models.DateTimeField(null=True)),
                ("not_invited_reason", models.CharField(blank=True, max_length=100)),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to="people.contact",
                    ),
                ),
                (
                    "crime",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="case",
                        to="triage.crime",
                    ),
                ),
                (
                    "force",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to="accounts.force",
                    ),
                ),
                (
                    "officer_in_charge",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-opened_at"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "closed"), _negated=True),
                        fields=["officer_in_charge", "-opened_at"],
                        name="case_open_of_officer",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CaseEvent",
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
                ("type", models.SlugField()),
                (
                    "status",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("recorded", "Recorded"),
                            ("investigating", "Under investigation"),
                            ("waiting", "Waiting for evidence"),
                            ("with_prosecutors", "With the prosecutors"),
                            ("court", "At court"),
                            ("closed", "Closed"),
                        ],
                        max_length=20,
                    ),
                ),
                ("words", victimcontact.lib.encryption.EncryptedTextField(blank=True, default="")),
                (
                    "internal_note",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                ("is_visible", models.BooleanField(default=False)),
                ("happened_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="portal.case",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["happened_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="Entitlement",
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
                ("right", models.CharField(max_length=12)),
                ("code_version", models.CharField(max_length=20)),
                ("triggered_at", models.DateTimeField()),
                ("is_enhanced", models.BooleanField()),
                ("due_at", models.DateTimeField(null=True)),
                ("met_at", models.DateTimeField(null=True)),
                ("proof_type", models.CharField(blank=True, max_length=60)),
                ("proof_id", models.CharField(blank=True, max_length=60)),
                ("not_met_reason", models.CharField(blank=True, max_length=200)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entitlements",
                        to="portal.case",
                    ),
                ),
                (
                    "met_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["due_at", "right"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("met_at", None)),
                        fields=["due_at"],
                        name="entitlement_owed",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("case", "right", "triggered_at"), name="entitlement_counted_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("met_at", None),
                            models.Q(
                                ("met_at__isnull", False),
                                models.Q(("proof_type", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="entitlement_met_with_proof",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Feedback",
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
                ("would_recommend", models.BooleanField(null=True)),
                ("words", victimcontact.lib.encryption.EncryptedTextField(blank=True, default="")),
                ("given_at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="feedback",
                        to="portal.case",
                    ),
                ),
            ],
        ),
    ]
