import django.contrib.postgres.fields
import django.core.serializers.json
import django.db.models.deletion
import django.db.models.functions.datetime
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
    ]

    operations = [
        migrations.CreateModel(
            name="Incident",
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
                ("reference", models.CharField(max_length=20, unique=True)),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("999", "999"),
                            ("101", "101"),
                            ("online", "Online report"),
                            ("chat", "Live chat"),
                            ("social", "Social media"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("closed", "Closed")],
                        default="open",
                        max_length=6,
                    ),
                ),
                ("narrative", victimcontact.lib.encryption.EncryptedTextField()),
                (
                    "location",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                ("location_index", models.CharField(blank=True, editable=False, max_length=64)),
                (
                    "safety_note",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                ("crime_type", models.SlugField(blank=True)),
                ("call_answered_at", models.DateTimeField(null=True)),
                ("reported_at", models.DateTimeField()),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "grade",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (1, "Immediate"),
                            (2, "Priority"),
                            (3, "Scheduled"),
                            (4, "Without deployment"),
                        ],
                        null=True,
                    ),
                ),
                ("due_at", models.DateTimeField(null=True)),
                ("review_due_at", models.DateTimeField(null=True)),
                (
                    "response",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("video", "Video appointment"),
                            ("visit", "Officer's visit"),
                            ("station", "Police station"),
                            ("none", "No officer needed"),
                        ],
                        max_length=10,
                    ),
                ),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "force",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incidents",
                        to="accounts.force",
                    ),
                ),
                (
                    "handler",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="handled",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="owned",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "open")),
                        fields=["grade", "due_at", "id"],
                        name="incident_queue",
                    ),
                    models.Index(
                        condition=models.Q(("status", "open")),
                        fields=["review_due_at"],
                        name="incident_review_due",
                    ),
                    models.Index(fields=["location_index", "-reported_at"], name="incident_place"),
                    models.Index(fields=["force", "-reported_at", "-id"], name="incident_history"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("grade", None),
                            ("status", "closed"),
                            models.Q(("due_at__isnull", False), ("review_due_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="incident_graded_has_its_clocks",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at", None), ("closed_by", None), ("status", "open")),
                            models.Q(
                                ("closed_at__isnull", False),
                                ("closed_by__isnull", False),
                                ("status", "closed"),
                            ),
                            _connector="OR",
                        ),
                        name="incident_closed_at_and_by_together",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Crime",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=40)),
                ("year", models.PositiveSmallIntegerField()),
                ("number", models.PositiveIntegerField()),
                ("crime_type", models.SlugField()),
                ("recorded_at", models.DateTimeField()),
                (
                    "force",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="crimes",
                        to="accounts.force",
                    ),
                ),
                (
                    "officer_in_charge",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="crimes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "incident",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="crime",
                        to="triage.incident",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("force", "reference"), name="crime_reference_unique"
                    ),
                    models.UniqueConstraint(
                        fields=("force", "year", "number"), name="crime_numbered_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Assessment",
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
                ("narrative", victimcontact.lib.encryption.EncryptedTextField()),
                ("answers", victimcontact.lib.encryption.EncryptedJSONField(default=dict)),
                ("findings", victimcontact.lib.encryption.EncryptedJSONField()),
                (
                    "elements",
                    models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder),
                ),
                ("rationales", victimcontact.lib.encryption.EncryptedJSONField(default=dict)),
                (
                    "flags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.SlugField(), default=list, size=None
                    ),
                ),
                ("dismissed", victimcontact.lib.encryption.EncryptedJSONField(default=dict)),
                (
                    "recommended_grade",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (1, "Immediate"),
                            (2, "Priority"),
                            (3, "Scheduled"),
                            (4, "Without deployment"),
                        ]
                    ),
                ),
                (
                    "decided_grade",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (1, "Immediate"),
                            (2, "Priority"),
                            (3, "Scheduled"),
                            (4, "Without deployment"),
                        ]
                    ),
                ),
                ("reason", victimcontact.lib.encryption.EncryptedTextField(blank=True, default="")),
                (
                    "is_below_recommendation",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Q(("decided_grade__gt", models.F("recommended_grade"))),
                        output_field=models.BooleanField(),
                    ),
                ),
                ("has_reason", models.BooleanField()),
                ("video_offer", models.BooleanField()),
                (
                    "video_reasons",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.SlugField(), default=list, size=None
                    ),
                ),
                ("decided_at", models.DateTimeField()),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assessments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "supersedes",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="superseded_by",
                        to="triage.assessment",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assessments",
                        to="triage.incident",
                    ),
                ),
            ],
            options={
                "ordering": ["incident", "number"],
            },
        ),
        migrations.CreateModel(
            name="Offer",
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
                    "options",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("video", "Video appointment"),
                                ("visit", "Officer's visit"),
                                ("station", "Police station"),
                                ("none", "No officer needed"),
                            ],
                            max_length=10,
                        ),
                        size=None,
                    ),
                ),
                ("words_version", models.CharField(max_length=20)),
                ("video_eligible", models.BooleanField()),
                (
                    "chosen",
                    models.CharField(
                        choices=[
                            ("video", "Video appointment"),
                            ("visit", "Officer's visit"),
                            ("station", "Police station"),
                            ("none", "No officer needed"),
                        ],
                        max_length=10,
                    ),
                ),
                ("chosen_at", models.DateTimeField()),
                (
                    "assessment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offers",
                        to="triage.assessment",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offers",
                        to="triage.incident",
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
                "ordering": ["chosen_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("options__contains", ["visit", "station"])),
                        name="offer_has_visit_and_station",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("options__contains", ["video"]), _negated=True),
                            ("video_eligible", True),
                            _connector="OR",
                        ),
                        name="offer_video_only_when_eligible",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "options__contains",
                                models.Func(models.F("chosen"), template="ARRAY[%(expressions)s]"),
                            )
                        ),
                        name="offer_chosen_was_offered",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Participant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("caller", "Caller"),
                            ("victim", "Victim"),
                            ("witness", "Witness"),
                            ("guardian", "Parent or guardian"),
                            ("interpreter", "Interpreter"),
                            ("child", "Child"),
                            ("suspect", "Person suspected"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "description",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="participations",
                        to="people.contact",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="participants",
                        to="triage.incident",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("role", "suspect"), _negated=True),
                            ("contact", None),
                            _connector="OR",
                        ),
                        name="suspect_has_no_contact",
                    ),
                    models.UniqueConstraint(
                        fields=("incident", "role", "contact"), name="participant_once_in_a_role"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("role", "victim")),
                        fields=("incident",),
                        name="one_victim_an_incident",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Policy",
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
                ("version", models.PositiveIntegerField(unique=True)),
                ("name", models.CharField(max_length=100)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("published", "Published"),
                            ("retired", "Retired"),
                        ],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("data", models.JSONField()),
                ("created_at", models.DateTimeField()),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "THRIVE policy",
                "verbose_name_plural": "THRIVE policies",
                "ordering": ["-version"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "published")),
                        fields=("status",),
                        name="one_published_policy",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("published_at", None), ("status", "draft")),
                            models.Q(
                                models.Q(("status", "draft"), _negated=True),
                                ("published_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="policy_published_at_unless_draft",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="assessment",
            name="policy",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="assessments",
                to="triage.policy",
            ),
        ),
        migrations.CreateModel(
            name="ReportDraft",
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
                (
                    "handler",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="report_drafts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "incident",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="draft",
                        to="triage.incident",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("incident", None)),
                        fields=["handler", "-saved_at"],
                        name="report_draft_open",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Review",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("due_at", models.DateTimeField()),
                ("because", models.CharField(max_length=40)),
                ("raised_at", models.DateTimeField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "done_by_assessment",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="review",
                        to="triage.assessment",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="triage.incident",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at", None)),
                        fields=["due_at"],
                        name="review_to_do",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("done_at", None)),
                        fields=("incident",),
                        name="one_review_to_do",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="assessment",
            constraint=models.UniqueConstraint(
                fields=("incident", "number"), name="assessment_numbered_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="assessment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("number", 1), ("supersedes", None)),
                    models.Q(("number__gt", 1), ("supersedes__isnull", False)),
                    _connector="OR",
                ),
                name="assessment_first_or_supersedes",
            ),
        ),
        migrations.AddConstraint(
            model_name="assessment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_grade__lte", models.F("recommended_grade")),
                    ("has_reason", True),
                    _connector="OR",
                ),
                name="assessment_below_needs_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="assessment",
            constraint=models.CheckConstraint(
                condition=models.Q(("video_offer", False), ("decided_grade", 3), _connector="OR"),
                name="assessment_video_only_at_grade_3",
            ),
        ),
    ]
