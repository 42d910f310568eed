"""Two hundred callers want a time at one desk in the same minute."""

import random
import threading
import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.utils.timezone import now

from appointments import booking, selectors
from appointments.models import Appointment
from messaging import outbox
from messaging.models import Notification
from tests import factories
from tests.appointments import factories as diary
from tests.faults.test_diary_at_once import check_officers
from victimcontact.accounts.roles import Role
from victimcontact.people.models import Link

pytestmark = pytest.mark.django_db(transaction=True)
BOOKERS, OFFICERS, TIMES_EACH = 200, 8, 8
# PostgreSQL takes 200 connections in all, and other tests run beside this one.
AT_ONCE = 100


class Caller:
    """Wants one of the earliest times that were read out, then one of those offered instead."""

    room = threading.BoundedSemaphore(AT_ONCE)

    def __init__(self, incident, offered, by):
        self.incident, self.offered, self.by = incident, offered, by
        self.refused, self.result = 0, None
        self.chance = random.Random(incident.reference)

    def run(self, start):
        start.wait()
        with self.room:
            try:
                self.result = self.book()
            except Exception as error:
                self.result = repr(error)
            finally:
                connection.close()

    def book(self):
        slots = self.offered
        while slots:
            slot = self.chance.choice(slots)
            try:
                held = booking.hold(
                    incident_id=self.incident.pk,
                    officer_id=slot.officer_id,
                    starts_at=slot.starts_at,
                    idempotency_key=uuid.uuid4(),
                    by=self.by,
                    at=now(),
                )
            except booking.SlotTaken as taken:
                self.refused += 1
                slots = taken.alternatives
                continue
            booking.book(appointment_id=held.pk, by=self.by, at=now())
            return "booked"
        return "nothing free"


def test_each_time_is_sold_once_and_whoever_lost_it_hears_of_the_next(monkeypatch):
    monkeypatch.setattr(outbox, "wake", lambda: None)
    desk = diary.desk(slot_minutes=20, buffer_minutes=10)
    for _ in range(OFFICERS):
        diary.shift(desk, hours=TIMES_EACH / 2)
    by = factories.user(Role.SUPERVISOR)
    offered = selectors.free_slots(desk, at=now(), every=30, limit=4)
    callers = [Caller(diary.video_incident(), offered, by) for _ in range(BOOKERS)]
    start = threading.Barrier(BOOKERS)

    threads = [threading.Thread(target=caller.run, args=(start,)) for caller in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)

    # Every time is sold, none twice; nobody was told anything but that, and no deadlock was met.
    sold = OFFICERS * TIMES_EACH
    assert Counter(caller.result for caller in callers) == {
        "booked": sold,
        "nothing free": BOOKERS - sold,
    }
    assert sum(caller.refused for caller in callers) > BOOKERS  # they did meet
    booked = Appointment.objects.filter(status="booked")
    assert booked.count() == booked.values("incident").distinct().count() == sold
    assert not Appointment.objects.filter(status="held").exists()
    check_officers()
    for rows in (Notification.objects.filter(template="appointment_booked"), Link.objects.all()):
        assert sorted(rows.values_list("about_id", flat=True).distinct()) == sorted(
            booked.values_list("pk", flat=True)
        )
    assert booked.earliest("during").starts_at - now() < timedelta(hours=2)
