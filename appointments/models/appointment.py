"""Appointments: held while a caller decides, then booked."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q

from victimcontact.lib.encryption import EncryptedTextField
from victimcontact.lib.keys import uuid7


class Appointment(models.Model):
    """A time in one officer's diary for one person: by video, at their place, or at a station."""

    class Kind(models.TextChoices):
        """The three ways of ``triage.models.Response`` that take an officer's time."""

        VIDEO = "video", "Video appointment"
        VISIT = "visit", "Officer's visit"
        STATION = "station", "Police station"

    class Role(models.TextChoices):
        """Whose words are heard: the two are never mixed up."""

        VICTIM = "victim", "Victim"
        WITNESS = "witness", "Witness"

    class Status(models.TextChoices):
        HELD = "held", "Held"
        BOOKED = "booked", "Booked"
        WAITING = "waiting", "Victim is waiting"
        IN_CALL = "in_call", "In the call"
        ENDED = "ended", "Ended"
        MISSED = "missed", "Missed"
        CANCELLED = "cancelled", "Cancelled"
        RELEASED = "released", "Hold released"

    TRANSITIONS = {
        Status.HELD: {Status.BOOKED, Status.RELEASED},
        # A visit or a station has no waiting room: the officer says that they met.
        Status.BOOKED: {Status.WAITING, Status.ENDED, Status.CANCELLED, Status.MISSED},
        Status.WAITING: {Status.BOOKED, Status.IN_CALL, Status.CANCELLED, Status.MISSED},
        Status.IN_CALL: {Status.ENDED},
        Status.ENDED: set(),
        Status.MISSED: set(),
        Status.CANCELLED: set(),
        Status.RELEASED: set(),
    }
    # In these the officer's time is taken.
    OCCUPYING = ("held", "booked", "waiting", "in_call", "ended")
    LIVE = ("booked", "waiting", "in_call")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(
        "triage.Incident", on_delete=models.PROTECT, related_name="appointments"
    )
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.VIDEO, db_default="video")
    # No appointment without a recorded choice, from the hold on, and none of another kind than was
    # chosen: the database holds (offer, kind) against triage_offer (migration 0004).
    offer = models.ForeignKey("triage.Offer", on_delete=models.PROTECT, related_name="appointments")
    role = models.CharField(max_length=7, choices=Role, default=Role.VICTIM, db_default="victim")
    contact = models.ForeignKey(
        "people.Contact", null=True, on_delete=models.PROTECT, related_name="appointments"
    )  # a victim's set when booked, a witness's from the hold on
    desk = models.ForeignKey(
        "appointments.Desk", on_delete=models.PROTECT, related_name="appointments"
    )
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="appointments"
    )
    during = DateTimeRangeField()  # UTC, upper bound exclusive; the talk itself
    # With the desk's buffer: what is kept free in the officer's diary.
    occupies = DateTimeRangeField()
    status = models.CharField(max_length=10, choices=Status, default=Status.HELD)
    held_until = models.DateTimeField(null=True)  # set exactly while HELD
    held_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )  # None: the person themselves, by the link
    # Made by the form that asked: the same form sent twice holds one slot.
    idempotency_key = models.UUIDField(unique=True)
    moved_from = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="moved_to"
    )
    # The one in which this second talk was agreed.
    follows = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="followed_by"
    )
    created_at = models.DateTimeField()
    booked_at = models.DateTimeField(null=True)
    waiting_at = models.DateTimeField(null=True)
    admitted_at = models.DateTimeField(null=True)
    # The opening of the link that was let in: opened anew, it waits to be let in again.
    admitted_visit = models.ForeignKey(
        "people.Visit", null=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True)
    # When the officer of a visit or station was asked whether they met: once.
    outcome_asked_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancelled_reason = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["during"]
        indexes = [
            models.Index(
                fields=["incident"],
                condition=Q(status__in=["held", "booked", "waiting", "in_call"]),
                name="appointment_live",
            )
        ]
        constraints = [
            ExclusionConstraint(
                name="appointment_officer_not_double_booked",
                expressions=[
                    ("officer", RangeOperators.EQUAL),
                    ("occupies", RangeOperators.OVERLAPS),
                ],
                condition=Q(status__in=["held", "booked", "waiting", "in_call", "ended"]),
            ),
            # Within a call the next one may be agreed: it is booked while the first is in_call.
            models.UniqueConstraint(
                fields=["incident"],
                condition=Q(status__in=["booked", "waiting"], role="victim"),
                name="one_appointment_ahead_for_a_victim",
            ),
            models.UniqueConstraint(
                fields=["incident", "contact"],
                condition=Q(status__in=["booked", "waiting"], role="witness"),
                name="one_appointment_ahead_for_a_witness",
            ),
            models.UniqueConstraint(
                fields=["incident"],
                condition=Q(status="in_call", role="victim"),
                name="one_call_at_a_time_with_a_victim",
            ),
            models.CheckConstraint(
                name="appointment_of_a_witness_has_its_contact",
                condition=Q(role="victim") | Q(contact__isnull=False),
            ),
            models.CheckConstraint(
                name="appointment_room_only_by_video",
                condition=Q(kind="video") | ~Q(status__in=["waiting", "in_call"]),
            ),
            models.CheckConstraint(
                name="appointment_held_until_exactly_while_held",
                condition=Q(status="held", held_until__isnull=False)
                | (~Q(status="held") & Q(held_until=None)),
            ),
            models.CheckConstraint(
                name="appointment_booked_for_somebody",
                condition=Q(status__in=["held", "released"])
                | Q(contact__isnull=False, booked_at__isnull=False),
            ),
            models.CheckConstraint(
                name="appointment_occupies_at_least_the_talk",
                condition=Q(occupies__contains=models.F("during")),
            ),
            models.CheckConstraint(
                name="appointment_cancelled_with_a_reason",
                condition=~Q(status="cancelled")
                | (Q(cancelled_at__isnull=False) & ~Q(cancelled_reason="")),
            ),
        ]

    def __str__(self):
        return f"Appointment {self.pk}"

    @property
    def is_video(self):
        return self.kind == self.Kind.VIDEO

    @property
    def witness(self):
        """The Contact of the witness it is for; None: it is the victim's."""
        return self.contact if self.role == self.Role.WITNESS else None

    @property
    def starts_at(self):
        return self.during.lower

    @property
    def ends_at(self):
        return self.during.upper


class PassedOn(models.Model):
    """A caller taken straight from a live call to an officer: their yes, and what was passed on.

    ``words`` is the question that they said yes to, as it was read.
    """

    append_only = True
    PERSONAL_FIELDS = ("context",)

    appointment = models.OneToOneField(
        Appointment, primary_key=True, on_delete=models.PROTECT, related_name="passed_on"
    )
    words = models.TextField()
    context = EncryptedTextField()
    passed_at = models.DateTimeField()
    passed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )


class Companion(models.Model):
    """Somebody beside the victim or witness: a guardian, an interpreter, a supporter.

    Has an own link (purpose "companion", about this row) and an own word. An officer lets them in,
    and may let them out for good.
    """

    class Role(models.TextChoices):
        GUARDIAN = "guardian", "Parent or guardian"
        INTERPRETER = "interpreter", "Interpreter"
        SUPPORTER = "supporter", "Supporter"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    appointment = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, related_name="companions"
    )
    contact = models.ForeignKey(
        "people.Contact", on_delete=models.PROTECT, related_name="accompanies"
    )
    role = models.CharField(max_length=11, choices=Role)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    waiting_at = models.DateTimeField(null=True)
    admitted_at = models.DateTimeField(null=True)
    # The opening of the link that was let in, as for the victim.
    admitted_visit = models.ForeignKey(
        "people.Visit", null=True, on_delete=models.PROTECT, related_name="+"
    )
    removed_at = models.DateTimeField(null=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["added_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "contact"],
                condition=Q(removed_at=None),
                name="companion_once_an_appointment",
            ),
            models.CheckConstraint(
                name="companion_removed_at_and_by_together",
                condition=Q(removed_at=None, removed_by=None)
                | Q(removed_at__isnull=False, removed_by__isnull=False),
            ),
        ]

    def __str__(self):
        return f"Companion {self.pk}"


class Presence(models.Model):
    """Somebody in an appointment's room, from when to when: kept for the record."""

    class Side(models.TextChoices):
        OFFICER = "officer", "Officer"
        VICTIM = "victim", "Victim"
        COMPANION = "companion", "Companion"

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="presences")
    side = models.CharField(max_length=9, choices=Side)
    companion = models.ForeignKey(
        Companion, null=True, on_delete=models.PROTECT, related_name="presences"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    visit = models.ForeignKey(
        "people.Visit", null=True, on_delete=models.PROTECT, related_name="presences"
    )
    channel = models.CharField(max_length=120)  # the socket's name in the channel layer
    joined_at = models.DateTimeField()
    seen_at = models.DateTimeField()  # a socket that died silently is not counted after a while
    left_at = models.DateTimeField(null=True)
    left_why = models.CharField(max_length=20, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["appointment", "side"], condition=Q(left_at=None), name="presence_now"
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="presence_is_of_its_side",
                condition=Q(side="officer", user__isnull=False, visit=None, companion=None)
                | Q(side="victim", user=None, visit__isnull=False, companion=None)
                | Q(side="companion", user=None, visit__isnull=False, companion__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["appointment", "side"],
                condition=Q(left_at=None) & ~Q(side="companion"),
                name="one_of_each_side_in_a_room",
            ),
            models.UniqueConstraint(
                fields=["companion"],
                condition=Q(left_at=None),
                name="one_seat_a_companion",
            ),
        ]


class DeviceTest(models.Model):
    """What a victim's camera, microphone and network could do when they tried them."""

    appointment = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, related_name="device_tests"
    )
    has_camera = models.BooleanField()
    has_microphone = models.BooleanField()
    problem = models.CharField(max_length=40, blank=True)
    tested_at = models.DateTimeField()


class ChangeRequest(models.Model):
    """What a victim asked for from the link: another time, a visit, a station, or to cancel."""

    class Wish(models.TextChoices):
        ANOTHER_TIME = "another_time", "Another time"
        VIDEO = "video", "Video appointment"
        VISIT = "visit", "Officer's visit"
        STATION = "station", "Police station"
        CANCEL = "cancel", "Cancel"

    appointment = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, related_name="change_requests"
    )
    wish = models.CharField(max_length=12, choices=Wish)
    asked_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "wish"],
                condition=Q(settled_at=None),
                name="change_asked_once",
            )
        ]
