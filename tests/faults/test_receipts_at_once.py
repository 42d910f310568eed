"""Receipts of one text that come all at once, on real connections of their own."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from messaging import outbox, settling
from messaging.models import Notification, Receipt, StaffTask
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(count, act):
    """Run ``act(number)`` in that many threads from one starting line; gives what they raised."""
    line, raised = threading.Barrier(count), []

    def run(number):
        line.wait()
        try:
            act(number)
        except Exception as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.fixture
def notification(monkeypatch):
    monkeypatch.setattr(outbox, "wake", lambda: None)
    now = timezone.now()
    person = factories.contact()
    factories.plan(person, at=now)
    queued = outbox.queue("portal_message", to=person, about=person, context={"link": "L"}, at=now)
    Notification.objects.update(
        status="sent", provider_id="SM1", sent_at=now - timedelta(seconds=5), attempts=1
    )
    return queued


@pytest.mark.parametrize(
    ("last", "tasks"), [("delivered", 0), ("undelivered", 1)], ids=["delivered", "undelivered"]
)
def test_twenty_receipts_at_once_end_as_one(notification, last, tasks):
    statuses = ["queued", "sent", last, "sent"] * 5

    raised = at_once(
        20,
        lambda number: settling.receive_receipt(
            notification.pk,
            provider_id="SM1",
            provider_status=statuses[number],
            error_code="",
            at=timezone.now(),
        ),
    )

    notification.refresh_from_db()
    assert raised == []
    assert notification.status == last
    assert Receipt.objects.count() == 3
    assert StaffTask.objects.count() == tasks
