"""Guardian, interpreter, supporter: an own link, an own seat, and no way to the victim's."""

import json
import uuid
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.test import Client
from django.utils.timezone import now

from appointments import (
    booking,
    companions,
    outcomes,
    protocol,
    protocol_beside,
    rooms,
    statements,
)
from appointments.models import Companion, Presence
from messaging.models import Notification, StaffTask
from tests import factories as people
from tests.appointments import room_world as world
from tests.appointments.test_consumers import Page, scenario
from victimcontact.accounts.roles import Role
from victimcontact.people import links, visits
from victimcontact.people.models import Link
from victimcontact.people.signals import link_locked

pytestmark = pytest.mark.django_db
WORD = "harbour"


@pytest.fixture
def appointment():
    return world.appointment()


@pytest.fixture
def handler():
    return people.user(Role.CALL_HANDLER)


def ask(appointment, by, role="interpreter"):
    return companions.add(
        appointment_id=appointment.pk,
        role=role,
        name="Ivo Example",
        phone="+447700900321",
        word=WORD,
        by=by,
        at=now(),
    )


def open_their_link(companion):
    _, token = links.issue(
        contact=companion.contact,
        purpose=Link.Purpose.COMPANION,
        about_id=companion.pk,
        expires_at=companion.appointment.ends_at + timedelta(hours=24),
        by=None,
        at=now() - timedelta(seconds=1),
    )
    request = world.RequestFactory().post("/c/x")
    visit, key = visits.open_visit(token, WORD, request, now())
    client = Client()
    client.cookies[settings.VISIT_COOKIE_NAME] = key
    return client, visit, key


def let_everybody_in(appointment, companion, by):
    opened = world.open_link(appointment)
    rooms.enter_waiting_room(appointment_id=appointment.pk, visit=opened.visit, at=now())
    rooms.admit(appointment_id=appointment.pk, visit_id=opened.visit.pk, by=by, at=now())
    client, visit, key = open_their_link(companion)
    companions.wait(companion_id=companion.pk, visit=visit, at=now())
    companions.admit(companion_id=companion.pk, visit_id=visit.pk, by=by, at=now())
    return client, visit, key


def test_their_link_and_word_lead_to_their_page_alone(appointment, handler):
    companion = ask(appointment, handler)
    client, _, _ = open_their_link(companion)

    page = client.get("/c/").content.decode()
    assert client.post("/c/").status_code == 303

    for secret in (appointment.contact.name, appointment.incident.reference, str(appointment.pk)):
        assert secret not in page
    for shut in ("/a/", "/a/cancel/", "/a/change/", "/a/page/1/"):
        assert client.get(shut).status_code == 403
    companion.refresh_from_db()
    assert companion.waiting_at is not None
    asked = Notification.objects.get(template="companion_asked")
    assert asked.contact == companion.contact
    with pytest.raises(visits.NotOpened):  # the victim's word does not open it
        world.open_again("x")


def test_nobody_is_let_in_before_the_officer_saw_them(appointment, handler):
    companion = ask(appointment, handler)
    _, visit, _ = open_their_link(companion)
    companions.wait(companion_id=companion.pk, visit=visit, at=now())

    with pytest.raises(companions.NotLive):  # no call yet
        companions.admit(
            companion_id=companion.pk, visit_id=visit.pk, by=appointment.officer, at=now()
        )
    assert companions.stage(Companion.objects.get(pk=companion.pk), visit) == protocol.WAITING

    _, other, _ = let_everybody_in(appointment, companion, appointment.officer)
    with pytest.raises(companions.NotThere):  # an opening that is over
        companions.admit(
            companion_id=companion.pk, visit_id=visit.pk, by=appointment.officer, at=now()
        )
    companion.refresh_from_db()
    assert companion.admitted_visit_id == other.pk


def test_a_move_asks_them_again_and_a_cancel_tells_them(appointment, handler):
    ask(appointment, handler)
    shift = appointment.officer.shifts.get()
    moved = booking.move(
        appointment_id=appointment.pk,
        officer_id=shift.officer_id,
        starts_at=appointment.starts_at + timedelta(hours=2),
        idempotency_key=uuid.uuid4(),
        by=handler,
        at=now(),
    )
    [again] = companions.of(moved)
    open_links = Link.objects.filter(purpose="companion", revoked_at=None)
    assert [link.about_id for link in open_links] == [again.pk]

    booking.cancel(appointment_id=moved.pk, reason="victim asked", by=handler, at=now())

    assert not open_links.all().exists()
    told = Notification.objects.filter(contact=again.contact, status="queued")
    assert [n.template for n in told] == ["appointment_cancelled"]


def test_whoever_was_to_come_along_is_asked_again_after_a_miss(appointment, handler):
    asked, let_go = ask(appointment, handler), ask(appointment, handler, "supporter")
    companions.let_out(companion_id=let_go.pk, by=handler, at=now())
    outcomes.miss(appointment.pk, by=None, at=now())

    again = booking.follow_up(
        appointment_id=appointment.pk,
        officer_id=appointment.officer_id,
        starts_at=appointment.starts_at + timedelta(hours=2),
        idempotency_key=uuid.uuid4(),
        by=handler,
        at=now(),
    )

    [new] = companions.of(again)
    assert (new.contact, new.role) == (asked.contact, "interpreter")
    good = Link.objects.filter(purpose="companion", revoked_at=None)
    assert [link.about_id for link in good] == [new.pk]
    text = Notification.objects.get(about_id=new.pk)
    assert (text.template, text.status) == ("companion_asked", "queued")
    assert rooms.by_phone(again) == ""


def test_whoever_is_let_out_reads_what_is_true_and_nothing_of_the_call(appointment, handler):
    companion = ask(appointment, handler)
    client, _, _ = open_their_link(companion)
    assert client.get("/c/").status_code == 200

    companions.let_out(companion_id=companion.pk, by=handler, at=now())

    page = client.get("/c/")
    said = page.content.decode()
    assert (page.status_code, client.get("/c/state/").status_code) == (403, 403)
    assert "The link you opened cannot be used any more" in said
    assert "type your word again" not in said
    assert not [word for word in ("Interpreter", "let out", "call") if word in said]


def test_a_new_number_or_a_locked_link_brings_one_new_link(client, appointment, handler):
    companion = ask(appointment, handler)
    first = Link.objects.get(purpose="companion")
    link_locked.send(sender=Link, link=first, at=now())
    task = StaffTask.objects.get(kind="link_locked")
    assert (task.about_type, task.about_id) == ("appointments.companion", companion.pk)
    page = people.sign_in(client, handler)

    page.post(f"/diary/along/{companion.pk}/", {"phone": "07700 900654"})

    good = Link.objects.get(purpose="companion", revoked_at=None)
    assert (good.about_id, good.pk != first.pk) == (companion.pk, True)
    unsent = Notification.objects.get(about_id=companion.pk, status="queued")
    assert unsent.contact.phone == "+447700900654"
    task.refresh_from_db()
    assert task.done_by == handler
    _, token = links.issue(  # the word agreed with them opens it still
        contact=unsent.contact,
        purpose=good.purpose,
        about_id=good.about_id,
        expires_at=good.expires_at,
        by=None,
        at=now() - timedelta(seconds=1),
    )
    assert visits.open_visit(token, WORD, world.RequestFactory().post("/c/x"), now())

    page.post(f"/diary/along/{companion.pk}/")
    assert Link.objects.get(purpose="companion", revoked_at=None).pk != good.pk


def test_the_statement_names_who_was_there_from_when_to_when(appointment, handler):
    companion = ask(appointment, handler)
    _, visit, _ = let_everybody_in(appointment, companion, appointment.officer)
    began = now()
    seat, _ = companions.sit(companion=companion, visit=visit, channel="x", at=began)
    rooms.leave_seat(presence_id=seat.pk, why="closed", at=began + timedelta(minutes=20))
    version = statements.start(appointment_id=appointment.pk, by=appointment.officer, at=now())
    version.finalised_at = began + timedelta(minutes=5)

    [(name, part, times)] = statements._present(version)

    said = statements.say_time
    assert (name, part) == ("Ivo Example", "interpreter")
    assert times == f"{said(began)} to {said(began + timedelta(minutes=5))}"


def test_words_between_pages_are_checked():
    page = "0123456789abcdef"
    good = {"type": "to", "page": page, "call": page, "said": {"candidate": None}}
    assert protocol_beside.parse(json.dumps(good)).fields["page"] == page
    for bad in ({"said": {}}, {"said": {"candidate": None, "description": None}}, {"page": ""}):
        with pytest.raises(protocol.BadMessage):
            protocol_beside.parse(json.dumps({**good, **bad}))


@pytest.mark.django_db(transaction=True)
@scenario
async def test_pages_meet_and_whoever_is_let_out_loses_the_line(appointment, handler):
    companion = await sync_to_async(ask)(appointment, handler)
    guest = await sync_to_async(ask)(appointment, handler, "supporter")
    officer = appointment.officer
    _, _, key = await sync_to_async(let_everybody_in)(appointment, companion, officer)
    _, _, other_key = await sync_to_async(open_their_link)(guest)
    stranger = Page("/ws/beside/", {settings.VISIT_COOKIE_NAME: other_key})
    assert not await stranger.knock()  # asked, but not let in

    mine = Page("/ws/beside/", {settings.VISIT_COOKIE_NAME: key})
    assert await mine.knock()
    await mine.say({"type": "hello", "page": "page-0001"})
    twin = Page("/ws/beside/", {settings.VISIT_COOKIE_NAME: key})
    assert await twin.knock()
    await twin.say({"type": "hello", "page": "page-0002"})
    assert await mine.closes() == protocol.OCCUPIED  # one person, one seat: the later page has it

    await sync_to_async(companions.let_out)(companion_id=companion.pk, by=officer, at=now())

    assert await twin.closes() == protocol.GONE
    await twin.socket.wait(timeout=4)
    seats = await sync_to_async(list)(Presence.objects.filter(companion=companion))
    assert [seat.left_at is not None for seat in seats] == [True, True]
