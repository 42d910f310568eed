"""Chats between a visitor without an account and the digital desk, and when the desk is open."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from triage.models import Grade, Incident, ReportDraft
from victimcontact.lib.encryption import EncryptedTextField
from victimcontact.lib.keys import uuid7


def every_day():
    return list(range(7))


class ChatHours(models.Model):
    """When somebody sits at the desk, on London's clock. A force without hours has no chat."""

    force = models.OneToOneField(
        "accounts.Force", on_delete=models.CASCADE, related_name="chat_hours"
    )
    days = ArrayField(
        models.PositiveSmallIntegerField(validators=[MaxValueValidator(6)]),
        default=every_day,
        help_text="Days as numbers, Monday is 0: 0,1,2,3,4,5,6",
    )
    opens = models.TimeField()
    closes = models.TimeField(help_text="The same as the opening: day and night.")

    class Meta:
        verbose_name_plural = "chat hours"

    def __str__(self):
        return f"{self.force}: {self.opens:%H:%M} to {self.closes:%H:%M}"


class Chat(models.Model):
    """One visit to the chat. It ends when its visitor leaves, is quiet, or the desk ends it.

    The visitor is known by a keyed hash of a cookie alone.
    """

    PERSONAL_FIELDS = ("end_reason",)

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        TAKEN = "taken", "Taken"
        ENDED = "ended", "Ended"

    class Why(models.TextChoices):
        LEFT = "left", "The visitor left"
        QUIET = "quiet", "The visitor was gone"
        DESK = "desk", "The desk ended it"
        NOTHING = "none", "The desk ended it: nothing to record"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    force = models.ForeignKey("accounts.Force", on_delete=models.PROTECT, related_name="chats")
    key_hash = models.CharField(max_length=64, unique=True)  # of the cookie
    status = models.CharField(max_length=7, choices=Status, default=Status.WAITING)
    started_at = models.DateTimeField()
    used_at = models.DateTimeField()  # the visitor last did something
    seen_at = models.DateTimeField()  # the visitor's page last asked
    waiting_since = models.DateTimeField(null=True)  # first words that nobody has answered
    # What the engine says of the visitor's words so far.
    grade = models.PositiveSmallIntegerField(choices=Grade)
    flags = ArrayField(models.SlugField(), default=list)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="chats"
    )
    taken_at = models.DateTimeField(null=True)
    holder_seen_at = models.DateTimeField(null=True)  # a page of whoever has it was open
    # When whoever had it left it, until somebody takes it.
    called_at = models.DateTimeField(null=True)
    # Begun when more chats came from its visitor's address than any crowd there begins.
    is_crowded = models.BooleanField(default=False)
    draft = models.OneToOneField(
        ReportDraft, null=True, on_delete=models.SET_NULL, related_name="chat"
    )
    incident = models.OneToOneField(
        Incident, null=True, on_delete=models.PROTECT, related_name="chat"
    )
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=5, choices=Why, blank=True)
    end_reason = EncryptedTextField(default="", blank=True)  # why the desk made no incident of it

    class Meta:
        indexes = [
            models.Index(
                fields=["force", "grade", "started_at"],
                condition=~Q(status="ended"),
                name="chat_open",
            ),
            models.Index(
                fields=["started_at"],
                condition=Q(incident=None) & ~Q(ended_why="none"),
                name="chat_not_an_incident",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="chat_taken_by_and_at_together",
                condition=Q(taken_by=None, taken_at=None)
                | Q(taken_by__isnull=False, taken_at__isnull=False),
            ),
            models.CheckConstraint(
                name="chat_ended_at_and_why_together",
                condition=Q(status="ended", ended_at__isnull=False) & ~Q(ended_why="")
                | ~Q(status="ended") & Q(ended_at=None, ended_why=""),
            ),
        ]

    def __str__(self):
        return f"Chat {self.pk}"


class ChatLine(models.Model):
    """Something that one side wrote: kept before it is shown, and as it was written."""

    append_only = True
    PERSONAL_FIELDS = ("body",)

    class Author(models.TextChoices):
        VISITOR = "visitor", "Visitor"
        DESK = "desk", "Desk"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    chat = models.ForeignKey(Chat, on_delete=models.PROTECT, related_name="lines")
    number = models.PositiveSmallIntegerField()  # 1, 2, … within the chat
    author = models.CharField(max_length=7, choices=Author)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    body = EncryptedTextField()
    key = models.UUIDField()  # of the form: the same one sent twice is one line
    said_at = models.DateTimeField()

    class Meta:
        ordering = ["chat", "number"]
        constraints = [
            models.UniqueConstraint(fields=["chat", "number"], name="chat_line_numbered_once"),
            models.UniqueConstraint(fields=["chat", "key"], name="chat_line_sent_once"),
            models.CheckConstraint(
                name="chat_line_of_the_desk_has_somebody",
                condition=Q(author="visitor", by=None) | Q(author="desk", by__isnull=False),
            ),
        ]
