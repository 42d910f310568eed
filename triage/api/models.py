"""Other systems: which may ask, what each has sent, what it was answered, what it is told."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from triage.models import Incident
from victimcontact.lib.encryption import EncryptedTextField
from victimcontact.lib.keys import uuid7


class Scope(models.TextChoices):
    """What a system may do. None holds another."""

    REPORT = "report", "Send reports, and news about them"
    READ = "read", "Read how its own reports stand"
    READ_ALL = "read_all", "Read how every incident of the force stands"
    DISPATCH_EXPORT = "dispatch_export", "Read where officers are to be sent, and why"
    DISPATCH_STATES = "dispatch_states", "Say how a dispatch goes on"


class ApiClient(models.Model):
    """One other system of one force, and its token, of which only a keyed hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    force = models.ForeignKey("accounts.Force", on_delete=models.PROTECT, related_name="+")
    system = models.CharField(
        max_length=25, help_text="As staff know it, like Command and control. No person's name."
    )
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope), default=list)
    token_hash = models.CharField(max_length=64, unique=True, null=True, editable=False)
    token_ends_in = models.CharField(max_length=4, blank=True, editable=False)
    # The token before, for the hour in which the other system takes up the new one.
    old_token_hash = models.CharField(max_length=64, unique=True, null=True, editable=False)
    old_token_until = models.DateTimeField(null=True, editable=False)
    expires_at = models.DateTimeField(help_text="From this moment the token opens nothing.")
    requests_a_minute = models.PositiveIntegerField(default=120)
    allowed_addresses = ArrayField(
        models.CharField(max_length=43),
        default=list,
        blank=True,
        help_text="Addresses or networks, with commas between. Empty: any.",
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    # What Django REST framework asks of whoever is at the door.
    is_authenticated = True
    is_anonymous = False

    class Meta:
        verbose_name = "API client"
        ordering = ["force", "system"]
        constraints = [
            models.UniqueConstraint(fields=["force", "system"], name="api_client_named_once"),
            models.CheckConstraint(
                name="api_client_may_ask_something", condition=Q(requests_a_minute__gte=1)
            ),
            models.CheckConstraint(
                name="api_client_old_token_ends",
                condition=Q(old_token_hash=None, old_token_until=None)
                | Q(old_token_hash__isnull=False, old_token_until__isnull=False),
            ),
        ]

    def __str__(self):
        return self.system


class Allowance(models.Model):
    """What is left of a client's rate: a bucket that fills with time. See ``allowance``."""

    client = models.OneToOneField(
        ApiClient, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    left_over = models.FloatField()
    counted_at = models.DateTimeField()
    noted_at = models.DateTimeField(null=True)  # when the ledger last heard that it was too much


class Sent(models.Model):
    """That a system sent an incident, under its own reference."""

    incident = models.OneToOneField(
        Incident, primary_key=True, on_delete=models.PROTECT, related_name="+"
    )
    client = models.ForeignKey(ApiClient, on_delete=models.PROTECT, related_name="+")
    their_reference = models.CharField(max_length=60)
    sent_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "sent"
        constraints = [
            models.UniqueConstraint(
                fields=["client", "their_reference"], name="sent_once_under_a_reference"
            )
        ]


class Update(models.Model):
    """New words about an incident from another system. A fact: kept as it came."""

    append_only = True
    PERSONAL_FIELDS = ("words",)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(ApiClient, on_delete=models.PROTECT, related_name="+")
    words = EncryptedTextField()
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["received_at", "id"]


class Answered(models.Model):
    """What a client was answered under an idempotency key, so that asking again does nothing."""

    client = models.ForeignKey(ApiClient, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=100)
    asked_hash = models.CharField(max_length=64)  # keyed, of address and body
    status = models.PositiveSmallIntegerField(null=True)  # null only inside the first request
    answer = models.JSONField(null=True)  # references, grades and times: see serializers
    answered_at = models.DateTimeField()
    forgotten_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["forgotten_at"], name="answered_forgotten")]
        constraints = [
            models.UniqueConstraint(fields=["client", "key"], name="answered_once_under_a_key")
        ]


class Change(models.Model):
    """When an incident last changed as other systems see it. Written by the database alone.

    ``changed_in`` is the transaction's number: what is older than every running transaction has
    been committed for good, so whoever reads in that order and goes on where they stopped misses
    nothing.
    """

    incident = models.OneToOneField(
        Incident, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    force = models.ForeignKey("accounts.Force", on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()
    changed_in = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["force", "changed_in", "incident"], name="change_in_order"),
            models.Index(fields=["force", "changed_at"], name="change_by_time"),
        ]


class DispatchChange(models.Model):
    """The same of a dispatch: when it was asked for, or came to another state."""

    dispatch = models.OneToOneField(
        "control.Dispatch", primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    force = models.ForeignKey("accounts.Force", on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()
    changed_in = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["force", "changed_in", "dispatch"], name="dispatch_in_order"),
            models.Index(fields=["force", "changed_at"], name="dispatch_by_time"),
        ]


class Event(models.TextChoices):
    """What other systems may ask to be told."""

    GRADED = "graded", "A grade was decided"
    RESPONSE_CHOSEN = "response_chosen", "The victim chose how to be seen"
    OFFICERS_SENT = "officers_sent", "Officers are asked for now"
    CLOSED = "closed", "An incident was closed"


class WebhookSubscription(models.Model):
    """Where another system listens, and to what. It is told of references, never of people."""

    PERSONAL_FIELDS = ("secret",)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    force = models.ForeignKey("accounts.Force", on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(
        ApiClient,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="With a client: only of what it sent, and under its own references too.",
    )
    name = models.CharField(max_length=60)
    address = models.URLField(max_length=300)
    events = ArrayField(models.CharField(max_length=20, choices=Event), default=list)
    secret = EncryptedTextField(editable=False)
    is_active = models.BooleanField(default=True)
    # After a failure nothing goes to this address until then: one lost server holds up no other.
    rests_until = models.DateTimeField(db_default=Now(), editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)  # since it last answered

    class Meta:
        ordering = ["force", "name"]
        constraints = [models.UniqueConstraint(fields=["force", "name"], name="webhook_named_once")]

    def __str__(self):
        return self.name


class WebhookDelivery(models.Model):
    """One piece of news for one subscription, written in the transaction of what happened."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Waiting"
        SENDING = "sending", "Being sent"
        DELIVERED = "delivered", "Taken"
        FAILED = "failed", "Given up: a person was told"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subscription = models.ForeignKey(
        WebhookSubscription, on_delete=models.PROTECT, related_name="deliveries"
    )
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="+")
    event = models.CharField(max_length=20, choices=Event)
    body = models.JSONField()  # references, grade, times and kind: no personal data
    status = models.CharField(max_length=9, choices=Status, default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    claimed_by = models.CharField(max_length=32, blank=True)
    last_result = models.CharField(max_length=20, blank=True)  # "200", "timeout", "refused"
    queued_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        ordering = ["-queued_at"]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(status__in=["queued", "sending"]),
                name="webhook_due",
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="webhook_claimed_while_sending",
                condition=~Q(status="sending") | Q(claimed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="webhook_settled_exactly_at_its_end",
                condition=Q(status__in=["delivered", "failed"], settled_at__isnull=False)
                | Q(status__in=["queued", "sending"], settled_at=None),
            ),
        ]
