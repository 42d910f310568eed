"""Nothing half done: that each booking has its message and its entry, and each message a booking.

A booking, its ledger entry and its text are written in one transaction. This looks, every night,
whether that is so, and whether a change that was kept from the phone is owed to the victim.
"""

from datetime import datetime

from django.db.models import CharField, Exists, OuterRef, Q
from django.db.models.functions import Cast

from appointments.models import Appointment
from messaging import proofs
from messaging.models import Notification, Proof
from messaging.proofs import LOOKS_BACK, Difference
from triage.control.models import CallerTold, News, ToTell
from victimcontact.audit.models import Entry

NAME = "bookings"
ABOUT = Appointment._meta.label_lower
NO_TEXT = "Nothing was written to tell the victim of this appointment. Ring, safely."
NO_ENTRY = "The ledger does not say that it was booked."
NOT_TOLD = "It was cancelled, and the victim was neither told nor put on the list to be told."
NO_BOOKING = "A text speaks of an appointment that was never booked. Ring, safely."


def prove(*, at: datetime) -> Proof:
    """Compare the books and keep what came of it; each difference becomes a person's task."""
    bookings = _bookings(at)
    differences = [*_untold(bookings), *_not_entered(bookings), *_cancelled_in_silence(at)]
    differences += _without_a_booking(at)
    notices, wrong = proofs.of_notifications(at)
    looked_at = {"bookings": bookings.count(), "notices": notices}
    return proofs.record(NAME, looked_at, differences + wrong, at=at)


def _bookings(at):
    """What was booked lately, and all that still stands."""
    lately = Q(booked_at__gt=at - LOOKS_BACK) | Q(status__in=Appointment.LIVE)
    return (
        Appointment.objects.filter(lately, booked_at__isnull=False)
        .select_related("incident__force")
        .annotate(key=Cast("pk", CharField()))
    )


def _about(**more):
    return Notification.objects.filter(about_type=ABOUT, about_id=OuterRef("pk"), **more)


def _untold(bookings):
    for each in bookings.filter(~Exists(_about())):
        yield Difference(each.incident.force, each, NO_TEXT)


def _not_entered(bookings):
    entered = Entry.objects.filter(about_type=ABOUT, about_id=OuterRef("key"))
    # Held is not booked: something must say more of it than that.
    for each in bookings.filter(~Exists(entered.exclude(type="appointment.held"))):
        yield Difference(each.incident.force, each, NO_ENTRY)


def _cancelled_in_silence(at):
    cancelled = Appointment.objects.filter(
        status=Appointment.Status.CANCELLED, cancelled_at__gt=at - LOOKS_BACK
    ).exclude(cancelled_reason="moved")
    since = OuterRef("cancelled_at")
    news = {"incident": OuterRef("incident"), "what": News.APPOINTMENT}
    told = CallerTold.objects.filter(**news, told_at__gte=since)
    # News that was owed already is not written down a second time.
    owed = ToTell.objects.filter(Q(done_at=None) | Q(arose_at__gte=since), **news)
    silent = cancelled.filter(
        ~Exists(_about(queued_at__gte=since)), ~Exists(told), ~Exists(owed)
    ).select_related("incident__force")
    for each in silent:
        yield Difference(each.incident.force, each, NOT_TOLD)


def _without_a_booking(at):
    booked = Appointment.objects.filter(pk=OuterRef("about_id"), booked_at__isnull=False)
    lost = Notification.objects.filter(
        ~Exists(booked), about_type=ABOUT, queued_at__gt=at - LOOKS_BACK
    )
    for each in lost.select_related("force"):
        yield Difference(each.force, each, NO_BOOKING, notification=each)
