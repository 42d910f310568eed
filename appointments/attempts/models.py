"""How people are reminded, and how often and when somebody tries to reach whoever was missed."""

from datetime import time

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from victimcontact.lib.encryption import EncryptedTextField
from victimcontact.lib.keys import uuid7


def rings_after():
    return [30, 180]


class Reaching(models.Model):
    """What a force sets. A force without a row has these defaults."""

    class Remind(models.TextChoices):
        EVENING = "evening", "The evening before"
        DAY_BEFORE = "day_before", "24 hours before"
        NEVER = "never", "Never"

    force = models.OneToOneField(
        "accounts.Force", primary_key=True, on_delete=models.CASCADE, related_name="reaching"
    )
    remind = models.CharField(max_length=10, choices=Remind, default=Remind.EVENING)
    remind_at = models.TimeField(
        default=time(18), help_text="On the evening before, by London's clock."
    )
    ring_after_minutes = ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(1)]),
        default=rings_after,
        blank=True,
        help_text="Minutes from the missed time to each ringing, the soonest first.",
    )
    ring_next_morning = models.BooleanField(
        default=True, help_text="Once more on the morning after, as the last."
    )
    # Nobody is rung outside these by the clock alone; the contact plan's hours come on top.
    day_begins = models.TimeField(default=time(9), help_text="London's clock.")
    day_ends = models.TimeField(default=time(21), help_text="London's clock.")

    class Meta:
        verbose_name_plural = "reaching people"
        constraints = [
            models.CheckConstraint(
                name="reaching_rings_at_least_once",
                condition=Q(ring_next_morning=True) | Q(ring_after_minutes__len__gt=0),
            ),
            models.CheckConstraint(
                name="reaching_day_begins_before_it_ends",
                condition=Q(day_begins__lt=models.F("day_ends")),
            ),
        ]

    def __str__(self):
        return f"Reaching people in {self.force}"

    @property
    def most_tries(self):
        return len(self.ring_after_minutes) + self.ring_next_morning


class Series(models.Model):
    """The tries to reach the person of one missed appointment, from the miss to how it ended."""

    class End(models.TextChoices):
        REACHED = "reached", "Reached"
        REBOOKED = "rebooked", "Has a new time"
        UNREACHED = "unreached", "Not reached: a leader decides"
        CLOSED = "closed", "The incident was closed"

    appointment = models.OneToOneField(
        "appointments.Appointment",
        primary_key=True,
        on_delete=models.PROTECT,
        related_name="attempts_series",
    )
    contact = models.ForeignKey("people.Contact", on_delete=models.PROTECT, related_name="+")
    began_at = models.DateTimeField()
    # The text that said sorry; None where the contact plan allows none.
    notification = models.ForeignKey(
        "messaging.Notification", null=True, on_delete=models.PROTECT, related_name="+"
    )
    most_tries = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField(null=True)  # of the next ringing; None while a task waits or over
    task = models.ForeignKey(
        "messaging.StaffTask", null=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True)
    end = models.CharField(max_length=10, choices=End, blank=True)

    class Meta:
        verbose_name_plural = "series"
        indexes = [
            models.Index(fields=["due_at"], condition=Q(ended_at=None), name="series_that_lasts")
        ]
        constraints = [
            models.CheckConstraint(
                name="series_ended_how_and_when_together",
                condition=Q(ended_at=None, end="") | (Q(ended_at__isnull=False) & ~Q(end="")),
            ),
            # Never silent: what lasts has a next time, or a person has it.
            models.CheckConstraint(
                name="series_lasts_with_a_next_step",
                condition=Q(ended_at__isnull=False)
                | Q(due_at__isnull=False)
                | Q(task__isnull=False),
            ),
        ]

    def __str__(self):
        return f"Tries to reach the person of appointment {self.pk}"


class Attempt(models.Model):
    """One try to reach them, as the person who made it wrote it down."""

    append_only = True
    PERSONAL_FIELDS = ("note",)

    class Channel(models.TextChoices):
        TELEPHONE = "telephone", "By telephone"
        IN_PERSON = "in_person", "At the door"
        OTHER = "other", "Another way that the plan allows"

    class Outcome(models.TextChoices):
        REACHED = "reached", "Reached: they said so themselves"
        NO_ANSWER = "no_answer", "No answer"
        MESSAGE_LEFT = "message_left", "A safe message was left"
        SOMEBODY_ELSE = "somebody_else", "Somebody else answered"
        NOT_SAFE = "not_safe", "Not safe to talk or to leave a message"

    # What may be a sign of danger: it is assessed again at once.
    WORRYING = (Outcome.SOMEBODY_ELSE, Outcome.NOT_SAFE)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    channel = models.CharField(max_length=10, choices=Channel)
    outcome = models.CharField(max_length=14, choices=Outcome)
    note = EncryptedTextField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["series", "number"], name="attempt_counted_once")
        ]

    def __str__(self):
        return f"Try {self.number}"
