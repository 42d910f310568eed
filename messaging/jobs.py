"""What the clock starts."""

import time
from contextlib import contextmanager, suppress
from functools import partial

from celery import shared_task
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from messaging import doubts, inbox, pump, watching
from victimcontact.lib import one_by_one

SWEEP_LOCK = 0x766374  # its number among the database's advisory locks
MOST_DOUBTS = 100
LONGEST_SECONDS = 10  # of asking the provider, in one sweep


@shared_task
def sweep():
    """Find what dead workers, lost nudges and lost answers left, and carry it on.

    One at a time in the whole house, whoever starts it; each part stops at a number or a time, and
    the next sweep goes on. Sending itself goes on beside it.
    """
    with _alone() as is_alone:
        if is_alone:
            ends = time.monotonic() + LONGEST_SECONDS
            parts = (
                doubts.expire_claims,
                partial(_ask_of_doubts, until=ends),
                partial(watching.look, until=ends),
                partial(inbox.hear_left, timezone.now()),
            )
            # What breaks one of them must not keep what is due from going out.
            one_by_one.each(lambda part: part(), parts)
    pump.run()


def _ask_of_doubts(until):
    for _ in range(MOST_DOUBTS):
        if time.monotonic() > until or not doubts.reconcile_next():
            break


@contextmanager
def _alone():
    """Whether no other sweep runs; while the block does, none begins. A dead one holds nothing."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s)", [SWEEP_LOCK])
        is_alone = cursor.fetchone()[0]
    try:
        yield is_alone
    finally:
        if is_alone:
            # A connection that broke took the lock with it.
            with suppress(OperationalError, InterfaceError), connection.cursor() as cursor:
                cursor.execute("select pg_advisory_unlock(%s)", [SWEEP_LOCK])


SWEEP_EVERY = settings.SWEEP_SECONDS
# A sweep that waited in the queue longer than this has been overtaken by the next one.
BEAT = {
    "messaging.sweep": {
        "task": "messaging.jobs.sweep",
        "schedule": SWEEP_EVERY,
        "options": {"expires": SWEEP_EVERY},
    }
}
