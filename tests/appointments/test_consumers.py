"""The room's sockets: who gets in, who is thrown out, and what passes between the two."""

import asyncio
import json
import random
import time
from functools import wraps

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.test import Client
from django.utils.timezone import now

from appointments import consumers, protocol, rooms
from appointments.models import Presence
from tests import factories as people
from tests.appointments import room_world as world
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry
from victimcontact.people import links

pytestmark = pytest.mark.django_db(transaction=True)

CALL = "call-number-one"
OFFER = {
    "type": "description",
    "call": CALL,
    "description": {"type": "offer", "sdp": "v=0\r\n"},
}


@pytest.fixture
def appointment():
    return world.appointment()


@pytest.fixture
def opened(appointment):
    return world.open_link(appointment)


def admit(appointment, opened):
    rooms.enter_waiting_room(appointment_id=appointment.pk, visit=opened.visit, at=now())
    rooms.admit(
        appointment_id=appointment.pk, visit_id=opened.visit.pk, by=appointment.officer, at=now()
    )


def scenario(function):
    """Run an async test in this thread, so that it shares the test's database connection."""

    @wraps(function)
    def run(*args, **kwargs):
        async_to_sync(function)(*args, **kwargs)

    return run


class Page:
    """One browser page's socket."""

    def __init__(self, path, cookies, *, page="page-0001", origin=None):
        from victimcontact.asgi import application

        cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        headers = [
            (b"cookie", cookie.encode()),
            (b"origin", (settings.PUBLIC_URL if origin is None else origin).encode()),
        ]
        scope = {
            "type": "websocket",
            "path": path,
            "query_string": b"",
            "headers": headers,
            "subprotocols": [],
        }
        # Not channels.testing: importing it asks for a server that the house does not use.
        self.socket = ApplicationCommunicator(application, scope)
        self.page = page

    async def knock(self):
        """Whether the handshake is accepted."""
        await self.socket.send_input({"type": "websocket.connect"})
        answer = await self.socket.receive_output(timeout=5)
        return answer["type"] == "websocket.accept"

    async def sit(self):
        """Connect, say hello and be welcomed. Returns the stage."""
        assert await self.knock()
        await self.say({"type": "hello", "page": self.page})
        return (await self.hear("welcome"))["stage"]

    async def say(self, message):
        await self.say_text(json.dumps(message))

    async def say_text(self, text=None, data=None):
        await self.socket.send_input({"type": "websocket.receive", "text": text, "bytes": data})

    async def hear(self, kind, within=4):
        """The next message of ``kind``; answers pings meanwhile."""
        async with asyncio.timeout(within):
            while True:
                event = await self.socket.receive_output(timeout=within)
                assert event["type"] == "websocket.send", event
                message = json.loads(event["text"])
                if message["type"] == "ping":
                    await self.say({"type": "pong"})
                if message["type"] == kind:
                    return message

    async def hear_of(self, page, *, here):
        """The message that ``page`` came or went. Each may be told of the other twice."""
        while True:
            message = await self.hear("peer")
            if (message["page"], message["here"]) == (page, here):
                return message

    async def hears_nothing_of(self, kind, for_seconds=0.4):
        with pytest.raises(TimeoutError):
            await self.hear(kind, within=for_seconds)

    async def closes(self, within=4):
        """The code that the server closes with; answers no ping."""
        async with asyncio.timeout(within):
            while True:
                event = await self.socket.receive_output(timeout=within)
                if event["type"] == "websocket.close":
                    # As a server does once the other side has closed too.
                    await self.socket.send_input({"type": "websocket.disconnect", "code": 1000})
                    return event["code"]

    async def leave(self):
        await self.socket.send_input({"type": "websocket.disconnect", "code": 1001})
        await self.socket.wait(timeout=4)


def victim_page(opened, **more):
    return Page("/ws/visit/", {settings.VISIT_COOKIE_NAME: opened.key}, **more)


def officer_page(appointment, user=None, **more):
    client = people.sign_in(Client(), user or appointment.officer)
    session = client.session
    session["seen"] = time.time()
    session.save()
    cookies = {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}
    return Page(f"/ws/room/{appointment.pk}/", cookies, **{"page": "page-0002", **more})


async def both(appointment, opened):
    officer = await sync_to_async(officer_page)(appointment)
    victim = victim_page(opened)
    await officer.sit()
    await victim.sit()
    await officer.hear_of(victim.page, here=True)
    await victim.hear_of(officer.page, here=True)
    return officer, victim


# Who gets in


@scenario
async def test_strangers_are_not_answered(appointment, opened):
    force = appointment.incident.force
    make = sync_to_async(people.user)
    others = [
        await make(Role.VIDEO_OFFICER, at_force=force),
        await make(Role.CALL_HANDLER, at_force=force),
        await make(Role.SUPERVISOR, at_force=await sync_to_async(people.force)("elsewhere")),
        await make(),
    ]
    pages = [await sync_to_async(officer_page)(appointment, user) for user in others]
    pages += [
        Page("/ws/visit/", {}),
        Page("/ws/visit/", {settings.VISIT_COOKIE_NAME: "guess"}),
        Page(f"/ws/room/{appointment.pk}/", {}),
        Page(f"/ws/room/{appointment.pk}/", {settings.VISIT_COOKIE_NAME: opened.key}),
    ]

    assert [await page.knock() for page in pages] == [False] * 8


@scenario
async def test_a_user_without_the_second_factor_is_not_answered(appointment):
    def half_signed_in():
        client = Client()
        client.force_login(appointment.officer, backend="django.contrib.auth.backends.ModelBackend")
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        return Page(f"/ws/room/{appointment.pk}/", {settings.SESSION_COOKIE_NAME: cookie})

    assert await (await sync_to_async(half_signed_in)()).knock() is False


@scenario
async def test_another_site_is_not_answered(opened):
    for origin in ("https://evil.example", "null", "http://localhost.evil.example:8000"):
        assert await victim_page(opened, origin=origin).knock() is False
    assert await victim_page(opened).knock() is True


@scenario
async def test_a_victim_reaches_only_their_own_room(appointment, opened):
    other = await sync_to_async(world.appointment)()
    theirs = await sync_to_async(world.open_link)(other)
    officer = await sync_to_async(officer_page)(appointment)
    await officer.sit()
    stranger = victim_page(theirs, page="page-0003")

    await stranger.sit()

    await officer.hears_nothing_of("peer")
    seats = Presence.objects.filter(side="victim").values_list("appointment_id", flat=True)
    assert await sync_to_async(list)(seats) == [other.pk]


# Sitting down, and a third joiner


@scenario
async def test_each_is_told_of_the_other(appointment, opened):
    officer = await sync_to_async(officer_page)(appointment)
    victim = victim_page(opened)
    assert await officer.sit() == protocol.BOOKED
    assert await victim.sit() == protocol.BOOKED

    assert await officer.hear_of("page-0001", here=True) == {
        "type": "peer",
        "here": True,
        "page": "page-0001",
        "reason": None,
    }
    await victim.hear_of("page-0002", here=True)

    await victim.leave()
    assert (await officer.hear_of("page-0001", here=False))["reason"] is None


@scenario
async def test_a_third_joiner_is_refused_and_shown(appointment, opened):
    officer, victim = await both(appointment, opened)
    third = victim_page(opened, page="page-0003")
    assert await third.knock()
    await third.say({"type": "hello", "page": third.page})

    # The one who sits is asked, and answers.
    await victim.hear("ping")

    assert await third.closes() == protocol.OCCUPIED
    assert (await officer.hear("intruder"))["side"] == "victim"
    refusals = Entry.objects.filter(type="room.refused").values_list("detail", flat=True)
    assert await sync_to_async(list)(refusals) == [{"side": "victim"}]
    await victim.hears_nothing_of("intruder")


@scenario
async def test_a_second_officer_is_refused(appointment, opened):
    officer, _ = await both(appointment, opened)
    force = appointment.incident.force
    sergeant = await sync_to_async(people.user)(Role.SUPERVISOR, at_force=force)
    second = await sync_to_async(officer_page)(appointment, sergeant, page="page-0003")
    assert await second.knock()
    await second.say({"type": "hello", "page": second.page})

    await officer.hear("ping")

    assert await second.closes() == protocol.OCCUPIED


@scenario
async def test_a_page_that_does_not_answer_gives_up_its_seat(appointment, opened):
    officer, dead = await both(appointment, opened)
    again = victim_page(opened, page="page-0003")

    assert await again.sit() == protocol.BOOKED

    assert await dead.closes() == protocol.OCCUPIED
    await officer.hear_of("page-0003", here=True)


@scenario
async def test_the_same_page_comes_back_at_once(appointment, opened):
    _, old = await both(appointment, opened)
    again = victim_page(opened, page=old.page)
    began = asyncio.get_running_loop().time()

    await again.sit()

    assert asyncio.get_running_loop().time() - began < consumers.PROBE_SECONDS


@scenario
async def test_a_link_opened_anew_takes_the_seat_and_waits(appointment, opened):
    await sync_to_async(admit)(appointment, opened)
    officer, old = await both(appointment, opened)
    anew = victim_page(await sync_to_async(world.open_again)(opened.token), page="page-0003")

    assert await anew.sit() == protocol.WAITING

    assert await old.closes(within=3) in (protocol.GONE, protocol.OCCUPIED)
    await anew.say(OFFER)
    await officer.hears_nothing_of("description")


# Thrown out


@scenario
async def test_a_revoked_link_closes_the_socket_within_two_seconds(appointment, opened):
    _, victim = await both(appointment, opened)

    await sync_to_async(links.revoke)(opened.visit.link, by=None, at=now(), reason="lost phone")

    assert await victim.closes(within=2) == protocol.GONE


@scenario
async def test_a_disabled_officer_is_out_within_two_seconds(appointment, opened):
    officer, _ = await both(appointment, opened)
    # Past every signal, as a script or another system would.
    users = type(appointment.officer).objects.filter(pk=appointment.officer.pk)

    await sync_to_async(users.update)(is_active=False)

    assert await officer.closes(within=2) == protocol.GONE


@scenario
async def test_an_officer_who_signed_out_elsewhere_is_out_within_two_seconds(appointment, opened):
    officer, _ = await both(appointment, opened)

    await sync_to_async(appointment.officer.end_sessions)()

    assert await officer.closes(within=2) == protocol.GONE


# The handshake between the browsers


@scenario
async def test_nothing_passes_before_the_victim_is_let_in(appointment, opened):
    officer, victim = await both(appointment, opened)

    await officer.say(OFFER)
    await victim.say(OFFER)

    await victim.hears_nothing_of("description")
    await officer.hears_nothing_of("description")


@scenario
async def test_what_one_says_the_other_hears_once_admitted(appointment, opened):
    officer, victim = await both(appointment, opened)
    await officer.say(OFFER)
    await victim.hears_nothing_of("description")

    await sync_to_async(admit)(appointment, opened)

    assert (await victim.hear("changed"))["what"] == "state"
    candidate = {"type": "candidate", "call": CALL, "candidate": None}
    media = {"type": "media", "ready": True, "microphone": True, "camera": False}
    for message in (OFFER, candidate, media, {"type": "quality", "level": "poor"}):
        await officer.say(message)
        assert await victim.hear(message["type"]) == message
        await victim.say(message)
        assert await officer.hear(message["type"]) == message


@scenario
async def test_hints_reach_both(appointment, opened):
    officer, victim = await both(appointment, opened)

    await sync_to_async(rooms.notify)(appointment, protocol.EXHIBITS)

    for page in (officer, victim):
        while (await page.hear("changed"))["what"] != "exhibits":
            pass


@scenario
async def test_an_exit_is_told_as_one(appointment, opened):
    officer, victim = await both(appointment, opened)
    await victim.say({"type": "leave", "reason": "exit"})

    assert (await officer.hear_of("page-0001", here=False))["reason"] == "exit"
    seats = Presence.objects.filter(side="victim").values_list("left_why", flat=True)
    assert await sync_to_async(list)(seats) == ["exit"]


# Nonsense


@scenario
async def test_nonsense_closes_the_socket_and_no_other(appointment, opened):
    officer = await sync_to_async(officer_page)(appointment)
    await officer.sit()
    random.seed(7)
    noise = "".join(chr(random.randrange(32, 0x2FF)) for _ in range(400))
    for text in [
        "",
        noise,
        "[]",
        '{"type":"admit"}',
        '{"type":"room.changed","what":"state"}',
        '{"type":"hello","page":"page-0001","side":"officer"}',
        json.dumps({"type": "hello", "page": "x" * 70_000}),
        json.dumps(OFFER),
        '{"type":"pong","type":"welcome"}',
    ]:
        page = victim_page(opened)
        assert await page.knock()
        await page.say_text(text)
        assert await page.closes() == protocol.BAD_MESSAGE, text[:60]

    page = victim_page(opened)
    assert await page.knock()
    await page.say_text(data=b"\x00\xff")
    assert await page.closes() == protocol.BAD_MESSAGE
    await officer.say({"type": "pong"})
    assert await victim_page(opened).sit() == protocol.BOOKED
    await officer.hear("peer")


@scenario
async def test_hello_twice_is_nonsense(opened):
    page = victim_page(opened)
    await page.sit()
    await page.say({"type": "hello", "page": page.page})
    assert await page.closes() == protocol.BAD_MESSAGE


@scenario
async def test_a_flood_closes_the_socket(opened):
    page = victim_page(opened)
    await page.sit()
    for _ in range(protocol.MESSAGES_PER_WINDOW):
        await page.say({"type": "pong"})
    assert await page.closes() == protocol.BAD_MESSAGE


@scenario
async def test_whoever_says_nothing_is_let_go(opened, monkeypatch):
    monkeypatch.setattr(consumers, "HELLO_SECONDS", 0.2)
    page = victim_page(opened)
    assert await page.knock()
    assert await page.closes() == protocol.BAD_MESSAGE
