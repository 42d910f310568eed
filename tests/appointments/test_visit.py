"""The victim's one address, step by step."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils.timezone import now

from appointments import rooms
from appointments.models import ChangeRequest
from messaging import staff_tasks
from messaging.models import StaffTask
from tests import factories as people
from tests.appointments import room_world as world
from victimcontact.accounts.roles import Role
from victimcontact.lib.local_time import say_when
from victimcontact.people import visits

pytestmark = pytest.mark.django_db
FETCH = {"headers": {"X-Requested-With": "fetch"}}


@pytest.fixture
def appointment():
    made = world.appointment()
    made.officer.first_name, made.officer.last_name = "Amara", "Osei"
    made.officer.save()
    return made


@pytest.fixture
def opened(appointment):
    return world.open_link(appointment)


@pytest.fixture
def victim(client, opened):
    return world.let_victim_in(client, opened)


def text(client, status=200):
    response = client.get("/a/")
    assert response.status_code == status
    return " ".join(response.content.decode().split())


def change_plan(appointment, **fields):
    appointment.contact.plan.__class__.objects.filter(contact=appointment.contact).update(**fields)


def shows(page, part):
    """Whether the server shows a part of the page, rather than hiding it for script."""
    return f'data-room-screen="{part}">' in page


# What is seen


def test_it_says_when_and_how_long(appointment, victim):
    page = text(victim)
    assert say_when(appointment.starts_at) in page
    assert "about 45 minutes" in page
    assert shows(page, "arrive")
    assert not shows(page, "call")


@pytest.mark.parametrize(
    ("desk_names", "name_is_safe", "expected"),
    [(True, True, True), (True, False, False), (False, True, False)],
)
def test_the_officer_is_named_only_where_that_is_safe(
    appointment, victim, desk_names, name_is_safe, expected
):
    appointment.desk.names_officer = desk_names
    appointment.desk.save()
    change_plan(appointment, officer_name_safe=name_is_safe)

    page = text(victim)

    assert ("Amara Osei" in page) is expected
    assert ("one of our team" in page) is not expected


def test_nothing_of_the_victim_or_the_case_stands_in_the_page(appointment, victim):
    page = text(victim)
    for secret in (
        appointment.contact.name,
        appointment.contact.phone,
        appointment.incident.reference,
        appointment.incident.narrative,
        str(appointment.pk),
    ):
        assert secret not in page
    assert "<title>Appointment</title>" in page


def test_only_these_pages_may_use_the_camera(victim):
    policy = victim.get("/a/").headers["Permissions-Policy"]
    assert "camera=(self)" in policy
    assert "microphone=(self)" in policy
    assert "camera=()" in victim.get("/a/xyz").headers["Permissions-Policy"]


# Who gets in


def test_without_a_visit_the_page_is_closed(appointment, opened):
    stranger = Client()
    assert "closed" not in stranger.cookies
    for path in ("/a/", "/a/state/"):
        assert stranger.get(path).status_code == 403
    assert stranger.post("/a/", {"step": "wait"}).status_code == 403
    appointment.refresh_from_db()
    assert appointment.status == "booked"


def test_each_link_leads_to_its_own_appointment_alone(appointment, victim):
    other = world.appointment(starts_in=timedelta(minutes=20))
    theirs = world.let_victim_in(Client(), world.open_link(other))

    assert theirs.post("/a/", {"step": "wait"}).status_code == 303

    appointment.refresh_from_db()
    other.refresh_from_db()
    assert (appointment.status, other.status) == ("booked", "waiting")
    assert say_when(appointment.starts_at) not in text(theirs)


def test_a_staff_session_opens_no_visit(appointment):
    officer = people.sign_in(Client(), appointment.officer)
    assert officer.get("/a/").status_code == 403


def test_an_ended_visit_is_closed(opened, victim):
    visits.end(opened.visit, at=now(), why="exit")
    assert victim.get("/a/state/").status_code == 403


# The steps


def test_ready_leads_into_the_waiting_room(appointment, victim):
    response = victim.post("/a/", {"step": "wait"})

    assert (response.status_code, response.headers["Location"]) == (303, "/a/")
    assert shows(text(victim), "wait")
    # Whoever is early sees for how long.
    assert f"Your time: {say_when(appointment.starts_at)}" in text(victim)
    assert victim.get("/a/state/").json()["stage"] == "waiting"


def test_a_script_gets_no_page_for_its_post(victim):
    assert victim.post("/a/", {"step": "wait"}, **FETCH).status_code == 204


def test_too_early_it_says_from_when():
    appointment = world.appointment(starts_in=timedelta(hours=3))
    victim = world.let_victim_in(Client(), world.open_link(appointment))

    victim.post("/a/", {"step": "wait"})

    appointment.refresh_from_db()
    assert appointment.status == "booked"
    opens = say_when(appointment.starts_at - timedelta(minutes=30))
    assert f"You can tell us you are here from {opens}" in text(victim)
    assert victim.get("/a/state/").json()["can_wait"] is False


@pytest.mark.parametrize(
    ("kind", "wish"), [("video", "another_time"), ("visit", "visit"), ("station", "station")]
)
def test_a_change_is_asked_for_and_a_person_told(appointment, victim, kind, wish):
    for _ in range(2):
        assert victim.post("/a/change/person/", {"kind": kind}).status_code == 303

    assert [request.wish for request in ChangeRequest.objects.all()] == [wish]
    assert [task.kind for task in StaffTask.objects.all()] == ["change_asked"]
    assert "You asked us for a change." in text(victim)
    appointment.refresh_from_db()
    assert (appointment.status, appointment.kind) == ("booked", "video")
    assert appointment.incident.current_offer.chosen == kind


def test_staff_learn_who_asked_for_a_change_and_go_back_where_they_may(appointment, victim):
    victim.post("/a/change/person/", {"kind": "video"})
    handler = people.user(Role.CALL_HANDLER, at_force=appointment.incident.force)
    client = people.sign_in(Client(), handler)
    staff_tasks.take(StaffTask.objects.get().pk, by=handler, at=now())

    assert appointment.contact.name in client.get("/tasks/").content.decode()

    page = client.get(f"/diary/{appointment.pk}/move/").content.decode()
    values = dict(re.findall(r'name="(key|slot)"[^>]*?value="([^"]+)"', page))
    response = client.post(f"/diary/{appointment.pk}/move/", values, follow=True)

    assert response.redirect_chain == [(f"/triage/{appointment.incident_id}/", 302)]
    assert response.status_code == 200


def test_who_waits_is_told_too_that_they_asked_for_a_change(victim):
    victim.post("/a/", {"step": "wait"})
    victim.post("/a/change/person/", {"kind": "video"})

    page = text(victim)
    (told,) = re.findall("<div[^>]*>You asked us for a change", page)
    assert "hidden" not in told
    assert page.index(told) < page.index("data-room-screen=")


@pytest.mark.parametrize("kind", ["", "nonsense", "none", "🦊" * 20_000])
def test_a_change_to_what_is_not_offered_finds_nothing(victim, kind):
    assert victim.post("/a/change/person/", {"kind": kind}).status_code == 404
    assert victim.get("/a/change/to/", {"kind": kind[:50]}).status_code == 404
    assert ChangeRequest.objects.count() == 0


def test_a_change_comes_too_late_in_the_call(appointment, opened, victim):
    victim.post("/a/", {"step": "wait"})
    rooms.admit(
        appointment_id=appointment.pk, visit_id=opened.visit.pk, by=appointment.officer, at=now()
    )
    response = victim.post("/a/change/person/", {"kind": "visit"})
    assert response.status_code == 409
    assert "It is too late to change this here" in response.content.decode()


def test_the_camera_test_is_kept_for_the_officer(appointment, victim):
    found = {"step": "devices", "camera": "no", "microphone": "yes", "problem": "absent"}
    assert victim.post("/a/", found, **FETCH).status_code == 204
    victim.post("/a/", {**found, "camera": "perhaps"}, **FETCH)

    test = appointment.device_tests.get()
    assert (test.has_camera, test.has_microphone, test.problem) == (False, True, "absent")


@pytest.mark.parametrize("step", ["", "admit", "end", "nonsense"])
def test_steps_that_do_not_exist_are_refused(appointment, victim, step):
    assert victim.post("/a/", {"step": step}).status_code == 400
    appointment.refresh_from_db()
    assert appointment.status == "booked"


@pytest.mark.parametrize(
    ("status", "heading"),
    [
        ("ended", "Thank you. The call has ended"),
        ("missed", "The time has passed"),
        ("cancelled", "This time is no longer booked"),
    ],
)
def test_when_it_is_over_it_says_what_happens_next(status, heading):
    fields = {"cancelled_at": now(), "cancelled_reason": "x"} if status == "cancelled" else {}
    appointment = world.appointment(status=status, **fields)
    victim = world.let_victim_in(Client(), world.open_link(appointment))

    page = text(victim)

    assert f'<h1 class="govuk-heading-l">{heading}</h1>' in page
    assert "room/main.js" not in page
    assert "0808 2000 247" in page


def test_reading_changes_nothing(appointment, victim):
    before = (appointment.status, appointment.waiting_at)
    for _ in range(3):
        victim.get("/a/")
        victim.get("/a/state/")
        victim.head("/a/")
    appointment.refresh_from_db()
    assert (appointment.status, appointment.waiting_at) == before
    assert settings.VISIT_COOKIE_NAME in victim.cookies
