"""Nobody is silently uninformed: what is not decided in time goes another way, or to a person.

``Notification.look_at`` says when to look: five minutes after it was due or sent, and half an hour
before it must have arrived. A provider that knows more is asked first; a link that was opened has
arrived, whatever the receipts say.
"""

import time
from datetime import datetime, timedelta

from django.db import connection, transaction

from messaging import settling
from messaging.models import SOCIAL, Channel, Notification
from messaging.sending import LEASE, transport_for
from victimcontact.lib import one_by_one
from victimcontact.people.models import Visit

Status = Notification.Status
MOST_AT_ONCE = 50


def look(*, at: datetime | None = None, until: float | None = None) -> int:
    """Look at what should be decided by now; how many that was, ``MOST_AT_ONCE`` at most.

    Several may look at once: each takes its own. ``at`` of None is the database's now; ``until``,
    by ``time.monotonic``, ends it early.
    """
    looked = 0
    while looked < MOST_AT_ONCE and (until is None or time.monotonic() < until):
        found = _next(at)
        if found is None:
            break
        # It was taken for a while, and is looked at again: one that breaks stops no other.
        one_by_one.each(lambda one: _look_at(*one), [found])
        looked += 1
    return looked


def _next(at):
    """Take one that is due, so that no other looks at it meanwhile: (id, now)."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            update messaging_notification
            set look_at = coalesce(%(at)s, statement_timestamp()) + %(lease)s
            where id = (
                select id from messaging_notification
                where look_at <= coalesce(%(at)s, statement_timestamp())
                order by look_at limit 1 for update skip locked
            )
            returning id, coalesce(%(at)s, statement_timestamp())
            """,
            {"at": at, "lease": LEASE},
        )
        return cursor.fetchone()


def _look_at(pk, at):
    seen = Notification.objects.get(pk=pk)
    answer = None
    if seen.status == Status.SENT and seen.provider_id and seen.channel != Channel.EMAIL:
        transport = transport_for(seen.channel)
        # No transaction is open while the provider is asked.
        answer = transport and transport.status_of(seen.provider_id, seen.sender)
    with transaction.atomic():
        row = settling.lock(pk)
        if answer is not None and answer.status != Status.SENT:
            settling.arrived(row, answer, at=at)
        if row.status not in (*Notification.OPEN, Status.SENT) or row.look_at is None:
            return
        if _was_opened(row):
            row.look_at = None
            row.save(update_fields=["look_at"])
            return
        settling.follow_up(row, _why(row, at), at=at)


def _was_opened(row):
    """Whether somebody with the agreed word came in by a link about the same, since it was sent."""
    return (
        row.sent_at is not None
        and row.about_id is not None
        and row.channel not in SOCIAL
        and Visit.objects.filter(link__about_id=row.about_id, opened_at__gte=row.sent_at).exists()
    )


def _why(row, at):
    if row.needed_by is not None and row.needed_by <= at:
        return settling.ARRIVAL_REASONS["needed"]
    reasons = {Status.SENT: "no-receipt", Status.UNCERTAIN: "uncertain"}
    return settling.ARRIVAL_REASONS[reasons.get(row.status, "not-sent")]


def undecided_since(at: datetime) -> timedelta | None:
    """How long the oldest that should have been looked at has waited; None when none does."""
    oldest = (
        Notification.objects.filter(look_at__lte=at)
        .order_by("look_at")
        .values_list("look_at", flat=True)
        .first()
    )
    return None if oldest is None else at - oldest
