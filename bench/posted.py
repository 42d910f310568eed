"""What the processes of bench/messaging.py do when they are asked."""

import contextlib
import os
import time
from datetime import timedelta
from uuid import uuid4

import psycopg2
from django.db import connection, transaction
from django.utils import timezone

from messaging import jobs, outbox, sending, tasks
from messaging.models import Notification
from messaging.transports import Accepted, Way
from tests import factories
from victimcontact.celery import app

ROWS = 2_000
POLLS = 300
Status = Notification.Status
outbox.wake = lambda: None  # the nudge is measured, so it is given by hand


def queue(count):
    """Queue so many texts, to as many people as the numbers of the drama range allow."""
    now, people = timezone.now(), _people()
    for number in range(int(count)):
        person, words = people[number % len(people)], {"link": uuid4().hex}
        outbox.queue("portal_message", to=person, about=person, context=words, at=now)
    return {}


_kept = []


def _people():
    if not _kept:
        for _ in range(200):
            person = factories.contact()
            factories.plan(person, at=timezone.now())
            _kept.append(person)
    return _kept


def nudge():
    tasks.send_due.delay()
    return {}


def sweep():
    jobs.sweep.delay()
    return {}


def state():
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) filter (where status in ('queued', 'sending', 'uncertain')),"
            " count(*) filter (where status = 'sent') from messaging_notification"
            " where status <> 'delivered'"
        )
        left, sent = cursor.fetchone()
    return {"open": left, "sent": sent}


def clear():
    """Whatever went before is of the past and is not looked at."""
    Notification.objects.update(status="delivered", look_at=None)
    with app.connection_for_write() as link:
        app.control.purge(connection=link)
    return {}


def pass_over():
    """Let five minutes go by for what a dead worker held; how many it held."""
    earlier = timedelta(minutes=5)
    with connection.cursor() as cursor:
        cursor.execute(
            "update messaging_notification set claimed_at = claimed_at - %(earlier)s"
            " where status in ('sending', 'uncertain') and claimed_at > now() - %(earlier)s",
            {"earlier": earlier},
        )
        moved = cursor.rowcount
        cursor.execute(
            "update messaging_notification set next_attempt_at = statement_timestamp()"
            " where status = 'uncertain'"
        )
    return {"moved": moved}


def sids():
    rows = Notification.objects.exclude(status="delivered")
    still = rows.filter(status__in=Notification.OPEN).count()
    return {
        "all": [str(pk) for pk in rows.values_list("pk", flat=True)],
        "open": still,
        "again": rows.filter(attempts__gt=1).count(),
    }


# Claim and settle


def _fill(count):
    """As many queued rows to two hundred people, by one statement."""
    queue(1)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into messaging_notification (id, force_id, contact_id, template, channel,"
            " language, subject, body, sent_to, sender, context, about_type, status, attempts,"
            " next_attempt_at, look_at, claimed_by, provider_id, error_code, held_reason,"
            " queued_at) select gen_random_uuid(), n.force_id,"
            "  (%s::uuid[])[1 + g %% 200], n.template, n.channel, n.language, n.subject, n.body,"
            "  n.sent_to, n.sender, n.context, '', 'queued', 0, n.next_attempt_at, n.look_at, '',"
            "  '', '', '', n.queued_at from generate_series(1, %s) g,"
            "  (select * from messaging_notification where status = 'queued' limit 1) n",
            [[str(person.pk) for person in _people()], count - 1],
        )


def bare_batches(size):
    """Claim and mark on a bare table, as lasting as ours: what the database itself can do."""
    size = int(size)
    owner = psycopg2.connect(os.environ["DATABASE_OWNER_URL"])
    owner.autocommit = True
    with contextlib.closing(owner), owner.cursor() as cursor:
        cursor.execute("drop table if exists bare_outbox")
        cursor.execute(
            "create table bare_outbox (id uuid primary key, status text, due timestamptz,"
            " body bytea, sid text)"
        )
        cursor.execute("create index bare_due on bare_outbox (due) where status = 'queued'")
        cursor.execute("grant select, insert, update on bare_outbox to public")
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into bare_outbox select gen_random_uuid(), 'queued', now(),"
            " decode(repeat('ab', 120), 'hex'), '' from generate_series(1, %s)",
            [ROWS],
        )
        started = time.perf_counter()
        while True:
            cursor.execute(
                "update bare_outbox set status = 'sending' where id in (select id from bare_outbox"
                " where status = 'queued' and due <= statement_timestamp() order by due limit %s"
                " for update skip locked) returning id",
                [size],
            )
            ids = [pk for (pk,) in cursor.fetchall()]
            if not ids:
                break
            cursor.execute(
                "update bare_outbox set status = 'sent', sid = id::text where id = any(%s::uuid[])",
                [[str(pk) for pk in ids]],
            )
        return {"per_second": ROWS / (time.perf_counter() - started)}


def statements_batches(size):
    """The outbox's own statements on its own table, with nothing between them."""
    _fill(ROWS)
    size, field = int(size), Notification._meta.get_field("sent_to")
    sender = field.get_prep_value("+447700900001")
    spent = 0
    while True:
        started = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sending._DUE, [None, size])
            ids = [str(pk) for pk, _ in cursor.fetchall()]
            if not ids:
                break
            sealed = [psycopg2.Binary(sender)] * len(ids)
            cursor.execute(sending._MARK, ["bench", ids, sealed, ["first"] * len(ids)])
        at = timezone.now()
        columns = [ids, ["bench"] * len(ids), ["delivered"] * len(ids), ids]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sending._SETTLE, [*columns, [None] * len(ids), [at] * len(ids)])
        spent += time.perf_counter() - started
    return {"per_second": ROWS / spent}


class _Instant:
    """A provider that answers at once, in this process: what is left is the house."""

    @staticmethod
    def ways():
        return (Way("bench"),)

    @staticmethod
    def send(parcel, way):
        return Accepted(provider_id=f"SM{parcel.id}", status="delivered")


def house_batches(size):
    """All that a text goes through but the provider."""
    _fill(ROWS)
    size, own = int(size), sending.transport_for
    sending.transport_for = lambda channel: _Instant
    try:
        started = time.perf_counter()
        while (batch := sending.claim(size)).found:
            sending.settle([sending.call(claimed) for claimed in batch.claimed])
        return {"per_second": ROWS / (time.perf_counter() - started)}
    finally:
        sending.transport_for = own


def bare_poll():
    with connection.cursor() as cursor:
        started = time.perf_counter()
        for _ in range(POLLS):
            cursor.execute(
                "select id from messaging_notification where status = 'queued'"
                " and next_attempt_at <= statement_timestamp() order by next_attempt_at limit 1"
                " for update skip locked"
            )
            cursor.fetchall()
        return {"ms": (time.perf_counter() - started) * 1000 / POLLS}


def house_poll():
    started = time.perf_counter()
    for _ in range(POLLS):
        sending.claim(BATCH_OF_A_WORKER)
    return {"ms": (time.perf_counter() - started) * 1000 / POLLS}


BATCH_OF_A_WORKER = 48
