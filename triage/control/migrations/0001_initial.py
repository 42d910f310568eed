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
        ("messaging", "0004_referral_late"),
        ("triage", "0003_assessment_decided_at"),
    ]

    operations = [
        migrations.CreateModel(
            name="CallerTold",
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
                    "what",
                    models.CharField(
                        choices=[
                            ("delay", "Officers are later than promised"),
                            ("grade", "How urgent it is has changed"),
                            ("officers", "Officers are coming"),
                            ("attendance", "How they will be seen has changed"),
                            ("appointment", "Their appointment has changed"),
                            ("closed", "Nothing more will be done for now"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "how",
                    models.CharField(
                        choices=[
                            ("call", "On a call"),
                            ("in_person", "In person or on video"),
                            ("chat", "In the chat"),
                            ("text", "By text or e-mail"),
                            ("not_told", "Not told"),
                        ],
                        max_length=9,
                    ),
                ),
                (
                    "because",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                ("has_because", models.BooleanField(default=False)),
                ("of_due_at", models.DateTimeField(null=True)),
                ("told_at", models.DateTimeField()),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="told",
                        to="triage.incident",
                    ),
                ),
                (
                    "notification",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="messaging.notification",
                    ),
                ),
                (
                    "told_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "caller told",
                "verbose_name_plural": "callers told",
                "ordering": ["told_at", "id"],
                "indexes": [models.Index(fields=["incident", "what"], name="caller_told_what")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("how", "not_told"), _negated=True),
                            ("has_because", True),
                            _connector="OR",
                        ),
                        name="caller_not_told_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("told_by__isnull", False),
                            ("notification__isnull", False),
                            _connector="OR",
                        ),
                        name="caller_told_by_a_person_or_a_text",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Closure",
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
                ("outcome", models.SlugField()),
                ("reason", victimcontact.lib.encryption.EncryptedTextField()),
                ("closed_at", models.DateTimeField()),
                (
                    "closed_by",
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
                        related_name="closures",
                        to="triage.incident",
                    ),
                ),
                (
                    "told",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="closure",
                        to="control.callertold",
                    ),
                ),
            ],
            options={
                "ordering": ["closed_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="Dispatch",
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
                ("reason", victimcontact.lib.encryption.EncryptedTextField()),
                ("where", victimcontact.lib.encryption.EncryptedTextField(blank=True, default="")),
                (
                    "safety_note",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                (
                    "came_from",
                    models.CharField(
                        choices=[
                            ("report", "Report"),
                            ("incident", "Incident"),
                            ("assess", "Assessment"),
                            ("choice", "Choice"),
                            ("room", "Video room"),
                            ("chat", "Chat"),
                            ("api", "Another system"),
                        ],
                        default="incident",
                        max_length=10,
                    ),
                ),
                ("idempotency_key", models.UUIDField(unique=True)),
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
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="triage.assessment",
                    ),
                ),
                (
                    "force",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.force",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dispatches",
                        to="triage.incident",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "dispatches",
                "ordering": ["asked_at", "id"],
                "indexes": [
                    models.Index(fields=["force", "asked_at", "id"], name="dispatch_export")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("incident", "number"), name="dispatch_numbered_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DispatchStep",
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
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Asked"),
                            ("acknowledged", "Acknowledged"),
                            ("arrived", "With the victim"),
                            ("stood_down", "Stood down"),
                        ],
                        max_length=12,
                    ),
                ),
                ("is_again", models.BooleanField(default=False)),
                ("note", victimcontact.lib.encryption.EncryptedTextField(blank=True, default="")),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "dispatch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="control.dispatch",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_again", False)),
                        fields=("dispatch", "state"),
                        name="dispatch_once_in_a_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_again", False), ("state", "asked"), _connector="OR"
                        ),
                        name="dispatch_again_is_asked",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Reopening",
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
                ("because", models.CharField(max_length=40)),
                ("note", victimcontact.lib.encryption.EncryptedTextField(blank=True, default="")),
                ("reopened_at", models.DateTimeField()),
                (
                    "closure",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reopening",
                        to="control.closure",
                    ),
                ),
                (
                    "reopened_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["reopened_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="Safeguarding",
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
                ("risk", victimcontact.lib.encryption.EncryptedTextField()),
                (
                    "choice",
                    models.CharField(
                        choices=[
                            ("remove", "Remove it"),
                            ("avoid", "Avoid it"),
                            ("reduce", "Reduce it"),
                            ("accept", "Accept it"),
                        ],
                        max_length=6,
                    ),
                ),
                ("what", victimcontact.lib.encryption.EncryptedTextField()),
                ("why", victimcontact.lib.encryption.EncryptedTextField()),
                ("decided_at", models.DateTimeField()),
                (
                    "decided_by",
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
                        related_name="safeguarding",
                        to="triage.incident",
                    ),
                ),
                (
                    "supersedes",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="superseded_by",
                        to="control.safeguarding",
                    ),
                ),
            ],
            options={
                "verbose_name": "safeguarding decision",
                "ordering": ["incident", "number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("incident", "number"), name="safeguarding_numbered_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SystemCheck",
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
                ("kind", models.SlugField()),
                (
                    "result",
                    models.CharField(
                        choices=[
                            ("nothing", "Nothing found"),
                            ("found", "Found"),
                            ("not_done", "Not done"),
                        ],
                        max_length=8,
                    ),
                ),
                ("note", victimcontact.lib.encryption.EncryptedTextField(blank=True, default="")),
                ("has_note", models.BooleanField()),
                ("checked_at", models.DateTimeField()),
                (
                    "checked_by",
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
                        related_name="checks",
                        to="triage.incident",
                    ),
                ),
            ],
            options={
                "ordering": ["checked_at", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("result", "nothing"), ("has_note", True), _connector="OR"
                        ),
                        name="check_found_or_not_done_says_what",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ToTell",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("delay", "Officers are later than promised"),
                            ("grade", "How urgent it is has changed"),
                            ("officers", "Officers are coming"),
                            ("attendance", "How they will be seen has changed"),
                            ("appointment", "Their appointment has changed"),
                            ("closed", "Nothing more will be done for now"),
                        ],
                        max_length=12,
                    ),
                ),
                ("because", models.CharField(max_length=60)),
                ("arose_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "done_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settles",
                        to="control.callertold",
                    ),
                ),
                (
                    "force",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.force",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="to_tell",
                        to="triage.incident",
                    ),
                ),
            ],
            options={
                "ordering": ["arose_at", "id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at", None)),
                        fields=["force", "arose_at"],
                        name="to_tell_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("done_at", None)),
                        fields=("incident", "what"),
                        name="to_tell_once_of_each",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("done_at", None), ("done_by", None)),
                            models.Q(("done_at__isnull", False), ("done_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="to_tell_done_at_and_by_together",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Advice",
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
                ("item", models.SlugField()),
                ("words", victimcontact.lib.encryption.EncryptedTextField()),
                (
                    "how",
                    models.CharField(
                        choices=[("read_out", "Read out"), ("sent", "Sent")], max_length=8
                    ),
                ),
                ("given_at", models.DateTimeField()),
                (
                    "given_by",
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
                        related_name="advice",
                        to="triage.incident",
                    ),
                ),
                (
                    "notification",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="messaging.notification",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "advice",
                "ordering": ["given_at", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("how", "read_out"), ("notification", None)),
                            models.Q(("how", "sent"), ("notification__isnull", False)),
                            _connector="OR",
                        ),
                        name="advice_sent_has_its_notification",
                    )
                ],
            },
        ),
    ]
