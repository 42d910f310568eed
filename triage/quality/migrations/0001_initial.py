import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import victimcontact.lib.encryption
import victimcontact.lib.keys


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0002_sign_in_tries"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("triage", "0003_assessment_decided_at"),
    ]

    operations = [
        migrations.CreateModel(
            name="QualityReview",
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
                    "overall",
                    models.CharField(
                        choices=[
                            ("good", "Good"),
                            ("sound", "Sound"),
                            ("learn", "Something to learn"),
                            ("unsafe", "Unsafe"),
                        ],
                        max_length=6,
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
                (
                    "right_grade",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (1, "Immediate"),
                            (2, "Priority"),
                            (3, "Scheduled"),
                            (4, "Without deployment"),
                        ]
                    ),
                ),
                ("points", models.PositiveSmallIntegerField()),
                ("most", models.PositiveSmallIntegerField()),
                (
                    "good_practice",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                (
                    "feedback",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                ("assessed_at", models.DateTimeField()),
                ("scored_at", models.DateTimeField()),
                (
                    "assessment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quality_reviews",
                        to="triage.assessment",
                    ),
                ),
                (
                    "force",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quality_reviews",
                        to="accounts.force",
                    ),
                ),
                (
                    "handler",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviewed",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quality_reviews",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quality_reviews",
                        to="accounts.team",
                    ),
                ),
            ],
            options={
                "ordering": ["scored_at"],
                "indexes": [
                    models.Index(fields=["force", "assessed_at"], name="quality_review_period"),
                    models.Index(fields=["handler", "-scored_at"], name="quality_review_handler"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("assessment", "reviewer"), name="quality_review_once_each"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("handler", None),
                            models.Q(("handler", models.F("reviewer")), _negated=True),
                            _connector="OR",
                        ),
                        name="quality_review_not_of_oneself",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("points__lte", models.F("most"))),
                        name="quality_review_points_within",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FeedbackAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("read", "Read and understood"), ("disagree", "Does not agree")],
                        max_length=8,
                    ),
                ),
                ("words", victimcontact.lib.encryption.EncryptedTextField(blank=True, default="")),
                ("answered_at", models.DateTimeField()),
                (
                    "handler",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="feedback_answers",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="quality.qualityreview",
                    ),
                ),
            ],
            options={
                "ordering": ["answered_at"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("review", "kind"), name="feedback_answered_once_each"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CriterionScore",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.SlugField(max_length=40)),
                ("label", models.CharField(max_length=100)),
                ("position", models.PositiveSmallIntegerField()),
                ("points", models.PositiveSmallIntegerField(null=True)),
                (
                    "comment",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                ("has_comment", models.BooleanField()),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scores",
                        to="quality.qualityreview",
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(fields=("review", "key"), name="criterion_scored_once"),
                    models.CheckConstraint(
                        condition=models.Q(("points", None), ("points__lte", 3), _connector="OR"),
                        name="criterion_points_within",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("points", None),
                            ("points__gte", 2),
                            ("has_comment", True),
                            _connector="OR",
                        ),
                        name="criterion_low_needs_a_comment",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RiskRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("downgraded", "Downgraded"),
                            ("dismissed", "Dismissed a flag of weight"),
                            ("below", "Graded below the recommendation"),
                            ("abuse", "Domestic abuse graded 3 or 4"),
                            ("repeat", "Repeat within 7 days"),
                            ("late", "Assessed again too late"),
                            ("worse", "Worse at the next assessment"),
                        ],
                        max_length=12,
                        verbose_name="risk",
                    ),
                ),
                (
                    "share_percent",
                    models.PositiveSmallIntegerField(
                        default=100,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                    ),
                ),
                (
                    "force",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="risk_rules",
                        to="accounts.force",
                    ),
                ),
            ],
            options={
                "ordering": ["force", "kind"],
                "constraints": [
                    models.UniqueConstraint(fields=("force", "kind"), name="risk_rule_once"),
                    models.CheckConstraint(
                        condition=models.Q(("share_percent__lte", 100)),
                        name="risk_share_is_a_percentage",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Sample",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("random", "Random"),
                            ("downgraded", "Downgraded"),
                            ("dismissed", "Dismissed a flag of weight"),
                            ("below", "Graded below the recommendation"),
                            ("abuse", "Domestic abuse graded 3 or 4"),
                            ("repeat", "Repeat within 7 days"),
                            ("late", "Assessed again too late"),
                            ("worse", "Worse at the next assessment"),
                        ],
                        max_length=12,
                    ),
                ),
                ("drawn_at", models.DateTimeField()),
                (
                    "assessment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="samples",
                        to="triage.assessment",
                    ),
                ),
                (
                    "drawn_by",
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
                        related_name="samples",
                        to="accounts.force",
                    ),
                ),
            ],
            options={
                "ordering": ["-drawn_at"],
                "indexes": [models.Index(fields=["force", "-drawn_at"], name="sample_latest")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("assessment", "kind"), name="sample_once_for_a_reason"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SamplingRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "per",
                    models.CharField(
                        choices=[("handler", "Each handler"), ("team", "Each team as a whole")],
                        default="handler",
                        max_length=7,
                    ),
                ),
                (
                    "share_percent",
                    models.PositiveSmallIntegerField(
                        default=5,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                    ),
                ),
                (
                    "at_least",
                    models.PositiveSmallIntegerField(
                        default=2,
                        help_text="A week, however few there were; never more than there were.",
                    ),
                ),
                (
                    "seed",
                    models.CharField(
                        default="1",
                        help_text="The same seed draws the same sample of the same week, so that a draw can be shown to have been by chance.",
                        max_length=40,
                    ),
                ),
                (
                    "force",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sampling_rules",
                        to="accounts.force",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: every team of the force that has no rule of its own.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sampling_rules",
                        to="accounts.team",
                    ),
                ),
            ],
            options={
                "ordering": ["force", "team"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("force", "team"), name="sampling_rule_once", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("share_percent__lte", 100)),
                        name="sampling_share_is_a_percentage",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SecondOpinion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("why", victimcontact.lib.encryption.EncryptedTextField(blank=True, default="")),
                ("asked_at", models.DateTimeField()),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "assessment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="second_opinion",
                        to="triage.assessment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="UnsafeNow",
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
                ("why", victimcontact.lib.encryption.EncryptedTextField()),
                ("task_id", models.UUIDField()),
                ("raised_at", models.DateTimeField()),
                (
                    "assessment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="unsafe_now",
                        to="triage.assessment",
                    ),
                ),
                (
                    "raised_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-raised_at"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("assessment", "raised_by"), name="unsafe_raised_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Criterion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.SlugField(max_length=40)),
                ("label", models.CharField(max_length=100)),
                (
                    "asks",
                    models.TextField(help_text="What a reviewer looks for, in a sentence or two."),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("is_used", models.BooleanField(default=True)),
                (
                    "force",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="criteria",
                        to="accounts.force",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "criteria",
                "ordering": ["force", "position", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("force", "key"), name="criterion_once_in_force")
                ],
            },
        ),
        migrations.CreateModel(
            name="Draw",
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
                ("week_on", models.DateField()),
                ("assessed", models.PositiveIntegerField()),
                ("drawn", models.PositiveIntegerField()),
                ("seed", models.CharField(max_length=40)),
                ("share_percent", models.PositiveSmallIntegerField()),
                ("at_least", models.PositiveSmallIntegerField()),
                (
                    "per",
                    models.CharField(
                        choices=[("handler", "Each handler"), ("team", "Each team as a whole")],
                        max_length=7,
                    ),
                ),
                ("drawn_at", models.DateTimeField()),
                (
                    "drawn_by",
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
                        related_name="draws",
                        to="accounts.force",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="draws",
                        to="accounts.team",
                    ),
                ),
            ],
            options={
                "ordering": ["-week_on"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("force", "team", "week_on"),
                        name="week_drawn_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PracticeAttempt",
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
                ("case", models.SlugField(max_length=60)),
                ("case_print", models.CharField(max_length=64)),
                ("policy_version", models.PositiveIntegerField()),
                ("heard", models.PositiveSmallIntegerField(default=1)),
                (
                    "asked",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.SlugField(max_length=60), default=list, size=None
                    ),
                ),
                ("form", victimcontact.lib.encryption.EncryptedJSONField(default=dict)),
                ("started_at", models.DateTimeField()),
                ("saved_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "decided_grade",
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
                ("points", models.PositiveSmallIntegerField(null=True)),
                ("outcome", victimcontact.lib.encryption.EncryptedJSONField(null=True)),
                (
                    "handler",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="practice_attempts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-started_at"],
                "indexes": [
                    models.Index(fields=["handler", "-started_at"], name="practice_latest")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_grade", None), ("finished_at", None), ("points", None)
                            ),
                            models.Q(
                                ("decided_grade__isnull", False),
                                ("finished_at__isnull", False),
                                ("points__lte", 100),
                            ),
                            _connector="OR",
                        ),
                        name="practice_finished_has_its_score",
                    )
                ],
            },
        ),
    ]
