"""STOP from the phone while the desk changes the number, on real connections of their own."""

import contextlib
import threading

import pytest
from django.utils import timezone

from messaging import inbox, outbox
from tests import factories
from tests.appointments import factories as diary
from tests.at_once import at_once, broken
from victimcontact.people import plans

pytestmark = pytest.mark.django_db(transaction=True)


def test_stop_and_a_new_number_never_wait_for_each_other(monkeypatch):
    """Each takes the reports before the person, so one of them waits and neither is broken."""
    monkeypatch.setattr(outbox, "wake", lambda: None)
    now = timezone.now()
    factories.policy()
    booked = diary.appointment()
    person, number = booked.contact, booked.contact.phone
    desk = factories.user("call_handler")
    plans.set_plan(person, channels={"sms": "safe"}, by=desk, at=now)
    # Held at the moment between the reports and the person, so that the two always meet.
    together = threading.Barrier(2, timeout=2)
    lock = plans.Contact.objects.select_for_update

    def meet(*args, **kwargs):
        with contextlib.suppress(threading.BrokenBarrierError):
            together.wait()
        return lock(*args, **kwargs)

    monkeypatch.setattr(plans.Contact.objects, "select_for_update", meet)

    def change():
        at = timezone.now()
        plans.set_plan(person, channels={"sms": "safe"}, phone="+447700900998", by=desk, at=at)

    def stop():
        inbox.receive(provider_id="SM-stop", sent_from=number, body="STOP", at=timezone.now())

    found = at_once(change, stop)

    text = inbox.InboundText.objects.get()
    assert (broken(found), text.heard_at is not None) == ([], True)
