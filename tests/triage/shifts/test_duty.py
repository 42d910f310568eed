from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from tests import factories
from tests.appointments import factories as diary
from triage.shifts import duty, tasks
from triage.shifts.models import Duty
from victimcontact.accounts.models import Force
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db
NOON = factories.NOON
AFTER_IDLING = timedelta(minutes=15)


def standings(at=NOON):
    return {one.user: one for one in duty.on_duty(Force.objects.all(), at=at)}


def states(at=NOON):
    return {user: str(one.state) for user, one in standings(at).items()}


def test_who_says_nothing_is_not_on_duty_and_who_says_free_is(handler, other):
    duty.say(handler, "free", at=NOON)

    assert states() == {handler: "free"}
    assert standings()[handler].heading == "Call handlers"


def test_saying_it_is_in_the_ledger_once(handler):
    for minutes in range(3):
        duty.say(handler, "busy", at=NOON + timedelta(minutes=minutes))

    told = Entry.objects.filter(type="duty.said").values_list("detail", flat=True)
    assert list(told) == [{"state": "busy", "before": "away"}]
    assert Duty.objects.get().since == NOON
    assert Duty.objects.get().heard_at == NOON + timedelta(minutes=2)


def test_what_is_no_state_is_refused(handler):
    with pytest.raises(duty.NoSuchState):
        duty.say(handler, "asleep", at=NOON)

    assert not Duty.objects.exists()


def test_silence_for_as_long_as_a_session_idles_is_away_at_once_and_in_the_record(handler):
    duty.say(handler, "free", at=NOON)
    just_before = NOON + AFTER_IDLING - timedelta(seconds=1)

    assert (states(just_before), duty.let_go(at=just_before)) == ({handler: "free"}, 0)
    assert states(NOON + AFTER_IDLING) == {}
    assert [duty.let_go(at=NOON + AFTER_IDLING + timedelta(minutes=1)) for _ in range(2)] == [1, 0]

    row = Duty.objects.get()
    assert (row.state, row.since) == ("away", NOON + AFTER_IDLING)
    assert Entry.objects.get(type="duty.ended").detail["because"] == "not heard of"


def test_who_uses_their_pages_stays_and_who_was_gone_does_not_come_back_by_it(handler, other):
    for person in (handler, other):
        duty.say(person, "free", at=NOON)

    duty.heard(handler, at=NOON + timedelta(minutes=10))
    duty.heard(other, at=NOON + timedelta(minutes=20))

    assert states(NOON + timedelta(minutes=20)) == {handler: "free"}


def test_a_page_keeps_its_reader_on_duty_and_signing_out_ends_it(handler):
    duty.say(handler, "free", at=now() - timedelta(minutes=10))
    client = factories.sign_in(Client(), handler)

    client.get(reverse("triage:queue_rows"), headers={"X-Background": "1"})
    assert Duty.objects.get().heard_at < now() - timedelta(minutes=9)  # the page asked by itself
    client.get(reverse("triage:queue"))
    assert Duty.objects.get().heard_at > now() - timedelta(minutes=1)
    client.post(reverse("accounts:sign_out"))

    assert Duty.objects.get().state == "away"
    assert Entry.objects.get(type="duty.ended").detail["because"] == "signed out"


def test_an_idle_session_that_ends_takes_its_person_off_duty(handler):
    client = factories.sign_in(Client(), handler)
    client.get(reverse("triage:queue"))
    duty.say(handler, "busy", at=now())
    session = client.session
    session["seen"] -= 16 * 60
    session.save()

    client.get(reverse("triage:queue"))

    assert Duty.objects.get().state == "away"


def test_an_officer_on_the_roster_is_free_without_a_word():
    officer = factories.user(Role.VIDEO_OFFICER)
    shift = diary.shift(officer=officer, starts_at=NOON, hours=6)

    assert states(NOON - timedelta(seconds=1)) == {}
    one = standings(NOON)[officer]
    assert (one.state, one.why, one.until) == ("free", "on the roster", shift.during.upper)
    assert states(shift.during.upper) == {}


def test_an_officer_in_an_appointment_is_busy_whatever_they_say():
    booked = diary.appointment(starts_at=NOON)
    duty.say(booked.officer, "free", at=NOON)

    during = states(NOON + timedelta(minutes=5))
    one = standings(NOON + timedelta(minutes=5))[booked.officer]

    assert during[booked.officer] == "busy"
    assert (one.why, one.until) == ("in an appointment", booked.occupies.upper)


def test_an_officer_whose_call_runs_over_is_still_busy():
    booked = diary.appointment(starts_at=NOON)
    at = booked.occupies.upper + timedelta(minutes=10)
    type(booked).objects.filter(pk=booked.pk).update(status="in_call", admitted_at=NOON)

    assert states(at)[booked.officer] == "busy"


def test_a_rostered_officer_who_says_away_is_listed_as_away():
    officer = factories.user(Role.VIDEO_OFFICER)
    diary.shift(officer=officer, starts_at=NOON, hours=6)
    duty.say(officer, "busy", at=NOON)
    duty.say(officer, "away", at=NOON)

    assert states(NOON + timedelta(minutes=1)) == {officer: "away"}


def test_another_force_and_the_dismissed_are_not_shown(handler, other):
    elsewhere = factories.user(Role.CALL_HANDLER, at_force=factories.force("southmoor"))
    for person in (handler, other, elsewhere):
        duty.say(person, "free", at=NOON)
    type(other).objects.filter(pk=other.pk).update(is_active=False)

    found = duty.on_duty(handler.forces.all(), at=NOON)

    assert [one.user for one in found] == [handler]


def test_free_come_first_then_who_has_least(handler, other, leader):
    for person in (handler, other):
        duty.say(person, "free", at=NOON)
    busy = factories.user(Role.CALL_HANDLER)
    duty.say(busy, "busy", at=NOON)
    factories.incident(grade=3, owner=handler)

    found = [(one.user, one.owns) for one in duty.on_duty(Force.objects.all(), at=NOON)]

    assert found == [(other, 0), (handler, 1), (busy, 0)]


def test_everybody_is_asked_for_in_one_query(handler, django_assert_num_queries):
    for number in range(3):
        officer = factories.user(Role.VIDEO_OFFICER)
        diary.shift(officer=officer, starts_at=NOON, hours=6)
        duty.say(factories.user(Role.CALL_HANDLER), "free", at=NOON + timedelta(minutes=number))

    with django_assert_num_queries(1):
        assert len(duty.on_duty(handler.forces.all(), at=NOON + timedelta(minutes=5))) == 6


def test_beat_names_the_task_that_lets_go(handler):
    from triage.shifts import jobs
    from victimcontact import celery

    duty.say(handler, "free", at=now() - timedelta(hours=1))

    assert [each["task"] for each in jobs.BEAT.values()] == [tasks.let_go.name]
    assert "triage.shifts.jobs" in celery.JOBS
    tasks.let_go()

    assert Duty.objects.get().state == "away"


def test_what_somebody_owns_in_another_force_is_not_counted(handler):
    south = factories.force("southmoor")
    handler.forces.add(south)
    factories.incident(grade=3, owner=handler)
    factories.incident(south, grade=3, owner=handler)
    duty.say(handler, "free", at=NOON)

    (one,) = duty.on_duty(Force.objects.filter(pk=south.pk), at=NOON)

    assert one.owns == 1
