"""Exhibits: evidence is original, and every look at it is written down."""

from django.db import models
from django.db.models import Q

from victimcontact.lib.encryption import EncryptedTextField
from victimcontact.lib.keys import uuid7


class Exhibit(models.Model):
    """A file that a person handed over. Its bytes are written once; only a copy is shown."""

    append_only = True
    PERSONAL_FIELDS = ("description", "original_name")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(
        "triage.Incident", on_delete=models.PROTECT, related_name="exhibits"
    )
    appointment = models.ForeignKey(
        "appointments.Appointment", null=True, on_delete=models.PROTECT, related_name="exhibits"
    )
    contact = models.ForeignKey("people.Contact", on_delete=models.PROTECT, related_name="exhibits")
    # "ABC/1": initials of whoever produces it, and a number that runs within the incident.
    initials = models.CharField(max_length=6)
    number = models.PositiveSmallIntegerField()
    description = EncryptedTextField(default="", blank=True)
    original_name = EncryptedTextField(default="", blank=True)
    media_type = models.CharField(max_length=40)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)  # of the bytes as they arrived
    client_sha256 = models.CharField(max_length=64, blank=True)  # as the sender's browser said
    file = models.CharField(max_length=100)  # the original, in EVIDENCE_ROOT
    copy_file = models.CharField(max_length=100, blank=True)  # re-encoded, without metadata
    idempotency_key = models.UUIDField(unique=True)
    received_at = models.DateTimeField()
    visit = models.ForeignKey(
        "people.Visit", null=True, on_delete=models.PROTECT, related_name="exhibits"
    )

    class Meta:
        ordering = ["incident", "initials", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "initials", "number"], name="exhibit_reference_unique"
            ),
            models.CheckConstraint(name="exhibit_is_not_empty", condition=Q(size_bytes__gte=1)),
        ]

    @property
    def reference(self) -> str:
        return f"{self.initials}/{self.number}"


class ContinuityEntry(models.Model):
    """One thing done with an exhibit or a sealed statement: received, viewed, exported."""

    append_only = True

    class Act(models.TextChoices):
        RECEIVED = "received", "Received"
        COPIED = "copied", "Copy made for viewing"
        VIEWED = "viewed", "Viewed"
        EXPORTED = "exported", "Original exported"
        VERIFIED = "verified", "Hash checked"

    exhibit = models.ForeignKey(
        Exhibit, null=True, on_delete=models.PROTECT, related_name="continuity"
    )
    statement_version = models.ForeignKey(
        "appointments.StatementVersion",
        null=True,
        on_delete=models.PROTECT,
        related_name="continuity",
    )
    act = models.CharField(max_length=10, choices=Act)
    actor = models.CharField(max_length=60)  # as in the ledger
    reason = models.CharField(max_length=100, blank=True)
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                name="continuity_of_one_thing",
                condition=Q(exhibit__isnull=False, statement_version=None)
                | Q(exhibit=None, statement_version__isnull=False),
            )
        ]
