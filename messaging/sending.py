"""The one way out. Every text and e-mail leaves the house by ``claim``, ``call`` and ``settle``.

``claim`` takes due rows that no other worker has, asks the contact plan of each at that moment and
marks them as being sent, in one transaction. ``call`` hands one to the provider, outside any
transaction. ``settle`` writes what came of it. A try that may or may not have arrived is UNCERTAIN:
the provider's own list is asked before there is another. Claims and their ends compare with the
database's clock.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import psycopg2.extras
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Prefetch

from messaging import senders, settling
from messaging.asking import address_of, ask_plan, kept
from messaging.models import NOTICES, SOCIAL, Channel, Notification
from messaging.transports import (
    Parcel,
    Refused,
    TryLater,
    Unknown,
    Way,
    email,
    handset,
    is_handset_allowed,
    twilio,
)
from messaging.writing import WITH_CALENDAR, context_of
from victimcontact.people import safe_contact
from victimcontact.people.models import ContactPlan

logger = logging.getLogger(__name__)
Status = Notification.Status

# No call takes as long as this: a claim this old was left by a worker that died.
LEASE = timedelta(minutes=2)
# What was claimed longer ago than this is not handed over: the plan is asked anew. Longer than a
# sender's pace lets anything wait, far shorter than the lease.
FRESH_SECONDS = 5
MOST_AT_ONCE = 100
# How many due rows one statement takes, and what is written of them.
_DUE = """
select id, statement_timestamp() from messaging_notification
where status = 'queued' and next_attempt_at <= statement_timestamp()
  and id = any(coalesce(%s::uuid[], array[id]))
order by next_attempt_at limit %s for update skip locked
"""
_MARK = """
update messaging_notification n
set status = 'sending', claimed_at = statement_timestamp(), claimed_by = %s,
    attempts = n.attempts + 1, sent_to = v.sent_to, sender = v.sender
from (select unnest(%s::uuid[]), unnest(%s::bytea[]), unnest(%s::text[])) as v(id, sent_to, sender)
where n.id = v.id
"""
_SETTLE = """
update messaging_notification n
set status = v.status, provider_id = v.provider_id, error_code = '', look_at = v.look_at,
    sent_at = coalesce(n.sent_at, v.at), settled_at = v.at
from (select unnest(%s::uuid[]), unnest(%s::text[]), unnest(%s::text[]), unnest(%s::text[]),
             unnest(%s::timestamptz[]), unnest(%s::timestamptz[]))
  as v(id, claim, status, provider_id, look_at, at)
where n.id = v.id and n.claimed_by = v.claim and n.status = 'sending' and n.provider_id = ''
returning n.id
"""


@dataclass(eq=False)
class Claimed:
    """A notification that this worker alone may hand over, until the claim is stale."""

    row: Notification
    claim: str
    at: datetime  # the database's moment of the claim
    transport: object
    parcel: Parcel
    taken_at: float  # by this machine's clock, which goes on while a process sleeps
    way: Way | None = None
    goes_at: float = 0.0
    has_other_ways: bool = False


@dataclass(frozen=True, eq=False)
class Outcome:
    """How one call ended: ``change(row, *what, at=)`` is to be applied to its row."""

    claimed: Claimed
    change: Callable
    what: tuple = ()
    # That something was accepted is true whoever holds the row by now.
    even_if_lost: bool = False
    code: str = ""  # of a sender that did not answer as it should; empty for a clear answer
    too_fast: bool = False
    is_tried: bool = True


@dataclass(frozen=True)
class Batch:
    """What one claim found: ``found`` rows were due, ``claimed`` of them are to be handed over.

    ``paced_for`` seconds nothing more of them may go.
    """

    found: int
    claimed: list[Claimed]
    paced_for: float = 0.0


def send_next() -> bool:
    """Claim the next due notification, if there is one, and carry it as far as it goes.

    False when nothing was due. Never called inside a transaction (RuntimeError).
    """
    batch = claim(1)
    if batch.found:
        settle([call(claimed) for claimed in batch.claimed])
    return bool(batch.found)


# Claim


def claim(most: int) -> Batch:
    """Take up to ``most`` due notifications that no other worker has.

    What the plan does not allow now is held, dropped or set to its safe hour in the same
    transaction. One that cannot be read is set aside for a person and stops no other.
    """
    if not _is_anything_due():
        return Batch(0, [])
    try:
        return _claim(most)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.error("A batch broke with %s: each is looked at by itself", type(error).__name__)
        return _claim_each(most)


def _claim_each(most):
    with transaction.atomic(durable=True):
        pass  # inside another transaction nothing would be set aside for good
    due = Notification.objects.filter(status=Status.QUEUED, next_attempt_at__lte=senders.now())
    batches = []
    for pk in list(due.order_by("next_attempt_at").values_list("pk", flat=True)[:most]):
        try:
            batches.append(_claim(1, only=[str(pk)]))
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            logger.error("%s cannot be sent: %s", pk, type(error).__name__)
            settling.set_aside(pk, at=senders.now())
            batches.append(Batch(1, []))
    return Batch(
        sum(batch.found for batch in batches),
        [claimed for batch in batches for claimed in batch.claimed],
        max((batch.paced_for for batch in batches), default=0.0),
    )


def _claim(most, only=None):
    mine = uuid4().hex
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(_DUE, [only, min(most, _most_by_pace())])
            found = cursor.fetchall()
        if not found:
            return Batch(0, [])
        at, taken_at = found[0][1], _clock()
        asked = [_ask(row, mine, at, taken_at) for row in _load([pk for pk, _ in found])]
        ready, paced_for = _give_ways([each for each in asked if each is not None], at)
        _mark(ready, mine)
    return Batch(len(found), ready, paced_for)


def _is_anything_due():
    """One index look, without a transaction: most polls find nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists(select 1 from messaging_notification"
            " where status = 'queued' and next_attempt_at <= statement_timestamp())"
        )
        return cursor.fetchone()[0]


def _most_by_pace():
    return (senders.most_at_once(twilio.ways()) if twilio.is_configured() else None) or MOST_AT_ONCE


def _load(ids):
    """The rows with all that the plan is asked of, in as few queries for many as for one."""
    plans = ContactPlan.objects.filter(replaced_at=None).defer(
        "who_may_answer", "cover_story", "do_not_say", "note", "help_word"
    )
    unread = ("name", "date_of_birth", "address", "needs")
    return (
        Notification.objects.filter(pk__in=ids)
        .select_related("contact__merged_into", "force", "account__contact")
        .prefetch_related(Prefetch("contact__plans", plans))
        .defer(
            "context",
            "sent_to",
            *(f"contact__{name}" for name in unread),
            *(f"contact__merged_into__{name}" for name in unread),
        )
        .order_by("next_attempt_at")
    )


def _ask(row, mine, at, taken_at):
    """What is to be handed over; None where the plan, or the time, says that nothing is."""
    if row.useful_until is not None and row.useful_until <= at:
        return settling.drop(row, "too-late", at=at)
    answer = ask_plan(
        row.contact, row.channel, at, words=f"{row.subject}\n{row.body}", account=row.account
    )
    if isinstance(answer, safe_contact.Held):
        return settling.hold(row, str(answer.reason), at=at)
    if isinstance(answer, safe_contact.NotBefore):
        return settling.wait_for_safe_hour(row, answer.at, at=at)
    transport = transport_for(row.channel)
    if transport is None:
        return settling.fail(row, "no-provider", at=at)
    row.sent_to = address_of(kept(row.contact), row.channel, row.account)
    return Claimed(row, mine, at, transport, parcel_of(row, until=answer.until, at=at), taken_at)


def _give_ways(ready, at):
    """Give each a sender and the moment its pace allows; what waits too long goes back."""
    going, paced_for = [], 0.0
    by_kind = {}
    for each in ready:
        # An answer on WhatsApp or Messenger comes from the address that was written to.
        kind = (each.transport, each.row.channel in SOCIAL)
        by_kind.setdefault(kind, []).append(each)
    for (transport, is_social), alike in by_kind.items():
        ways = transport.ways()[:1] if is_social else transport.ways()
        failed = [each.row.sender if each.row.attempts else "" for each in alike]
        for each, way in zip(alike, senders.choose(ways, failed), strict=True):
            each.way, each.has_other_ways = way, way == ways[0] and len(ways) > 1
    # In one order, always: each reservation locks the sender's row.
    for way in sorted({each.way for each in ready}, key=lambda way: way.name):
        alike = [each for each in ready if each.way == way]
        slots = senders.reserve(way, len(alike))
        if slots.is_granted:
            for number, each in enumerate(alike):
                each.goes_at = each.taken_at + slots.wait + slots.gap * number
            going += alike
        else:
            paced_for = max(paced_for, slots.wait)
            Notification.objects.filter(pk__in=[each.row.pk for each in alike]).update(
                next_attempt_at=at + timedelta(seconds=slots.wait)
            )
    return going, paced_for


def _mark(ready, mine):
    if not ready:
        return
    field = Notification._meta.get_field("sent_to")
    with connection.cursor() as cursor:
        cursor.execute(
            _MARK,
            [
                mine,
                [str(each.row.pk) for each in ready],
                [psycopg2.Binary(field.get_prep_value(each.row.sent_to)) for each in ready],
                [each.way.name for each in ready],
            ],
        )
    for each in ready:
        each.row.status, each.row.claimed_at, each.row.claimed_by = Status.SENDING, each.at, mine
        each.row.attempts += 1
        each.row.sender = each.way.name


def transport_for(channel: str):
    """The module that carries ``channel`` here, or None when none is set up."""
    if channel != Channel.EMAIL and twilio.is_configured():
        return twilio
    if channel == Channel.EMAIL and email.is_configured():
        return email
    return handset if is_handset_allowed() else None


def ways_here() -> list[Way]:
    """Every sender that this house could use now, each once."""
    transports = {transport_for(channel): None for channel in NOTICES}
    return [way for transport in transports if transport is not None for way in transport.ways()]


def parcel_of(row: Notification, *, until=None, at=None) -> Parcel:
    """What is handed over: of use until the first of ``until`` and the row's own end."""
    ends = [moment for moment in (until, row.useful_until) if moment is not None]
    return Parcel(
        id=row.pk,
        to=row.sent_to,
        body=row.body,
        subject=row.subject,
        language=row.language,
        sender=row.account.written_to if row.channel in SOCIAL else row.force.sender,
        valid_seconds=int((min(ends) - at).total_seconds()) if ends and at else None,
        # Only there is the context read: a batch leaves it out.
        calendar=context_of(row).get("calendar", "") if row.template in WITH_CALENDAR else "",
    )


# Call


def call(claimed: Claimed) -> Outcome:
    """Hand it to the provider when its moment has come. Asks the database nothing."""
    wait = claimed.goes_at - _clock()
    if wait > 0:
        time.sleep(wait)
    # The last look before it leaves: whoever slept may have lost the row, and the plan may differ.
    if _clock() - claimed.taken_at > FRESH_SECONDS:
        return Outcome(claimed, settling.put_back, is_tried=False)
    try:
        accepted = claimed.transport.send(claimed.parcel, claimed.way)
    except Refused as refusal:
        return Outcome(claimed, settling.refused, (refusal,))
    except TryLater as failure:
        by_another = claimed.has_other_ways and not failure.too_fast
        change = settling.retry_by_another if by_another else settling.retry
        return Outcome(
            claimed, change, (failure.code,), code=failure.code, too_fast=failure.too_fast
        )
    except Unknown as failure:
        return Outcome(claimed, settling.doubt, (failure.code,), code=failure.code)
    except Exception as error:  # whatever it was, it may have happened after the text was taken
        logger.error("Sending %s broke with %s", claimed.row.pk, type(error).__name__)
        return Outcome(claimed, settling.doubt, ("broke",), code="broke")
    return Outcome(claimed, settling.arrived, (accepted,), even_if_lost=True)


def _clock():
    # Counts on while the machine sleeps, where there is such a clock.
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


# Settle


@transaction.atomic
def settle(outcomes: list[Outcome]) -> None:
    """Write what came of calls, where this worker still holds the row."""
    at = senders.now()
    plain = [each for each in outcomes if _is_plain(each)]
    done = _settle_plain(plain, at)
    others = [each for each in outcomes if each.claimed.row.pk not in done]
    for outcome in sorted(others, key=lambda each: each.claimed.row.pk):
        claimed = outcome.claimed
        row = settling.lock(claimed.row.pk)
        mine = row.claimed_by == claimed.claim and row.status == Status.SENDING
        if mine or outcome.even_if_lost:
            outcome.change(row, *outcome.what, at=at)
    tries = [(each.claimed.way, each.code, each.too_fast) for each in outcomes if each.is_tried]
    senders.note(tries)


def _is_plain(outcome):
    """Accepted and nothing to add: by far the most, and settled together."""
    if outcome.change is not settling.arrived:
        return False
    (accepted,) = outcome.what
    return accepted.status in (Status.SENT, Status.DELIVERED) and not accepted.error_code


def _settle_plain(outcomes, at):
    """Write many acceptances by one statement; ids of those whose rows were still ours."""
    if not outcomes:
        return set()
    columns = []
    for outcome in outcomes:
        claimed, accepted = outcome.claimed, outcome.what[0]
        is_sent = accepted.status == Status.SENT
        look_at = settling.look_after_sending(claimed.row, at) if is_sent else None
        columns.append(
            (str(claimed.row.pk), claimed.claim, str(accepted.status), accepted.provider_id)
            + (look_at, at)
        )
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, [list(column) for column in zip(*columns, strict=True)])
        done = {pk for (pk,) in cursor.fetchall()}
    rows = []
    for outcome in outcomes:
        if outcome.claimed.row.pk in done:
            _say_settled(outcome.claimed.row, outcome.what[0], at)
            rows.append(outcome.claimed.row)
    settling.announce(rows, at=at)
    return done


def _say_settled(row, accepted, at):
    """The instance as its row is now, for whoever hears of it."""
    row.status, row.provider_id, row.error_code = Status(accepted.status), accepted.provider_id, ""
    row.sent_at, row.settled_at = row.sent_at or at, at
