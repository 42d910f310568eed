"""What the diary shows: desks, free slots, an officer's day."""

from appointments.models import Appointment
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
from victimcontact.accounts.permissions import can

__all__ = [
    "HORIZON_DAYS",
    "LEAD_MINUTES",
    "STEP_MINUTES",
    "Slot",
    "Wishes",
    "appointments_for",
    "desk_for",
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
