"""What the clock hands to a worker."""

from celery import shared_task
from django.utils.timezone import now

from triage.shifts import duty


@shared_task
def let_go():
    """Mark as away whoever was not heard of for too long."""
    duty.let_go(at=now())
