"""Who is on duty, what was handed over, and what a leader put first."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from triage.models import Incident
from victimcontact.lib.encryption import EncryptedTextField
from victimcontact.lib.keys import uuid7


class Duty(models.Model):
    """What somebody said of themselves, and when they were last heard of. One row a person.

    Who is not heard of for a while is away, whatever they said: ask ``duty.standing``.
    """

    class State(models.TextChoices):
        FREE = "free", "Free"
        BUSY = "busy", "Busy"
        AWAY = "away", "Away"

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="duty"
    )
    state = models.CharField(max_length=4, choices=State)
    since = models.DateTimeField()
    heard_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "duties"
        indexes = [
            models.Index(fields=["heard_at"], condition=~Q(state="away"), name="duty_on_duty")
        ]


class Handover(models.Model):
    """One person's open incidents given on, with a note. Kept as written.

    Only the acknowledgement is added, once: until then nobody has said that they read it.
    """

    PERSONAL_FIELDS = ("note",)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    force = models.ForeignKey("accounts.Force", on_delete=models.PROTECT, related_name="+")
    handed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    # None: to the pool, for whoever acknowledges it first.
    handed_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    incidents = models.ManyToManyField(Incident, related_name="handovers")
    note = EncryptedTextField()
    handed_at = models.DateTimeField()
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    acknowledged_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["handed_at", "id"]
        indexes = [
            models.Index(
                fields=["force", "handed_at"],
                condition=Q(acknowledged_at=None),
                name="handover_not_acknowledged",
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="handover_acknowledged_at_and_by_together",
                condition=Q(acknowledged_at=None, acknowledged_by=None)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
            )
        ]


class Pin(models.Model):
    """An incident that a leader put first, and why. Lifted, it is only in the ledger."""

    PERSONAL_FIELDS = ("reason",)

    incident = models.OneToOneField(
        Incident, primary_key=True, on_delete=models.PROTECT, related_name="pin"
    )
    reason = EncryptedTextField()
    pinned_at = models.DateTimeField()
    pinned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
