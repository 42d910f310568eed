"""Find the reports of one number, person or address; keep fresh assessments while typed."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import victimcontact.lib.encryption
import victimcontact.lib.keys


class Migration(migrations.Migration):
    dependencies = [
        ("triage", "0003_assessment_decided_at"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="reportdraft",
            name="handler",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.CreateModel(
            name="AssessmentDraft",
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
                ("form", victimcontact.lib.encryption.EncryptedJSONField(default=dict)),
                ("version", models.PositiveIntegerField(default=1)),
                ("started_at", models.DateTimeField()),
                ("saved_at", models.DateTimeField()),
                ("after", models.PositiveSmallIntegerField(default=0)),
                (
                    "assessment",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="draft",
                        to="triage.assessment",
                    ),
                ),
                (
                    "handler",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "of",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assessment_drafts",
                        to="triage.incident",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("assessment", None)),
                        fields=["handler", "of", "-saved_at"],
                        name="assessment_draft_open",
                    )
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
                ("seen_at", models.DateTimeField()),
                ("typed_at", models.DateTimeField(null=True)),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="triage.incident",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("incident", "user"), name="presence_once_an_incident"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Trace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.UUIDField(editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("number", "number"),
                            ("person", "person"),
                            ("address", "address"),
                        ],
                        max_length=7,
                    ),
                ),
                ("reported_at", models.DateTimeField()),
                ("as_victim", models.BooleanField(default=False)),
                ("is_domestic", models.BooleanField(default=False)),
                (
                    "incident",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="traces",
                        to="triage.incident",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["key", "-reported_at"],
                        include=("incident", "as_victim", "is_domestic"),
                        name="trace_key",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("incident", "key"), name="trace_once_an_incident"
                    )
                ],
            },
        ),
    ]
