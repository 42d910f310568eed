"""Carry news to other systems: claim, call outside any transaction, settle once.

One call at a time goes to each subscription. What was not taken is tried again, ever more slowly,
to a known end. A person is told when a system has been silent for some minutes, and again when
something was given up. The other system may be told the same thing twice (its ``id`` says so) or
late (its ``at`` says when it was so), never not at all without somebody knowing.
"""

import hashlib
import hmac
import json
import logging
import random
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import connection, transaction
from django.db.models import Q

from messaging import staff_tasks
from messaging.models import StaffTask
from triage.api import outside
from triage.api.models import WebhookDelivery, WebhookSubscription
from victimcontact.audit import ledger

logger = logging.getLogger(__name__)
Status = WebhookDelivery.Status

# No call takes as long as this: a claim this old was left by a worker that died.
LEASE = timedelta(minutes=1)
FIRST_RETRY_AFTER = timedelta(seconds=10)
LONGEST_RETRY_AFTER = timedelta(minutes=30)
MOST_ATTEMPTS = 16  # about five hours
LONGEST_REST = timedelta(minutes=1)  # of a subscription: what is behind in the queue goes on
OF_USE_FOR = timedelta(hours=6)
SILENT_AFTER = 6  # failures in a row: about three minutes
SIGNATURE = "Victim-Contact-Signature"

_CLAIM = """
update api_webhookdelivery
set status = 'sending', claimed_at = statement_timestamp(), claimed_by = %(claim)s,
    attempts = attempts + 1
where id = (
    select d.id from api_webhookdelivery d
    join api_webhooksubscription s on s.id = d.subscription_id
    where (d.status = 'queued' and d.next_attempt_at <= statement_timestamp()
           or d.status = 'sending' and d.claimed_at < statement_timestamp() - %(lease)s)
      and d.attempts < %(most)s and s.is_active and s.rests_until <= statement_timestamp()
      and not exists (
        select from api_webhookdelivery other
        where other.subscription_id = s.id and other.status = 'sending' and other.id <> d.id
          and other.claimed_at >= statement_timestamp() - %(lease)s
      )
    order by d.next_attempt_at, d.id limit 1
    for update skip locked
)
returning id
"""


def deliver_next() -> bool:
    """Claim the next due delivery, if there is one, and carry it as far as it goes.

    False when nothing was due. Never called inside a transaction (RuntimeError).
    """
    claim = uuid4().hex
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"claim": claim, "lease": LEASE, "most": MOST_ATTEMPTS})
        row = cursor.fetchone()
    if row is None:
        return False
    delivery = WebhookDelivery.objects.select_related("subscription").get(pk=row[0])
    result = _call(delivery)
    _settle(delivery.pk, claim, result, at=_clock())
    return True


def signature(secret: str, body: bytes, at: datetime) -> str:
    """The header by which the other side knows that it was us, and when: "t=…,v1=…".

    v1 is HMAC-SHA-256 in hexadecimal of the seconds, a full stop, and the body as it was sent.
    """
    seconds = int(at.timestamp())
    signed = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={signed}"


def _call(delivery):
    """What came of one try, in a word: "204", "500", "timeout"."""
    subscription = delivery.subscription
    body = json.dumps(delivery.body, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "victim-contact",
        "Connection": "close",
        SIGNATURE: signature(subscription.secret, body, _clock()),
    }
    try:
        return str(outside.call(subscription.address, body, headers))
    except outside.NotAllowed:
        return "not allowed"
    except outside.NoAnswer as silence:
        return silence.why
    except Exception as error:  # whatever it was, the row must not stay claimed
        logger.error("Telling %s broke with %s", subscription.pk, type(error).__name__)
        return "broke"


@transaction.atomic
def _settle(pk, claim, result, *, at):
    """Write down what came of the try, if this worker still holds the row."""
    row = (
        WebhookDelivery.objects.select_for_update(of=("self",))
        .select_related("subscription__force")
        .get(pk=pk)
    )
    taken = result.isdecimal() and 200 <= int(result) < 300
    if row.status in (Status.DELIVERED, Status.FAILED):
        return
    if not taken and row.claimed_by != claim:
        return  # another worker has it by now; that it was taken is true whoever holds it
    row.last_result = result[:20]
    if taken:
        row.status, row.settled_at = Status.DELIVERED, at
    elif row.attempts >= MOST_ATTEMPTS:
        row.status, row.settled_at = Status.FAILED, at
    else:
        row.status = Status.QUEUED
        row.next_attempt_at = at + _wait(row.attempts, LONGEST_RETRY_AFTER)
    row.save(update_fields=["status", "settled_at", "last_result", "next_attempt_at"])
    _heed(row, taken, at)
    if row.status in (Status.DELIVERED, Status.FAILED):
        ledger.record(
            f"webhook.{row.status}",
            about=row.subscription,
            at=at,
            delivery=str(row.pk),
            event=row.event,
            attempts=row.attempts,
            result=row.last_result,
        )
    if row.status == Status.FAILED:
        _tell_a_person(row.subscription, at)


def _heed(row, taken, at):
    """After a failure let the subscription rest, and after several tell a person."""
    subscription = WebhookSubscription.objects.select_for_update().get(pk=row.subscription_id)
    if taken:
        subscription.failures = 0
    else:
        subscription.failures += 1
        subscription.rests_until = at + _wait(subscription.failures, LONGEST_REST)
    subscription.save(update_fields=["failures", "rests_until"])
    if subscription.failures == SILENT_AFTER:
        _tell_a_person(subscription, at)


def _wait(failures, longest):
    wait = min(FIRST_RETRY_AFTER * 2 ** min(failures - 1, 10), longest)
    return wait * random.uniform(0.75, 1.25)  # noqa: S311 - spreads a crowd, keeps no secret


def _tell_a_person(subscription, at):
    waiting = StaffTask.objects.filter(
        kind=StaffTask.Kind.SYSTEM_SILENT, about_id=subscription.pk, done_at=None
    )
    if waiting.exists():
        return
    staff_tasks.raise_task(
        StaffTask.Kind.SYSTEM_SILENT,
        force=subscription.force,
        about=subscription,
        reason=f"{subscription.name} takes no news. Tell it by another way, and have it mended.",
        at=at,
    )


@transaction.atomic
def give_up_old(at) -> int:
    """Give up what could not be carried while it was of use, and tell a person; how many."""
    unheard = Q(status=Status.QUEUED, next_attempt_at__lte=at, queued_at__lt=at - OF_USE_FOR)
    # Whatever it is about it, each worker that claimed it died of it.
    deadly = Q(status=Status.SENDING, claimed_at__lt=at - LEASE, attempts__gte=MOST_ATTEMPTS)
    old = WebhookDelivery.objects.select_for_update(of=("self",), skip_locked=True).filter(
        unheard | deadly
    )
    rows = list(old.select_related("subscription__force"))
    keys = [row.pk for row in rows]
    WebhookDelivery.objects.filter(pk__in=keys).update(
        status=Status.FAILED, settled_at=at, last_result="too old"
    )
    for subscription in {row.subscription for row in rows}:
        given_up = sum(row.subscription_id == subscription.pk for row in rows)
        ledger.record("webhook.given_up", about=subscription, at=at, count=given_up)
        _tell_a_person(subscription, at)
    return len(rows)


@transaction.atomic
def send_again(subscription, *, by, at) -> int:
    """Put what was given up for ``subscription`` back in the queue; how many there were."""
    again = subscription.deliveries.filter(status=Status.FAILED).update(
        status=Status.QUEUED, settled_at=None, attempts=0, next_attempt_at=at, queued_at=at
    )
    WebhookSubscription.objects.filter(pk=subscription.pk).update(rests_until=at)
    ledger.record("webhook.sent_again", by=by, about=subscription, at=at, count=again)
    return again


def _clock():
    with connection.cursor() as cursor:
        cursor.execute("select statement_timestamp()")
        return cursor.fetchone()[0]
