"""Which sender carries the next texts, how fast, and when one is left alone for a while.

A row for each sender is shared by all workers. After three failures in a row a sender is shut and
everything goes by the other; when the time is over, one text goes to try it. A pace that was
agreed is kept by handing out moments: each worker is given the next free ones.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from messaging.models import Sender
from messaging.transports import Way

FAILURES_TO_SHUT = 3
SHUT_FIRST = timedelta(seconds=30)
SHUT_LONGEST = timedelta(minutes=5)
# A worker holds what is to go within this; what would wait longer goes back to the queue.
LONGEST_WAIT = timedelta(seconds=2)
SLOWER_FOR = timedelta(seconds=2)  # after the provider said that we are too fast
NOTE_AGAIN_AFTER = timedelta(seconds=10)


@dataclass(frozen=True)
class Slots:
    """When ``count`` parcels may go by ``way``: the first in ``wait`` seconds, then ``gap`` apart.

    ``is_granted`` is False where the wait is too long: then nothing was taken.
    """

    wait: float
    gap: float
    is_granted: bool


def choose(ways: tuple[Way, ...], avoid: list[str]) -> list[Way]:
    """A way for each parcel. ``avoid`` names, for each, the sender that failed it last, or "".

    With every way shut the first is as good as any: nobody gives up because of a guess.
    """
    if len(ways) == 1:
        return [ways[0]] * len(avoid)
    shut = _shut(ways)
    is_open = [way for way in ways if way.name not in shut]
    probed = _to_try(ways, shut) if shut and avoid else None
    chosen = []
    for name in avoid:
        others = [way for way in is_open if way.name != name]
        chosen.append((others or is_open or list(ways))[0])
    if probed is not None:
        chosen[0] = probed
    return chosen


def _shut(ways):
    """Names of those to leave alone, and whether their time is over: {name: is_over}."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select name, shut_until <= statement_timestamp() from messaging_sender"
            " where name = any(%s) and shut_until is not null",
            [[way.name for way in ways]],
        )
        return dict(cursor.fetchall())


def _to_try(ways, shut):
    """A way whose time is over, if this worker is the one to try it."""
    for way in ways:
        if shut.get(way.name):
            with connection.cursor() as cursor:
                cursor.execute(
                    "update messaging_sender set shut_until = statement_timestamp() + %s"
                    " where name = %s and shut_until <= statement_timestamp()",
                    [SHUT_FIRST, way.name],
                )
                if cursor.rowcount:
                    return way
    return None


def reserve(way: Way, count: int) -> Slots:
    """Take the next ``count`` moments at which the way's pace lets something go."""
    if way.per_second is None:
        return Slots(0, 0, is_granted=True)
    gap = 1 / way.per_second
    with connection.cursor() as cursor:
        cursor.execute(
            """
            insert into messaging_sender as s (name, failures, last_error, next_free_at)
            values (%(name)s, 0, '', statement_timestamp() + %(length)s)
            on conflict (name) do update
              set next_free_at = greatest(s.next_free_at, statement_timestamp()) + %(length)s
              where s.next_free_at is null
                or s.next_free_at <= statement_timestamp() + %(longest)s
            returning extract(epoch from next_free_at - statement_timestamp() - %(length)s)
            """,
            {"name": way.name, "length": timedelta(seconds=gap * count), "longest": LONGEST_WAIT},
        )
        row = cursor.fetchone()
        if row is not None:
            return Slots(max(float(row[0]), 0), gap, is_granted=True)
        cursor.execute(
            "select extract(epoch from next_free_at - statement_timestamp())"
            " from messaging_sender where name = %s",
            [way.name],
        )
        return Slots(max(float(cursor.fetchone()[0]), 0), gap, is_granted=False)


def most_at_once(ways: tuple[Way, ...]) -> int | None:
    """How many a worker may take from the queue in one go, by pace: a second's worth. Or None."""
    paces = [way.per_second for way in ways if way.per_second is not None]
    return max(1, int(min(paces))) if paces else None


@transaction.atomic
def note(tries: list[tuple[Way, str, bool]]) -> None:
    """Keep how tries ended: (way, error code or "" for any clear answer, whether it was too fast).

    In any order: one answer among failures means that the sender lives.
    """
    for way in sorted({way for way, _, _ in tries if way.is_watched}, key=lambda way: way.name):
        mine = [(code, too_fast) for name, code, too_fast in tries if name == way]
        if any(too_fast for _, too_fast in mine):
            _slow_down(way)
        failed = [code for code, too_fast in mine if code and not too_fast]
        if len(failed) == len(mine):
            _failed(way, len(failed), failed[-1])
        else:
            _answered(way)


def _answered(way):
    with connection.cursor() as cursor:
        # Seldom: a row that every text wrote to would hold them all up.
        cursor.execute(
            """
            insert into messaging_sender as s (name, failures, last_error, last_answered_at)
            values (%(name)s, 0, '', statement_timestamp())
            on conflict (name) do update
              set failures = 0, shut_until = null, last_answered_at = statement_timestamp()
              where s.failures > 0 or s.shut_until is not null or s.last_answered_at is null
                or s.last_answered_at < statement_timestamp() - %(again)s
            """,
            {"name": way.name, "again": NOTE_AGAIN_AFTER},
        )


def _failed(way, count, code):
    sender, _ = Sender.objects.select_for_update().get_or_create(name=way.name)
    at = now()
    was_shut = sender.shut_until is not None
    sender.failures = min(sender.failures + count, 1_000)
    sender.last_error, sender.last_failed_at = code[:20], at
    if sender.failures >= FAILURES_TO_SHUT:
        over = (sender.failures - FAILURES_TO_SHUT) // FAILURES_TO_SHUT if was_shut else 0
        sender.shut_until = at + min(SHUT_FIRST * 2 ** min(over, 6), SHUT_LONGEST)
    sender.save()


def _slow_down(way):
    sender, _ = Sender.objects.select_for_update().get_or_create(name=way.name)
    at = now()
    sender.next_free_at = max(sender.next_free_at or at, at + SLOWER_FOR)
    sender.save(update_fields=["next_free_at"])


def now() -> datetime:
    """By the database's clock, which all workers share."""
    with connection.cursor() as cursor:
        cursor.execute("select statement_timestamp()")
        return cursor.fetchone()[0]
