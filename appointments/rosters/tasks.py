"""Work of rosters that a worker does."""

from celery import shared_task
from django.utils.timezone import now

from appointments.rosters import losses, shifts


@shared_task
def expand_patterns():
    """Make the shifts of every pattern some weeks ahead."""
    shifts.expand_all(at=now())


@shared_task
def settle_lost():
    """Find and settle appointments that lost their officer."""
    losses.settle_waiting(at=now())
