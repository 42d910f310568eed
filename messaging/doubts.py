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
    answer, asked = None, True
    if notification.sent_to and transport is not None:
        try:
            answer = transport.find(
                parcel_of(notification), notification.queued_at, _Others(notification)
            )
        except TryLater:
            asked = False

    with transaction.atomic():
        row = settling.lock(pk)
        if row.status != Status.UNCERTAIN:
            return  # a receipt came in the meantime
        believed_from = row.claimed_at + LIST_IS_COMPLETE_AFTER
        if answer is not None and _is_alike_on_its_way(row):
            # It may be that one's, whose answer will say so: the two cannot be told apart.
            _look_again(row, at + settling.FIRST_LOOK_AFTER, at=at)
        elif answer is not None and settling.is_anothers(row, answer.provider_id):
            _look_again(row, at, at=at)  # given to another meanwhile: there may be one more
        elif answer is not None:
            settling.arrived(row, answer, at=at)
        elif not asked:
            _look_again(row, at + timedelta(minutes=1), at=at)
        elif row.sent_to and at < believed_from:
            _look_again(row, believed_from, at=at)
        else:
            settling.certainly_not_taken(row, at=at)


class _Others:
    """The provider's ids that answer for another notification, whosever: asked for one by one.

    Two can read alike, to one person or to several who have one number. Which of the provider's
    messages answers for which makes no difference; that each answers for one does.
    """

    def __init__(self, notification):
        self._others = Notification.objects.exclude(pk=notification.pk)

    def __contains__(self, provider_id):
        return self._others.filter(provider_id=provider_id).exists()


def _is_alike_on_its_way(row):
    """Whether a worker has the same words to the same address in its hands."""
    others = Notification.objects.filter(
        status=Status.SENDING, channel=row.channel, template=row.template
    )
    # Both are kept encrypted: they can only be compared here.
    alike = others.exclude(pk=row.pk).only("sent_to", "body")
    return any((each.sent_to, each.body) == (row.sent_to, row.body) for each in alike)


def _look_again(row, when, *, at):
    if at - row.claimed_at > LOOK_FOR_AT_MOST:
        settling.fail(row, "no-answer", at=at)
    else:
        row.next_attempt_at = when
        row.save(update_fields=["next_attempt_at"])
