"""What the victim sees of their case, and what they are owed."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from victimcontact.lib.encryption import EncryptedTextField
from victimcontact.lib.keys import uuid7


class Case(models.Model):
    """Opened when the crime is recorded, whatever the response was: every victim has one."""

    class Status(models.TextChoices):
        RECORDED = "recorded", "Recorded"
        INVESTIGATING = "investigating", "Under investigation"
        WAITING = "waiting", "Waiting for evidence"
        WITH_PROSECUTORS = "with_prosecutors", "With the prosecutors"
        COURT = "court", "At court"
        CLOSED = "closed", "Closed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    force = models.ForeignKey("accounts.Force", on_delete=models.PROTECT, related_name="cases")
    crime = models.OneToOneField("triage.Crime", on_delete=models.PROTECT, related_name="case")
    contact = models.ForeignKey("people.Contact", on_delete=models.PROTECT, related_name="cases")
    officer_in_charge = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="cases"
    )
    status = models.CharField(max_length=20, choices=Status, default=Status.RECORDED)
    next_update_on = models.DateField(null=True, blank=True)
    # Until a needs assessment says otherwise a victim is owed the shorter, enhanced limits.
    is_enhanced = models.BooleanField(default=True)
    enhanced_reason = models.CharField(max_length=60, default="not yet assessed")
    opened_at = models.DateTimeField()
    invited_at = models.DateTimeField(null=True)
    not_invited_reason = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["-opened_at"]
        indexes = [
            models.Index(
                fields=["officer_in_charge", "-opened_at"],
                condition=~Q(status="closed"),
                name="case_open_of_officer",
            )
        ]

    def __str__(self):
        return f"Case {self.pk}"


class CaseEvent(models.Model):
    """Something that happened in a case. What the victim may read of it is ``words``."""

    append_only = True
    PERSONAL_FIELDS = ("words", "internal_note")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="events")
    type = models.SlugField()  # "recorded", "status", "told"
    status = models.CharField(max_length=20, choices=Case.Status, blank=True)
    words = EncryptedTextField(default="", blank=True)
    internal_note = EncryptedTextField(default="", blank=True)
    is_visible = models.BooleanField(default=False)
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["happened_at", "id"]


class Entitlement(models.Model):
    """One right of the Victims' Code with its clock: what is owed, by when, and the proof."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="entitlements")
    right = models.CharField(max_length=12)  # "VC4-REF", as in data/victims_code.toml
    code_version = models.CharField(max_length=20)
    triggered_at = models.DateTimeField()
    is_enhanced = models.BooleanField()
    due_at = models.DateTimeField(null=True)  # null: the Code sets no day
    met_at = models.DateTimeField(null=True)
    met_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    proof_type = models.CharField(max_length=60, blank=True)
    proof_id = models.CharField(max_length=60, blank=True)
    not_met_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["due_at", "right"]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(met_at=None), name="entitlement_owed")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "right", "triggered_at"], name="entitlement_counted_once"
            ),
            models.CheckConstraint(
                name="entitlement_met_with_proof",
                condition=Q(met_at=None) | (Q(met_at__isnull=False) & ~Q(proof_type="")),
            ),
        ]


class Feedback(models.Model):
    """What a victim said of the service, in their own words."""

    PERSONAL_FIELDS = ("words",)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="feedback")
    would_recommend = models.BooleanField(null=True)
    words = EncryptedTextField(default="", blank=True)
    given_at = models.DateTimeField()
