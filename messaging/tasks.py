"""What a service hands to a worker. A task lost or repeated does no harm: rows are the truth."""

from celery import shared_task

from messaging import pump


@shared_task
def send_due():
    """Send what is due. After a minute the rest goes to a new task, so that others get a turn."""
    if not pump.run():
        send_due.delay()
