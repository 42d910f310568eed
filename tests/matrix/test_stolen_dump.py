"""Whoever steals the database gets nothing that a person said, is called or can be reached by.

Everything that the application can read from an encrypted column is looked for in a full dump,
plainly and in the encodings that a column could hold it in; and so is every key to a door.
"""

import base64
import io
import itertools
import re
import uuid

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from messaging import conversations
from messaging.models import Notification
from tests import factories
from tests.appointments import interview
from tests.appointments.factories import WORD
from tests.portal import factories as portal
from triage import drafts
from victimcontact.accounts import devices
from victimcontact.accounts.models import TOTPDevice
from victimcontact.accounts.roles import Role
from victimcontact.lib.encryption import EncryptedJSONField, EncryptedTextField

pytestmark = pytest.mark.django_db(transaction=True)

OUR_OWN_KEY = re.compile(r"[a-z0-9]+(_[a-z0-9]+)+|(image|audio|video)/[a-z0-9]+")
RULES = {"triage_policy"}
ENCRYPTED = (EncryptedTextField, EncryptedJSONField)


@pytest.fixture
def lived_in(monkeypatch):
    """The demonstration force, an interview to its end, a case with talk. Returns its secrets."""
    call_command("demo", stdout=io.StringIO())
    # Its crimes and people are counted from one as ours are.
    monkeypatch.setattr(factories, "_numbers", itertools.count(500))
    appointment, visit = interview.begun(name="Arthur Quillfeather", email="arthur@example.org")
    interview.sealed(appointment, visit, body="He broke my green umbrella.")
    interview.send(appointment, visit, description="My broken umbrella")
    case = portal.invited(at=now())
    talk = conversations.open_for(contact=case.contact, about=case, at=now())
    conversations.post(
        talk,
        author=conversations.VICTIM,
        body="Please ring my sister Wilhelmina",
        idempotency_key=case.pk,
        at=now(),
    )
    client = Client()
    door = reverse("people:door_portal", args=[portal.token_of(invitation_of(case))])
    client.post(door, {"word": portal.WORD})
    handler = factories.user(Role.CALL_HANDLER)
    devices.enrolling(handler)
    codes = devices.new_recovery_codes(handler)
    form = {"narrative": "Mrs Oxlip-Threnody saw it"}
    drafts.save(uuid.uuid4(), form=form, version=0, by=handler, at=now())
    return {
        "opening words": [WORD, portal.WORD],
        "tokens of links": [portal.token_of(invitation_of(case))],
        "key of a visit": [visit.key, client.cookies["visit"].value],
        "recovery codes": codes,
        "seeds": [device.seed for device in TOTPDevice.objects.all()],
        "seeds as bytes": [bytes.fromhex(one.seed) for one in TOTPDevice.objects.all()],
        "a draft": ["Oxlip-Threnody"],
    }


def invitation_of(case):
    return Notification.objects.get(about_id=case.pk, template="portal_invitation")


def dump():
    """(rules, all else): every row of every table, as pg_dump writes them, without case.

    The rules say the same of everybody, and of what they find the findings quote it.
    """
    rules, all_else = io.StringIO(), io.StringIO()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            out = rules if table in RULES else all_else
            cursor.copy_expert(f'copy "{table}" to stdout', out)
    return rules.getvalue().casefold(), all_else.getvalue().casefold()


def secrets_of_columns():
    """(column, text) of everything that stands in an encrypted column."""
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, ENCRYPTED):
                for value in model.objects.values_list(field.name, flat=True):
                    for text in texts(value):
                        yield f"{model._meta.label}.{field.name}", text


def texts(value):
    """The strings in a value that are long enough to mean something, without our own keys."""
    if isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, str) and len(value) >= 8 and not OUR_OWN_KEY.fullmatch(value):
        yield value


def encodings(secret):
    raw = secret if isinstance(secret, bytes) else secret.encode()
    if isinstance(secret, str):
        yield secret
        yield secret.encode("unicode_escape").decode()  # as JSON has it
    yield raw.hex()
    yield base64.b64encode(raw).decode().rstrip("=")
    yield base64.b32encode(raw).decode().rstrip("=")


def stands_in(content, secret):
    return any(each.casefold() in content for each in encodings(secret))


def test_a_dump_gives_away_nothing(lived_in):
    rules, content = dump()
    found, looked_at = set(), set()

    for column, text in secrets_of_columns():
        looked_at.add(column)
        if text.casefold() not in rules and stands_in(content, text):
            found.add((column, text))
    for what, values in lived_in.items():
        assert values
        for value in values:
            if stands_in(content, value):
                found.add((what, value))

    assert sorted(found) == []
    assert len(looked_at) > 12, looked_at
    assert len(content) > 50_000
