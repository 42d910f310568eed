"""Real workers of Celery: how they are woken, waited for and killed."""

import signal
import time

from victimcontact.celery import app as celery_app

PATIENCE_SECONDS = 60


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def nudge(task, broker):
    """Put ``task`` into the workers' queue, as a service or the clock would."""
    with celery_app.connection_for_write(broker) as link:
        task.apply_async(connection=link)


def until(condition, what, seconds=PATIENCE_SECONDS):
    """Wait for ``condition()``; how many seconds it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"Waited in vain until {what}"
        time.sleep(0.05)
    return time.monotonic() - began
