from datetime import timedelta

import pytest
from django.utils.timezone import now

from appointments import booking
from messaging import outbox
from messaging.models import Notification
from messaging.signals import notification_settled
from tests import factories
from tests.appointments import factories as diary
from tests.factories import NOON
from tests.triage.control.conftest import AT_THE_DOOR, assess
from triage.control import dispatching, telling
from triage.control.models import CallerTold, ToTell
from triage.offers import make

LATER = NOON + timedelta(minutes=10)


def owed(incident, at=LATER):
    return [(one.what, one.because) for one in telling.owed_for(incident, at=at)]


@pytest.mark.parametrize(("grade", "because"), [(2, "grade 3 to 2"), (1, "grade 3 to 1")])
def test_another_grade_is_owed_to_the_caller(incident, handler, grade, because):
    assess(incident, grade, by=handler, at=LATER)

    assert owed(incident) == [("grade", because)]


def test_lowered_grade_is_owed_too(incident, leader):
    assess(incident, 4, by=leader, at=LATER)

    assert owed(incident) == [("grade", "grade 3 to 4")]


def test_same_grade_owes_nothing(incident, handler):
    assess(incident, 3, by=handler, at=LATER)

    assert owed(incident) == []


def test_video_chosen_and_ruled_out_is_owed(incident, handler):
    make(incident, chosen="video", by=handler, at=NOON)

    assess(incident, 2, by=handler, at=LATER)

    assert sorted(owed(incident)) == [
        ("attendance", "video is not on offer any more"),
        ("grade", "grade 3 to 2"),
    ]


def test_two_changes_are_owed_once_with_the_last(incident, handler):
    assess(incident, 2, by=handler, at=LATER)
    assess(incident, 1, by=handler, at=LATER + timedelta(minutes=1))

    assert owed(incident) == [("grade", "grade 2 to 1")]


def test_told_settles_what_is_owed_and_says_who(incident, handler):
    assess(incident, 2, by=handler, at=LATER)

    told = telling.told(incident, what="grade", how="call", by=handler, at=LATER)

    assert owed(incident) == []
    settled = ToTell.objects.get()
    assert (settled.done_by, settled.done_at) == (told, LATER)


def test_not_told_settles_with_its_reason(incident, handler):
    assess(incident, 2, by=handler, at=LATER)

    telling.not_told(incident, what="grade", because="Asked not to ring", by=handler, at=LATER)

    assert owed(incident) == []
    assert CallerTold.objects.get().because == "Asked not to ring"


def test_telling_something_else_settles_nothing(incident, handler):
    assess(incident, 2, by=handler, at=LATER)

    telling.told(incident, what="appointment", how="call", by=handler, at=LATER)

    assert owed(incident) == [("grade", "grade 3 to 2")]


def test_not_told_needs_a_reason(incident, handler):
    with pytest.raises(telling.NotSaid):
        telling.not_told(incident, what="delay", because=" ", by=handler, at=LATER)

    assert not CallerTold.objects.exists()


def test_delay_is_owed_from_the_moment_it_is_late_until_told(incident, handler):
    late = incident.due_at + timedelta(seconds=1)

    assert owed(incident, at=incident.due_at) == []
    assert owed(incident, at=late) == [("delay", "past its due time")]
    telling.told(incident, what="delay", how="call", by=handler, at=late)

    assert owed(incident, at=late + timedelta(days=1)) == []


def test_delay_of_a_new_promise_is_owed_anew(incident, handler):
    late = incident.due_at + timedelta(minutes=1)
    telling.told(incident, what="delay", how="call", by=handler, at=late)
    assess(incident, 2, by=handler, at=late)
    telling.told(incident, what="grade", how="call", by=handler, at=late)

    assert owed(incident, at=incident.due_at + timedelta(minutes=1)) == [
        ("delay", "past its due time")
    ]


def test_delay_ends_when_officers_arrive(incident, handler):
    dispatch = dispatching.send_now(
        incident, reason="He is back", told="call", by=handler, at=LATER
    )
    late = LATER + timedelta(hours=1)
    assert [what for what, _ in owed(incident, at=late)] == ["delay"]

    dispatching.step(dispatch, state="arrived", by=None, at=late)

    assert owed(incident, at=late) == []


def test_delay_counts_again_after_officers_left(incident, handler, leader):
    """A new grade, other officers or a new beginning is a new promise."""
    first = dispatching.send_now(incident, reason="Back", told="call", by=handler, at=LATER)
    dispatching.step(first, state="arrived", by=None, at=LATER + timedelta(minutes=9))
    late = LATER + timedelta(hours=9)
    assess(incident, 1, by=handler, at=LATER + timedelta(minutes=20), narrative=AT_THE_DOOR)
    assert owed(incident, at=late) == []

    again = dispatching.send_now(
        incident, reason="Back again", told="call", by=handler, at=LATER + timedelta(hours=1)
    )
    assert [what for what, _ in owed(incident, at=late)] == ["delay"]
    dispatching.step(again, state="arrived", by=None, at=LATER + timedelta(hours=2))
    assert owed(incident, at=late) == []

    assess(incident, 2, by=leader, at=LATER + timedelta(hours=3))
    assert [what for what, _ in owed(incident, at=late)] == ["grade", "delay"]


def test_not_yet_told_is_the_force_s_most_urgent_first(incident, handler):
    other = factories.incident(grade=3, at=NOON)
    elsewhere = factories.incident(factories.force("eastvale"), grade=1, at=NOON)
    assess(other, 2, by=handler, at=LATER)
    late = incident.due_at + timedelta(days=3)

    found = telling.not_yet_told(incident.force, at=late)

    assert [(one.incident.pk, one.what) for one in found] == [
        (other.pk, "grade"),
        (other.pk, "delay"),
        (incident.pk, "delay"),
    ]
    assert elsewhere.pk not in {one.incident.pk for one in found}


def test_not_yet_told_asks_no_more_for_more(incident, handler, django_assert_num_queries):
    force, late = incident.force, incident.due_at + timedelta(days=3)
    with django_assert_num_queries(2):
        telling.not_yet_told(force, at=late)
    for _ in range(3):
        assess(factories.incident(grade=3, at=NOON), 2, by=handler, at=LATER)

    with django_assert_num_queries(2):
        found = telling.not_yet_told(force, at=late)

    assert len(found) == 7


# By a text


def test_cancelled_appointment_is_told_by_its_text(handler):
    booked = diary.appointment()

    booking.cancel(appointment_id=booked.pk, reason="victim asked", by=handler, at=now())

    told = CallerTold.objects.get()
    assert (told.what, told.how, told.incident) == ("appointment", "text", booked.incident)
    assert told.notification == Notification.objects.get()
    assert owed(booked.incident, at=now()) == []


def test_moved_appointment_is_told_by_its_text(handler):
    at_shift = diary.shift(hours=6)
    booked = diary.appointment(at_shift=at_shift)

    booking.move(
        appointment_id=booked.pk,
        officer_id=at_shift.officer_id,
        starts_at=at_shift.during.lower + timedelta(hours=2),
        idempotency_key="3f0c8e0e-9b7a-4a53-9a1d-0c6b1e8d2c11",
        by=handler,
        at=now(),
    )

    assert [(told.what, told.how) for told in CallerTold.objects.all()] == [("appointment", "text")]


def test_cancelled_without_a_text_is_owed(handler):
    booked = diary.appointment()

    booking.cancel(
        appointment_id=booked.pk, reason="victim asked", by=handler, at=now(), tell=False
    )

    assert owed(booked.incident, at=now()) == [("appointment", "cancelled")]


def test_text_that_is_held_back_at_once_told_nobody(handler):
    booked = diary.appointment()
    booked.contact.plans.update(channels={"sms": "unsafe"})

    booking.cancel(appointment_id=booked.pk, reason="officer ill", by=handler, at=now())

    assert not CallerTold.objects.exists()
    assert owed(booked.incident, at=now()) == [("appointment", "the text was held back")]


@pytest.mark.parametrize("status", ["held", "failed", "undelivered", "dropped"])
def test_text_that_gets_lost_is_owed_again(incident, handler, status):
    queued = outbox.queue(
        "appointment_cancelled",
        to=diary.reachable_victim(),
        about=incident,
        context={"when": LATER},
        at=LATER,
    )
    telling.by_notification(incident, what="appointment", notification=queued, at=LATER)
    assert owed(incident) == []

    queued.status = status
    notification_settled.send(sender=Notification, notification=queued)

    assert owed(incident) == [("appointment", "the text did not arrive")]


def test_delay_told_by_a_text_that_was_lost_is_owed(incident, handler):
    late = incident.due_at + timedelta(minutes=1)
    told = telling.told(incident, what="delay", how="call", by=handler, at=late)
    assert told.of_due_at == incident.due_at
    queued = outbox.queue(
        "appointment_cancelled",
        to=diary.reachable_victim(),
        about=incident,
        context={"when": LATER},
        at=LATER,
    )
    other = factories.incident(grade=3, at=NOON)
    entry = telling.by_notification(other, what="delay", notification=queued, at=late)
    assert entry.of_due_at == other.due_at
    assert owed(other, at=other.due_at + timedelta(hours=1)) == []

    Notification.objects.filter(pk=queued.pk).update(status="failed")

    assert owed(other, at=other.due_at + timedelta(hours=1)) == [("delay", "past its due time")]
