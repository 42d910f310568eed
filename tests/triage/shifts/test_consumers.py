"""The board's socket: who may listen, and what it says."""

import asyncio
import json
import time
from functools import wraps

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import OperationalError, transaction
from django.test import Client
from django.utils.timezone import now

from tests import factories
from triage import assessing
from triage.shifts import consumers, duty, hints, ownership
from victimcontact.accounts import hearing
from victimcontact.accounts.hearing import SIGNED_OUT, TRY_AGAIN
from victimcontact.accounts.models import User
from victimcontact.accounts.roles import Role

pytestmark = pytest.mark.django_db(transaction=True)


def scenario(function):
    """Run an async test in this thread, so that it shares the test's database connection."""

    @wraps(function)
    def run(*args, **kwargs):
        async_to_sync(function)(*args, **kwargs)

    return run


class Board:
    """One open board's socket."""

    def __init__(self, cookies, origin=settings.STAFF_URL):
        from victimcontact.asgi import application

        cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        scope = {
            "type": "websocket",
            "path": "/ws/board/",
            "query_string": b"",
            "headers": [(b"cookie", cookie.encode()), (b"origin", origin.encode())],
            "subprotocols": [],
        }
        self.socket = ApplicationCommunicator(application, scope)

    async def knock(self):
        await self.socket.send_input({"type": "websocket.connect"})
        return (await self.socket.receive_output(timeout=5))["type"] == "websocket.accept"

    async def hears(self, within=3):
        """What it is told next: the type of the message, or the code it is closed with."""
        event = await self.socket.receive_output(timeout=within)
        if event["type"] == "websocket.close":
            return event["code"]
        return json.loads(event["text"])

    async def hears_nothing(self, for_seconds=0.6):
        return await self.socket.receive_nothing(timeout=for_seconds)

    async def leave(self):
        await self.socket.send_input({"type": "websocket.disconnect", "code": 1001})
        await self.socket.wait(timeout=4)


def board_of(user, **more):
    client = factories.sign_in(Client(), user)
    session = client.session
    session["seen"] = time.time()
    session.save()
    name = settings.SESSION_COOKIE_NAME
    return Board({name: client.cookies[name].value}, **more)


@scenario
async def test_only_who_may_see_the_board_is_answered():
    make, sit = sync_to_async(factories.user), sync_to_async(board_of)
    roles = [Role.CALL_HANDLER, Role.AUDITOR, Role.TEAM_LEADER, Role.SUPERVISOR]
    boards = [await sit(await make(role)) for role in roles]
    elsewhere = await sit(await make(Role.TEAM_LEADER), origin="https://evil.example")

    answers = [await board.knock() for board in [*boards, Board({}), elsewhere]]

    assert answers == [False, False, True, True, False, False]
    for board in boards[2:]:
        await board.leave()


@scenario
async def test_it_says_look_again_when_anything_changes_and_nothing_of_what():
    leader = await sync_to_async(factories.user)(Role.TEAM_LEADER)
    handler = await sync_to_async(factories.user)(Role.CALL_HANDLER)
    incident = await sync_to_async(factories.incident)(grade=3, at=now())
    board = await sync_to_async(board_of)(leader)
    assert await board.knock()
    await board.hears_nothing()

    for change in (
        lambda: duty.say(handler, "free", at=now()),
        lambda: ownership.take_over(incident, by=handler, at=now()),
        lambda: assessing.review_now(incident.pk, because="message received", at=now()),
        lambda: ownership.pin(incident, reason="First", by=leader, at=now()),
        lambda: ownership.hand_over(by=handler, to=leader, note="Yours", at=now()),
        lambda: factories.incident(grade=1, at=now()),
    ):
        await sync_to_async(change)()
        assert await board.hears() == {"type": "changed"}
        while not await board.hears_nothing(0.4):
            await board.hears()
    await board.leave()


@scenario
async def test_many_changes_together_are_few_hints_and_one_undone_is_none():
    leader = await sync_to_async(factories.user)(Role.TEAM_LEADER)
    board = await sync_to_async(board_of)(leader)
    assert await board.knock()

    def undone():
        with transaction.atomic():
            factories.incident(grade=1, at=now())
            transaction.set_rollback(True)

    await sync_to_async(undone)()
    assert await board.hears_nothing()
    await sync_to_async(lambda: [hints.changed([f.pk for f in leader.forces.all()])] * 50)()
    heard = 0
    while not await board.hears_nothing(0.5):
        await board.hears()
        heard += 1

    assert 1 <= heard <= 3
    await board.leave()


@scenario
async def test_another_force_is_not_heard_of():
    leader = await sync_to_async(factories.user)(Role.TEAM_LEADER)
    board = await sync_to_async(board_of)(leader)
    assert await board.knock()

    elsewhere = await sync_to_async(factories.force)("southmoor")
    await sync_to_async(factories.incident)(elsewhere, grade=1, at=now())

    assert await board.hears_nothing()
    await board.leave()


@pytest.mark.parametrize("end", ["signed out", "idle", "dismissed", "another role", "no force"])
def test_a_socket_ends_with_its_session_or_its_right(monkeypatch, end):
    monkeypatch.setattr(consumers, "PING_SECONDS", 0.1)
    leader = factories.user(Role.TEAM_LEADER)
    board = board_of(leader)

    def finish():
        if end == "signed out":
            Session.objects.all().delete()
        elif end == "dismissed":
            User.objects.filter(pk=leader.pk).update(is_active=False)
        elif end == "another role":
            User.objects.filter(pk=leader.pk).update(roles=[Role.CALL_HANDLER])
        elif end == "no force":
            leader.forces.clear()
        else:
            monkeypatch.setattr(settings, "STAFF_IDLE_MINUTES", 0)

    async def story():
        assert await board.knock()
        assert await board.hears() == {"type": "ping"}
        await sync_to_async(finish)()
        async with asyncio.timeout(4):
            while (said := await board.hears()) == {"type": "ping"}:
                pass
        assert said == (TRY_AGAIN if end == "no force" else SIGNED_OUT)

    async_to_sync(story)()


def test_a_lost_broker_costs_the_hint_and_nothing_else(monkeypatch, caplog):
    class Broken:
        async def group_send(self, name, message):
            raise ConnectionError

    monkeypatch.setattr(hints, "get_channel_layer", Broken)
    monkeypatch.setattr(hints, "GATHER_SECONDS", 0)
    handler = factories.user(Role.CALL_HANDLER)

    duty.say(handler, "free", at=now())

    for _ in range(50):
        if "Board hint lost: ConnectionError" in caplog.text:
            break
        time.sleep(0.05)
    assert "Board hint lost: ConnectionError" in caplog.text
    assert handler.duty.state == "free"


@scenario
async def test_nobody_stays_where_it_cannot_be_asked_who_they_are(monkeypatch):
    monkeypatch.setattr(consumers, "PING_SECONDS", 0.2)
    leader = await sync_to_async(factories.user)(Role.TEAM_LEADER)
    board = await sync_to_async(board_of)(leader)
    assert await board.knock()

    def breaks(*_):
        raise OperationalError("the database is away")

    monkeypatch.setattr(hearing, "is_still_in", breaks)

    heard = await board.hears()
    while isinstance(heard, dict):
        heard = await board.hears()
    assert heard == TRY_AGAIN
