"""Re-THRIVE: due 3 h 30 after the last assessment, at once when something happens, never lost."""

import threading
import uuid
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import transaction
from django.utils.timezone import now

from appointments import booking, change_requests, outcomes
from appointments.models import Appointment
from messaging import conversations, staff_tasks
from messaging.models import Notification, StaffTask
from tests import factories
from tests.appointments import factories as diary
from tests.appointments import interview
from tests.at_once import at_once, broken
from tests.triage.conftest import AT_THE_DOOR, decision, known
from triage import assessing, intake, jobs, permissions, tasks
from triage.control import dispatching
from triage.control.models import ToTell
from triage.models import Incident, Presence, Review
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry
from victimcontact.lib import local_time
from victimcontact.people import plans
from victimcontact.people.models import Link
from victimcontact.people.signals import link_locked

pytestmark = pytest.mark.django_db
NOON = factories.NOON
AS_BEFORE = decision(3, "As it was told")


def because(incident):
    return incident.reviews.get(done_at=None).because


# When it is assessed, and what clocks in London show then and when the review falls due. At 01:00
# UTC on 29 March 01:00 becomes 02:00; on 25 October 02:00 becomes 01:00 again.
NIGHTS = [
    (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), "00:30", "05:00"),
    (datetime(2026, 3, 28, 22, 0, tzinfo=UTC), "22:00", "02:30"),
    (datetime(2026, 10, 24, 23, 30, tzinfo=UTC), "00:30", "03:00"),
    (datetime(2026, 10, 25, 0, 15, tzinfo=UTC), "01:15", "03:45"),
    (datetime(2026, 10, 25, 1, 15, tzinfo=UTC), "01:15", "04:45"),
]


@pytest.mark.parametrize(("at", "local", "due_local"), NIGHTS)
def test_three_and_a_half_hours_are_elapsed_hours_on_any_night(handler, at, local, due_local):
    incident = factories.incident()

    assessing.assess(incident, known=known(), decision=AS_BEFORE, by=handler, at=at)

    due = Incident.objects.get().review_due_at
    assert due - at == timedelta(hours=3, minutes=30)
    assert [f"{local_time.local(each):%H:%M}" for each in (at, due)] == [local, due_local]
    assert jobs.raise_late_reviews(due) == 0
    assert jobs.raise_late_reviews(due + timedelta(seconds=1)) == 1


def test_a_booked_appointment_waits_under_review_like_any_other(handler):
    booked = diary.appointment()
    at = booked.incident.review_due_at + timedelta(seconds=1)
    assert booked.during.lower - timedelta(hours=3) < at  # it is still ahead, or just passed

    assert jobs.raise_late_reviews(at) == 1

    assert StaffTask.objects.get(kind="review_late").about_id == booked.incident.pk


# What happens


def test_an_uploaded_photograph_asks_for_a_look():
    appointment, visit = interview.begun()
    incident = appointment.incident
    assert because(incident) == "clock"

    interview.send(appointment, visit)

    assert because(incident) == "upload"


@pytest.mark.django_db(transaction=True)
def test_news_at_once_about_one_incident_do_not_deadlock():
    """Each has written a row that refers to the incident before it asks for the look."""
    incident = factories.incident(grade=3, at=now())
    people = [factories.user(Role.CALL_HANDLER) for _ in range(4)]
    ready = threading.Barrier(4, timeout=30)

    def news(person):
        with transaction.atomic():
            Presence.objects.create(incident=incident, user=person, seen_at=now())
            ready.wait()
            assessing.review_now(incident.pk, because="upload", at=now())

    found = at_once(*(partial(news, person) for person in people))

    assert broken(found) == []
    assert because(incident) == "upload"


def test_a_missed_call_asks_for_a_look():
    missed = diary.appointment(starts_at=now() - timedelta(hours=3))

    outcomes.mark_missed(at=now())

    assert because(missed.incident) == "missed call"


def test_a_moved_appointment_asks_for_a_look_and_a_first_one_does_not(handler):
    shift = diary.shift()
    incident = diary.video_incident()
    held = booking.hold(
        incident_id=incident.pk,
        officer_id=shift.officer_id,
        starts_at=shift.during.lower,
        idempotency_key=uuid.uuid4(),
        by=handler,
        at=now(),
    )
    booked = booking.book(appointment_id=held.pk, by=handler, at=now())
    assert because(incident) == "clock"

    booking.move(
        appointment_id=booked.pk,
        officer_id=shift.officer_id,
        starts_at=shift.during.lower + timedelta(hours=2),
        idempotency_key=uuid.uuid4(),
        by=handler,
        at=now(),
    )

    assert because(incident) == "appointment moved"


def test_a_wish_for_another_time_asks_for_a_look():
    booked = diary.appointment()

    change_requests.ask(appointment_id=booked.pk, wish="move", by=None, at=now())

    assert because(booked.incident) == "change asked for"


def test_a_message_in_the_portal_asks_for_a_look_and_an_officers_does_not():
    incident = factories.incident(grade=3, at=now())
    talk = conversations.open_for(contact=incident.victim, about=incident, at=now())
    officer = factories.user(Role.OFFICER_IN_CHARGE)

    conversations.post(
        talk, author=officer, body="How are you?", idempotency_key=uuid.uuid4(), at=now()
    )
    assert because(incident) == "clock"
    conversations.post(
        talk,
        author=conversations.VICTIM,
        body="He is back",
        idempotency_key=uuid.uuid4(),
        at=now(),
    )

    assert because(incident) == "message received"


def test_a_locked_link_asks_for_a_look():
    booked = diary.appointment()
    link = Link(contact=booked.contact, purpose=Link.Purpose.APPOINTMENT, about_id=booked.pk)

    with transaction.atomic():
        link_locked.send(sender=Link, link=link, at=now())

    assert because(booked.incident) == "link locked"


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ({"channels": {"sms": "safe"}}, "clock"),
        ({"channels": {"sms": "unsafe"}}, "contact no longer safe"),
        ({"channels": {"sms": "safe"}, "phone_watched": True}, "contact no longer safe"),
        ({"safe": "no_contact"}, "contact no longer safe"),
        ({"channels": {"sms": "safe", "call": "unsafe"}}, "contact no longer safe"),
        ({"channels": {"sms": "safe", "email": "safe"}}, "clock"),
    ],
)
def test_contact_that_is_no_longer_safe_asks_for_a_look(handler, plan, expected):
    incident = factories.incident(grade=3, at=now())
    factories.plan(incident.victim, at=now())

    plans.set_plan(incident.victim, by=handler, at=now(), **plan)

    assert because(incident) == expected


def test_a_first_plan_is_no_change_for_the_worse(handler):
    incident = factories.incident(grade=3, at=now())

    plans.set_plan(incident.victim, safe="no_contact", by=handler, at=now())

    assert because(incident) == "clock"


@pytest.mark.parametrize("same", ["number", "person", "address", "nothing"])
def test_a_repeat_contact_asks_for_a_look_at_what_is_open(handler, same):
    factories.policy()
    victim = factories.contact(phone="+447700900111", address="3 Mill Lane, Northmoor")
    fields = {"victim": victim, "location": "9 Quay Street, Northmoor", "at": now()}
    standing = factories.incident(grade=3, **fields)
    closed = factories.incident(
        grade=3, status="closed", closed_at=now(), closed_by=handler, **fields
    )
    again = {
        "number": {"caller": intake.Person(name="A neighbour", phone="+447700900111")},
        "person": {"caller": intake.Person(contact_id=str(victim.pk))},
        "address": {"caller": intake.Person(), "location": "9 quay street,  Northmoor"},
        "nothing": {"caller": intake.Person(phone="+447700900222"), "location": "1 Far Road"},
    }[same]

    new = intake.record(
        intake.NewReport(channel="101", narrative="He was here again.", **again),
        force=standing.force,
        decision=assessing.Decision(3, "As it was told"),
        by=handler,
        at=now(),
    )

    assert because(standing) == ("clock" if same == "nothing" else "repeat contact")
    assert (because(closed), because(new)) == ("clock", "clock")


def test_a_repeat_contact_in_another_force_is_not_ours(handler):
    factories.policy()
    standing = factories.incident(
        grade=3, at=now(), victim=factories.contact(phone="+447700900111")
    )

    intake.record(
        intake.NewReport(
            channel="101", narrative="Again", caller=intake.Person(phone="+447700900111")
        ),
        force=factories.force("southmoor"),
        decision=assessing.Decision(3, "As it was told"),
        by=handler,
        at=now(),
    )

    assert because(standing) == "clock"


def test_what_happens_to_a_late_review_is_seen_and_does_not_make_it_younger(handler):
    incident = factories.incident(grade=3)
    late = NOON + timedelta(hours=4)
    jobs.raise_late_reviews(late)

    assessing.review_now(incident.pk, because="message received", at=late)

    review = incident.reviews.get()
    assert (review.due_at, review.because) == (NOON + timedelta(minutes=210), "message received")
    assert jobs.raise_late_reviews(late + timedelta(hours=1)) == 0


def test_news_that_came_while_somebody_was_deciding_still_wants_a_look(handler):
    incident = factories.incident(grade=3)
    opened, news, kept = (NOON + timedelta(minutes=m) for m in (10, 12, 15))
    assessing.review_now(incident.pk, because="message received", at=news)

    assessing.assess(
        incident, known=known(), decision=AS_BEFORE, by=handler, at=kept, seen_at=opened
    )

    incident.refresh_from_db()
    assert (because(incident), incident.review_due_at) == ("message received", kept)
    assessing.assess(
        incident,
        known=known(),
        decision=AS_BEFORE,
        by=handler,
        at=kept + timedelta(minutes=5),
        seen_at=news + timedelta(seconds=1),
    )
    incident.refresh_from_db()
    assert because(incident) == "clock"
    assert incident.review_due_at == kept + timedelta(minutes=215)


# Found to the second, told once


def test_what_falls_due_before_the_next_look_is_arranged_for_by_the_second():
    due = [timedelta(seconds=s) for s in (-1, 0, 10, 10.4, 59.9, 74, 76, 3600)]
    for moment in due:
        factories.incident(grade=3, at=NOON + moment - timedelta(minutes=210))

    found = [(each - NOON).total_seconds() for each in jobs.moments_ahead(NOON)]

    assert found == [1, 11, 60, 75]


def test_the_look_of_beat_raises_and_arranges_and_the_arranged_look_raises(monkeypatch):
    arranged = []
    monkeypatch.setattr(
        tasks.raise_what_is_late, "apply_async", lambda **given: arranged.append(given)
    )
    at = now()
    factories.incident(grade=3, at=at - timedelta(minutes=211))
    factories.incident(grade=3, at=at - timedelta(minutes=210) + timedelta(seconds=30))

    tasks.raise_late_reviews()

    assert StaffTask.objects.filter(kind="review_late").count() == 1
    (given,) = arranged
    assert timedelta(seconds=29) < given["eta"] - at < timedelta(seconds=32)
    Review.objects.filter(raised_at=None).update(due_at=at - timedelta(seconds=1))
    for _ in range(3):
        tasks.raise_what_is_late()
    assert StaffTask.objects.filter(kind="review_late").count() == 2


def test_more_than_one_look_can_hold_are_raised_all_the_same(monkeypatch):
    monkeypatch.setattr(jobs, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(tasks.raise_what_is_late, "delay", lambda: tasks.raise_what_is_late())
    for _ in range(5):
        factories.incident(grade=3, at=now() - timedelta(hours=5))

    tasks.raise_what_is_late()

    assert StaffTask.objects.filter(kind="review_late").count() == 5


def test_a_worker_that_comes_back_looks_before_beat_does(monkeypatch):
    looked = []
    monkeypatch.setattr(tasks.raise_late_reviews, "delay", lambda: looked.append(True))

    from celery.signals import worker_ready

    worker_ready.send(sender=None)

    assert looked == [True]


@pytest.mark.django_db(transaction=True)
def test_many_workers_raise_each_late_review_once():
    for _ in range(6):
        factories.incident(grade=3, at=now() - timedelta(hours=5))
    at = now()

    found = at_once(*[lambda: jobs.raise_late_reviews(at)] * 4)
    assert broken(found) == []
    jobs.raise_late_reviews(at)

    assert StaffTask.objects.filter(kind="review_late").count() == 6
    assert Entry.objects.filter(type="review.late").count() == 6


def test_an_assessment_settles_what_the_leader_was_told(handler):
    incident, other = (factories.incident(grade=3) for _ in range(2))
    late = NOON + timedelta(hours=4)
    jobs.raise_late_reviews(late)
    leader = factories.user(Role.TEAM_LEADER)
    staff_tasks.take(StaffTask.objects.get(about_id=incident.pk).pk, by=leader, at=late)

    assessing.assess(incident, known=known(), decision=AS_BEFORE, by=handler, at=late)

    done = StaffTask.objects.get(about_id=incident.pk)
    assert (done.done_by, done.taken_by, done.done_note) == (handler, leader, "Assessed again")
    assert StaffTask.objects.get(about_id=other.pk).done_at is None


# Up at once, down with a leader


def test_a_worse_grade_frees_the_slot_starts_the_response_and_tells_them_together(handler):
    booked = diary.appointment()
    incident = booked.incident

    assessing.assess(incident, known=known(AT_THE_DOOR), decision=decision(1), by=handler, at=now())

    booked.refresh_from_db()
    incident.refresh_from_db()
    assert (booked.status, booked.cancelled_reason) == ("cancelled", "worse grade")
    assert incident.due_at - now() < timedelta(minutes=15)
    assert [n.template for n in Notification.objects.all()] == ["appointment_cancelled"]
    assert set(StaffTask.objects.values_list("kind", flat=True)) == {"grade_raised"}
    assert "grade 3 is now 1" in StaffTask.objects.get().reason
    assert set(ToTell.objects.values_list("what", flat=True)) >= {"grade", "attendance"}


def test_a_worse_grade_whose_plan_forbids_texts_becomes_a_task_to_tell_them(handler):
    booked = diary.appointment()
    plans.set_plan(booked.contact, safe="no_contact", by=handler, at=now())

    assessing.assess(
        booked.incident, known=known(AT_THE_DOOR), decision=decision(1), by=handler, at=now()
    )

    assert [n.status for n in Notification.objects.all()] == ["held"]
    assert set(StaffTask.objects.values_list("kind", flat=True)) == {"text_held", "grade_raised"}


def test_a_worse_grade_is_all_or_nothing(handler, monkeypatch):
    booked = diary.appointment()
    incident = booked.incident

    def broken(*args, **kwargs):
        raise RuntimeError("the text cannot be written")

    monkeypatch.setattr(booking.outbox, "queue", broken)
    with pytest.raises(RuntimeError), transaction.atomic():
        assessing.assess(
            incident, known=known(AT_THE_DOOR), decision=decision(1), by=handler, at=now()
        )

    assert Appointment.objects.get(pk=booked.pk).status == "booked"
    assert (Incident.objects.get(pk=incident.pk).grade, incident.assessments.count()) == (3, 1)
    assert not StaffTask.objects.exists()


def test_officers_sent_settle_the_task_of_the_raised_grade(handler):
    incident = factories.incident(grade=3, at=now())

    dispatching.send_now(incident, reason="He is back", told="call", by=handler, at=now())

    assert StaffTask.objects.get(kind="grade_raised").done_note == "Officers were sent"


def test_less_urgent_or_not_urgent_enough_raises_no_task(handler):
    leader = factories.user(Role.TEAM_LEADER)
    lowered, raised = factories.incident(grade=2), factories.incident(grade=4)

    assessing.assess(
        lowered, known=known(), decision=decision(3, "He is in custody"), by=leader, at=NOON
    )
    assessing.assess(raised, known=known(), decision=AS_BEFORE, by=handler, at=NOON)

    assert not StaffTask.objects.exists()


@pytest.mark.parametrize("role", Role)
def test_up_by_anyone_who_assesses_down_by_a_leader_alone(role):
    person = factories.user(role)
    leads = role in (Role.TEAM_LEADER, Role.SUPERVISOR)
    up, down = factories.incident(grade=3), factories.incident(grade=2)

    assert permissions.can_grade(person, up, 1)
    assert permissions.can_grade(person, down, 3) == leads
    if not leads:
        with pytest.raises(permissions.MayNotLower):
            assessing.assess(
                down, known=known(), decision=decision(3, "Quieter"), by=person, at=NOON
            )


def test_taking_over_assigning_or_putting_last_changes_no_grade(handler):
    """Whose it is and where it stands on the board say nothing of how urgent it is."""
    from triage.shifts import ownership

    leader = factories.user(Role.TEAM_LEADER)
    incident = factories.incident(grade=2)
    before = Incident.objects.values("grade", "due_at", "review_due_at").get()

    ownership.pin(incident, reason="First", by=leader, at=NOON)
    ownership.take_over(incident, by=handler, at=NOON)
    ownership.hand_over(by=handler, to=leader, note="Yours", at=NOON)
    ownership.unpin(incident, by=leader, at=NOON)

    assert Incident.objects.values("grade", "due_at", "review_due_at").get() == before
