"""The chat's sockets: who gets in, what they hear, and who is shown out."""

import time
import uuid
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.db import OperationalError
from django.test import Client
from django.utils.timezone import now

from tests import factories
from tests.appointments.test_consumers import Page, scenario
from triage.chat import chats, consumers
from triage.chat.models import Chat
from victimcontact.accounts.roles import Role

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    factories.policy()
    monkeypatch.setattr(consumers, "LOOK_SECONDS", 0.2)


@pytest.fixture
def chat():
    return chats.begin(force=factories.force(), body="Hello there", key=uuid.uuid4(), at=now())


def visitor(secret):
    return Page("/ws/chat/", {"talk": secret})


def operator(person):
    client = factories.sign_in(Client(), person)
    session = client.session
    session["seen"] = time.time()
    session.save()
    name = settings.SESSION_COOKIE_NAME
    return Page("/ws/desk/", {name: client.cookies[name].value})


def say(chat, body="He is back"):
    chats.say(chat.pk, body=body, key=uuid.uuid4(), at=now())


@scenario
async def test_both_hear_that_something_changed_and_no_word_of_it(chat):
    chat, secret = chat
    there = visitor(secret)
    here = await sync_to_async(lambda: operator(factories.user(Role.CALL_HANDLER)))()
    assert await there.knock()
    assert await here.knock()

    await sync_to_async(say)(chat)

    assert await there.hear("changed") == {"type": "changed"}
    assert await here.hear("changed") == {"type": "changed", "chat": str(chat.pk)}
    await there.leave()
    await here.leave()


@scenario
async def test_another_forces_desk_hears_nothing(chat):
    chat, _ = chat

    def stranger():
        theirs = factories.force("southmoor")
        return operator(factories.user(Role.CALL_HANDLER, at_force=theirs))

    elsewhere = await sync_to_async(stranger)()
    assert await elsewhere.knock()

    await sync_to_async(say)(chat)

    await elsewhere.hears_nothing_of("changed")
    await elsewhere.leave()


@pytest.mark.parametrize("secret", ["", "wrong"])
def test_a_visitor_without_the_key_is_not_let_in(chat, secret):
    assert async_to_sync(visitor(secret).knock)() is False


@pytest.mark.parametrize("role", [Role.VIDEO_OFFICER, Role.AUDITOR])
def test_staff_of_another_kind_are_not_let_in(role):
    page = operator(factories.user(role))

    assert async_to_sync(page.knock)() is False


def test_a_page_of_another_site_is_not_let_in(chat):
    page = Page("/ws/chat/", {"talk": chat[1]}, origin="https://elsewhere.example")

    assert async_to_sync(page.knock)() is False


@scenario
async def test_whoever_leaves_or_is_dismissed_is_shown_out(chat):
    chat, secret = chat
    person = await sync_to_async(factories.user)(Role.CALL_HANDLER)
    there, here = visitor(secret), await sync_to_async(operator)(person)
    assert await there.knock()
    assert await here.knock()

    await sync_to_async(chats.leave)(secret, now())
    person.is_active = False
    await sync_to_async(person.save)()

    assert await there.closes() == consumers.GONE
    assert await here.closes() == consumers.GONE


@scenario
async def test_a_new_password_shuts_what_was_open_before(chat):
    person = await sync_to_async(factories.user)(Role.CALL_HANDLER)
    here = await sync_to_async(operator)(person)
    assert await here.knock()

    person.set_password("another one, and long enough")
    await sync_to_async(person.save)()

    assert await here.closes() == consumers.GONE


@scenario
async def test_whoever_serves_another_force_now_is_asked_anew(chat):
    person = await sync_to_async(factories.user)(Role.CALL_HANDLER)
    here = await sync_to_async(operator)(person)
    assert await here.knock()

    await sync_to_async(person.forces.clear)()

    assert await here.closes() == consumers.TRY_AGAIN


@scenario
async def test_an_open_page_says_that_somebody_is_there(chat, monkeypatch):
    monkeypatch.setattr(consumers, "BEAT_EVERY", 1)
    chat, secret = chat
    person = await sync_to_async(factories.user)(Role.CALL_HANDLER)
    await sync_to_async(chats.take)(chat.pk, by=person, at=now())
    long_ago = now() - timedelta(minutes=5)
    await sync_to_async(Chat.objects.update)(holder_seen_at=long_ago, seen_at=long_ago)
    there, here = visitor(secret), await sync_to_async(operator)(person)
    assert await there.knock()
    assert await here.knock()

    await here.hear("beat")
    await there.hear("beat")

    chat = await sync_to_async(Chat.objects.get)()
    assert min(chat.holder_seen_at, chat.seen_at) > now() - timedelta(minutes=1)
    await there.leave()
    await here.leave()


@scenario
async def test_nobody_stays_where_it_cannot_be_asked_who_they_are(chat, monkeypatch):
    there = visitor(chat[1])
    assert await there.knock()

    def breaks(*_):
        raise OperationalError("the database is away")

    monkeypatch.setattr(chats, "find", breaks)

    assert await there.closes() == consumers.TRY_AGAIN


@scenario
async def test_a_page_that_talks_back_is_shown_out(chat):
    there = visitor(chat[1])
    assert await there.knock()

    await there.say({"type": "changed"})

    assert await there.closes() == 4400
