"""What a victim asks for from the link and no page can give: a person settles it."""

import contextlib

from django.db import transaction

from appointments import booking
from appointments.models import Appointment, ChangeRequest
from appointments.signals import appointment_change_asked
from messaging import staff_tasks
from triage import offers
from victimcontact.audit import ledger


@transaction.atomic
def ask(*, appointment_id, wish, by, at) -> ChangeRequest:
    """Keep what the victim asks for, and give a person the task to settle it.

    ``wish`` is a ChangeRequest.Wish. Asked twice it is one request. Nothing is cancelled by asking:
    the time stands until a person has spoken with the victim. Whoever missed it may ask for another
    one. Raises booking.NotLive, and booking.AlreadyBooked where that other one stands by now.
    """
    appointment = booking.lock(appointment_id)
    was_missed = appointment.status == Appointment.Status.MISSED
    if appointment.status not in booking.AHEAD and not was_missed:
        raise booking.NotLive
    if was_missed:
        booking.check_not_booked(appointment.incident, appointment.witness)
    request, is_new = ChangeRequest.objects.get_or_create(
        appointment=appointment, wish=wish, settled_at=None, defaults={"asked_at": at}
    )
    if is_new:
        ledger.record("appointment.change_asked", by=by, about=appointment, at=at, wish=wish)
        asked = f"The victim asked for: {request.get_wish_display().lower()}"
        staff_tasks.raise_task(
            "change_asked",
            force=appointment.incident.force,
            about=appointment,
            reason=f"The appointment was missed. {asked}" if was_missed else asked,
            at=at,
        )
        appointment_change_asked.send(sender=ChangeRequest, request=request, at=at)
    return request


@transaction.atomic
def ask_instead(*, appointment_id, wish, words, words_version, by, at) -> ChangeRequest:
    """``ask`` for what had no free time; where it is another way, that is recorded as their choice.

    Where that way may not be offered any more only the wish is kept: a person says so, not a page.
    Raises as ``ask``.
    """
    request = ask(appointment_id=appointment_id, wish=wish, by=by, at=at)
    appointment = request.appointment
    if wish in Appointment.Kind.values:
        with contextlib.suppress(offers.NotOffered, offers.NotAssessed):
            offers.make(
                appointment.incident,
                chosen=wish,
                contact=appointment.witness,
                words=words,
                words_version=words_version,
                by=by,
                at=at,
            )
    return request
