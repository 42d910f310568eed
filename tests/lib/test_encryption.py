"""Encrypted columns: unreadable without the key, tied to their column, re-keyed without loss."""

import base64
import secrets

import environ
import pytest
from django.core.exceptions import FieldError
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from messaging.models import Conversation, Message
from tests import factories
from victimcontact.lib import encryption
from victimcontact.lib.encryption import Unreadable, decrypt, encrypt
from victimcontact.people.models import Contact

TEXT = "Siân Ó Briain 🙂 বাংলা"


def stored(contact):
    with connection.cursor() as cursor:
        cursor.execute("select name from people_contact where id = %s", [contact.pk])
        return bytes(cursor.fetchone()[0])


@pytest.mark.django_db
def test_column_holds_no_clear_text_and_reads_back():
    contact = factories.contact(name=TEXT, needs={"interpreter": "Bengali"})

    found = Contact.objects.get(pk=contact.pk)

    assert (found.name, found.needs) == (TEXT, {"interpreter": "Bengali"})
    assert TEXT.encode() not in stored(contact)


@pytest.mark.django_db
def test_column_cannot_be_searched_but_its_index_can():
    contact = factories.contact(phone="+447700900123")

    with pytest.raises(FieldError):
        Contact.objects.filter(phone="+447700900123").exists()
    index = encryption.blind_index("phone", "+447700900123")
    assert Contact.objects.get(phone_index=index) == contact


def test_same_text_twice_looks_different():
    assert encrypt("x", "t.c") != encrypt("x", "t.c")


@pytest.mark.parametrize("place", ["t.other", "other.c"])
def test_value_moved_to_another_column_does_not_open(place):
    with pytest.raises(Unreadable):
        decrypt(encrypt("x", "t.c"), place)


@pytest.mark.parametrize("position", [0, 1, 5, 20, -1])
def test_changed_byte_does_not_open(position):
    sealed = bytearray(encrypt("somebody", "t.c"))
    sealed[position] ^= 1

    with pytest.raises(Unreadable):
        decrypt(bytes(sealed), "t.c")


@pytest.fixture
def two_keys(settings):
    new = base64.b64encode(secrets.token_bytes(32)).decode()
    settings.FIELD_KEYS = {**settings.FIELD_KEYS, "2": new}
    encryption._cipher.cache_clear()
    yield settings
    encryption._cipher.cache_clear()


@pytest.mark.django_db
def test_old_key_reads_while_the_new_one_writes(request):
    before = factories.contact(name=TEXT)
    request.getfixturevalue("two_keys")
    after = factories.contact(name=TEXT)

    assert (stored(before)[1], stored(after)[1]) == (1, 2)
    assert Contact.objects.get(pk=before.pk).name == TEXT


@pytest.fixture
def owner_connection(settings):
    """Django's own connection, made by the owner of the tables for as long as the test lasts."""
    before = dict(connection.settings_dict)
    owner = environ.Env.db_url_config(settings.DATABASE_OWNER_URL)
    connection.close()
    connection.settings_dict.update(USER=owner["USER"], PASSWORD=owner["PASSWORD"])
    yield
    connection.close()
    connection.settings_dict.update(before)


@pytest.mark.django_db(transaction=True)
def test_rotation_also_reaches_rows_kept_for_ever_but_only_as_owner(request):
    contact = factories.contact(name=TEXT)
    conversation = Conversation.objects.create(
        force=contact.force,
        contact=contact,
        about_type="portal.case",
        about_id=contact.pk,
        opened_at=factories.NOON,
    )
    message = Message.objects.create(
        conversation=conversation,
        author="victim",
        body=TEXT,
        idempotency_key=contact.pk,
        sent_at=factories.NOON,
    )
    request.getfixturevalue("two_keys")
    forbidden = "set local house.rotating_keys = 'on'; update messaging_message set body = ''"
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(forbidden)

    request.getfixturevalue("owner_connection")
    call_command("rotate_keys", verbosity=0)

    assert stored(contact)[1] == 2
    assert Message.objects.get(pk=message.pk).body == TEXT
