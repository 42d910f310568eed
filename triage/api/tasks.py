"""What is handed to a worker. A task lost or repeated does no harm: the rows are the truth."""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from celery import shared_task
from django.utils.timezone import now

from triage.api import delivering, idempotency

logger = logging.getLogger(__name__)
MOST_AT_ONCE = 50
LONGEST_RUN = 60.0  # seconds: each call may take ten


@shared_task
def deliver_due():
    """Carry what is due. After fifty, or a minute, a new task goes on: others get a turn."""
    delivering.give_up_old(now())
    ends = time.monotonic() + LONGEST_RUN
    for _ in range(MOST_AT_ONCE):
        if not delivering.deliver_next():
            return
        if time.monotonic() >= ends:
            break
    deliver_due.delay()


@shared_task
def forget_answers():
    idempotency.forget(now())


_bell = ThreadPoolExecutor(max_workers=1, thread_name_prefix="news")
_ring_waits = threading.Event()


def wake():
    """Have a worker look now, without waiting for the broker. A hint: the next sweep finds it."""
    if not _ring_waits.is_set():
        _ring_waits.set()
        _bell.submit(_ring)


def _ring():
    _ring_waits.clear()  # first: what commits during the ringing must ring again
    try:
        deliver_due.delay()
    except Exception as error:  # whatever the broker's client raises
        logger.warning("Nobody was woken: %s. The sweep will find it", type(error).__name__)
