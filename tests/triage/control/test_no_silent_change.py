"""Every change of grade, officer, slot or attendance is told, owed, or has its reason why not."""

import itertools
import uuid
from datetime import timedelta

import pytest
from django.utils.timezone import now

from appointments import booking
from tests import factories
from tests.appointments import factories as diary
from tests.triage.control import factories as control
from tests.triage.control.conftest import assess
from triage.control import closing, dispatching
from triage.control.models import CallerTold, ToTell

pytestmark = pytest.mark.django_db


def traces():
    """How often the caller was told something, or is owed it."""
    return CallerTold.objects.count() + ToTell.objects.filter(done_at=None).count()


@pytest.mark.parametrize(("before", "after"), list(itertools.permutations([1, 2, 3, 4], 2)))
def test_grade(leader, before, after):
    made = factories.incident(grade=before, at=now())

    assess(made, after, by=leader, at=now())

    assert [one.what for one in ToTell.objects.filter(done_at=None)] == ["grade"]


@pytest.mark.parametrize("grade", [1, 2, 3, 4])
def test_grade_that_the_house_raised_alone(grade):
    made = factories.incident(grade=4, at=now())

    assess(made, grade, by=None, at=now(), narrative="Lost my key")

    assert traces() == (0 if grade == 4 else 1)


def test_slot_and_officer(handler):
    at_shift, other = diary.shift(hours=6), diary.shift(hours=6)
    booked = diary.appointment(at_shift=at_shift)
    before = traces()

    moved = booking.move(
        appointment_id=booked.pk,
        officer_id=other.officer_id,
        starts_at=at_shift.during.lower,
        idempotency_key=uuid.uuid4(),
        by=handler,
        at=now(),
    )
    assert (moved.officer_id, moved.starts_at) == (other.officer_id, booked.starts_at)
    assert traces() == before + 1

    booking.move(
        appointment_id=moved.pk,
        officer_id=other.officer_id,
        starts_at=at_shift.during.lower + timedelta(hours=2),
        idempotency_key=uuid.uuid4(),
        by=handler,
        at=now(),
    )
    assert traces() == before + 2


@pytest.mark.parametrize("tell", [True, False])
def test_slot_given_up(handler, tell):
    booked = diary.appointment()

    booking.cancel(appointment_id=booked.pk, reason="officer ill", by=handler, at=now(), tell=tell)

    assert traces() == 1


def test_officers_sent_stood_down_and_closed(handler, leader):
    made = factories.incident(grade=3, at=now())
    dispatch = control.dispatch(made, by=handler)
    assert CallerTold.objects.filter(what="officers").count() == 1
    dispatching.step(dispatch, state="stood_down", note="He left", by=handler, at=now())
    assert ToTell.objects.get(done_at=None).what == "attendance"

    closing.close(
        made, outcome="no-trace", reason="Gone", not_told_because="No line", by=leader, at=now()
    )

    assert CallerTold.objects.get(what="closed").because == "No line"
    assert not ToTell.objects.filter(done_at=None).exists()
