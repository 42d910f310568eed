"""Many callers in the same moment: nobody is doubled, nobody is left without an answer."""

import threading
import uuid
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, transaction
from django.utils.timezone import now

from appointments import booking, selectors
from appointments.models import Appointment
from messaging.models import Notification
from tests import factories
from tests.appointments import factories as diary
from tests.at_once import at_once, broken
from victimcontact.accounts.roles import Role

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def handler():
    return factories.user(Role.CALL_HANDLER)


def hold_earliest(incident, by, wishes=None):
    return booking.hold_earliest(
        incident_id=incident.pk, idempotency_key=uuid.uuid4(), wishes=wishes, by=by, at=now()
    )


@pytest.mark.parametrize("shift_each_by", [0, 15], ids=["one time", "half overlapping times"])
def test_many_at_once_exactly_one_gets_the_time(handler, shift_each_by):
    """Twenty callers, one officer: one wins, each other is told and gets alternatives."""
    shift = diary.shift(hours=6)
    times = [shift.during.lower + timedelta(minutes=n % 3 * shift_each_by) for n in range(20)]

    found = at_once(
        *(partial(diary.hold, diary.video_incident(), shift, handler, starts_at=t) for t in times)
    )

    taken = [one for one in found if isinstance(one, booking.SlotTaken)]
    assert broken(found, booking.SlotTaken) == []
    assert [len(one.alternatives) for one in taken] == [4] * 19
    assert Appointment.objects.filter(status="held").count() == 1


def test_hold_earliest_meets_the_wishes_at_the_first_such_time(handler):
    start = diary.next_hour() + timedelta(hours=1)
    soon, later = diary.shift(starts_at=start), diary.shift(starts_at=start + timedelta(hours=1))
    later.officer.gender = "female"
    later.officer.save(update_fields=["gender"])

    first = hold_earliest(diary.video_incident(), handler)
    asked = hold_earliest(diary.video_incident(), handler, selectors.Wishes(gender="female"))

    assert (first.officer, first.starts_at) == (soon.officer, start)
    assert (asked.officer, asked.starts_at) == (later.officer, start + timedelta(hours=1))


def test_hold_earliest_with_nothing_free_is_slot_taken(handler):
    diary.desk()
    with pytest.raises(booking.SlotTaken):
        hold_earliest(diary.video_incident(), handler)


def test_many_take_the_earliest_at_once_and_each_gets_one(handler):
    """Four officers, twelve callers: three times each, none sold twice, nobody sent away."""
    start = diary.next_hour() + timedelta(hours=1)
    shifts = [diary.shift(starts_at=start) for _ in range(4)]

    found = at_once(*(partial(hold_earliest, diary.video_incident(), handler) for _ in range(12)))

    assert broken(found) == []
    held = Appointment.objects.filter(status="held")
    assert held.count() == 12
    assert {one.officer_id for one in held} == {shift.officer_id for shift in shifts}


def test_nobody_waits_for_a_lapsed_hold_that_another_gives_back(handler):
    """Each may want what the other gives back: whoever waited there would wait for ever."""
    shift = diary.shift()
    lapsed = diary.hold(diary.video_incident(), shift, handler)
    Appointment.objects.filter(pk=lapsed.pk).update(held_until=now() - timedelta(minutes=1))
    is_locked, is_over = threading.Event(), threading.Event()

    @transaction.atomic
    def give_back():
        list(Appointment.objects.select_for_update().filter(pk=lapsed.pk))
        is_locked.set()
        assert is_over.wait(30)

    def book_another():
        assert is_locked.wait(30)
        try:
            with connection.cursor() as cursor:
                cursor.execute("set lock_timeout = '2s'")
            booking.release_lapsed(at=now())
            return hold_earliest(diary.video_incident(), handler)
        finally:
            is_over.set()

    found = at_once(give_back, book_another)

    assert broken(found) == []
    assert found[1].starts_at >= lapsed.occupies.upper


def test_many_confirm_one_hold_together(handler):
    held = diary.hold(diary.video_incident(), diary.shift(), handler)

    found = at_once(*[lambda: booking.book(appointment_id=held.pk, by=handler, at=now())] * 8)

    assert broken(found) == []
    assert Notification.objects.count() == 1
