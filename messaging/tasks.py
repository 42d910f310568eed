"""What a service hands to a worker. A task lost or repeated does no harm: rows are the truth."""

from celery import shared_task

from messaging import sending

MOST_AT_ONCE = 100


@shared_task
def send_due():
    """Send what is due. After a hundred the rest goes to a new task, so that others get a turn."""
    for _ in range(MOST_AT_ONCE):
        if not sending.send_next():
            return
    send_due.delay()
