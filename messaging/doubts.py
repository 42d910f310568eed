"""What a dead worker left, and what an answer never came to: the provider's list is asked."""

from datetime import timedelta

from django.db import connection, transaction

from messaging import settling
from messaging.models import Notification
from messaging.sending import LEASE, parcel_of, transport_for
from messaging.transports import TryLater

Status = Notification.Status
# How long after a lost answer the provider's list is believed when it does not show the message.
LIST_IS_COMPLETE_AFTER = timedelta(minutes=2)
# While the provider cannot be asked at all, an uncertain text waits this long for a person.
LOOK_FOR_AT_MOST = timedelta(hours=2)
MOST_EXPIRED = 1_000


def expire_claims() -> int:
    """Mark as uncertain what was claimed so long ago that its worker must be dead; how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            update messaging_notification
            set status = 'uncertain', next_attempt_at = statement_timestamp(),
                error_code = 'lost-worker'
            where id in (
                select id from messaging_notification
                where status = 'sending' and claimed_at < statement_timestamp() - %s
                limit %s for update skip locked
            )
            """,
            [LEASE, MOST_EXPIRED],
        )
        return cursor.rowcount


def reconcile_next() -> bool:
    """Ask the provider about one uncertain notification. False when none is due to be asked."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(
            """
            update messaging_notification
            set next_attempt_at = statement_timestamp() + %s
            where id = (
                select id from messaging_notification
                where status = 'uncertain' and next_attempt_at <= statement_timestamp()
                order by next_attempt_at limit 1 for update skip locked
            )
            returning id, statement_timestamp()
            """,
            [LEASE],
        )
        found = cursor.fetchone()
    if found is None:
        return False
    _reconcile(*found)
    return True


def _reconcile(pk, at):
    notification = Notification.objects.select_related("force", "account").get(pk=pk)
    transport = transport_for(notification.channel)
    # Two notices can read alike: what is known to be another's is not this one's.
    others = set(
        Notification.objects.filter(contact_id=notification.contact_id)
        .exclude(pk=pk)
        .exclude(provider_id="")
        .values_list("provider_id", flat=True)
    )
    answer, asked = None, True
    if notification.sent_to and transport is not None:
        try:
            answer = transport.find(parcel_of(notification), notification.queued_at, others)
        except TryLater:
            asked = False

    with transaction.atomic():
        row = settling.lock(pk)
        if row.status != Status.UNCERTAIN:
            return  # a receipt came in the meantime
        believed_from = row.claimed_at + LIST_IS_COMPLETE_AFTER
        if answer is not None:
            settling.arrived(row, answer, at=at)
        elif not asked:
            _look_again(row, at + timedelta(minutes=1), at=at)
        elif row.sent_to and at < believed_from:
            _look_again(row, believed_from, at=at)
        else:
            settling.certainly_not_taken(row, at=at)


def _look_again(row, when, *, at):
    if at - row.claimed_at > LOOK_FOR_AT_MOST:
        settling.fail(row, "no-answer", at=at)
    else:
        row.next_attempt_at = when
        row.save(update_fields=["next_attempt_at"])
