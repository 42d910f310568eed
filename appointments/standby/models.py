"""When video cannot be had: since when, and whom the house asked a person to ring instead."""

from django.db import models
from django.db.models import Q

from victimcontact.lib.keys import uuid7


class Outage(models.Model):
    """A time in which nobody could have been let into a call."""

    class Why(models.TextChoices):
        SOCKETS = "sockets", "The server for calls does not answer"
        MESSAGES = "messages", "Messages between the two sides of a call do not arrive"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    why = models.CharField(max_length=10, choices=Why)
    began_at = models.DateTimeField()  # the first look in a row that found it
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-began_at"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(ended_at=None), name="one_outage_at_a_time"
            ),
            models.CheckConstraint(
                name="outage_ends_after_it_began",
                condition=Q(ended_at=None) | Q(ended_at__gte=models.F("began_at")),
            ),
        ]

    def __str__(self):
        return f"Outage since {self.began_at:%d %b %H:%M}"


class Fallback(models.Model):
    """One appointment that became a telephone call. It ends once, in one of four ways."""

    class End(models.TextChoices):
        RUNG = "rung", "Rung, and talked"
        NOT_REACHED = "not_reached", "Rung, not reached"
        PUT_BACK = "put_back", "Put back to video"
        CHANGED = "changed", "Moved or cancelled meanwhile"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    outage = models.ForeignKey(Outage, on_delete=models.PROTECT, related_name="fallbacks")
    appointment = models.ForeignKey(
        "appointments.Appointment", on_delete=models.PROTECT, related_name="fallbacks"
    )
    task = models.OneToOneField(
        "messaging.StaffTask", on_delete=models.PROTECT, related_name="fallback"
    )
    # Where the contact plan lets nobody ring: then a person decides how to reach them.
    may_ring = models.BooleanField()
    made_at = models.DateTimeField()
    end = models.CharField(max_length=11, choices=End, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["appointment__during"]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"], condition=Q(ended_at=None), name="one_fallback_at_a_time"
            ),
            models.CheckConstraint(
                name="fallback_ended_how_and_when_together",
                condition=Q(ended_at=None, end="") | (Q(ended_at__isnull=False) & ~Q(end="")),
            ),
        ]
