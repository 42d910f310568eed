"""Work of the diary that a worker does."""

from celery import shared_task
from django.utils.timezone import now

from appointments import alone, booking, outcomes, reconciliation


@shared_task
def release_lapsed_holds():
    """Free the time of holds that ran out."""
    booking.release_lapsed(at=now())


@shared_task
def mark_missed():
    """Find the appointments whose time has passed with nobody seen."""
    outcomes.mark_missed(at=now())


@shared_task
def look_who_waits_alone():
    """Tell the desk of whoever waits and no officer has come."""
    alone.look(at=now())


@shared_task
def prove_bookings():
    """Compare bookings with what was written of them."""
    reconciliation.prove(at=now())
