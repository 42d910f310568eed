import uuid

import pytest
from django.utils.timezone import now

from messaging import signals as messaging_signals
from messaging.models import InboundText
from tests import factories
from triage.models import Incident

pytestmark = pytest.mark.django_db


def text_from(contact):
    text = InboundText.objects.create(
        provider_id=str(uuid.uuid4()),
        contact=contact,
        sent_from="+447700900001",
        body="he is back",
        received_at=factories.NOON,
    )
    messaging_signals.text_received.send(sender=InboundText, text=text)


def test_a_text_from_the_victim_asks_for_a_fresh_look():
    incident, other = (factories.incident(grade=3, at=now()) for _ in range(2))

    text_from(incident.victim)

    reviews = {i.pk: i.reviews.get().because for i in Incident.objects.all()}
    assert reviews == {incident.pk: "text received", other.pk: "clock"}


def test_a_text_from_nobody_known_changes_nothing():
    incident = factories.incident(grade=3)

    text_from(None)

    assert incident.reviews.get().because == "clock"
