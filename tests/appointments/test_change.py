"""What somebody does with their own appointment by their link."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.test import Client
from django.utils.timezone import now
from icalendar import Calendar

from appointments import booking, calendar, change_requests, outcomes
from appointments.models import Appointment, ChangeRequest
from messaging import outbox, sending
from messaging.models import Notification, StaffTask
from tests import factories as people
from tests.appointments import factories as diary
from tests.appointments import room_world as world
from tests.at_once import at_once, broken
from triage.models import Offer
from victimcontact.lib.local_time import LONDON, say_when
from victimcontact.people.models import Link
from victimcontact.people.signals import link_locked

pytestmark = pytest.mark.django_db
ALL = ["video", "visit", "station"]


def told():
    """What was written to them, but for reminders: whether one is due goes by the clock."""
    written = Notification.objects.exclude(template__endswith="_reminder")
    return [each.template for each in written]


@pytest.fixture
def appointment():
    desk = diary.desk(kinds=ALL, place="1 High Street, Northmoor")
    return world.appointment(desk=desk, starts_in=timedelta(hours=5))


@pytest.fixture
def victim(client, appointment):
    return world.let_victim_in(client, world.open_link(appointment))


def slots(client, kind):
    page = client.get("/a/change/to/", {"kind": kind})
    assert page.status_code == 200
    return re.findall(r'name="slot" value="([^"]+)"', page.content.decode())


def confirm(client, kind, slot):
    page = client.get("/a/change/to/", {"kind": kind, "slot": slot}).content.decode()
    assert "Is this right?" in page
    fields = dict(re.findall(r'name="(kind|slot|key)" value="([^"]+)"', page))
    return fields


def post(client, fields):
    return client.post("/a/change/to/", fields)


def test_another_time_is_chosen_confirmed_and_told(appointment, victim):
    fields = confirm(victim, "video", slots(victim, "video")[-1])
    appointment.refresh_from_db()
    assert (appointment.status, Link.objects.filter(revoked_at=None).count()) == ("booked", 1)

    page = post(victim, fields).content.decode()

    new = Appointment.objects.get(moved_from=appointment)
    assert say_when(new.starts_at) in page
    assert (new.status, new.kind, new.held_by) == ("booked", "video", None)
    assert told() == ["appointment_moved"]
    assert victim.get("/a/").status_code == 403  # the old link and its visit are over
    review = new.incident.reviews.get(done_at=None)
    assert review.because == "appointment moved"


@pytest.mark.parametrize("kind", ["visit", "station"])
def test_another_way_is_their_own_choice_kept_in_its_words(appointment, victim, kind):
    post(victim, confirm(victim, kind, slots(victim, kind)[0]))

    new = Appointment.objects.get(moved_from=appointment)
    offer = Offer.objects.get(pk=new.offer_id)
    assert (new.kind, new.status, offer.chosen) == (kind, "booked", kind)
    assert (offer.recorded_by, offer.words_version) == (None, "link-2026-1")
    assert "At a police station: You come to us" in offer.words
    assert [n.template for n in Notification.objects.all()] == ["meeting_moved"]
    page = world.let_victim_in(Client(), world.open_link(new)).get("/a/").content.decode()
    assert ("1 High Street" in page) is (kind == "station")
    # Nobody asked them where: the page does not pretend that a place was agreed.
    assert ("If we did not ask you where yet" in page) is (kind == "visit")
    assert "data-room" not in page


def test_a_time_that_went_leaves_the_old_one_and_offers_others(appointment, victim):
    slot = slots(victim, "visit")[0]
    starts_at = slot.split(" ")[1]
    shift = appointment.officer.shifts.get()
    diary.appointment(at_shift=shift, starts_at=datetime.fromisoformat(starts_at))

    response = post(victim, {"kind": "visit", "slot": slot, "key": uuid.uuid4()})

    appointment.refresh_from_db()
    assert (response.status_code, appointment.status) == (409, "booked")
    assert len(re.findall('name="slot"', response.content.decode())) == 4
    assert appointment.incident.current_offer.chosen == "video"


@pytest.mark.parametrize("still_offered", [True, False])
def test_after_a_miss_with_no_free_time_a_person_is_asked(appointment, victim, still_offered):
    outcomes.miss(appointment.pk, by=None, at=now())
    appointment.officer.shifts.all().delete()
    page = victim.get("/a/change/to/", {"kind": "video"}).content.decode()
    assert "There is no free time." in page
    assert "Ask a person to help" in page
    if not still_offered:  # assessed again while they read it
        people.assessment(appointment.incident, grade=3, video_offer=False, at=now())
        again = victim.get("/a/change/to/", {"kind": "video"})
        assert (again.status_code, again["Location"]) == (303, "/a/change/")

    assert victim.post("/a/change/person/", {"kind": "video"}).status_code == 303

    task = StaffTask.objects.get(kind="change_asked")
    assert task.reason == "The appointment was missed. The victim asked for: another time"
    assert "You asked a person to help." in victim.get("/a/").content.decode()

    diary.shift(appointment.desk, appointment.officer, starts_at=appointment.starts_at)
    if still_offered:
        booking.follow_up(
            appointment_id=appointment.pk,
            officer_id=appointment.officer_id,
            starts_at=appointment.starts_at,
            idempotency_key=uuid.uuid4(),
            by=appointment.officer,
            at=now(),
        )
        task.refresh_from_db()
        assert task.done_by == appointment.officer
        answer = victim.post("/a/change/person/", {"kind": "video"})
        assert answer.status_code == 409  # there is a time by now


LOCKED = "link_locked"


@pytest.mark.parametrize(
    ("change", "still_open"),
    [
        ("moved by staff", set()),
        ("moved by link", {LOCKED}),
        ("moved by sickness", {"change_asked", LOCKED}),
        ("cancelled", set()),
        ("link sent again", {"change_asked"}),
        ("ended", set()),
    ],
)
def test_what_a_change_answers_is_asked_of_nobody_any_more(appointment, change, still_open):
    officer, at = appointment.officer, now()
    opened = world.open_link(appointment)
    change_requests.ask(appointment_id=appointment.pk, wish="another_time", by=opened.visit, at=at)
    link_locked.send(sender=Link, link=opened.visit.link, at=at)
    stands = appointment.pk

    if change.startswith("moved"):
        stands = booking.move(
            appointment_id=appointment.pk,
            officer_id=officer.pk,
            starts_at=appointment.starts_at + timedelta(hours=2),
            idempotency_key=uuid.uuid4(),
            by=opened.visit if change == "moved by link" else officer,
            at=at,
            is_wished=change != "moved by sickness",
        ).pk
    elif change == "cancelled":
        booking.cancel(appointment_id=stands, reason="victim asked", by=officer, at=at)
    elif change == "ended":
        outcomes.end(booking.lock(stands), entry="appointment.met", by=officer, at=at)
    else:
        booking.send_link_again(appointment_id=stands, by=officer, at=at)

    left = StaffTask.objects.filter(done_at=None)
    assert {(task.kind, task.about_id) for task in left} == {(each, stands) for each in still_open}
    wishes = ChangeRequest.objects.filter(settled_at=None)
    wished = [stands] if "change_asked" in still_open else []
    assert list(wishes.values_list("appointment", flat=True)) == wished


def test_cancelling_asks_first_then_tells_a_person(appointment, victim):
    assert "Do you want to give up" in victim.get("/a/cancel/").content.decode()
    appointment.refresh_from_db()
    assert appointment.status == "booked"

    assert "is given up" in victim.post("/a/cancel/").content.decode()

    appointment.refresh_from_db()
    assert (appointment.status, appointment.cancelled_reason) == ("cancelled", "by their link")
    assert [task.kind for task in StaffTask.objects.all()] == ["change_asked"]
    assert appointment.incident.reviews.get(done_at=None).because == "cancelled by link"


def test_the_link_of_somebody_else_changes_nothing_here(appointment, victim):
    other = world.appointment(desk=appointment.desk, starts_in=timedelta(hours=9))
    theirs = world.let_victim_in(Client(), world.open_link(other))
    fields = confirm(victim, "video", slots(victim, "video")[-1])

    post(theirs, fields)
    victim.post("/a/cancel/")
    theirs.post("/a/cancel/")

    appointment.refresh_from_db()
    assert (appointment.status, appointment.cancelled_reason) == ("cancelled", "by their link")
    assert Appointment.objects.filter(moved_from=other).count() == 1
    for page in ("/a/change/", "/a/change/to/", "/a/cancel/", "/a/calendar/"):
        assert Client().get(page).status_code == 403


CLOCKS = [
    (datetime(2027, 3, 28, 0, 30, tzinfo=UTC), "12:30am"),
    (datetime(2027, 3, 28, 1, 30, tzinfo=UTC), "2:30am"),
    (datetime(2027, 10, 31, 0, 30, tzinfo=UTC), "1:30am (BST)"),
    (datetime(2027, 10, 31, 1, 30, tzinfo=UTC), "1:30am (GMT)"),
]


@pytest.mark.parametrize(("starts_at", "said"), CLOCKS)
def test_screen_text_email_and_calendar_tell_one_moment(client, starts_at, said):
    shift = diary.shift(starts_at=starts_at - timedelta(hours=2))
    booked = diary.appointment(at_shift=shift, starts_at=starts_at)
    victim = world.let_victim_in(client, world.open_link(booked))
    screen = " ".join(victim.get("/a/").content.decode().split())
    context = {"when": starts_at, "link": "https://x.example/a/1"}
    wish = {"to": booked.contact, "about": booked, "context": context, "at": now()}
    text = outbox.queue("appointment_booked", channel="sms", **wish)
    booked.contact.email = "robin@example.org"
    booked.contact.save()
    booked.contact.plans.update(channels={"email": "safe"})
    email = outbox.queue("appointment_booked", channel="email", **wish)
    file = Calendar.from_ical(calendar.file(booked, at=now()))
    event = file.walk("VEVENT")[0]

    wall = event.decoded("dtstart").astimezone(LONDON)
    assert (text.channel, email.channel) == ("sms", "email")
    assert say_when(starts_at).endswith(f" at {said}")
    assert say_when(starts_at) in screen
    assert f" at {said}" in text.body
    assert f" at {said}" in email.body
    assert event.decoded("dtstart") == starts_at
    assert f"{wall:%-I:%M}" == said.split("am")[0]


def test_the_calendar_file_says_nothing_and_holds_no_link_unless_chosen(appointment, victim):
    warned = victim.get("/a/calendar/").content.decode()
    plain = victim.post("/a/calendar/")
    chosen = victim.post("/a/calendar/", {"link": "yes"})

    assert "Other people may see your calendar" in warned
    assert plain["Content-Type"] == "text/calendar; charset=utf-8"
    event = Calendar.from_ical(plain.content).walk("VEVENT")[0]
    assert str(event["summary"]) == "Appointment"
    assert {"URL", "LOCATION", "DESCRIPTION", "ORGANIZER"}.isdisjoint(event)
    assert not event.subcomponents
    token = Calendar.from_ical(chosen.content).walk("VEVENT")[0]["url"].rpartition("/")[2]
    assert world.open_again(str(token)).visit.link.about_id == appointment.pk


@pytest.fixture
def mailbox(appointment, settings, mailoutbox):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    contact = appointment.contact
    contact.email = "robin@example.org"
    contact.save()
    contact.plans.update(channels={"sms": "safe", "email": "safe"})
    return mailoutbox


def test_the_calendar_file_is_e_mailed_once_to_whoever_asks(appointment, victim, mailbox):
    assert "E-mail it to me" in victim.get("/a/calendar/").content.decode()
    assert "e-mail it to me" in victim.get("/a/").content.decode()

    for _ in range(2):
        assert "We send it to you" in victim.post("/a/calendar/email/").content.decode()
    while sending.send_next():
        pass

    [message] = mailbox
    assert (message.to, message.subject) == (["robin@example.org"], "Calendar file")
    [(name, content, kind)] = message.attachments
    assert (name, kind) == ("appointment.ics", "text/calendar")
    event = Calendar.from_ical(content).walk("VEVENT")[0]
    assert event.decoded("dtstart") == appointment.starts_at
    assert {"URL", "LOCATION", "DESCRIPTION", "ORGANIZER"}.isdisjoint(event)
    parts = [part.get_content_type() for part in message.message().walk()]
    assert parts[-1] == "text/calendar"


def test_no_file_is_e_mailed_that_the_plan_of_that_moment_does_not_allow(
    appointment, victim, mailbox
):
    victim.post("/a/calendar/email/")
    appointment.contact.plans.update(channels={"sms": "safe", "email": "unsafe"})
    while sending.send_next():
        pass

    queued = Notification.objects.get(template="appointment_calendar")
    assert (queued.status, queued.channel, len(mailbox)) == ("held", "email", 0)
    for page in ("/a/", "/a/calendar/"):
        assert "mail it to me" not in victim.get(page).content.decode()
    assert victim.post("/a/calendar/email/").status_code == 409
    assert Notification.objects.filter(template="appointment_calendar").count() == 1


@pytest.mark.django_db(transaction=True)
def test_fifty_posts_at_one_time_move_one_appointment_once(appointment, victim):
    """Fifty tabs of one victim: one new appointment, one text, however the keys differ."""
    fields = confirm(victim, "video", slots(victim, "video")[-1])
    keys = [fields["key"]] * 25 + [str(uuid.uuid4()) for _ in range(25)]
    cookies = victim.cookies.output(header="", sep=";")

    def tab(key):
        one = Client()
        one.cookies.load(cookies)
        return post(one, {**fields, "key": key}).status_code

    found = at_once(*(partial(tab, key) for key in keys))

    assert set(found) <= {200, 403, 409}
    assert Appointment.objects.filter(status="booked").count() == 1
    assert Appointment.objects.filter(moved_from=appointment).count() == 1
    assert told() == ["appointment_moved"]


@pytest.mark.django_db(transaction=True)
def test_a_move_by_link_and_an_officers_cancel_at_once_end_in_one_truth(appointment, victim):
    fields = confirm(victim, "video", slots(victim, "video")[-1])

    found = at_once(
        lambda: post(victim, fields),
        lambda: booking.cancel(
            appointment_id=appointment.pk, reason="not safe", by=appointment.officer, at=now()
        ),
    )

    assert broken(found, booking.SlotTaken, booking.NotLive) == []
    appointment.refresh_from_db()
    ahead = Appointment.objects.filter(status="booked").count()
    templates = {n.template for n in Notification.objects.filter(status="queued")}
    told = {"moved": (1, {"appointment_moved"}), "not safe": (0, {"appointment_cancelled"})}
    assert (ahead, templates) == told[appointment.cancelled_reason]
    assert Link.objects.filter(revoked_at=None).count() == ahead
