"""The booking of a video appointment, as the handler sees it while the caller is on the line."""

import re
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from appointments import views_booking
from appointments.models import Appointment
from messaging.models import Notification
from tests import factories
from tests.appointments import factories as diary
from victimcontact.people.models import Contact

pytestmark = pytest.mark.django_db


def held(client, **plan):
    """The page of a held time whose victim agreed ``plan`` (none of it: nothing was agreed)."""
    made = diary.appointment()
    Appointment.objects.filter(pk=made.pk).update(
        status=Appointment.Status.HELD, held_until=now() + timedelta(minutes=5), contact=None
    )
    made.contact.plans.all().delete()
    if plan:
        factories.plan(made.contact, at=now(), **plan)
    factories.sign_in(client, factories.user("call_handler", at_force=made.incident.force))
    address = reverse("appointments:booking", args=[made.incident.pk])
    return client.get(address, headers={"HX-Request": "true"}).content.decode()


def test_a_text_that_the_plan_lets_out_is_named_on_the_button(client):
    html = held(client, channels={"sms": "safe"})

    assert ">Book and send the text<" in html
    assert "No text will be sent" not in html


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        ({}, "Nobody has recorded how it is safe to contact this person."),
        ({"channels": {"sms": "unsafe"}}, "The contact plan says this way is not safe."),
        ({"safe": "no_contact"}, "The contact plan says no contact at all."),
    ],
)
def test_a_text_that_the_plan_holds_is_warned_of_before_booking(client, plan, why):
    html = held(client, **plan)

    assert f"No text will be sent. {why}" in html
    assert ">Book without a text<" in html
    assert "Book and send" not in html


def test_a_text_that_waits_for_a_safe_hour_says_until_when(client):
    tomorrow = (now() + timedelta(days=2)).weekday()
    windows = [{"days": [tomorrow], "from": "10:00", "to": "11:00"}]

    html = held(client, channels={"sms": "safe"}, windows=windows)

    assert "The text waits until" in html
    assert "10am" in html
    assert ">Book, and send the text later<" in html


def post_earliest(client, name, *arguments):
    return client.post(reverse(name, args=arguments), {"slot": "earliest", "key": uuid.uuid4()})


def test_one_button_holds_the_earliest_time(client):
    shift, incident = diary.shift(), diary.video_incident()
    factories.sign_in(client, factories.user("call_handler", at_force=incident.force))
    page = client.get(reverse("appointments:booking", args=[incident.pk])).content.decode()

    post_earliest(client, "appointments:booking", incident.pk)

    assert ">Hold the earliest<" in page
    [kept] = Appointment.objects.filter(incident=incident)
    assert (kept.status, kept.officer_id) == ("held", shift.officer_id)


@pytest.mark.parametrize(
    ("asks", "hours_away", "says"),
    [
        ("female", 2, "not with the officer they asked for"),
        ("male", 8 * 24, "later than it should be"),
        ("female", 8 * 24, "not with the officer they asked for and later than it should be"),
        ("male", 2, ""),
    ],
)
def test_a_held_time_says_what_it_misses(client, asks, hours_away, says):
    man = factories.user("video_officer", at_force=factories.force(), gender="male")
    diary.shift(officer=man, starts_at=diary.next_hour() + timedelta(hours=hours_away))
    incident = diary.video_incident()
    Contact.objects.filter(pk=incident.victim.pk).update(needs={"officer": asks})
    factories.sign_in(client, factories.user("call_handler", at_force=incident.force))

    post_earliest(client, "appointments:booking", incident.pk)

    address = reverse("appointments:booking", args=[incident.pk])
    answer = client.get(address, headers={"HX-Request": "true"})
    assert Appointment.objects.get(incident=incident).status == "held"
    said = re.findall(r"This time is ([^.]*)\. Tell them before they", answer.content.decode())
    assert said == ([says] if says else [])


def test_a_page_whose_hold_was_given_back_says_which_time_stands(client):
    """Two pages of one report: the later hold gives the earlier back."""
    first, incident = diary.shift(), diary.video_incident()
    diary.shift(starts_at=first.during.lower + timedelta(days=1))
    factories.sign_in(client, factories.user("call_handler", at_force=incident.force))
    post_earliest(client, "appointments:booking", incident.pk)
    [lost] = Appointment.objects.filter(incident=incident)
    post_earliest(client, "appointments:booking", incident.pk)

    answer = client.post(reverse("appointments:confirm", args=[lost.pk]))

    assert answer.status_code == 409
    assert "Another page held this time instead" in answer.content.decode()
    assert not Appointment.objects.filter(incident=incident, status="booked").exists()


def test_a_reminder_of_what_was_cancelled_is_not_called_late(client):
    diary.shift(starts_at=diary.next_hour() + timedelta(days=2))
    incident = diary.video_incident()
    factories.sign_in(client, factories.user("call_handler", at_force=incident.force))
    post_earliest(client, "appointments:booking", incident.pk)
    [made] = Appointment.objects.filter(incident=incident)
    client.post(reverse("appointments:confirm", args=[made.pk]))
    assert Notification.objects.filter(template="appointment_reminder", status="queued").exists()

    client.post(reverse("appointments:cancel", args=[made.pk]), {"reason": "victim asked"})

    address = reverse("appointments:booking", args=[incident.pk])
    page = client.get(address).content.decode()
    assert ">Not needed<" in page
    assert "too late to be useful" not in page


@pytest.mark.parametrize(
    ("kind", "reasons"),
    [
        ("video", ["victim asked", "officer visits", "station instead", "not safe"]),
        ("visit", ["victim asked", "station instead", "not safe"]),
        ("station", ["victim asked", "officer visits", "not safe"]),
    ],
)
def test_an_appointment_is_not_cancelled_for_its_own_kind(client, kind, reasons):
    incident = factories.incident(grade=3)
    factories.offer(incident, chosen=kind)
    made = diary.appointment(incident, kind=kind)
    factories.sign_in(client, factories.user("call_handler", at_force=incident.force))

    page = client.get(reverse("appointments:cancel", args=[made.pk])).content.decode()

    assert re.findall(r'name="reason" value="([^"]*)"', page) == reasons


def test_a_move_names_its_time(client):
    made = diary.appointment()
    factories.sign_in(client, factories.user("call_handler", at_force=made.incident.force))

    answer = post_earliest(client, "appointments:move", made.pk)

    assert answer.status_code == 422
    assert "Choose a time from the list" in answer.content.decode()


def test_a_time_booked_meanwhile_is_not_given_back(client, monkeypatch):
    """One handler confirms while another, who still sees it held, lets it go."""
    made = diary.appointment()
    hold = {"status": Appointment.Status.HELD, "held_until": now() + timedelta(minutes=5)}
    Appointment.objects.filter(pk=made.pk).update(**hold)
    factories.sign_in(client, factories.user("call_handler", at_force=made.incident.force))
    look_up = views_booking.get_object_or_404

    def confirmed_just_after(*args, **kwargs):
        found = look_up(*args, **kwargs)
        Appointment.objects.filter(pk=made.pk).update(status="booked", held_until=None)
        return found

    monkeypatch.setattr(views_booking, "get_object_or_404", confirmed_just_after)

    client.post(reverse("appointments:release", args=[made.pk]))

    made.refresh_from_db()
    assert made.status == Appointment.Status.BOOKED
