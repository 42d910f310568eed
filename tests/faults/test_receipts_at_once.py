"""Receipts of one text that come all at once, on real connections of their own."""

from datetime import timedelta

import pytest
from django.utils import timezone

from messaging import outbox, settling
from messaging.models import Notification, Receipt, StaffTask
from tests import factories
from tests.at_once import at_once, broken

pytestmark = pytest.mark.django_db(transaction=True)


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

    found = at_once(
        *(
            lambda status=status: settling.receive_receipt(
                notification.pk,
                provider_id="SM1",
                provider_status=status,
                error_code="",
                at=timezone.now(),
            )
            for status in statuses
        )
    )

    notification.refresh_from_db()
    assert broken(found) == []
    assert notification.status == last
    assert Receipt.objects.count() == 3
    assert StaffTask.objects.count() == tasks
