"""What the clock hands to a worker. A task is a nudge: the rows say what is late."""

import contextlib
from datetime import timedelta

from celery import shared_task
from celery.signals import worker_ready
from django.utils.timezone import now
from kombu.exceptions import OperationalError

from triage import jobs


@shared_task
def raise_late_reviews():
    """Raise what is late, and arrange to look again at each second at which something will be."""
    at = now()
    raise_what_is_late()
    for moment in jobs.moments_ahead(at):
        raise_what_is_late.apply_async(eta=moment, expires=moment + timedelta(minutes=1))


@shared_task
def raise_what_is_late():
    """Raise what is late now."""
    if jobs.raise_late_reviews(now()) >= jobs.MOST_AT_ONCE:
        raise_what_is_late.delay()


@worker_ready.connect
def look_at_once(**_):
    """A worker that comes back does not wait for beat: what fell due meanwhile is late now."""
    with contextlib.suppress(OperationalError):
        raise_late_reviews.delay()
