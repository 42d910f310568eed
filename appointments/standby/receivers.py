"""Nobody is asked to ring for what was moved or cancelled. In the same transaction."""

from django.dispatch import receiver

from appointments.signals import appointment_cancelled, appointment_moved
from appointments.standby import outages


@receiver(appointment_cancelled)
def nobody_rings_for_what_is_cancelled(sender, appointment, at, **_):
    outages.call_off(appointment, at=at)


@receiver(appointment_moved)
def nobody_rings_at_the_old_time(sender, appointment, before, at, **_):
    outages.call_off(before, at=at)
