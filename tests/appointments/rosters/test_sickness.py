"""An officer is lost: each victim is seen by another, at another time, or somebody rings them."""

import uuid
from datetime import timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.timezone import now

from appointments import booking, change_requests, selectors
from appointments.models import Appointment
from appointments.rosters import losses, shifts, sickness
from appointments.rosters.models import Absence, Outcome
from messaging import staff_tasks
from messaging.models import Notification, StaffTask
from tests import factories
from tests.appointments import factories as diary
from victimcontact.accounts.roles import Role

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def sergeant():
    return factories.user(Role.SUPERVISOR)


@pytest.fixture
def shift():
    return diary.shift(hours=6)


def booked(shift, by, *, after=timedelta()):
    made = booking.hold(
        incident_id=diary.video_incident().pk,
        officer_id=shift.officer_id,
        starts_at=shift.during.lower + after,
        idempotency_key=uuid.uuid4(),
        by=by,
        at=now(),
    )
    return booking.book(appointment_id=made.pk, by=by, at=now())


def falls_sick(shift, by, during=None):
    return sickness.record(officer=shift.officer, during=during or shift.during, by=by, at=now())


def results(outcomes):
    return [(outcome.appointment_id, outcome.result) for outcome in outcomes]


def test_another_officer_takes_the_same_time(shift, sergeant):
    appointment = booked(shift, sergeant)
    other = diary.shift(starts_at=shift.during.lower)

    outcomes = falls_sick(shift, sergeant)

    assert results(outcomes) == [(appointment.pk, "reassigned")]
    appointment.refresh_from_db()
    assert (appointment.officer, appointment.status) == (other.officer, "booked")
    assert not selectors.is_rostered(shift.desk, shift.officer, appointment.occupies)


def test_else_the_next_time_and_the_victim_is_told(shift, sergeant):
    appointment = booked(shift, sergeant)
    later = diary.shift(starts_at=shift.during.upper)
    change_requests.ask(appointment_id=appointment.pk, wish="visit", by=None, at=now())
    Notification.objects.all().delete()

    (outcome,) = falls_sick(shift, sergeant)

    assert (outcome.result, outcome.replacement.officer) == ("moved", later.officer)
    assert outcome.replacement.starts_at == later.during.lower
    assert outcome.replacement.moved_from_id == appointment.pk
    told = Notification.objects.get(about_id=outcome.replacement.pk)
    assert (told.template, told.contact) == ("appointment_moved", appointment.contact)
    # Nobody has settled what they had asked for.
    assert StaffTask.objects.get(kind="change_asked", done_at=None).about_id == told.about_id


def test_else_a_person_rings(shift, sergeant):
    appointment = booked(shift, sergeant)

    (outcome,) = falls_sick(shift, sergeant)

    assert (outcome.result, outcome.replacement) == ("task", None)
    task = StaffTask.objects.get()
    assert (task.kind, task.about_id) == ("call_back", appointment.pk)
    # The clock does not ask again, each minute anew.
    assert losses.settle_waiting(at=now()) == 0
    # The time stands until somebody has spoken with the victim.
    appointment.refresh_from_db()
    assert appointment.status == "booked"


def test_a_task_ticked_off_while_the_time_stands_as_it_did_comes_again(shift, sergeant):
    appointment = booked(shift, sergeant)
    falls_sick(shift, sergeant)
    task = StaffTask.objects.get()
    staff_tasks.done(task.pk, note="Rang them", by=sergeant, at=now())

    losses.settle_waiting(at=now())
    assert losses.settle_waiting(at=now()) == 0

    again = StaffTask.objects.get(done_at=None)
    assert (again.about_id, again.reason) == (appointment.pk, losses.STILL)
    booking.cancel(appointment_id=appointment.pk, reason="victim asked", by=sergeant, at=now())
    losses.settle_waiting(at=now())
    again.refresh_from_db()
    assert again.withdrawn
    assert not StaffTask.objects.filter(done_at=None).exists()


def test_three_victims_one_free_officer(shift, sergeant):
    appointments = [booked(shift, sergeant, after=number * HOUR) for number in range(3)]
    diary.shift(starts_at=shift.during.lower, hours=2)

    outcomes = falls_sick(shift, sergeant)

    assert results(outcomes) == [
        (appointments[0].pk, "reassigned"),
        (appointments[1].pk, "reassigned"),
        (appointments[2].pk, "task"),
    ]


def test_nobody_of_another_gender_than_asked_for(shift, sergeant):
    appointment = booked(shift, sergeant)
    contact = appointment.contact
    contact.needs = {"officer": "female"}
    contact.save()
    diary.shift(
        officer=factories.user(Role.VIDEO_OFFICER, gender="male"), starts_at=shift.during.lower
    )

    (outcome,) = falls_sick(shift, sergeant)
    assert outcome.result == "task"


def test_a_woman_takes_over_where_one_was_asked_for(shift, sergeant):
    appointment = booked(shift, sergeant)
    contact = appointment.contact
    contact.needs = {"officer": "female"}
    contact.save()
    woman = factories.user(Role.VIDEO_OFFICER, gender="female")
    for officer in (factories.user(Role.VIDEO_OFFICER, gender="male"), woman):
        diary.shift(officer=officer, starts_at=shift.during.lower)

    (outcome,) = falls_sick(shift, sergeant)

    assert (outcome.result, outcome.replacement.officer) == ("reassigned", woman)


def test_recorded_twice_is_one_absence_and_one_change(shift, sergeant):
    booked(shift, sergeant)
    diary.shift(starts_at=shift.during.lower)

    first = falls_sick(shift, sergeant)
    second = falls_sick(shift, sergeant)

    assert results(first) == results(second)
    assert (Absence.objects.count(), Outcome.objects.count()) == (1, 1)


def test_what_a_dead_worker_left_is_settled_by_the_clock(shift, sergeant, monkeypatch):
    appointment = booked(shift, sergeant)
    booked(shift, sergeant, after=HOUR)
    diary.shift(starts_at=shift.during.lower)
    settle, done = losses.settle, []

    def killed_after_the_first(outcome_id, *, at):
        if done:
            raise SystemExit
        done.append(settle(outcome_id, at=at))

    monkeypatch.setattr(losses, "settle", killed_after_the_first)
    with pytest.raises(SystemExit):
        falls_sick(shift, sergeant)
    monkeypatch.setattr(losses, "settle", settle)
    assert sorted(Outcome.objects.values_list("result", flat=True)) == ["", "reassigned"]

    assert losses.settle_waiting(at=now()) == 1

    assert {outcome.result for outcome in Outcome.objects.all()} == {"reassigned"}
    assert losses.settle_waiting(at=now()) == 0
    appointment.refresh_from_db()
    assert appointment.officer != shift.officer


def test_a_hold_is_given_back_and_one_booked_meanwhile_is_found(shift, sergeant):
    held = diary.appointment(status="held", at_shift=shift)
    falls_sick(shift, sergeant)
    held.refresh_from_db()
    assert held.status == "released"

    # Booked past the services, as if the officer's absence had been recorded in between.
    late = diary.appointment(at_shift=shift, starts_at=shift.during.lower + HOUR)
    diary.shift(starts_at=shift.during.lower)
    assert losses.settle_waiting(at=now()) == 1
    late.refresh_from_db()
    assert late.officer != shift.officer


def test_only_the_time_of_the_absence_is_touched(shift, sergeant):
    early, late = booked(shift, sergeant), booked(shift, sergeant, after=3 * HOUR)
    during = DateTimeTZRange(shift.during.lower, shift.during.lower + HOUR)

    (outcome,) = falls_sick(shift, sergeant, during)

    # The same officer is back by then.
    assert (outcome.appointment_id, outcome.result) == (early.pk, "moved")
    assert outcome.replacement.starts_at == during.upper
    assert outcome.replacement.officer == shift.officer
    late.refresh_from_db()
    assert (late.officer, late.status) == (shift.officer, "booked")


def test_taken_back_the_shifts_give_slots_again(shift, sergeant):
    falls_sick(shift, sergeant)
    assert selectors.free_slots(shift.desk, at=now()) == []

    for _ in range(2):
        sickness.take_back(Absence.objects.get().pk, by=sergeant, at=now())

    assert selectors.free_slots(shift.desk, at=now())


def test_what_would_happen_is_shown_and_nothing_stays(shift, sergeant):
    appointment = booked(shift, sergeant)
    later = diary.shift(starts_at=shift.during.upper)

    (foreseen,) = losses.foresee(
        lambda: shifts.remove(shift.pk, by=sergeant, at=now()), officers=[shift.officer], at=now()
    )

    assert (foreseen.appointment, foreseen.officer) == (appointment, later.officer)
    assert not foreseen.is_same_time
    shift.refresh_from_db()  # it is still there
    assert Appointment.objects.count() == 1
    assert Outcome.objects.count() == 0


def test_whoever_waits_for_a_sick_officer_is_not_left_alone(sergeant):
    begun = now().replace(second=0, microsecond=0) - timedelta(minutes=10)
    begun -= timedelta(minutes=begun.minute % 5)
    appointment = diary.appointment(
        status="waiting", starts_at=begun, at_shift=diary.shift(starts_at=begun - HOUR)
    )
    assert losses.uncovered(at=now()) == []

    away = DateTimeTZRange(appointment.starts_at - HOUR, appointment.starts_at + 3 * HOUR)
    (outcome,) = falls_sick(appointment, sergeant, away)

    assert outcome.result == "task"
    assert StaffTask.objects.get(about_id=appointment.pk).reason == losses.BEGUN
    # Somebody is there who can take it over, with the time and the link as they are.
    other = diary.shift(starts_at=begun - HOUR)
    Outcome.objects.update(result="", settled_at=None)
    losses.settle_waiting(at=now())
    appointment.refresh_from_db()
    assert (appointment.officer, appointment.status) == (other.officer, "waiting")


def test_an_officer_who_was_switched_off_is_replaced(shift, sergeant):
    appointment = booked(shift, sergeant)
    other = diary.shift(starts_at=shift.during.lower)
    shift.officer.is_active = False
    shift.officer.save()

    assert losses.settle_waiting(at=now()) == 1

    appointment.refresh_from_db()
    assert appointment.officer == other.officer


def test_a_call_put_through_may_run_past_the_shift():
    begun = now() - timedelta(minutes=1)
    diary.appointment(starts_at=begun, at_shift=diary.shift(starts_at=begun - 8 * HOUR, hours=8.25))
    assert losses.uncovered(at=now()) == []
