import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import victimcontact.lib.encryption
import victimcontact.lib.keys


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0002_sign_in_tries"),
        ("control", "0001_initial"),
        ("triage", "0003_assessment_decided_at"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApiClient",
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
                    "system",
                    models.CharField(
                        help_text="As staff know it, like Command and control. No person's name.",
                        max_length=25,
                    ),
                ),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("report", "Send reports, and news about them"),
                                ("read", "Read how its own reports stand"),
                                ("read_all", "Read how every incident of the force stands"),
                                ("dispatch_export", "Read where officers are to be sent, and why"),
                                ("dispatch_states", "Say how a dispatch goes on"),
                            ],
                            max_length=20,
                        ),
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "token_hash",
                    models.CharField(editable=False, max_length=64, null=True, unique=True),
                ),
                ("token_ends_in", models.CharField(blank=True, editable=False, max_length=4)),
                (
                    "old_token_hash",
                    models.CharField(editable=False, max_length=64, null=True, unique=True),
                ),
                ("old_token_until", models.DateTimeField(editable=False, null=True)),
                (
                    "expires_at",
                    models.DateTimeField(help_text="From this moment the token opens nothing."),
                ),
                ("requests_a_minute", models.PositiveIntegerField(default=120)),
                (
                    "allowed_addresses",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=43),
                        blank=True,
                        default=list,
                        help_text="Addresses or networks, with commas between. Empty: any.",
                        size=None,
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
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
                "verbose_name": "API client",
                "ordering": ["force", "system"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("force", "system"), name="api_client_named_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("requests_a_minute__gte", 1)),
                        name="api_client_may_ask_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("old_token_hash", None), ("old_token_until", None)),
                            models.Q(
                                ("old_token_hash__isnull", False),
                                ("old_token_until__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="api_client_old_token_ends",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Allowance",
            fields=[
                (
                    "client",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="api.apiclient",
                    ),
                ),
                ("left_over", models.FloatField()),
                ("counted_at", models.DateTimeField()),
                ("noted_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Answered",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=100)),
                ("asked_hash", models.CharField(max_length=64)),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("answer", victimcontact.lib.encryption.EncryptedJSONField(null=True)),
                ("answered_at", models.DateTimeField()),
                ("forgotten_at", models.DateTimeField()),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="api.apiclient",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["forgotten_at"], name="answered_forgotten")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("client", "key"), name="answered_once_under_a_key"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                (
                    "incident",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="triage.incident",
                    ),
                ),
                ("changed_at", models.DateTimeField()),
                ("changed_in", models.BigIntegerField()),
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
                "indexes": [
                    models.Index(fields=["force", "changed_in", "incident"], name="change_in_order")
                ],
            },
        ),
        migrations.CreateModel(
            name="DispatchChange",
            fields=[
                (
                    "dispatch",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="control.dispatch",
                    ),
                ),
                ("changed_at", models.DateTimeField()),
                ("changed_in", models.BigIntegerField()),
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
                "indexes": [
                    models.Index(
                        fields=["force", "changed_in", "dispatch"], name="dispatch_in_order"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Sent",
            fields=[
                (
                    "incident",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="triage.incident",
                    ),
                ),
                ("their_reference", models.CharField(max_length=60)),
                ("sent_at", models.DateTimeField()),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="api.apiclient",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "sent",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("client", "their_reference"), name="sent_once_under_a_reference"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Update",
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
                ("words", victimcontact.lib.encryption.EncryptedTextField()),
                ("received_at", models.DateTimeField()),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="api.apiclient",
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
            options={
                "ordering": ["received_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="WebhookSubscription",
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
                ("name", models.CharField(max_length=60)),
                ("address", models.URLField(max_length=300)),
                (
                    "events",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("graded", "A grade was decided"),
                                ("response_chosen", "The victim chose how to be seen"),
                                ("officers_sent", "Officers are asked for now"),
                                ("closed", "An incident was closed"),
                            ],
                            max_length=20,
                        ),
                        default=list,
                        size=None,
                    ),
                ),
                ("secret", victimcontact.lib.encryption.EncryptedTextField(editable=False)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "rests_until",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("failures", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "client",
                    models.ForeignKey(
                        blank=True,
                        help_text="With a client: only of what it sent, and under its own references too.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="api.apiclient",
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
                "ordering": ["force", "name"],
                "constraints": [
                    models.UniqueConstraint(fields=("force", "name"), name="webhook_named_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
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
                    "event",
                    models.CharField(
                        choices=[
                            ("graded", "A grade was decided"),
                            ("response_chosen", "The victim chose how to be seen"),
                            ("officers_sent", "Officers are asked for now"),
                            ("closed", "An incident was closed"),
                        ],
                        max_length=20,
                    ),
                ),
                ("body", models.JSONField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting"),
                            ("sending", "Being sent"),
                            ("delivered", "Taken"),
                            ("failed", "Given up: a person was told"),
                        ],
                        default="queued",
                        max_length=9,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField()),
                ("claimed_at", models.DateTimeField(null=True)),
                ("claimed_by", models.CharField(blank=True, max_length=32)),
                ("last_result", models.CharField(blank=True, max_length=20)),
                ("queued_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="triage.incident",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="api.webhooksubscription",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "webhook deliveries",
                "ordering": ["-queued_at"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("status__in", ["queued", "sending"])),
                        fields=["next_attempt_at"],
                        name="webhook_due",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "sending"), _negated=True),
                            ("claimed_at__isnull", False),
                            _connector="OR",
                        ),
                        name="webhook_claimed_while_sending",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("settled_at__isnull", False),
                                ("status__in", ["delivered", "failed"]),
                            ),
                            models.Q(("settled_at", None), ("status__in", ["queued", "sending"])),
                            _connector="OR",
                        ),
                        name="webhook_settled_exactly_at_its_end",
                    ),
                ],
            },
        ),
    ]
