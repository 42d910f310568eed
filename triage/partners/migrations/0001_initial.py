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
        ("triage", "0005_keep_traces"),
    ]

    operations = [
        migrations.CreateModel(
            name="CardTick",
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
                ("card", models.SlugField()),
                ("is_on", models.BooleanField()),
                ("at", models.DateTimeField()),
                (
                    "by",
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
                        related_name="card_ticks",
                        to="triage.incident",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "id"],
            },
        ),
        migrations.CreateModel(
            name="PartnerAgency",
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
                            ("adult_social_care", "Adult social care"),
                            ("children_social_care", "Children's social care"),
                            ("nrm_first_responder", "National Referral Mechanism first responder"),
                            ("housing", "Housing"),
                            ("mental_health_crisis", "Mental health crisis team"),
                            ("domestic_abuse_service", "Domestic abuse service"),
                            ("community_safety", "Community safety partnership"),
                            ("missing_people", "Missing people's team"),
                            ("fire_service", "Fire service"),
                            ("ambulance", "Ambulance service"),
                        ],
                        max_length=30,
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                (
                    "telephone",
                    models.CharField(
                        blank=True,
                        help_text="Of the organisation's desk, not of a person.",
                        max_length=40,
                    ),
                ),
                (
                    "out_of_hours",
                    models.CharField(blank=True, max_length=40, verbose_name="telephone at night"),
                ),
                ("portal", models.URLField(blank=True, help_text="Where its own form stands.")),
                (
                    "email",
                    models.EmailField(
                        blank=True,
                        help_text="A shared, secure box. Nothing is sent to it by this system.",
                        max_length=254,
                    ),
                ),
                (
                    "notes",
                    models.TextField(
                        blank=True,
                        help_text="Hours, area, what it takes and what it does not.",
                        max_length=1000,
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(default=True, help_text="Offered when somebody refers."),
                ),
                (
                    "force",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agencies",
                        to="accounts.force",
                    ),
                ),
            ],
            options={
                "verbose_name": "partner agency",
                "verbose_name_plural": "partner agencies",
                "ordering": ["kind", "name"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("force", "name"), name="agency_named_once_in_a_force"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("email", ""), ("portal", ""), ("telephone", ""), _negated=True
                        ),
                        name="agency_can_be_reached",
                        violation_error_message="Give a telephone number, a portal or an e-mail address.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Referral",
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
                ("card", models.SlugField(blank=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("made", "Made"),
                            ("received", "Received"),
                            ("answered", "Answered"),
                            ("declined", "Declined"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="made",
                        max_length=10,
                    ),
                ),
                (
                    "way",
                    models.CharField(
                        choices=[
                            ("telephone", "By telephone"),
                            ("portal", "In the agency's portal"),
                            ("email", "By e-mail, with the form attached"),
                            ("in_person", "In person"),
                        ],
                        max_length=10,
                    ),
                ),
                ("asked", victimcontact.lib.encryption.EncryptedTextField()),
                (
                    "consent",
                    models.CharField(
                        choices=[
                            ("given", "They agreed"),
                            ("refused", "They did not agree"),
                            ("not_asked", "They could not be asked"),
                        ],
                        max_length=10,
                    ),
                ),
                ("ground", models.SlugField(blank=True)),
                (
                    "told_about_consent",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                ("made_at", models.DateTimeField()),
                ("received_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
                ("chase_at", models.DateTimeField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
                ("key", models.UUIDField(editable=False)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referrals",
                        to="partners.partneragency",
                    ),
                ),
                (
                    "force",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referrals",
                        to="accounts.force",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referrals",
                        to="triage.incident",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referrals_made",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("settled_at", None)),
                        fields=["force", "due_at"],
                        name="referral_open",
                    ),
                    models.Index(fields=["force", "-made_at", "-id"], name="referral_history"),
                    models.Index(
                        condition=models.Q(("settled_at", None)),
                        fields=["chase_at"],
                        name="referral_to_chase",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("chase_at__isnull", False),
                                ("due_at__isnull", False),
                                ("received_at", None),
                                ("settled_at", None),
                                ("status", "made"),
                            ),
                            models.Q(
                                ("chase_at__isnull", False),
                                ("due_at__isnull", False),
                                ("received_at__isnull", False),
                                ("settled_at", None),
                                ("status", "received"),
                            ),
                            models.Q(
                                ("chase_at", None),
                                ("due_at", None),
                                ("received_at__isnull", False),
                                ("settled_at__isnull", False),
                                ("status", "answered"),
                            ),
                            models.Q(
                                ("chase_at", None),
                                ("due_at", None),
                                ("settled_at__isnull", False),
                                ("status__in", ["declined", "withdrawn"]),
                            ),
                            _connector="OR",
                        ),
                        name="referral_clocks_as_its_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("consent", "given"), ("ground", "")),
                            models.Q(
                                ("consent__in", ["refused", "not_asked"]),
                                models.Q(("ground", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="referral_consent_or_a_ground",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("settled_at", None)),
                        fields=("incident", "agency"),
                        name="referral_open_once_to_an_agency",
                    ),
                    models.UniqueConstraint(
                        fields=("incident", "key"), name="referral_form_used_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReferralMove",
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
                ("before", models.CharField(blank=True, max_length=10)),
                (
                    "after",
                    models.CharField(
                        choices=[
                            ("made", "Made"),
                            ("received", "Received"),
                            ("answered", "Answered"),
                            ("declined", "Declined"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        max_length=10,
                    ),
                ),
                ("note", victimcontact.lib.encryption.EncryptedTextField(blank=True, default="")),
                ("has_note", models.BooleanField()),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="moves",
                        to="partners.referral",
                    ),
                ),
            ],
            options={
                "ordering": ["referral", "number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("referral", "number"), name="referral_move_numbered_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("after__in", ["made", "received"]), ("before", models.F("after"))
                            ),
                            models.Q(("after__in", ["made"]), ("before", "")),
                            models.Q(
                                ("after__in", ["declined", "received", "withdrawn"]),
                                ("before", "made"),
                            ),
                            models.Q(
                                ("after__in", ["answered", "declined", "withdrawn"]),
                                ("before", "received"),
                            ),
                            _connector="OR",
                        ),
                        name="referral_moves_as_the_table_says",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("after__in", ["made", "received"]),
                                models.Q(("before", models.F("after")), _negated=True),
                            ),
                            ("has_note", True),
                            _connector="OR",
                        ),
                        name="referral_settled_with_a_note",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Repeat",
            fields=[
                ("key", models.UUIDField(editable=False, primary_key=True, serialize=False)),
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
                ("latest_at", models.DateTimeField()),
                ("week_until", models.DateTimeField(null=True)),
                ("month_until", models.DateTimeField(null=True)),
                ("year_until", models.DateTimeField(null=True)),
                (
                    "force",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="repeats",
                        to="accounts.force",
                    ),
                ),
                (
                    "latest",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="triage.incident",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["force", "week_until"], name="repeat_week"),
                    models.Index(fields=["force", "month_until"], name="repeat_month"),
                    models.Index(fields=["force", "year_until"], name="repeat_year"),
                ],
            },
        ),
        migrations.CreateModel(
            name="StepTaken",
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
                ("card", models.SlugField()),
                ("step", models.SlugField()),
                ("words", models.CharField(max_length=200)),
                ("version", models.CharField(max_length=20)),
                ("is_done", models.BooleanField()),
                (
                    "because",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                ("has_because", models.BooleanField()),
                ("at", models.DateTimeField()),
                (
                    "by",
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
                        related_name="steps_taken",
                        to="triage.incident",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_done", True), ("has_because", True), _connector="OR"
                        ),
                        name="step_not_done_says_why",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ToCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="triage.incident",
                    ),
                ),
            ],
        ),
    ]
