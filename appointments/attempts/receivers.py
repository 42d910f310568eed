"""When the tries begin and end. In the same transaction, never a network."""

from django.dispatch import receiver

from appointments.attempts import tries
from appointments.attempts.models import Series
from appointments.signals import appointment_booked, appointment_missed
from triage.control import library
from triage.signals import closed, closing


@receiver(appointment_missed)
def try_to_reach_them(sender, appointment, at, **_):
    tries.begin(appointment, at=at)


@receiver(appointment_booked)
def they_have_a_new_time(sender, appointment, by, at, **_):
    tries.end_for(
        appointment.incident,
        end=Series.End.REBOOKED,
        contact=appointment.contact,
        by=by,
        at=at,
    )


@receiver(closed)
def nobody_rings_for_what_is_closed(sender, incident, by, at, **_):
    tries.end_for(incident, end=Series.End.CLOSED, by=by, at=at)


@receiver(closing)
def say_who_was_not_reached(sender, incident, outcome="", **_):
    """Never a silent end: closed unseen only after every try, and assessed again since."""
    unreached = bool(outcome) and library.outcomes()[outcome].needs_reaching
    return tries.stands_against_closing(incident, unreached=unreached)
