"""Where a text begins: written with its exact words in the transaction of what it tells.

Nothing here touches the network. A commit means that it will be sent, or that a person is told why
not; a rollback means that it never was.
"""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Value
from django.db.models.functions import Least

from messaging import asking, settling, staff_tasks, wording
from messaging.models import NOTICES, Channel, Notification, StaffTask
from messaging.staff_tasks import about_of
from messaging.writing import DECIDED_WITHIN, write
from victimcontact.audit import ledger

logger = logging.getLogger(__name__)
Status = Notification.Status
LONGEST_ANSWER = 1_600  # what Twilio carries in one message


@transaction.atomic
def queue(
    template: str,
    *,
    to,
    about,
    context: dict,
    at: datetime,
    channel: str = Channel.SMS,
    not_before: datetime | None = None,
    useful_until: datetime | None = None,
    by=None,
) -> Notification:
    """Write a notification for the Contact ``to`` and nudge a worker after commit.

    ``template`` names the words; ``context`` fills their {placeholders} ("when": an aware datetime,
    "link": an address on the public site). Where the contact plan rules ``channel`` out but not the
    other one, the other is used. With neither the notification is HELD at once and a task raised:
    the change itself still commits. ``useful_until`` is when it is better not sent at all; a person
    is told then.

    Raises wording.UnknownTemplate and wording.Unfilled, which are mistakes of the caller.
    """
    at_once = not_before is None or not_before <= at
    channel, obstacle = _usable_channel(to, template, channel, at if at_once else not_before)
    notification = write(
        template,
        to=to,
        about=about_of(about),
        channel=channel,
        context=context,
        at=at,
        not_before=not_before,
        useful_until=useful_until,
        by=by,
    )
    if obstacle is not None:
        settling.hold(notification, obstacle, at=at)
    else:
        # Robust: a lost broker must not fail the request. The sweep finds the row.
        transaction.on_commit(wake, robust=True)
    return notification


@transaction.atomic
def answer(
    body: str, *, to, account, about, at: datetime, useful_until: datetime | None = None, by
) -> Notification:
    """Queue what ``by`` wrote to the Contact ``to`` on WhatsApp or Messenger, in their own words.

    ``account`` is the one that wrote to us; a text or an e-mail is never in free words. The plan is
    asked when it is sent, and held with a task where it says no. Raises ValueError when the words
    are empty or longer than ``LONGEST_ANSWER``.
    """
    body = body.strip()
    if not 0 < len(body) <= LONGEST_ANSWER:
        raise ValueError("An answer has words, and not too many.")
    about_type, about_id = about_of(about)
    notification = Notification.objects.create(
        force=to.force,
        contact=to,
        account=account,
        template="answer",
        channel=account.channel,
        language=to.language,
        body=body,
        about_type=about_type,
        about_id=about_id,
        useful_until=useful_until,
        next_attempt_at=at,
        look_at=at + DECIDED_WITHIN,
        queued_at=at,
        queued_by=by,
    )
    ledger.record(
        "notification.queued",
        by=by,
        about=notification,
        at=at,
        template="answer",
        channel=account.channel,
    )
    transaction.on_commit(wake, robust=True)
    return notification


def wake() -> None:
    """Ring the workers' bell and return at once. Only a hint: the row is the truth.

    A thread does the ringing: with the broker gone its client tries for seconds, and a caller may
    be on the line.
    """
    if not _ring_waits.is_set():
        _ring_waits.set()
        _bell.submit(_ring)


_bell = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bell")
_ring_waits = threading.Event()  # another ring before that one would say nothing new


def _ring():
    from messaging.tasks import send_due

    _ring_waits.clear()  # first: what commits during the ringing must ring again
    try:
        send_due.delay()
    except Exception as error:
        logger.warning("Nobody was woken: %s. The sweep will find it", type(error).__name__)


@transaction.atomic
def release(notification_id, *, by, at: datetime) -> bool:
    """Let a held notification try again under the plan as it is now. False when it is not held."""
    row = settling.lock(notification_id)
    if not settling.let_go(row, at=at):
        return False
    ledger.record("notification.released", by=by, about=row, at=at)
    transaction.on_commit(wake, robust=True)
    return True


def cancel_unsent(*, about, at: datetime, templates: tuple[str, ...] = ()) -> int:
    """Take back what was written about a thing that is no longer so; how many had not left.

    ``templates`` limits it to those names. What waits or is held back is dropped, with the task to
    see to it. What a worker holds, or has left, cannot be called back: it is of no use from ``at``
    on, so that it is not tried again, and not said anew by another channel. The caller knows that
    it is dropped: no task is raised.
    """
    about_type, about_id = about_of(about)
    written = Notification.objects.filter(about_type=about_type, about_id=about_id)
    if templates:
        written = written.filter(template__in=templates)
    dropped = 0
    with transaction.atomic():
        waiting = written.filter(status__in=(Status.QUEUED, Status.HELD)).order_by("pk")
        for notification in waiting.select_for_update(of=("self",)):
            _withdraw_held(notification, at=at)
            settling.drop(notification, "no-longer-so", at=at, tell_staff=False)
            dropped += 1
        # Not waited for: whoever settles such a row may wait for what the caller has locked.
        gone = written.filter(status__in=(Status.SENDING, Status.UNCERTAIN, Status.SENT))
        gone = gone.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)
        Notification.objects.filter(pk__in=list(gone)).update(
            useful_until=Least("useful_until", Value(at)), look_at=None
        )
    return dropped


def _withdraw_held(notification, *, at):
    """Nobody is asked to see to words that are no longer so."""
    if notification.status == Status.HELD:
        held = notification.tasks.filter(kind=StaffTask.Kind.TEXT_HELD, done_at=None)
        for task in held:
            staff_tasks.withdraw(task.pk, note="What it said is no longer so.", at=at)


def oldest_waiting() -> timedelta | None:
    """How long the oldest due notification has waited; None when nothing waits."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select statement_timestamp() - min(next_attempt_at) from messaging_notification"
            " where status in ('queued', 'sending', 'uncertain')"
            " and next_attempt_at <= statement_timestamp()"
        )
        return cursor.fetchone()[0]


def _usable_channel(contact, template, wanted, at):
    """(channel, None), or (wanted, reason) when no channel can be used at any hour."""
    # A notice never goes to an account on WhatsApp or Messenger in place of a text or an e-mail.
    others = [channel for channel in NOTICES if channel != wanted]
    obstacles = {}
    for channel in (Channel(wanted), *others):
        obstacle = asking.standing_obstacle(contact, channel, at)
        if obstacle is None and (channel == wanted or wording.is_said(template, channel)):
            return channel, None
        obstacles[channel] = obstacle
    return Channel(wanted), obstacles[Channel(wanted)]
