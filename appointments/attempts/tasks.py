"""Work of the tries that a worker does."""

from celery import shared_task
from django.utils.timezone import now

from appointments.attempts import tries


@shared_task
def raise_due():
    """Put every try that is due before a person."""
    tries.raise_due(at=now())
