"""What is written on WhatsApp and Messenger, by both sides, and who looks after it."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from triage.models import Grade, Incident
from victimcontact.lib.encryption import EncryptedJSONField, EncryptedTextField
from victimcontact.lib.keys import uuid7


class Talk(models.Model):
    """All that one account wrote and was answered; ``incident`` is the latest of it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    force = models.ForeignKey("accounts.Force", on_delete=models.PROTECT, related_name="talks")
    account = models.OneToOneField(
        "messaging.Account", on_delete=models.PROTECT, related_name="talk"
    )
    incident = models.ForeignKey(
        Incident, null=True, on_delete=models.PROTECT, related_name="talks"
    )
    started_at = models.DateTimeField()
    waiting_since = models.DateTimeField(null=True)  # first words that nobody has answered
    # What the engine says of their words about this incident.
    grade = models.PositiveSmallIntegerField(choices=Grade, default=Grade.WITHOUT_DEPLOYMENT)
    flags = ArrayField(models.SlugField(), default=list)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="talks"
    )
    taken_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["force", "grade", "waiting_since"],
                condition=Q(waiting_since__isnull=False),
                name="talk_waits",
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="talk_taken_by_and_at_together",
                condition=Q(taken_by=None, taken_at=None)
                | Q(taken_by__isnull=False, taken_at__isnull=False),
            )
        ]

    def __str__(self):
        return f"Talk {self.pk}"


class TalkLine(models.Model):
    """Something that one side wrote: kept as it was written."""

    append_only = True
    PERSONAL_FIELDS = ("body", "media")

    class Author(models.TextChoices):
        THEM = "them", "They"
        DESK = "desk", "Desk"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    talk = models.ForeignKey(Talk, on_delete=models.PROTECT, related_name="lines")
    number = models.PositiveIntegerField()  # 1, 2, … within the talk
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="+")
    author = models.CharField(max_length=4, choices=Author)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    body = EncryptedTextField()
    media = EncryptedJSONField(default=list)  # ["image/jpeg"]: what came with it, by kind
    text = models.OneToOneField(
        "messaging.InboundText", null=True, on_delete=models.PROTECT, related_name="line"
    )
    notification = models.OneToOneField(
        "messaging.Notification", null=True, on_delete=models.PROTECT, related_name="line"
    )
    key = models.UUIDField()  # of the form: the same one sent twice is one line
    said_at = models.DateTimeField()

    class Meta:
        ordering = ["talk", "number"]
        constraints = [
            models.UniqueConstraint(fields=["talk", "number"], name="talk_line_numbered_once"),
            models.UniqueConstraint(fields=["talk", "key"], name="talk_line_sent_once"),
            models.CheckConstraint(
                name="talk_line_came_in_or_went_out",
                condition=Q(author="them", by=None, text__isnull=False, notification__isnull=True)
                | Q(author="desk", by__isnull=False, text__isnull=True, notification__isnull=False),
            ),
        ]
