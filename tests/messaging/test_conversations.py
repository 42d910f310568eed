"""What a victim and an officer say to each other: once, whole, and seen by whom."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from messaging import conversations
from messaging.models import Conversation, Message
from messaging.signals import message_received
from tests import factories
from victimcontact.audit.models import Entry

VICTIM, STAFF = conversations.VICTIM, conversations.STAFF


@pytest.fixture
def conversation(contact, now):
    return conversations.open_for(contact=contact, about=contact, at=now)


@pytest.fixture
def officer(db):
    return factories.user("officer_in_charge")


def say(conversation, author, body, at, key=None):
    return conversations.post(
        conversation, author=author, body=body, idempotency_key=key or uuid4(), at=at
    )


def test_there_is_one_conversation_about_a_thing(conversation, contact, now):
    again = conversations.open_for(contact=contact, about=contact, at=now + timedelta(days=1))

    assert (again, Conversation.objects.count()) == (conversation, 1)
    assert again.opened_at == now


def test_a_round_trip_and_who_has_read_what(conversation, officer, now):
    asked = say(conversation, VICTIM, "Is he out?", now)
    assert list(conversations.unread(conversation, side=STAFF)) == [asked]
    assert list(conversations.unread(conversation, side=VICTIM)) == []

    conversations.mark_read(conversation, side=STAFF, up_to=asked.sent_at)
    answered = say(conversation, officer, "No, he is not.", now + timedelta(minutes=1))

    conversation.refresh_from_db()
    assert list(conversations.unread(conversation, side=STAFF)) == []
    assert list(conversations.unread(conversation, side=VICTIM)) == [answered]
    assert (answered.author, answered.staff) == (STAFF, officer)


def test_a_read_mark_never_goes_back(conversation, now):
    conversations.mark_read(conversation, side=VICTIM, up_to=now)
    conversations.mark_read(conversation, side=VICTIM, up_to=now - timedelta(hours=1))

    assert Conversation.objects.get().victim_read_at == conversation.victim_read_at == now


def test_the_inbox_puts_unread_ones_first(conversation, officer, now):
    other = conversations.open_for(contact=factories.contact(), about=officer, at=now)
    say(conversation, VICTIM, "Hello", now)

    found = conversations.with_unread_by_staff(Conversation.objects.all())

    assert [(c.pk, c.is_unread) for c in found] == [(conversation.pk, True), (other.pk, False)]


def test_the_same_form_sent_twice_says_it_once(conversation, now):
    heard, key = [], uuid4()
    message_received.connect(listen := lambda message, **_: heard.append(message))

    first = say(conversation, VICTIM, "Hello", now, key)
    second = say(conversation, VICTIM, "Hello again", now + timedelta(seconds=1), key)

    message_received.disconnect(listen)
    assert (first, heard) == (second, [first])
    assert [message.body for message in Message.objects.all()] == ["Hello"]


@pytest.mark.parametrize("body", ["", "  \n ", "\0"])
def test_nothing_cannot_be_said(conversation, now, body):
    with pytest.raises(conversations.Unsayable, match="Write your message"):
        say(conversation, VICTIM, body, now)


def test_twenty_thousand_characters_are_the_most_and_the_error_says_so(conversation, now):
    longest = "😀" * 20_000

    assert say(conversation, VICTIM, longest, now).body == longest
    with pytest.raises(conversations.Unsayable, match=r"20,000 characters or fewer. It has 20,001"):
        say(conversation, VICTIM, longest + "!", now)


def test_line_ends_are_alike_and_words_are_as_written(conversation, now):
    say(conversation, VICTIM, "  <b>Dŵr</b>\r\nne\rte 😀 ", now)

    assert Message.objects.get().body == "<b>Dŵr</b>\nne\nte 😀"


def test_words_are_unreadable_in_the_database_and_absent_from_the_ledger(conversation, now):
    message = say(conversation, VICTIM, "He has a key", now)

    with connection.cursor() as cursor:
        cursor.execute("select body from messaging_message")
        assert b"key" not in bytes(cursor.fetchone()[0])
    entry = Entry.objects.get(type="message.sent")
    assert (entry.about_id, entry.detail) == (
        str(message.pk),
        {"author": "victim", "length": 12},
    )


@pytest.mark.parametrize("statement", ["update messaging_message set author = 'victim'"])
def test_what_was_said_cannot_be_changed(conversation, officer, now, statement):
    say(conversation, officer, "Hello", now)

    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
