"""Reminders: when, once, and gone with what they remind of."""

from datetime import date, time, timedelta

import pytest
from django.utils.timezone import now

from appointments import booking, reminders
from appointments.attempts.models import Reaching
from messaging.models import Notification
from tests.appointments import factories
from victimcontact.lib.local_time import from_local
from victimcontact.people import links
from victimcontact.people.models import ContactPlan, Link
from victimcontact.people.signals import link_locked

DAY = date(2026, 3, 29)  # the clocks go forward in the night before it


@pytest.mark.parametrize(
    ("remind", "starts", "told", "due"),
    [
        ("evening", time(10), timedelta(days=3), from_local(date(2026, 3, 28), time(18))),
        ("day_before", time(10), timedelta(days=3), from_local(DAY, time(10)) - timedelta(days=1)),
        ("never", time(10), timedelta(days=3), None),
        # Told that afternoon, or that evening: they know.
        ("evening", time(10), timedelta(hours=18), None),
        ("evening", time(10), timedelta(hours=2), None),
        ("day_before", time(10), timedelta(hours=27), None),
        ("day_before", time(10), timedelta(hours=28), from_local(DAY, time(9)) - timedelta(days=1)),
    ],
)
def test_moment_of_a_reminder(remind, starts, told, due):
    starts_at = from_local(DAY, starts)
    if due and remind == "day_before":
        due = starts_at - timedelta(hours=24)

    found = reminders.moment(Reaching(remind=remind), starts_at=starts_at, told_at=starts_at - told)

    assert found == due


@pytest.fixture
def booked(db):
    """Booked through the service, for three days on."""
    shift = factories.shift(starts_at=factories.next_hour() + timedelta(days=3))
    held = factories.appointment(at_shift=shift, status="held")
    return booking.book(appointment_id=held.pk, by=held.held_by, at=now())


def waiting():
    return Notification.objects.filter(template="appointment_reminder", status="queued")


def test_booked_is_reminded_once_and_cancelled_never(booked):
    reminder = waiting().get()
    assert now() < reminder.not_before < booked.starts_at

    booking.send_link_again(appointment_id=booked.pk, by=None, at=now())
    assert waiting().get() != reminder

    booking.cancel(appointment_id=booked.pk, reason="victim asked", by=None, at=now())
    assert not waiting().exists()


def test_a_locked_link_leaves_no_second_set_of_guesses(booked):
    link = Link.objects.filter(about_id=booked.pk).first()

    link_locked.send(sender=Link, link=link, at=now())

    assert not waiting().exists()
    assert links.is_open(link, now())


def test_what_the_plan_forbids_is_not_queued_to_be_held(db):
    shift = factories.shift(starts_at=factories.next_hour() + timedelta(days=3))
    held = factories.appointment(at_shift=shift, status="held")
    ContactPlan.objects.filter(contact=held.incident.victim).update(safe="no_contact")

    booking.book(appointment_id=held.pk, by=held.held_by, at=now())

    assert not Notification.objects.filter(template="appointment_reminder").exists()
