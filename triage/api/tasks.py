"""What is handed to a worker. A task lost or repeated does no harm: the rows are the truth."""

import logging

from celery import shared_task
from django.utils.timezone import now

from triage.api import delivering, idempotency

logger = logging.getLogger(__name__)
MOST_AT_ONCE = 50


@shared_task
def deliver_due():
    """Carry what is due. After fifty the rest goes to a new task, so that others get a turn."""
    delivering.give_up_old(now())
    for _ in range(MOST_AT_ONCE):
        if not delivering.deliver_next():
            return
    deliver_due.delay()


@shared_task
def forget_answers():
    idempotency.forget(now())


def wake():
    """Ask a worker to look now. Where the broker is lost, the next sweep finds it."""
    try:
        deliver_due.delay()
    except Exception as error:
        logger.warning("Nobody was woken: %s. The sweep will find it", type(error).__name__)
