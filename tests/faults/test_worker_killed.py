"""Real workers killed with SIGKILL at every step of a text: none is lost, none is sent twice.

Each test starts a real Celery worker against the test database, waits until it stands where it is
to die, and kills it. Time is then moved on in the row, and the sweep of a second worker finds it.
"""

import contextlib
import socket
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import psycopg2
import pytest
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now
from django.test import override_settings
from django.utils import timezone

from messaging import jobs, outbox, sending, tasks
from messaging.models import Notification, Sender, StaffTask
from tests import factories
from tests.faults.workers import PATIENCE_SECONDS, kill, nudge, until
from tests.messaging import twilio_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
Status = Notification.Status


@pytest.fixture
def notification(monkeypatch):
    monkeypatch.setattr(outbox, "wake", lambda: None)
    return queue_one()


def queue_one():
    now = timezone.now()
    person = factories.contact()
    factories.plan(person, at=now)
    return outbox.queue("portal_message", to=person, about=person, context={"link": "L"}, at=now)


def reload(notification):
    return Notification.objects.get(pk=notification.pk)


def pass_over(notification, minutes):
    """Let time go by for the row, as if the worker had died that long ago."""
    row, earlier = reload(notification), timedelta(minutes=minutes)
    Notification.objects.filter(pk=row.pk).update(
        claimed_at=row.claimed_at - earlier, next_attempt_at=row.next_attempt_at - earlier
    )


class Wire:
    """Stands between a worker and its broker, and can be cut."""

    def __init__(self, url):
        self.there = urlsplit(url)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        host = f"{self.there.username or ''}:{self.there.password or ''}@127.0.0.1:{self.port}"
        self.url = self.there._replace(netloc=host).geturl()
        self.open, self.is_cut = [], False

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.cut()
        self.listener.close()

    def cut(self):
        self.is_cut = True
        for end in self.open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self.open.clear()

    def mend(self):
        self.is_cut = False

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                if self.is_cut:
                    near.close()
                    continue
                far = socket.create_connection((self.there.hostname, self.there.port))
                self.open += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    @staticmethod
    def _carry(one, other):
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def other_connection():
    """A connection that holds its locks while this process goes on."""
    settings_dict = connection.settings_dict
    other = psycopg2.connect(
        host=settings_dict["HOST"],
        port=settings_dict["PORT"],
        dbname=settings_dict["NAME"],
        user=settings_dict["USER"],
        password=settings_dict["PASSWORD"],
    )
    try:
        yield other.cursor()
    finally:
        other.rollback()
        other.close()


def somebody_waits_for_a_lock():
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_locks where not granted")
        return cursor.fetchone()[0] > 0


def swept(notification, twilio):
    """Let the sweep of another process, this one, find it; gives the settled row."""
    with override_settings(
        TWILIO_ACCOUNT_SID=twilio_server.ACCOUNT_SID,
        TWILIO_AUTH_TOKEN=twilio_server.AUTH_TOKEN,
        TWILIO_FROM=twilio_server.SENDER,
        TWILIO_API_BASE_URL=twilio.url,
    ):
        jobs.sweep()
    row = reload(notification)
    assert row.status == Status.SENT
    return row


def test_killed_before_the_claim(notification, twilio, worker, broker):
    nudge(tasks.send_due, broker)
    first = worker()
    kill(first)

    row = swept(notification, twilio)

    assert [m["sid"] for m in twilio.journal] == [row.provider_id]


def test_killed_while_it_asks_the_plan(notification, twilio, worker, broker):
    with other_connection() as cursor:
        # The worker has taken the row, and cannot read the plan: nothing is claimed as yet.
        cursor.execute("lock table people_contactplan in access exclusive mode")
        first = worker()
        nudge(tasks.send_due, broker)
        until(somebody_waits_for_a_lock, "the worker asked for the plan")
        kill(first)

    assert (reload(notification).status, twilio.journal) == (Status.QUEUED, [])
    row = swept(notification, twilio)

    assert [m["sid"] for m in twilio.journal] == [row.provider_id]
    assert row.attempts == 1


def test_killed_between_the_claim_and_the_call(notification, twilio, worker, broker):
    """The pace lets nothing go for a second and more: the claim stands, the call does not."""
    first = worker()
    nudge(tasks.send_due, broker)
    until(lambda: reload(notification).status == Status.SENT, "the worker worked")
    Sender.objects.update(next_free_at=Now() + timedelta(seconds=1.9))
    notification = queue_one()
    nudge(tasks.send_due, broker)
    until(lambda: reload(notification).status == Status.SENDING, "it was claimed")
    kill(first)

    assert len(twilio.journal) == 1  # the first text alone
    Sender.objects.update(next_free_at=None)
    pass_over(notification, 3)
    row = swept(notification, twilio)

    assert [m["sid"] for m in twilio.journal[1:]] == [row.provider_id]
    assert row.attempts == 2


def test_killed_while_the_provider_has_not_taken_it(notification, twilio, worker, broker):
    twilio.once("hang")
    first = worker()
    nudge(tasks.send_due, broker)
    assert twilio.asked.wait(PATIENCE_SECONDS)
    kill(first)

    pass_over(notification, 3)
    row = swept(notification, twilio)

    # The list was asked, did not show it, and only then it was sent again.
    assert twilio.lookups == 1
    assert [m["sid"] for m in twilio.journal] == [row.provider_id]


def test_killed_between_acceptance_and_the_answer(notification, twilio, worker, broker):
    twilio.once("accept_then_hang")
    first = worker()
    nudge(tasks.send_due, broker)
    assert twilio.took_one.wait(PATIENCE_SECONDS)
    kill(first)

    assert reload(notification).status == Status.SENDING
    pass_over(notification, 3)
    row = swept(notification, twilio)

    assert twilio.lookups == 1
    assert ([m["sid"] for m in twilio.journal], row.attempts) == ([row.provider_id], 1)


def test_killed_between_the_answer_and_the_settling(notification, twilio, worker, broker):
    twilio.once("accept_then_wait")
    first = worker()
    nudge(tasks.send_due, broker)
    assert twilio.took_one.wait(PATIENCE_SECONDS)
    with other_connection() as cursor:
        cursor.execute(
            "select 1 from messaging_notification where id = %s for update", [str(notification.pk)]
        )
        twilio.go_on.set()
        until(somebody_waits_for_a_lock, "the worker went to settle")
        kill(first)

    assert reload(notification).status == Status.SENDING
    pass_over(notification, 3)
    row = swept(notification, twilio)

    assert ([m["sid"] for m in twilio.journal], row.attempts) == ([row.provider_id], 1)


def test_without_the_lookup_it_would_have_been_sent_twice(
    notification, twilio, worker, broker, monkeypatch
):
    """What the list prevents: with an empty one the same story ends with two texts."""
    twilio.once("accept_then_hang")
    first = worker()
    nudge(tasks.send_due, broker)
    assert twilio.took_one.wait(PATIENCE_SECONDS)
    kill(first)
    twilio.journal[0]["to"] = "+447700900000"  # the list no longer shows it

    pass_over(notification, 3)
    swept(notification, twilio)

    assert len(twilio.journal) == 2


def test_an_answer_dropped_after_acceptance(notification, twilio, worker, broker):
    twilio.once("accept_then_drop")
    worker()
    nudge(tasks.send_due, broker)
    until(lambda: reload(notification).status == Status.UNCERTAIN, "it was in doubt")

    pass_over(notification, 1)
    nudge(jobs.sweep, broker)
    until(lambda: reload(notification).status == Status.SENT, "it was found")

    row = reload(notification)
    assert ([m["sid"] for m in twilio.journal], row.attempts) == ([row.provider_id], 1)


def test_four_workers_at_once_send_each_text_once(notification, twilio, worker, broker):
    everything = [notification] + [queue_one() for _ in range(24)]
    for _ in range(2):
        worker()
    for _ in range(4):
        nudge(tasks.send_due, broker)

    until(lambda: not Notification.objects.exclude(status=Status.SENT).exists(), "all were sent")

    assert len(twilio.journal) == len(everything) == 25
    assert {m["sid"] for m in twilio.journal} == set(
        Notification.objects.values_list("provider_id", flat=True)
    )


def test_two_workers_and_two_beats_send_each_text_once(
    notification, twilio, worker, environment, tmp_path
):
    """Nobody nudges: the clocks of both beats start the sweeps."""
    everything = [notification] + [queue_one() for _ in range(9)]
    beats = [
        subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "victimcontact", "beat", "--pidfile="]
            + ["--schedule", str(tmp_path / f"beat-{number}"), "--loglevel=warning"],
            cwd=settings.BASE_DIR,
            env=environment | {"SWEEP_SECONDS": "0.5"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for number in range(2)
    ]
    try:
        worker(), worker()
        until(lambda: not Notification.objects.exclude(status=Status.SENT).exists(), "all went")
    finally:
        for beat in beats:
            kill(beat)

    assert len(twilio.journal) == len(everything)
    assert {m["sid"] for m in twilio.journal} == set(
        Notification.objects.values_list("provider_id", flat=True)
    )


def test_the_broker_goes_and_comes_back_and_the_worker_goes_on(
    notification, twilio, worker, broker
):
    with Wire(broker) as wire:
        worker(REDIS_URL=wire.url)
        nudge(tasks.send_due, broker)
        until(lambda: reload(notification).status == Status.SENT, "the worker worked")
        wire.cut()
        later = queue_one()
        with contextlib.suppress(Exception):
            nudge(tasks.send_due, wire.url)
        time.sleep(2)
        assert reload(later).status == Status.QUEUED
        wire.mend()
        nudge(tasks.send_due, broker)
        until(lambda: reload(later).status == Status.SENT, "it was sent after all")

    assert len(twilio.journal) == 2


def test_the_database_drops_everybody_while_a_text_is_on_its_way(
    notification, twilio, worker, broker
):
    """As at a restart: the answer is written by a new connection, and nothing is sent again."""
    twilio.once("accept_then_wait")
    worker()
    nudge(tasks.send_due, broker)
    assert twilio.took_one.wait(PATIENCE_SECONDS)
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity"
            " where datname = current_database() and application_name = 'another process'"
        )
        assert cursor.fetchone()[0] >= 1
    twilio.go_on.set()

    until(lambda: reload(notification).status == Status.SENT, "the answer was written")
    row = reload(notification)
    assert ([m["sid"] for m in twilio.journal], row.attempts) == ([row.provider_id], 1)
    assert twilio.lookups == 0


def test_with_the_broker_lost_the_request_succeeds_and_the_sweep_sends(twilio, environment):
    """A process of its own, whose broker refuses connections, queues a text and commits."""
    now = timezone.now()
    person = factories.contact()
    factories.plan(person, at=now)
    script = f"""
        import time
        import django
        django.setup()
        from django.db import transaction
        from django.utils import timezone
        from messaging import outbox
        from victimcontact.people.models import Contact
        person = Contact.objects.get(pk="{person.pk}")
        began = time.monotonic()
        with transaction.atomic():
            outbox.queue("portal_message", to=person, about=person, context={{"link": "L"}},
                         at=timezone.now())
        print(time.monotonic() - began)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=settings.BASE_DIR,
        env=environment
        | {
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "DJANGO_SETTINGS_MODULE": "victimcontact.settings",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "Nobody was woken: OperationalError" in done.stderr
    assert float(done.stdout) < 1  # the client tries for six seconds, but nobody waits for it
    row = Notification.objects.get()
    assert row.status == Status.QUEUED
    assert StaffTask.objects.count() == 0

    jobs.sweep()

    row.refresh_from_db()
    assert row.status == Status.DELIVERED  # this process has no provider: the handset shows it
    assert sending.send_next() is False
