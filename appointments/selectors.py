"""What the diary shows: desks, free slots, an officer's day."""

from appointments.models import Appointment, Shift
from appointments.rosters import skills
from appointments.slots import (
    HORIZON_DAYS,
    LEAD_MINUTES,
    STEP_MINUTES,
    Slot,
    Wishes,
    desk_for,
    free_slots,
    is_rostered,
    slots_for,
)
from victimcontact.accounts.models import User
from victimcontact.accounts.permissions import can

__all__ = [
    "HORIZON_DAYS",
    "LEAD_MINUTES",
    "STEP_MINUTES",
    "Slot",
    "Wishes",
    "appointments_for",
    "desk_for",
    "free_officers",
    "free_slots",
    "is_rostered",
    "slots_for",
]


def appointments_for(user):
    """The appointments that ``user`` may see, with their statements and exhibits.

    Those of their forces for who works in the diary or audits; for an officer in charge those of
    the crimes they look after.
    """
    seen = Appointment.objects.filter(incident__force__in=user.forces.all())
    if can(user, "diary.view") or can(user, "ledger.view"):
        return seen
    if can(user, "appointment.view"):
        return seen.filter(incident__crime__officer_in_charge=user)
    return Appointment.objects.none()


def free_officers(appointment, *, at):
    """Users who could take this appointment: on a shift at its desk, free, with the skills for it.

    ``booking.reassign`` asks again, under its locks.
    """
    busy = Appointment.objects.filter(
        status__in=Appointment.OCCUPYING, occupies__overlap=appointment.occupies
    )
    rostered = Shift.objects.filter(
        desk=appointment.desk, during__overlap=appointment.occupies
    ).select_related("officer")
    asked = skills.required_of(appointment, at=at)
    fits = {
        shift.officer_id
        for shift in rostered
        if is_rostered(appointment.desk, shift.officer, appointment.occupies)
        and skills.has(shift.officer, asked)
    }
    return (
        User.objects.filter(pk__in=fits, is_active=True)
        .exclude(pk__in=busy.values("officer"))
        .order_by("last_name", "first_name")
    )
