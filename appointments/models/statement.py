"""Witness statements: a signature belongs to exact bytes."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from victimcontact.lib.encryption import EncryptedJSONField, EncryptedTextField
from victimcontact.lib.keys import uuid7


class Statement(models.Model):
    """One witness's statement about one incident; its words are in its versions."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(
        "triage.Incident", on_delete=models.PROTECT, related_name="statements"
    )
    appointment = models.ForeignKey(
        "appointments.Appointment", null=True, on_delete=models.PROTECT, related_name="statements"
    )
    contact = models.ForeignKey(
        "people.Contact", on_delete=models.PROTECT, related_name="statements"
    )
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="statements_taken"
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "contact"], name="statement_once_an_appointment"
            )
        ]

    @property
    def current(self):
        """The latest version, or None."""
        return self.versions.order_by("-number").first()


class StatementVersion(models.Model):
    """The words of a statement. Draft, then final (frozen, unsigned), then signed (sealed).

    The database refuses any change to a signed version. A correction is a new, unsigned version.
    """

    PERSONAL_FIELDS = ("witness_name", "occupation", "body", "reader_name")

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        FINAL = "final", "Ready to sign"
        SIGNED = "signed", "Signed"

    TRANSITIONS = {
        Status.DRAFT: {Status.FINAL},
        Status.FINAL: {Status.DRAFT, Status.SIGNED},
        Status.SIGNED: set(),
    }

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=6, choices=Status, default=Status.DRAFT)
    witness_name = EncryptedTextField(default="", blank=True)
    age_if_under_18 = models.PositiveSmallIntegerField(null=True, blank=True)
    occupation = EncryptedTextField(default="", blank=True)
    body = EncryptedTextField(default="", blank=True)
    visually_recorded = models.BooleanField(default=False)
    # Somebody who read it over to a witness who cannot read, and signs for that.
    reader_name = EncryptedTextField(default="", blank=True)
    language = models.CharField(max_length=10, default="en-gb")
    declaration_version = models.CharField(max_length=20, blank=True)
    edits = models.PositiveIntegerField(default=0)  # a second tab sees that it is behind
    saved_at = models.DateTimeField()
    finalised_at = models.DateTimeField(null=True)
    page_count = models.PositiveSmallIntegerField(null=True)
    # Of the PDF shown for signing, then of the signed one; the files lie in EVIDENCE_ROOT.
    final_file = models.CharField(max_length=100, blank=True)
    final_sha256 = models.CharField(max_length=64, blank=True)
    signed_file = models.CharField(max_length=100, blank=True)
    signed_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["statement", "number"]
        indexes = [
            models.Index(
                fields=["signed_sha256"], condition=~Q(signed_sha256=""), name="statement_seal"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["statement", "number"], name="statement_version_numbered_once"
            ),
            models.UniqueConstraint(
                fields=["statement"],
                condition=~Q(status="signed"),
                name="one_unsigned_version_a_statement",
            ),
            models.CheckConstraint(
                name="statement_final_is_whole",
                condition=Q(status="draft")
                | (
                    Q(finalised_at__isnull=False, page_count__gte=1)
                    & ~Q(final_sha256="")
                    & ~Q(declaration_version="")
                ),
            ),
            models.CheckConstraint(
                name="statement_signed_is_sealed",
                condition=~Q(status="signed") | (~Q(signed_sha256="") & ~Q(signed_file="")),
            ),
        ]


class Signature(models.Model):
    """Who signed which bytes, how, when and in whose presence."""

    append_only = True
    PERSONAL_FIELDS = ("typed_name", "device")

    class Party(models.TextChoices):
        WITNESS = "witness", "Witness"
        OFFICER = "officer", "Signature witnessed by"
        READER = "reader", "Person who read it over"

    version = models.ForeignKey(
        StatementVersion, on_delete=models.PROTECT, related_name="signatures"
    )
    party = models.CharField(max_length=8, choices=Party)
    typed_name = EncryptedTextField()
    method = models.CharField(max_length=20, default="typed and ticked")
    signed_sha256 = models.CharField(max_length=64)  # of the final PDF that was on their screen
    visit = models.ForeignKey(
        "people.Visit", null=True, on_delete=models.PROTECT, related_name="signatures"
    )
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )  # who was present, by live video
    device = EncryptedJSONField(default=dict)  # address and browser
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "party"], name="signed_once_by_each"),
        ]
