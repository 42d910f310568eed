"""Nobody waits alone past their time without the desk hearing of it."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from appointments import alone, rooms
from appointments.models import Presence
from messaging.models import StaffTask
from tests.appointments import room_world as world

pytestmark = pytest.mark.django_db


def test_the_desk_is_told_once_and_asked_no_more_when_an_officer_came():
    appointment = world.appointment(status="waiting", starts_in=-timedelta(minutes=6))
    visit = world.open_link(appointment).visit

    assert (alone.look(at=now()), alone.look(at=now())) == (1, 0)
    task = StaffTask.objects.get()
    assert (task.about_id, task.reason) == (appointment.pk, alone.ALONE)

    rooms.admit(appointment_id=appointment.pk, visit_id=visit.pk, by=appointment.officer, at=now())
    alone.look(at=now())
    task.refresh_from_db()
    assert task.withdrawn


def test_nobody_is_told_before_the_time_or_with_an_officer_on_the_page():
    world.appointment(status="waiting", starts_in=-timedelta(minutes=4))
    seated = world.appointment(status="waiting", starts_in=-timedelta(minutes=10))
    rooms.take_seat(
        appointment=seated,
        side=Presence.Side.OFFICER,
        by=seated.officer,
        channel="socket",
        at=now(),
    )
    assert alone.look(at=now()) == 0
