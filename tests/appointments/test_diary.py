"""The officer's pages: whose they are, what they show, and what they ask of the database."""

import re
import time
from datetime import timedelta

import pytest
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from appointments import diary, rooms
from messaging.models import Notification, StaffTask
from tests import factories as people
from tests.appointments import factories
from tests.appointments import room_world as world
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry
from victimcontact.lib import local_time

pytestmark = pytest.mark.django_db
FETCH = {"headers": {"X-Requested-With": "fetch"}}


@pytest.fixture
def appointment():
    # Not around midnight: "today" is what the page shows.
    return world.appointment(starts_in=timedelta(0))


@pytest.fixture
def officer(appointment):
    return people.sign_in(Client(), appointment.officer)


def text(response):
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def named(appointment, name):
    appointment.contact.name = name
    appointment.contact.save()
    return appointment


def another(appointment, *, name, starts_in=timedelta(minutes=90), **fields):
    incident = factories.video_incident(appointment.incident.force)
    made = factories.appointment(
        incident,
        at_shift=appointment.officer.shifts.get(),
        starts_at=appointment.starts_at + starts_in,
        **fields,
    )
    return named(made, name)


# My day


def test_my_day_begins_with_who_is_next(appointment, officer):
    named(appointment, "Edith Marlow")
    page = text(officer.get("/diary/"))
    assert "Next: Edith Marlow" in page


def test_who_waits_comes_before_who_is_earlier(appointment, officer):
    named(appointment, "Edith Marlow")
    another(
        appointment, name="Priya Anand", status="waiting", waiting_at=now(), starts_in=timedelta(1)
    )
    tomorrow = text(officer.get("/diary/"))
    assert "Next: Edith Marlow" in tomorrow

    opened = world.open_link(appointment)
    rooms.enter_waiting_room(appointment_id=appointment.pk, visit=opened.visit, at=now())
    assert "Waiting now: Edith Marlow" in text(officer.get("/diary/"))
    assert "Waiting since" in text(officer.get("/diary/"))


def test_what_must_not_be_said_is_on_the_first_page(appointment, officer):
    plan = appointment.contact.plan
    plan.do_not_say, plan.cover_story, plan.help_word = "his name", "a bus survey", "umbrella"
    plan.save()
    page = text(officer.get("/diary/"))
    for words in ("his name", "a bus survey", "umbrella"):
        assert words in page


def test_each_sees_their_own_day(appointment, officer):
    named(appointment, "Edith Marlow")
    colleague = people.user(Role.VIDEO_OFFICER, at_force=appointment.incident.force)
    theirs = people.sign_in(Client(), colleague)
    assert "Edith Marlow" not in text(theirs.get("/diary/"))
    # Asking for everyone's is for those who manage diaries.
    assert "Edith Marlow" not in text(theirs.get("/diary/?of=everyone"))
    sergeant = people.user(Role.SUPERVISOR, at_force=appointment.incident.force)
    assert "Edith Marlow" in text(people.sign_in(Client(), sergeant).get("/diary/?of=everyone"))
    leader = people.user(Role.TEAM_LEADER, at_force=appointment.incident.force)
    assert "Edith Marlow" in text(people.sign_in(Client(), leader).get("/diary/"))
    elsewhere = people.user(Role.SUPERVISOR, at_force=people.force("elsewhere"))
    away = people.sign_in(Client(), elsewhere)
    assert "Edith Marlow" not in text(away.get("/diary/?of=everyone"))


@pytest.mark.parametrize("path", ["/diary/", "/diary/week/"])
def test_the_number_of_queries_does_not_grow(appointment, officer, path, django_assert_num_queries):
    from django.db import connection

    officer.get(path)
    with CaptureQueriesContext(connection) as one:
        text(officer.get(path))
    another(appointment, name="Priya Anand", starts_in=timedelta(minutes=61))
    another(appointment, name="Harold Finch", starts_in=timedelta(minutes=-61))
    with django_assert_num_queries(len(one)):
        page = text(officer.get(path))
    assert page.count("Priya Anand") + page.count("Harold Finch") >= 1


def test_a_page_that_asks_by_itself_does_not_keep_anyone_signed_in(appointment, officer, settings):
    officer.get("/diary/")
    session = officer.session
    session["seen"] = time.time() - settings.STAFF_IDLE_MINUTES * 60 + 5
    session.save()
    polling = {"headers": {"HX-Request": "true", "X-Background": "1"}}

    assert officer.get("/diary/", **polling).status_code == 200
    assert officer.session["seen"] == session["seen"]

    session["seen"] -= 10
    session.save()
    # Not a redirect: the sign-in page must not be put in the list's place.
    assert officer.get("/diary/", **polling).status_code == 401


# The week


def test_the_week_has_seven_days_and_its_neighbours(appointment, officer):
    named(appointment, "Edith Marlow")
    page = text(officer.get("/diary/week/"))
    assert page.count("vc-week__day") >= 7
    assert "Edith Marlow" in page
    monday = local_time.local(now()).date()
    monday -= timedelta(days=monday.weekday())
    after = monday + timedelta(days=7)
    assert f'rel="next" href="?from={after}"' in page
    assert "Edith Marlow" not in text(officer.get(f"/diary/week/?from={after}"))


@pytest.mark.parametrize("day", ["2026-02-30", "nonsense", "0001-01-01", "9999-12-31", "🦊"])
def test_a_week_that_does_not_exist_is_not_found(officer, day):
    assert officer.get("/diary/week/", {"from": day}).status_code == 404


def test_weeks_of_the_clock_changes_are_shown(officer):
    for day in ("2027-03-28", "2026-10-25"):
        text(officer.get("/diary/week/", {"from": day}))


# One appointment


def test_the_appointment_tells_what_to_know(appointment, officer):
    incident = appointment.incident
    incident.safety_note = "The suspect has a key."
    incident.save()
    people.assessment(
        incident,
        flags=["adult_at_risk"],
        rationales={"harm": "Bruised arm"},
        findings={"elements": {"harm": {"level": 2, "rationale": ["“hit me” raises harm"]}}},
    )
    Notification.objects.create(
        force=incident.force,
        contact=appointment.contact,
        template="appointment_booked",
        channel="sms",
        body="x",
        about_type="appointments.appointment",
        about_id=appointment.pk,
        status="undelivered",
        queued_at=now(),
        next_attempt_at=now(),
    )
    page = text(officer.get(f"/diary/{appointment.pk}/"))
    for words in (
        incident.narrative,
        "The suspect has a key.",
        "Adult at risk",
        "Bruised arm",
        "“hit me” raises harm",
        "Not delivered",
    ):
        assert words in page


@pytest.mark.parametrize(
    ("home", "where"),
    [("", "No place is agreed: ask them first"), ("5 Chapel Row, Northmoor", "5 Chapel Row")],
)
def test_nobody_is_sent_where_it_happened(home, where):
    """It may be the street, or the door of whoever did it."""
    victim = people.contact(address=home)
    incident = people.incident(victim=victim, location="2 Quarry Lane, Northmoor")
    people.offer(incident, chosen="visit", at=now())
    visit = factories.appointment(incident, kind="visit")

    page = text(people.sign_in(Client(), visit.officer).get(f"/diary/{visit.pk}/"))

    assert re.search(rf"<dt>Where</dt>\s*<dd>{where}", page)


def test_reading_an_appointment_is_an_entry(appointment, officer):
    officer.get(f"/diary/{appointment.pk}/")
    entry = Entry.objects.get(type="appointment.viewed")
    assert (entry.actor, entry.about_id) == (
        f"user:{appointment.officer_id}",
        str(appointment.pk),
    )


@pytest.mark.parametrize("status", ["held", "released"])
def test_a_hold_is_not_an_appointment_yet(status):
    held = world.appointment(status=status)
    client = people.sign_in(Client(), held.officer)
    assert client.get(f"/diary/{held.pk}/").status_code == 404
    assert client.get(f"/diary/{held.pk}/room/").status_code == 404


# The room, by HTTP


def test_whose_room_it_is(appointment):
    force = appointment.incident.force
    opened = world.open_link(appointment)
    rooms.enter_waiting_room(appointment_id=appointment.pk, visit=opened.visit, at=now())
    expected = [
        (people.user(Role.VIDEO_OFFICER, at_force=force), 404),
        (people.user(Role.CALL_HANDLER, at_force=force), 403),
        (people.user(Role.OFFICER_IN_CHARGE, at_force=force), 403),
        (people.user(Role.AUDITOR, at_force=force), 403),
        (people.user(Role.SUPERVISOR, at_force=people.force("elsewhere")), 404),
        (people.user(), 403),
    ]
    for user, status in expected:
        client = people.sign_in(Client(), user)
        room = f"/diary/{appointment.pk}/room/"
        answers = [client.get(room), client.get(f"{room}state/")]
        answers += [client.post(f"{room}admit/", {"visit": opened.visit.pk})]
        answers += [client.post(f"{room}end/")]
        assert [answer.status_code for answer in answers] == [status] * 4, user.roles
    appointment.refresh_from_db()
    assert appointment.status == "waiting"


def test_admit_and_end_by_plain_forms(appointment, officer):
    opened = world.open_link(appointment)
    rooms.enter_waiting_room(appointment_id=appointment.pk, visit=opened.visit, at=now())
    room = f"/diary/{appointment.pk}/room/"
    assert f'name="visit" value="{opened.visit.pk}"' in text(officer.get(room))

    answer = officer.post(f"{room}admit/", {"visit": opened.visit.pk})
    assert (answer.status_code, answer.headers["Location"]) == (302, room)
    assert officer.get(f"{room}state/").json()["stage"] == "admitted"

    assert officer.post(f"{room}end/", **FETCH).status_code == 204
    appointment.refresh_from_db()
    assert (appointment.status, appointment.admitted_visit) == ("ended", opened.visit)


def test_admitting_nobody_says_so(appointment, officer):
    response = officer.post(f"/diary/{appointment.pk}/room/admit/", {"visit": ""}, follow=True)
    assert "Nobody was let in" in text(response)
    appointment.refresh_from_db()
    assert appointment.status == "booked"


def test_the_room_keeps_what_must_not_be_said_in_sight(appointment, officer):
    plan = appointment.contact.plan
    plan.do_not_say, plan.help_word = "his name", "umbrella"
    plan.save()
    response = officer.get(f"/diary/{appointment.pk}/room/")
    page = text(response)
    assert "his name" in page
    assert "umbrella" in page
    assert "camera=(self)" in response.headers["Permissions-Policy"]
    assert "camera=()" in officer.get("/diary/").headers["Permissions-Policy"]


def test_the_day_does_not_end_at_midnight_for_a_night_shift():
    midnight = local_time.day_bounds(local_time.local(now()).date())[1]
    due = midnight + timedelta(minutes=10)
    made = factories.appointment(
        at_shift=factories.shift(starts_at=midnight - timedelta(hours=2)), starts_at=due
    )
    later = another(made, name="Day after", starts_in=timedelta(hours=20))

    for at in (midnight - timedelta(minutes=10), midnight + timedelta(minutes=20)):
        today = local_time.local(at).date()
        rows = diary.day(made.officer, today, everyone=False, at=at)
        assert made.pk in [row.appointment.pk for row in rows], at
        assert (later.pk in [row.appointment.pk for row in rows]) == (at > midnight), at


# The way to a report for those who book but open no diary


def test_a_task_about_an_appointment_leads_its_reader_to_a_page_they_may_open(appointment):
    force = appointment.incident.force
    StaffTask.objects.create(
        force=force,
        kind=StaffTask.Kind.TEXT_HELD,
        reason="Nobody has asked.",
        about_type="appointments.appointment",
        about_id=appointment.pk,
        raised_at=now(),
    )
    for role in (Role.CALL_HANDLER, Role.VIDEO_OFFICER):
        client = people.sign_in(Client(), people.user(role, at_force=force))
        page = client.get("/tasks/").content.decode()
        link = re.search(rf'href="(/diary/{appointment.pk}/[a-z/]*)"', page).group(1)

        assert client.get(link, follow=True).status_code == 200, role
