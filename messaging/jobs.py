"""What the clock starts."""

from celery import shared_task
from django.utils import timezone

from messaging import inbox, sending

MOST_AT_ONCE = 100


@shared_task
def sweep():
    """Find what dead workers, lost nudges and lost answers left, and carry it on.

    Safe to run beside itself and beside any number of workers.
    """
    sending.expire_claims()
    for _ in range(MOST_AT_ONCE):
        if not sending.reconcile_next():
            break
    for _ in range(MOST_AT_ONCE):
        if not sending.send_next():
            break
    sending.ask_after_silence(timezone.now())
    inbox.hear_left(timezone.now())


# A sweep that waited in the queue longer than this has been overtaken by the next one.
BEAT = {
    "messaging.sweep": {
        "task": "messaging.jobs.sweep",
        "schedule": 15.0,
        "options": {"expires": 15},
    }
}
