"""Whoever was missed is tried again, counted, by safe ways; and no end is silent."""

import uuid
from datetime import datetime, time, timedelta

import pytest
from django.test import Client
from django.utils.timezone import now

from appointments import booking, outcomes, selectors
from appointments.attempts import safety, tries
from appointments.attempts.models import Attempt, Reaching, Series
from messaging.models import Notification, StaffTask
from tests import factories as people
from tests.appointments import factories
from tests.appointments import room_world as world
from tests.appointments import test_change as change
from tests.triage.conftest import known
from triage import assessing
from triage.control import closing
from victimcontact.accounts.roles import Role
from victimcontact.lib import local_time, phone
from victimcontact.people.models import ContactPlan

pytestmark = pytest.mark.django_db
Outcome = Attempt.Outcome


@pytest.fixture
def missed():
    """A series for an appointment whose time passed, in a force that rings by night as well."""
    appointment = factories.appointment()
    Reaching.objects.create(
        force=appointment.incident.force, day_begins=time(0), day_ends=time(23, 59)
    )
    assert outcomes.miss(appointment.pk, by=None, at=now())
    return Series.objects.get(pk=appointment.pk)


@pytest.fixture
def handler():
    return people.user(Role.CALL_HANDLER)


def tasks(kind="attempt_due"):
    return StaffTask.objects.filter(kind=kind, done_at=None)


def wrote(series, number, outcome, by, at):
    return tries.record(
        series.pk, number=number, channel="telephone", outcome=outcome, note="Rang", by=by, at=at
    )


def in_vain(series, by):
    """Every try made, none of which reached them. The time of the last."""
    at = series.began_at
    for number in range(1, series.most_tries + 1):
        at = Series.objects.get(pk=series.pk).due_at
        tries.raise_due(at=at)
        wrote(series, number, Outcome.NO_ANSWER, by, at)
    return at


def test_missed_brings_a_text_and_a_task_at_each_interval(missed, handler):
    assert [one.template for one in Notification.objects.filter(pk=missed.notification_id)] == [
        "appointment_missed"
    ]
    assert missed.due_at == missed.began_at + timedelta(minutes=30)
    assert tries.raise_due(at=missed.due_at - timedelta(seconds=1)) == 0

    assert tries.raise_due(at=missed.due_at) == 1
    assert tries.raise_due(at=missed.due_at) == 0
    assert tasks().count() == 1

    wrote(missed, 1, Outcome.NO_ANSWER, handler, missed.due_at)
    assert tasks().count() == 0
    missed.refresh_from_db()
    assert missed.due_at == missed.began_at + timedelta(minutes=180)


def test_a_task_ticked_off_without_a_word_comes_again(missed, handler):
    tries.raise_due(at=missed.due_at)
    tasks().update(done_at=now(), done_by=handler, taken_by=handler, taken_at=now())

    assert tries.raise_due(at=now()) == 1
    assert tasks().count() == 1


def test_the_last_in_vain_goes_to_a_leader_and_cannot_be_closed_unseen(missed, handler):
    leader = people.user(Role.TEAM_LEADER)
    incident = missed.appointment.incident
    refused = closing.stands_open(incident, by=leader, outcome="no-contact", at=now())
    assert [line for line in refused if "0 of 3 tries" in line]

    last = in_vain(missed, handler)

    missed.refresh_from_db()
    assert (missed.end, missed.due_at, tasks("not_reached").count()) == ("unreached", None, 1)
    refused = closing.stands_open(incident, by=leader, outcome="no-contact", at=last)
    assert [line for line in refused if "assess it again" in line]
    # Seen after all, whatever the telephone did.
    assert not closing.stands_open(incident, by=leader, outcome="duplicate", at=last)

    people.assessment(incident, grade=3, at=last + timedelta(minutes=5), decided_by=leader)
    incident.refresh_from_db()
    assert not closing.stands_open(incident, by=leader, outcome="no-contact", at=last)


@pytest.mark.parametrize(
    "change",
    [
        {"safe": ContactPlan.Safe.NO_CONTACT},
        {"phone_watched": True},
        {"channels": {"sms": "unsafe", "call": "unsafe"}},
        {"expires_at": datetime(2026, 1, 1, tzinfo=local_time.LONDON)},
    ],
)
def test_where_nobody_may_ring_a_leader_decides_at_once(change):
    appointment = factories.appointment()
    ContactPlan.objects.filter(contact=appointment.contact).update(**change)

    outcomes.miss(appointment.pk, by=None, at=now())
    series = Series.objects.get(pk=appointment.pk)
    tries.raise_due(at=series.due_at)

    assert series.notification is None
    assert not tasks().exists()
    assert tasks("not_reached").count() == 1


def test_ringing_waits_for_the_hours_of_the_plan(missed):
    day = local_time.local(missed.due_at).date() + timedelta(days=2)
    window = {"days": [day.weekday()], "from": "10:00", "to": "11:00"}
    ContactPlan.objects.filter(contact=missed.contact).update(windows=[window])

    assert tries.raise_due(at=missed.due_at) == 0

    missed.refresh_from_db()
    assert missed.due_at == local_time.from_local(day, time(10))
    assert tries.raise_due(at=missed.due_at) == 1


def test_what_may_be_danger_is_assessed_at_once_and_counted_once(missed, handler):
    incident = missed.appointment.incident
    people.assessment(incident, grade=3, at=now())
    before = incident.reviews.get(done_at=None)
    at = now() + timedelta(minutes=40)

    wrote(missed, 1, Outcome.SOMEBODY_ELSE, handler, at)

    assert incident.reviews.get(done_at=None).event_at == at != before.event_at
    with pytest.raises(tries.Counted):
        wrote(missed, 1, Outcome.REACHED, handler, at)


def test_rings_by_day_and_pauses_after_a_late_try():
    reaching = Reaching()
    began = local_time.from_local(datetime(2026, 3, 28).date(), time(20, 50))

    first = safety.next_try(reaching, began_at=began, made=0, at=began)
    late = safety.next_try(reaching, began_at=began, made=1, at=first + timedelta(hours=9))
    last = safety.next_try(reaching, began_at=began, made=2, at=began)

    # The clocks go forward in that night: nine by the clock on the wall.
    assert str(local_time.local(first)) == "2026-03-29 09:00:00+01:00"
    assert late == first + timedelta(hours=9, minutes=30)
    assert local_time.local(last).time() == time(9)


def test_a_new_time_ends_the_tries(missed):
    slot = selectors.free_slots(missed.appointment.desk, at=now(), limit=1)[0]

    again = {
        "appointment_id": missed.pk,
        "chosen": "video",
        "words": "You choose",
        "words_version": "1",
        "officer_id": slot.officer_id,
        "starts_at": slot.starts_at,
        "idempotency_key": uuid.uuid4(),
        "by": None,
        "at": now(),
    }
    made = tries.rebook(**again)

    assert tries.rebook(**again) == made
    missed.refresh_from_db()
    assert (made.status, made.follows_id, missed.end) == ("booked", missed.pk, "rebooked")


def booked_again(missed, *, by=None, at=None):
    slot = selectors.free_slots(missed.appointment.desk, at=now(), limit=1)[0]
    return booking.follow_up(
        appointment_id=missed.pk,
        officer_id=slot.officer_id,
        starts_at=slot.starts_at,
        idempotency_key=uuid.uuid4(),
        by=by,
        at=at or now(),
    )


def assessed(incident, by, at, *, seen_at=None):
    decision = assessing.Decision(grade=3, reason="As before")
    return assessing.assess(
        incident, known=known(), decision=decision, by=by, at=at, seen_at=seen_at
    )


def the_task(missed):
    return StaffTask.objects.get(kind="missed", about_id=missed.pk)


def test_booked_again_the_task_still_asks_for_the_assessment(missed, handler):
    incident, at = missed.appointment.incident, now()
    again = booked_again(missed, by=handler)

    task, when = the_task(missed), local_time.staff_time(again.starts_at)
    left = "Nobody has assessed since they missed it: assess again."
    assert (task.done_at, task.reason) == (None, f"Booked again for {when}. {left}")
    # The page was made before they missed it: whoever decides there does not know of that.
    before = assessed(incident, handler, at, seen_at=missed.began_at - timedelta(hours=1))
    assert before.video_offer
    assert the_task(missed).done_at is None

    assessed(incident, handler, at + timedelta(minutes=1))

    task = the_task(missed)
    note = f"Booked again for {when}, and assessed since they missed it"
    assert (task.done_by, task.done_note) == (handler, note)


def test_the_task_ends_with_the_new_time_where_somebody_assessed_before(missed, handler):
    assessed(missed.appointment.incident, handler, now())
    assert the_task(missed).reason == (
        "Assessed again since they missed it. Find out why they did, safely."
    )

    booked_again(missed)

    task = the_task(missed)
    assert (task.withdrawn, task.done_by) == (True, None)


def test_a_new_time_given_up_leaves_the_task_as_it_was_and_says_so(missed, handler):
    again = booked_again(missed)

    booking.cancel(appointment_id=again.pk, reason="victim asked", by=handler, at=now())

    task = the_task(missed)
    assert (task.done_at, task.reason) == (
        None,
        "Missed, booked again, and that was cancelled: assess again before anything.",
    )


def test_the_link_books_again_and_the_old_links_end(missed, client):
    victim = world.let_victim_in(client, world.open_link(missed.appointment))
    assert "/a/change/" in victim.get("/a/").content.decode()
    assert victim.get("/a/change/").status_code == 200

    page = change.post(victim, change.confirm(victim, "video", change.slots(victim, "video")[0]))

    made = missed.appointment.followed_by.get()
    assert "It is booked" in page.content.decode()
    assert (made.status, made.held_by, made.offer.recorded_by) == ("booked", None, None)
    missed.refresh_from_db()
    assert missed.end == "rebooked"
    assert victim.get("/a/").status_code == 403


def test_whoever_missed_it_is_not_told_that_the_old_time_stands(missed, client):
    victim = world.let_victim_in(client, world.open_link(missed.appointment))
    chosen = change.confirm(victim, "video", change.slots(victim, "video")[0])
    taken = datetime.fromisoformat(chosen["slot"].split(" ")[1])
    factories.appointment(at_shift=missed.appointment.officer.shifts.get(), starts_at=taken)

    page = change.post(victim, chosen)

    assert page.status_code == 409
    assert "That time has just gone. Choose another" in page.content.decode()
    assert "still stands" not in page.content.decode()


def test_the_page_shows_what_is_safe_and_keeps_what_was_said(missed, handler):
    plan = missed.contact.plan
    plan.do_not_say = "the word police"
    plan.save()
    client = people.sign_in(Client(), handler)
    page = f"/diary/{missed.pk}/attempts/"

    shown = client.get(page).content.decode()
    assert "the word police" in shown
    assert phone.display(missed.contact.phone) in shown
    assert client.post(page, {"number": 1}).status_code == 422
    said = {"number": 1, "channel": "telephone", "outcome": "reached", "note": "She is well"}
    assert client.post(page, said).status_code == 302

    missed.refresh_from_db()
    assert missed.end == "reached"
    assert "She is well" in client.get(page).content.decode()
    stranger = people.user(Role.CALL_HANDLER, at_force=people.force("elsewhere"))
    assert people.sign_in(Client(), stranger).get(page).status_code == 404


def test_one_appointment_that_breaks_hides_no_other_that_was_missed(monkeypatch):
    broken, other = factories.appointment(), factories.appointment()
    begin = tries.begin

    def breaks(appointment, *, at):
        if appointment.pk == broken.pk:
            raise ValueError
        return begin(appointment, at=at)

    monkeypatch.setattr(tries, "begin", breaks)

    assert outcomes.mark_missed(at=max(broken.ends_at, other.ends_at)) == 1
    other.refresh_from_db()
    assert other.status == "missed"
