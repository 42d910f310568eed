"""How the way out fares: what waits, how long texts waited, which senders answer, what was proved.

Numbers only: nothing here says whom a text is for or what it is about.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils.timezone import localtime

from messaging import outbox, proofs, watching
from messaging.models import Notification, Proof, Sender
from messaging.sending import ways_here

Status = Notification.Status
TOO_OLD = timedelta(minutes=2)  # the sweep comes every 15 seconds
SHOWN, EACH = timedelta(hours=3), timedelta(minutes=5)
BOOKINGS = "bookings"


@dataclass(frozen=True)
class Health:
    """``problems`` are sentences; none means that all is well."""

    at: datetime
    oldest: timedelta | None  # how long the oldest due one has waited
    undecided: timedelta | None  # how long the oldest that nobody looked at is overdue
    waiting: int
    by_state: dict[Status, int]  # of the last day, and of all that is still open
    failing: list[tuple[str, int]]  # (reason, how many) of the last day
    senders: list["SenderHealth"]
    proof: Proof | None
    problems: list[str]


@dataclass(frozen=True)
class SenderHealth:
    """One sender. ``state``: "open", "shut" (left alone) or "unused"."""

    name: str
    state: str
    failures: int = 0
    last_error: str = ""
    last_failed_at: datetime | None = None
    last_answered_at: datetime | None = None
    shut_until: datetime | None = None
    is_watched: bool = True  # its failures are counted


@dataclass(frozen=True)
class Column:
    """Five minutes: how many left, and how long the slowest of them had waited, in seconds."""

    since: datetime
    count: int
    slowest: float


def look(at: datetime) -> Health:
    """Everything, in a handful of queries whatever the past holds."""
    oldest, undecided = outbox.oldest_waiting(), watching.undecided_since(at)
    senders, proof = _senders(), proofs.latest(BOOKINGS)
    by_state = _by_state(at)
    return Health(
        at=at,
        oldest=oldest,
        undecided=undecided,
        waiting=sum(by_state.get(status, 0) for status in Notification.OPEN),
        by_state=by_state,
        failing=_failing(at),
        senders=senders,
        proof=proof,
        problems=[*_late(oldest, undecided), *_shut(senders), *_unproved(proof, at)],
    )


def history(at: datetime) -> list[Column]:
    """The last three hours, five minutes at a time, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select floor(extract(epoch from %(at)s - sent_at) / %(each)s)::int, count(*),
                   max(extract(epoch from sent_at - least(next_attempt_at, sent_at)))
            from messaging_notification
            where id >= %(first)s and sent_at > %(at)s - %(shown)s and sent_at <= %(at)s
            group by 1
            """,
            {"at": at, "each": EACH.total_seconds(), "shown": SHOWN, "first": _first_id(at, SHOWN)},
        )
        found = {back: (count, float(slowest)) for back, count, slowest in cursor.fetchall()}
    backs = range(int(SHOWN / EACH) - 1, -1, -1)
    return [Column(at - EACH * (back + 1), *found.get(back, (0, 0.0))) for back in backs]


def _first_id(at, back):
    """Keys are in order of time: where the rows of that time begin, by the primary key alone."""
    return str(uuid.UUID(int=int((at - back).timestamp() * 1000) << 80))


def _by_state(at):
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select status, count(*) from messaging_notification
            where id >= %(first)s and status not in ('queued', 'sending', 'uncertain')
            group by status
            union all
            select status, count(*) from messaging_notification
            where status in ('queued', 'sending', 'uncertain') group by status
            """,
            {"first": _first_id(at, timedelta(days=1))},
        )
        return {Status(status): count for status, count in cursor.fetchall()}


def _failing(at):
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select error_code, count(*) from messaging_notification
            where id >= %s and status in ('failed', 'undelivered')
            group by error_code order by count(*) desc, error_code limit 8
            """,
            [_first_id(at, timedelta(days=1))],
        )
        return cursor.fetchall()


def _senders():
    known = {sender.name: sender for sender in Sender.objects.all()}
    return [
        _one_sender(way.name, known.get(way.name)) if way.is_watched else _not_watched(way.name)
        for way in ways_here()
    ]


def _not_watched(name):
    """Nothing is kept of how its tries end: what went by it says when it was used last."""
    sent = Notification.objects.filter(sender=name, sent_at__isnull=False).order_by("-pk")
    last = sent.values_list("sent_at", flat=True).first()
    state = "unused" if last is None else "open"
    return SenderHealth(name, state, last_answered_at=last, is_watched=False)


def _one_sender(name, sender):
    if sender is None:
        return SenderHealth(name, "unused")
    return SenderHealth(
        name,
        "shut" if sender.shut_until is not None else "open",
        sender.failures,
        sender.last_error,
        sender.last_failed_at,
        sender.last_answered_at,
        sender.shut_until,
    )


def _late(oldest, undecided):
    if oldest is not None and oldest > TOO_OLD:
        yield f"The oldest text has waited {_minutes(oldest)}. Is a worker running?"
    if undecided is not None and undecided > TOO_OLD:
        yield f"Nobody has looked at undecided texts for {_minutes(undecided)}. Is beat running?"


def _shut(senders):
    shut = [sender.name for sender in senders if sender.state == "shut"]
    for name in shut:
        yield f"The sender “{name}” does not answer, and is tried again every few minutes."
    if shut and len(shut) == len(senders):
        yield "No sender answers. Ring whoever must know."


def _unproved(proof, at):
    if proof is not None and at - proof.ran_at > proofs.RUNS_WITHIN:
        yield f"Bookings and texts were last compared on {localtime(proof.ran_at):%-d %B at %H:%M}."
    elif (
        proof is None
        and Notification.objects.filter(pk__lt=_first_id(at, proofs.RUNS_WITHIN)).exists()
    ):
        yield "Bookings and texts were never compared."
    if proof is not None and proof.difference_count:
        yield f"Bookings and texts differ in {proof.difference_count} places: see the tasks."


def _minutes(length):
    minutes = int(length.total_seconds() // 60)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"
