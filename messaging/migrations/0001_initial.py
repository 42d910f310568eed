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
    ]

    operations = [
        migrations.CreateModel(
            name="Conversation",
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
                ("about_type", models.CharField(max_length=60)),
                ("about_id", models.UUIDField()),
                ("opened_at", models.DateTimeField()),
                ("victim_read_at", models.DateTimeField(null=True)),
                ("staff_read_at", models.DateTimeField(null=True)),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="conversations",
                        to="people.contact",
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
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("contact", "about_type", "about_id"),
                        name="conversation_opened_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="InboundText",
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
                ("provider_id", models.CharField(max_length=64, unique=True)),
                ("sent_from", victimcontact.lib.encryption.EncryptedTextField()),
                ("body", victimcontact.lib.encryption.EncryptedTextField()),
                ("received_at", models.DateTimeField()),
                (
                    "contact",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="inbound_texts",
                        to="people.contact",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Message",
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
                    "author",
                    models.CharField(
                        choices=[("victim", "Victim"), ("staff", "Staff")], max_length=6
                    ),
                ),
                ("body", victimcontact.lib.encryption.EncryptedTextField()),
                ("idempotency_key", models.UUIDField()),
                ("sent_at", models.DateTimeField()),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="messaging.conversation",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["sent_at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("conversation", "idempotency_key"), name="message_said_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("author", "staff"), ("staff__isnull", False)),
                            models.Q(("author", "victim"), ("staff__isnull", True)),
                            _connector="OR",
                        ),
                        name="message_staff_exactly_when_from_staff",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Notification",
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
                ("template", models.SlugField()),
                (
                    "channel",
                    models.CharField(choices=[("sms", "Text"), ("email", "E-mail")], max_length=5),
                ),
                ("language", models.CharField(default="en-gb", max_length=10)),
                (
                    "subject",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                ("body", victimcontact.lib.encryption.EncryptedTextField()),
                (
                    "sent_to",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                ("about_type", models.CharField(blank=True, max_length=60)),
                ("about_id", models.UUIDField(null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting to be sent"),
                            ("sending", "Being sent"),
                            ("uncertain", "May have been sent: checking"),
                            ("sent", "Sent"),
                            ("delivered", "Delivered"),
                            ("undelivered", "Not delivered"),
                            ("failed", "Could not be sent"),
                            ("held", "Held back: not safe to send"),
                            ("dropped", "Dropped: too late to be useful"),
                        ],
                        default="queued",
                        max_length=12,
                    ),
                ),
                ("not_before", models.DateTimeField(null=True)),
                ("useful_until", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField()),
                ("claimed_at", models.DateTimeField(null=True)),
                ("claimed_by", models.CharField(blank=True, max_length=60)),
                ("provider_id", models.CharField(blank=True, max_length=64)),
                ("error_code", models.CharField(blank=True, max_length=20)),
                ("held_reason", models.CharField(blank=True, max_length=60)),
                ("queued_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notifications",
                        to="people.contact",
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
                    "queued_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("status__in", ["queued", "sending", "uncertain"])),
                        fields=["next_attempt_at"],
                        name="notification_due",
                    ),
                    models.Index(fields=["about_type", "about_id"], name="notification_about"),
                    models.Index(
                        condition=models.Q(("provider_id", ""), _negated=True),
                        fields=["provider_id"],
                        name="notification_provider",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "sending"), _negated=True),
                            ("claimed_at__isnull", False),
                            _connector="OR",
                        ),
                        name="notification_claimed_while_sending",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "held"), _negated=True),
                            models.Q(("held_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="notification_held_with_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("provider_status", models.CharField(max_length=20)),
                ("error_code", models.CharField(blank=True, max_length=20)),
                ("received_at", models.DateTimeField()),
                (
                    "notification",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="messaging.notification",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("notification", "provider_status", "error_code"),
                        name="receipt_kept_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StaffTask",
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
                            ("text_held", "A text was held back"),
                            ("text_failed", "A text did not arrive"),
                            ("text_dropped", "A text was too late to send"),
                            ("link_locked", "A link was locked after wrong words"),
                            ("change_asked", "The victim asked for a change"),
                            ("review_late", "A review is late"),
                            ("text_received", "A text came in"),
                            ("stop_received", "The victim asked for texts to stop"),
                            ("missed", "An appointment was missed"),
                            ("call_back", "Ring the victim"),
                        ],
                        max_length=20,
                    ),
                ),
                ("about_type", models.CharField(blank=True, max_length=60)),
                ("about_id", models.UUIDField(null=True)),
                ("reason", models.CharField(max_length=200)),
                ("raised_at", models.DateTimeField()),
                ("taken_at", models.DateTimeField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "done_note",
                    victimcontact.lib.encryption.EncryptedTextField(blank=True, default=""),
                ),
                (
                    "done_by",
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
                        related_name="tasks",
                        to="accounts.force",
                    ),
                ),
                (
                    "notification",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tasks",
                        to="messaging.notification",
                    ),
                ),
                (
                    "taken_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["raised_at"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at", None)),
                        fields=["force", "raised_at"],
                        name="task_open",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("done_at", None), ("done_by", None)),
                            models.Q(("done_at__isnull", False), ("done_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="task_done_at_and_by_together",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("taken_at", None), ("taken_by", None)),
                            models.Q(("taken_at__isnull", False), ("taken_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="task_taken_at_and_by_together",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("notification__isnull", False), ("done_at", None)),
                        fields=("kind", "notification"),
                        name="task_raised_once_for_a_notification",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Template",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.SlugField()),
                (
                    "channel",
                    models.CharField(
                        choices=[("sms", "Text"), ("email", "E-mail")], default="sms", max_length=5
                    ),
                ),
                ("language", models.CharField(default="en-gb", max_length=10)),
                ("subject", models.CharField(blank=True, max_length=100)),
                ("body", models.TextField()),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "force",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="templates",
                        to="accounts.force",
                    ),
                ),
            ],
            options={
                "ordering": ["name", "channel", "language"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("force", "name", "channel", "language"),
                        name="template_worded_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
    ]
