from datetime import timedelta

import pytest
from django.utils import timezone

from messaging import outbox
from messaging.transports import twilio as transport
from tests import factories
from tests.messaging import twilio_server

LINK = "https://appointments.example.org/a/AAAAAAAAAAAAAAAAAAAAAA"


@pytest.fixture
def twilio(settings):
    """The tests' own Twilio, and a house that sends through it."""
    with twilio_server.TwilioServer() as server:
        settings.TWILIO_ACCOUNT_SID = twilio_server.ACCOUNT_SID
        settings.TWILIO_AUTH_TOKEN = twilio_server.AUTH_TOKEN
        settings.TWILIO_FROM = twilio_server.SENDER
        settings.TWILIO_API_BASE_URL = server.url
        settings.PUBLIC_URL = "https://appointments.example.org"
        transport._client.cache_clear()
        yield server
        transport._client.cache_clear()


@pytest.fixture
def now(db):
    return timezone.now()


@pytest.fixture
def contact(now):
    """Somebody whom it is safe to text at any hour."""
    person = factories.contact(email="robin@example.org", created_at=now)
    factories.plan(person, at=now)
    return person


@pytest.fixture
def queue(contact, now, monkeypatch):
    """Queue a text to ``contact`` as a service would; no worker is woken."""
    monkeypatch.setattr(outbox, "wake", lambda: None)

    def _queue(template="appointment_booked", **changes):
        values = {
            "to": contact,
            "about": contact,
            "context": {"when": now + timedelta(days=1), "link": LINK},
            "at": now,
        }
        return outbox.queue(template, **(values | changes))

    return _queue
