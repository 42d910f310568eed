"""Each booking has its message and each message its booking, or a person is told."""

import uuid
from datetime import timedelta

import pytest
from django.utils.timezone import now

from appointments import booking, reconciliation
from messaging.models import Notification, Proof, StaffTask
from tests import factories
from tests.appointments import factories as diary
from victimcontact.accounts.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def handler():
    return factories.user(Role.CALL_HANDLER)


@pytest.fixture
def booked(handler):
    incident, shift = diary.video_incident(), diary.shift()
    held = booking.hold(
        incident_id=incident.pk,
        officer_id=shift.officer_id,
        starts_at=shift.during.lower,
        idempotency_key=uuid.uuid4(),
        by=handler,
        at=now(),
    )
    return booking.book(appointment_id=held.pk, by=handler, at=now())


def whys():
    proof = reconciliation.prove(at=now())
    return [each["what"] for each in proof.differences]


def test_what_was_booked_and_cancelled_as_it_should_be_agrees(booked, handler):
    first = whys()
    booking.cancel(appointment_id=booked.pk, reason="victim asked", by=handler, at=now())

    assert (first, whys()) == ([], [])
    assert Proof.objects.first().looked_at == {"bookings": 1, "notices": 1}
    assert not StaffTask.objects.filter(kind="books_differ").exists()


def test_a_cancellation_kept_from_the_phone_is_owed_to_the_victim(booked, handler):
    booking.cancel(appointment_id=booked.pk, reason="x", by=handler, at=now(), tell=False)

    assert whys() == []


def test_a_booking_without_a_word_is_found_and_tasked_once(booked):
    Notification.objects.update(about_id=uuid.uuid4())

    assert sorted(whys()) == sorted([reconciliation.NO_TEXT, reconciliation.NO_BOOKING])
    whys()

    about = StaffTask.objects.filter(kind="books_differ", about_id=booked.pk)
    assert (about.count(), about.get().reason) == (1, reconciliation.NO_TEXT)


def test_a_booking_that_the_ledger_does_not_know_is_found():
    diary.appointment()

    assert set(whys()) == {reconciliation.NO_TEXT, reconciliation.NO_ENTRY}


def test_a_cancellation_that_nobody_was_told_of_is_found(booked):
    booked.status, booked.cancelled_reason = "cancelled", "lost"
    booked.cancelled_at = now() + timedelta(seconds=1)
    booked.save()

    assert whys() == [reconciliation.NOT_TOLD]


def test_the_past_is_left_to_its_own_nights(booked):
    later = now() + timedelta(days=40)
    booked.status, booked.ended_at = "ended", now()
    booked.save()
    Notification.objects.update(status="delivered", look_at=None)

    assert reconciliation.prove(at=later).looked_at == {"bookings": 0, "notices": 0}
