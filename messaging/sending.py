"""The one way out. Every text and e-mail leaves the house through ``send_next``.

A worker claims a row by one statement and commits; asks the contact plan at that moment; calls the
provider outside any transaction; settles what came of it. A try that may or may not have arrived
is UNCERTAIN: the provider's own list is asked before there is another. Claims and their ends
compare with the database's clock.
"""

import logging
import random
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import connection, transaction

from messaging import inbox, staff_tasks
from messaging.asking import HELD_REASONS, address_of, ask_plan, kept
from messaging.models import SOCIAL, Channel, Notification, Receipt, StaffTask
from messaging.signals import notification_settled
from messaging.transports import (
    Accepted,
    Parcel,
    Refused,
    TryLater,
    Unknown,
    email,
    handset,
    is_handset_allowed,
    twilio,
)
from victimcontact.audit import ledger
from victimcontact.people import safe_contact

logger = logging.getLogger(__name__)
Status = Notification.Status

# No call takes as long as this: a claim this old was left by a worker that died.
LEASE = timedelta(minutes=2)
# How long after a lost answer the provider's list is believed when it does not show the message.
LIST_IS_COMPLETE_AFTER = timedelta(minutes=2)
FIRST_LOOK_AFTER = timedelta(seconds=15)
FIRST_RETRY_AFTER = timedelta(seconds=15)
LONGEST_RETRY_AFTER = timedelta(minutes=15)
MOST_ATTEMPTS = 10  # about an hour, then a person is told
# While the provider cannot be asked at all, an uncertain text waits this long for a person.
LOOK_FOR_AT_MOST = timedelta(hours=2)
RECEIPT_EXPECTED_WITHIN = timedelta(minutes=5)
RECEIPT_ASKED_FOR = timedelta(days=1)

# Why a text did not arrive, by the provider's code. Source: Twilio's error dictionary.
ARRIVAL_REASONS = {
    "21211": "The number is not a telephone number.",
    "21408": "Texts to this country are switched off.",
    "21610": "The person asked this number for no more texts.",
    "21614": "The number cannot receive texts.",
    "30003": "The phone is switched off or out of reach.",
    "30004": "The phone or its network refuses our texts.",
    "30005": "The number is not in use.",
    "30006": "The number is a landline, or its network takes no texts.",
    "30007": "The network took the text for spam.",
    "30008": "The network did not say why.",
    "63003": "The account cannot be written to.",
    "63016": "A day has gone by since they wrote: WhatsApp takes no answer any more.",
    "30036": "The text was not delivered in time to be of use.",
    "no-provider": "No provider is set up to send this.",
    "attempts": "It was tried for an hour without success.",
    "no-answer": "The provider cannot be asked whether it was sent. It may have arrived.",
    "no-receipt": "Nothing was heard of it for five minutes. It may have arrived.",
}


# Sending


def send_next() -> bool:
    """Claim the next due notification, if there is one, and carry it as far as it goes.

    False when nothing was due. Never called inside a transaction (RuntimeError).
    """
    claim = uuid4().hex
    with transaction.atomic(durable=True):
        pk = _claim(claim)
    if pk is None:
        return False
    _send_claimed(pk, claim)
    return True


def _claim(claim):
    # statement_timestamp(), not clock_timestamp(): a volatile function would not use the index.
    with connection.cursor() as cursor:
        cursor.execute(
            """
            update messaging_notification
            set status = 'sending', claimed_at = statement_timestamp(), claimed_by = %s,
                attempts = attempts + 1
            where id = (
                select id from messaging_notification
                where status = 'queued' and next_attempt_at <= statement_timestamp()
                order by next_attempt_at limit 1 for update skip locked
            )
            returning id
            """,
            [claim],
        )
        row = cursor.fetchone()
    return row and row[0]


def _send_claimed(pk, claim):
    notification = Notification.objects.select_related(
        "contact__merged_into", "force", "account__contact"
    ).get(pk=pk)
    at = notification.claimed_at
    if notification.useful_until is not None and notification.useful_until <= at:
        return _settle(pk, claim, drop, "too-late", at=at)
    answer = ask_plan(
        notification.contact,
        notification.channel,
        at,
        words=f"{notification.subject}\n{notification.body}",
        account=notification.account,
    )
    if isinstance(answer, safe_contact.Held):
        return _settle(pk, claim, hold, str(answer.reason), at=at)
    if isinstance(answer, safe_contact.NotBefore):
        return _settle(pk, claim, _wait_for_safe_hour, answer.at, at=at)

    transport = transport_for(notification.channel)
    if transport is None:
        return _settle(pk, claim, _fail, "no-provider", at=at)
    notification.sent_to = address_of(
        kept(notification.contact), notification.channel, notification.account
    )
    # The last look before it leaves: a worker that slept through its lease has lost the row.
    mine = Notification.objects.filter(pk=pk, claimed_by=claim, status=Status.SENDING)
    if not mine.update(sent_to=notification.sent_to):
        return None

    try:
        accepted = transport.send(_parcel(notification, until=answer.until, at=at))
    except Refused as refusal:
        return _settle(pk, claim, _refused, refusal, at=at)
    except TryLater as failure:
        return _settle(pk, claim, _retry, failure.code, at=at)
    except Unknown as failure:
        return _settle(pk, claim, _doubt, failure.code, at=at)
    except Exception as error:  # whatever it was, it may have happened after the text was taken
        logger.error("Sending %s broke with %s", pk, type(error).__name__)
        return _settle(pk, claim, _doubt, "broke", at=at)
    return _settle(pk, claim, arrived, accepted, at=at, even_if_lost=True)


def transport_for(channel: str):
    """The module that carries ``channel`` here, or None when none is set up."""
    if channel != Channel.EMAIL and twilio.is_configured():
        return twilio
    if channel == Channel.EMAIL and email.is_configured():
        return email
    return handset if is_handset_allowed() else None


def _parcel(notification, *, until=None, at=None):
    ends = [moment for moment in (until, notification.useful_until) if moment is not None]
    return Parcel(
        id=notification.pk,
        to=notification.sent_to,
        body=notification.body,
        subject=notification.subject,
        sender=_sender(notification),
        valid_seconds=int((min(ends) - at).total_seconds()) if ends and at else None,
    )


def _sender(notification):
    """A force's neutral name; on WhatsApp and Messenger the address that the person wrote to."""
    if notification.channel in SOCIAL:
        return notification.account.written_to
    return notification.force.sender


@transaction.atomic
def _settle(pk, claim, change, what, *, at, even_if_lost=False):
    """Lock the row and apply ``change(row, what)`` to it, if this worker still holds it.

    That something was accepted is true whoever holds the row by now (``even_if_lost``).
    """
    row = lock(pk)
    if even_if_lost or (row.claimed_by == claim and row.status == Status.SENDING):
        change(row, what, at=at)


def lock(pk) -> Notification:
    """The notification, its row locked until the transaction ends."""
    return (
        Notification.objects.select_for_update(of=("self",))
        .select_related("contact", "force", "account")
        .get(pk=pk)
    )


# What may become of a locked row


def arrived(row: Notification, accepted: Accepted, *, at: datetime) -> bool:
    """The provider has it: record its id and how far it got. False when that is nothing new.

    Where it came to nothing after all, a person is told.
    """
    if row.provider_id and row.provider_id != accepted.provider_id:
        logger.error("Notification %s was taken twice by the provider", row.pk)
        return False
    row.provider_id = accepted.provider_id
    if not _move(row, Status(accepted.status), at=at, error_code=accepted.error_code):
        # Known already, or further on: only the id may be news.
        row.save(update_fields=["provider_id"])
        return False
    if row.status == Status.UNDELIVERED:
        code = row.error_code or "30008"
        _tell(row, StaffTask.Kind.TEXT_FAILED, arrival_reason(code), at=at)
        _heed_opt_out(row, opted_out=code in twilio.OPTED_OUT, at=at)
    return True


def hold(row: Notification, reason: str, *, at: datetime) -> None:
    """Keep it back and tell a person why."""
    if _move(row, Status.HELD, at=at, held_reason=reason):
        _tell(row, StaffTask.Kind.TEXT_HELD, HELD_REASONS[reason], at=at)


def drop(row: Notification, code: str, *, at: datetime, tell_staff: bool = True) -> None:
    """Give it up because it is no longer of use."""
    if _move(row, Status.DROPPED, at=at, error_code=code) and tell_staff:
        _tell(
            row,
            StaffTask.Kind.TEXT_DROPPED,
            "It could not be sent in time to be of use. Reach the person another safe way.",
            at=at,
        )


def let_go(row: Notification, *, at: datetime) -> bool:
    """Put a held one back in the queue; the plan is asked again. False when it is not held."""
    if row.status != Status.HELD:
        return False
    row.attempts, row.settled_at = 0, None
    return _move(row, Status.QUEUED, at=at, next_attempt_at=at, held_reason="")


def _fail(row, code, *, at):
    if _move(row, Status.FAILED, at=at, error_code=code):
        _tell(row, StaffTask.Kind.TEXT_FAILED, arrival_reason(code), at=at)


def _refused(row, refusal, *, at):
    _fail(row, refusal.code, at=at)
    _heed_opt_out(row, opted_out=refusal.opted_out, at=at)


def _heed_opt_out(row, *, opted_out, at):
    if opted_out and row.channel == Channel.SMS:
        inbox.mark_texts_unsafe(row.sent_to, at=at)


def _retry(row, code, *, at):
    """Wait and try again; to a known end."""
    if row.attempts >= MOST_ATTEMPTS:
        return _fail(row, "attempts", at=at)
    wait = min(FIRST_RETRY_AFTER * 2 ** (row.attempts - 1), LONGEST_RETRY_AFTER)
    wait *= random.uniform(0.75, 1.25)  # noqa: S311 - spreads a crowd, keeps no secret
    next_attempt_at = at + wait
    if row.useful_until is not None and next_attempt_at >= row.useful_until:
        return drop(row, code, at=at)
    _move(row, Status.QUEUED, at=at, next_attempt_at=next_attempt_at, error_code=code)
    return None


def _wait_for_safe_hour(row, opens_at, *, at):
    if row.useful_until is not None and opens_at >= row.useful_until:
        return drop(row, "no-safe-hour", at=at)
    row.attempts -= 1  # nothing was tried
    _move(row, Status.QUEUED, at=at, next_attempt_at=opens_at)
    return None


def _doubt(row, code, *, at):
    _move(row, Status.UNCERTAIN, at=at, next_attempt_at=at + FIRST_LOOK_AFTER, error_code=code)


def _move(row, status, *, at, **fields) -> bool:
    """Change a locked row's status where TRANSITIONS lets it, record and announce it."""
    if status not in Notification.TRANSITIONS[row.status]:
        # A receipt for what was put back in the queue proves that it had been sent after all.
        was_sent = status in (Status.SENT, Status.DELIVERED, Status.UNDELIVERED)
        if not (row.status == Status.QUEUED and was_sent):
            return False
    row.status = status
    for name, value in fields.items():
        setattr(row, name, value)
    if status in (Status.SENT, Status.DELIVERED, Status.UNDELIVERED):
        row.sent_at = row.sent_at or at
    settled = status not in Notification.OPEN
    if settled:
        row.settled_at = at
    row.save()
    if settled:
        ledger.record(
            f"notification.{status}",
            about=row,
            at=at,
            template=row.template,
            channel=row.channel,
            code=row.error_code or row.held_reason,
        )
        notification_settled.send(sender=Notification, notification=row)
    return True


def _tell(row, kind, reason, *, at):
    staff_tasks.raise_task(
        kind,
        force=row.force,
        about=(row.about_type, row.about_id),
        reason=reason,
        at=at,
        notification=row,
    )


def arrival_reason(code: str) -> str:
    """Why a text did not arrive, as a sentence for staff."""
    return ARRIVAL_REASONS.get(code, f"The provider refused it (code {code}).")


# What a dead worker left, and what an answer never came to


def expire_claims() -> int:
    """Mark as uncertain what was claimed so long ago that its worker must be dead; how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            update messaging_notification
            set status = 'uncertain', next_attempt_at = statement_timestamp(),
                error_code = 'lost-worker'
            where status = 'sending' and claimed_at < statement_timestamp() - %s
            """,
            [LEASE],
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
            answer = transport.find(_parcel(notification), notification.queued_at, others)
        except TryLater:
            asked = False

    with transaction.atomic():
        row = lock(pk)
        if row.status != Status.UNCERTAIN:
            return  # a receipt came in the meantime
        believed_from = row.claimed_at + LIST_IS_COMPLETE_AFTER
        if answer is not None:
            arrived(row, answer, at=at)
        elif not asked:
            _look_again(row, at + timedelta(minutes=1), at=at)
        elif row.sent_to and at < believed_from:
            _look_again(row, believed_from, at=at)
        elif row.useful_until is not None and row.useful_until <= at:
            drop(row, "too-late", at=at)
        elif row.attempts >= MOST_ATTEMPTS:
            _fail(row, "attempts", at=at)
        else:
            _move(row, Status.QUEUED, at=at, next_attempt_at=at)


def _look_again(row, when, *, at):
    if at - row.claimed_at > LOOK_FOR_AT_MOST:
        _fail(row, "no-answer", at=at)
    else:
        row.next_attempt_at = when
        row.save(update_fields=["next_attempt_at"])


def ask_after_silence(at: datetime, *, most: int = 50) -> int:
    """Ask the provider about texts sent over five minutes ago of which nothing was heard.

    Where it does not know either, a person is told, once. Returns how many were asked about.
    """
    silent = list(
        Notification.objects.filter(
            status=Status.SENT,
            channel=Channel.SMS,
            sent_at__lt=at - RECEIPT_EXPECTED_WITHIN,
            sent_at__gt=at - RECEIPT_ASKED_FOR,
            tasks=None,
        ).order_by("sent_at")[:most]
    )
    for notification in silent:
        transport = transport_for(notification.channel)
        answer = transport and transport.status_of(notification.provider_id)
        with transaction.atomic():
            row = lock(notification.pk)
            if answer is not None and answer.status != Status.SENT:
                arrived(row, answer, at=at)
            elif row.status == Status.SENT:
                _tell(row, StaffTask.Kind.TEXT_FAILED, ARRIVAL_REASONS["no-receipt"], at=at)
    return len(silent)


# Receipts


@transaction.atomic
def receive_receipt(
    notification_id, *, provider_id: str, provider_status: str, error_code: str, at: datetime
) -> bool:
    """Take in what the provider says of a notification; late, repeated or out of order.

    Each distinct receipt is kept once. True when the notification's status changed. Raises
    Notification.DoesNotExist.
    """
    row = lock(notification_id)
    Receipt.objects.bulk_create(
        [
            Receipt(
                notification=row,
                provider_status=provider_status,
                error_code=error_code,
                received_at=at,
            )
        ],
        ignore_conflicts=True,
    )
    status = twilio.TWILIO_STATUS.get(provider_status)
    if status is None or (row.provider_id and row.provider_id != provider_id):
        logger.warning("A receipt for %s fits nothing: %s", row.pk, provider_status[:20])
        return False
    return arrived(row, Accepted(provider_id, status, error_code), at=at)
