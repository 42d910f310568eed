"""A text that turns out lost while the appointment that it tells of is being cancelled."""

import threading

import pytest
from django.db import connection
from django.utils.timezone import now

from appointments import booking
from messaging import outbox, sending, settling
from messaging.models import Notification
from tests.appointments import factories as diary
from triage.control import telling
from triage.control.models import News, ToTell
from victimcontact.people.models import ContactPlan

pytestmark = pytest.mark.django_db(transaction=True)


def test_holding_a_text_and_cancelling_what_it_tells_do_not_deadlock(monkeypatch):
    monkeypatch.setattr(outbox, "wake", lambda: None)
    appointment = diary.appointment()
    text = outbox.queue(
        "appointment_moved",
        to=appointment.contact,
        about=appointment,
        context={"when": appointment.starts_at, "link": "https://example.org/a/A"},
        at=now(),
    )
    telling.by_notification(
        appointment.incident, what=News.APPOINTMENT, notification=text, at=now()
    )
    ContactPlan.objects.update(channels={"sms": "unsafe"})
    broken = []

    def cancel():
        try:
            booking.cancel(appointment_id=appointment.pk, reason="test", by=None, at=now())
        except Exception as error:
            broken.append(error)
        finally:
            connection.close()

    canceller, hold = threading.Thread(target=cancel), settling.hold

    def hold_late(row, reason, *, at):
        # The text's row is locked by now. The other has the incident, and wants the row.
        if row.pk == text.pk:
            canceller.start()
            while not _is_waited_for():
                assert canceller.is_alive()
        hold(row, reason, at=at)

    monkeypatch.setattr(settling, "hold", hold_late)
    sending.claim(1)
    canceller.join()

    assert broken == []
    appointment.refresh_from_db()
    assert appointment.status == "cancelled"
    # The text is lost, and the one that says "cancelled" is held as well: somebody is owed it.
    assert Notification.objects.get(pk=text.pk).status == "dropped"
    assert ToTell.objects.filter(incident=appointment.incident, done_at=None).exists()


def _is_waited_for():
    with connection.cursor() as cursor:
        cursor.execute("select exists(select from pg_locks where not granted)")
        return cursor.fetchone()[0]
