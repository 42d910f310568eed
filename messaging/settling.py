"""What may become of a notification: every change of its status, recorded and announced.

Each function takes a locked row. What did not arrive goes by the next channel that is safe, or
else to a person; nobody is tried twice by one channel.
"""

import logging
import random
from datetime import datetime, timedelta

from django.db import connection, transaction

from messaging import inbox, staff_tasks, wording
from messaging.asking import HELD_REASONS, ask_plan, kept
from messaging.models import NOTICES, Channel, Notification, Receipt, StaffTask
from messaging.signals import notification_settled
from messaging.transports import Accepted, twilio_words
from messaging.writing import DECIDED_WITHIN, context_of, write
from victimcontact.audit import ledger
from victimcontact.people import safe_contact

logger = logging.getLogger(__name__)
Status = Notification.Status

FIRST_LOOK_AFTER = timedelta(seconds=15)
FIRST_RETRY_AFTER = timedelta(seconds=15)
LONGEST_RETRY_AFTER = timedelta(minutes=15)
MOST_ATTEMPTS = 10  # about an hour, then a person is told

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
    "broken": "Something in it cannot be read. Tell them another safe way, and tell support.",
    "no-provider": "No provider is set up to send this.",
    "attempts": "It was tried for an hour without success.",
    "no-answer": "The provider cannot be asked whether it was sent. It may have arrived.",
    "no-receipt": "Nothing was heard of it for five minutes. It may have arrived.",
    "not-sent": "It could not be sent for five minutes. It is still tried.",
    "uncertain": "It may have been sent: for five minutes nobody could say. It is still asked.",
    "needed": "Half an hour is left and it is not known to have arrived. Ring them.",
}


def lock(pk) -> Notification:
    """The notification, its row locked until the transaction ends."""
    return (
        Notification.objects.select_for_update(of=("self",))
        .select_related("contact", "force", "account")
        .get(pk=pk)
    )


def arrived(row: Notification, accepted: Accepted, *, at: datetime) -> bool:
    """The provider has it: record its id and how far it got. False when that is nothing new.

    Where it came to nothing after all, it goes another way or a person is told.
    """
    if row.provider_id and row.provider_id != accepted.provider_id:
        logger.error("Notification %s was taken twice by the provider", row.pk)
        return False
    if not row.provider_id and is_anothers(row, accepted.provider_id):
        # Told apart by nothing but this id, they were taken for each other: this one is not known
        # to have left, and is asked after, or sent, as before.
        logger.warning("What answers for %s answers for another already", row.pk)
        return False
    row.provider_id = accepted.provider_id
    status = Status(accepted.status)
    fields = {"error_code": accepted.error_code}
    if status == Status.SENT:
        fields["look_at"] = look_after_sending(row, at)
    if not _move(row, status, at=at, **fields):
        # Known already, or further on: only the id may be news.
        row.save(update_fields=["provider_id"])
        return False
    if row.status == Status.UNDELIVERED:
        code = row.error_code or "30008"
        _heed_opt_out(row, opted_out=code in twilio_words.OPTED_OUT, at=at)
        follow_up(row, arrival_reason(code), at=at)
    return True


def is_anothers(row: Notification, provider_id: str) -> bool:
    """Whether this id of the provider's answers for another notification.

    Nobody else can take it for theirs until the transaction ends: two workers may find one message
    for two texts that read alike.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [provider_id])
    return Notification.objects.filter(provider_id=provider_id).exclude(pk=row.pk).exists()


def look_after_sending(row: Notification, at: datetime) -> datetime | None:
    """When the watch looks at what was sent at ``at``: after five minutes without a receipt.

    E-mail has no receipts: only where it must be known to have arrived, half an hour before.
    """
    if row.channel != Channel.EMAIL:
        return at + DECIDED_WITHIN
    return None if row.needed_by is None else max(row.needed_by, at + DECIDED_WITHIN)


def hold(row: Notification, reason: str, *, at: datetime) -> None:
    """Keep it back and tell a person why."""
    if _move(row, Status.HELD, at=at, held_reason=reason):
        tell(row, StaffTask.Kind.TEXT_HELD, HELD_REASONS[reason], at=at)


def drop(row: Notification, code: str, *, at: datetime, tell_staff: bool = True) -> None:
    """Give it up because it is no longer of use."""
    if _move(row, Status.DROPPED, at=at, error_code=code) and tell_staff:
        tell(
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
    return _move(
        row,
        Status.QUEUED,
        at=at,
        next_attempt_at=at,
        held_reason="",
        look_at=at + DECIDED_WITHIN,
    )


def fail(row: Notification, code: str, *, at: datetime) -> None:
    """It cannot be sent this way at all."""
    if _move(row, Status.FAILED, at=at, error_code=code):
        follow_up(row, arrival_reason(code), at=at)


def refused(row: Notification, refusal, *, at: datetime) -> None:
    """The provider will not have it."""
    # First, so that the next channel is chosen under the plan as it is then.
    _heed_opt_out(row, opted_out=refusal.opted_out, at=at)
    fail(row, refusal.code, at=at)


def retry(row: Notification, code: str, *, at: datetime) -> None:
    """Wait and try again; to a known end."""
    if row.attempts >= MOST_ATTEMPTS:
        fail(row, "attempts", at=at)
        return
    wait = min(FIRST_RETRY_AFTER * 2 ** (row.attempts - 1), LONGEST_RETRY_AFTER)
    wait *= random.uniform(0.75, 1.25)  # noqa: S311 - spreads a crowd, keeps no secret
    _queue_again(row, at + wait, code, at=at)


def retry_by_another(row: Notification, code: str, *, at: datetime) -> None:
    """The sender did not take it and there is another: nothing is gained by waiting."""
    if row.attempts >= MOST_ATTEMPTS:
        fail(row, "attempts", at=at)
    else:
        _queue_again(row, at, code, at=at)


def wait_for_safe_hour(row: Notification, opens_at: datetime, *, at: datetime) -> None:
    """Not at this hour; given up at once where the next safe one comes too late."""
    if row.useful_until is not None and opens_at >= row.useful_until:
        drop(row, "no-safe-hour", at=at)
        return
    look_at = opens_at + DECIDED_WITHIN
    if row.needed_by is not None and (row.not_before is None or row.not_before < row.needed_by):
        look_at = min(look_at, max(row.needed_by, at + DECIDED_WITHIN))
    row.next_attempt_at, row.look_at = opens_at, look_at
    row.save(update_fields=["next_attempt_at", "look_at"])


@transaction.atomic
def set_aside(pk, *, at: datetime) -> None:
    """Something in the row cannot be read: a person is told, once, and it is tried again later."""
    row = (
        Notification.objects.select_for_update(of=("self",))
        .only("force", "about_type", "about_id", "error_code")
        .get(pk=pk)
    )
    if row.error_code != "broken":
        # Not with the row itself: the list of tasks would read it.
        staff_tasks.raise_task(
            StaffTask.Kind.TEXT_FAILED,
            force=row.force,
            about=(row.about_type, row.about_id),
            reason=arrival_reason("broken"),
            at=at,
        )
    row.error_code, row.look_at = "broken", None
    row.next_attempt_at = at + LONGEST_RETRY_AFTER
    row.save(update_fields=["error_code", "look_at", "next_attempt_at"])


def put_back(row: Notification, *, at: datetime) -> None:
    """Claimed, but nothing was tried."""
    row.attempts -= 1
    _move(row, Status.QUEUED, at=at, next_attempt_at=at)


def doubt(row: Notification, code: str, *, at: datetime) -> None:
    """It may have been taken: the provider's list decides, before there is another try."""
    _move(row, Status.UNCERTAIN, at=at, next_attempt_at=at + FIRST_LOOK_AFTER, error_code=code)


def certainly_not_taken(row: Notification, *, at: datetime) -> None:
    """The list did not show it: another try, where there is one left and it is of use."""
    if row.useful_until is not None and row.useful_until <= at:
        drop(row, "too-late", at=at)
    elif row.attempts >= MOST_ATTEMPTS:
        fail(row, "attempts", at=at)
    else:
        _move(row, Status.QUEUED, at=at, next_attempt_at=at)


def announce(rows: list[Notification], *, at: datetime) -> None:
    """Record and tell of rows that have settled alike."""
    alike = {}
    for row in rows:
        key = (row.status, row.template, row.channel, row.error_code or row.held_reason)
        alike.setdefault(key, []).append(row)
    for (status, template, channel, code), same in alike.items():
        ledger.record_each(
            f"notification.{status}", same, at=at, template=template, channel=channel, code=code
        )
    for row in rows:
        notification_settled.send(sender=Notification, notification=row)


def _queue_again(row, when, code, *, at):
    if row.useful_until is not None and when >= row.useful_until:
        drop(row, code, at=at)
    else:
        _move(row, Status.QUEUED, at=at, next_attempt_at=when, error_code=code)


def _heed_opt_out(row, *, opted_out, at):
    if opted_out and row.channel == Channel.SMS:
        inbox.mark_texts_unsafe(row.sent_to, at=at)
    elif opted_out and row.account is not None:
        inbox.mark_account_unsafe(row.account, at=at)


def _move(row, status, *, at, **fields) -> bool:
    """Change a locked row's status where TRANSITIONS lets it, record and announce it."""
    if status not in Notification.TRANSITIONS[row.status]:
        return False
    row.status = status
    if status not in (*Notification.OPEN, Status.SENT):
        row.look_at = None
    for name, value in fields.items():
        setattr(row, name, value)
    if status in (Status.SENT, Status.DELIVERED, Status.UNDELIVERED):
        row.sent_at = row.sent_at or at
    settled = status not in Notification.OPEN
    if settled:
        row.settled_at = at
    row.save()
    if settled:
        announce([row], at=at)
    return True


# Another way, or a person


def follow_up(row: Notification, reason: str, *, at: datetime) -> Notification | None:
    """Say the same by the next channel that is safe, or else raise a task with ``reason``.

    Once for each notification: followed up already, nothing more is sent. Returns what was queued.
    """
    if row.look_at is not None:
        row.look_at = None
        row.save(update_fields=["look_at"])
    if Notification.objects.filter(instead_of=row).exists():
        return None
    again = _by_next_channel(row, at)
    if again is None:
        tell(row, StaffTask.Kind.TEXT_FAILED, reason, at=at)
    return again


def _by_next_channel(row, at):
    if row.channel not in NOTICES or not row.context:
        return None  # an answer in somebody's own words goes nowhere else
    if row.useful_until is not None and row.useful_until <= at:
        return None
    contact = kept(row.contact)
    tried = _channels_tried(row)
    for channel in NOTICES:
        if channel in tried or not _is_usable(contact, channel, row.useful_until, at):
            continue
        try:
            with transaction.atomic():
                return write(
                    row.template,
                    to=contact,
                    about=(row.about_type, row.about_id),
                    channel=channel,
                    context=context_of(row),
                    at=at,
                    useful_until=row.useful_until,
                    instead_of=row,
                )
        except (wording.UnknownTemplate, wording.Unfilled):
            continue
    return None


def _channels_tried(row):
    tried = set()
    while row is not None:
        tried.add(row.channel)
        row = row.instead_of
    return tried


def _is_usable(contact, channel, useful_until, at):
    answer = ask_plan(contact, channel, at)
    if isinstance(answer, safe_contact.NotBefore):
        return useful_until is None or answer.at < useful_until
    return isinstance(answer, safe_contact.Allowed)


def tell(row: Notification, kind: str, reason: str, *, at: datetime) -> None:
    """Give a person the task to see to it."""
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
    status = twilio_words.TWILIO_STATUS.get(provider_status)
    if status is None or (row.provider_id and row.provider_id != provider_id):
        logger.warning("A receipt for %s fits nothing: %s", row.pk, provider_status[:20])
        return False
    return arrived(row, Accepted(provider_id, status, error_code), at=at)
