"""Decides from look to look whether video is down or well again.

One slow answer is no outage, and one good answer is no recovery: a person is not told two things
in a minute. Began and told stay below a minute together.
"""

from contextlib import contextmanager

from django.db import connection
from django.utils import timezone

from appointments.standby import outages, signalling
from messaging import pump

DOWN_AFTER = 2  # looks in a row that found trouble
WELL_AFTER = 6  # looks in a row that found none
LOCK = 0x766375  # its number among the database's advisory locks
SECONDS_OF_SENDING = 3.0


class Watcher:
    """Counts looks. ``ask`` gives the trouble there is now, "" for none."""

    def __init__(self, ask=signalling.trouble):
        self.ask = ask
        self.in_trouble = self.well = 0
        self.since = None

    def look(self) -> None:
        """Ask once, and begin, cover or end an outage where the looks in a row say so."""
        asked_at = timezone.now()
        why = self.ask()
        if why:
            self.since = self.since if self.in_trouble else asked_at
            self.in_trouble, self.well = self.in_trouble + 1, 0
        else:
            self.in_trouble, self.well = 0, self.well + 1
        with _alone() as is_alone:
            if is_alone:
                self._act(why)
        if why:
            # Whom it tells is told now: the worker may stand on what is down.
            pump.run(SECONDS_OF_SENDING)

    def _act(self, why):
        at = timezone.now()
        outage = outages.current()
        if outage is None and self.in_trouble >= DOWN_AFTER:
            outage = outages.begin(why=why, since=self.since, at=at)
        if outage is None:
            return
        if self.well >= WELL_AFTER:
            outages.end(outage, at=at)
        else:
            outages.cover(outage, at=at)


@contextmanager
def _alone():
    """Whether no other watcher acts; on two hosts each looks, one acts."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s)", [LOCK])
        is_alone = cursor.fetchone()[0]
    try:
        yield is_alone
    finally:
        if is_alone and connection.connection is not None:
            with connection.cursor() as cursor:
                cursor.execute("select pg_advisory_unlock(%s)", [LOCK])
