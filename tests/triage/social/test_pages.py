"""The desk's screen of a talk, and whose a text is."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from messaging import outbox
from messaging.models import Account, InboundText, Notification, StaffTask
from tests import factories
from tests.triage.conftest import AT_THE_DOOR
from tests.triage.social.factories import talk, write
from triage.models import Incident, Review
from victimcontact.accounts.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def house(monkeypatch):
    factories.policy()
    monkeypatch.setattr(outbox, "wake", lambda: None)
    return factories.force()


@pytest.fixture
def client():
    return factories.sign_in(Client(), factories.user(list(Role)))


def test_the_desk_lists_who_wrote_and_the_incident_shows_what(client):
    found = talk(AT_THE_DOOR)

    desk = client.get(reverse("chat:desk")).content.decode()
    incident = client.get(reverse("triage:incident", args=[found.incident_id])).content.decode()

    assert reverse("social:talk", args=[found.pk]) in desk
    assert AT_THE_DOOR in incident.partition('id="social-said"')[2]


def test_an_answer_waits_until_it_is_said_to_be_safe_and_keeps_what_was_typed(client):
    found = talk()
    words = {"body": "Can you talk now?", "key": str(uuid.uuid4())}

    refused = client.post(reverse("social:answer", args=[found.pk]), words)
    client.post(reverse("social:safe", args=[found.pk]), {"safe": "yes", "note": "They asked"})
    sent = client.post(reverse("social:answer", args=[found.pk]), words)

    assert (refused.status_code, "Can you talk now?" in refused.content.decode()) == (409, True)
    assert sent.status_code == 302
    assert Notification.objects.get().body == "Can you talk now?"


def test_a_text_of_a_shared_number_is_shown_on_no_case_until_a_person_says_whose(client):
    first, second = (factories.contact(phone="+447700900123") for _ in range(2))
    incidents = [factories.incident(victim=each, grade=3) for each in (first, second)]
    text = write(AT_THE_DOOR, sender="+447700900123")
    page = reverse("messaging:inboundtext", args=[text.pk])

    asked = {review.because for review in Review.objects.filter(done_at=None)}
    wrong = client.post(page, {"whose": str(uuid.uuid4())})
    client.post(page, {"whose": str(second.pk)})

    text.refresh_from_db()
    assert asked == {"danger in a text"}
    assert (wrong.status_code, text.contact) == (422, second)
    assert {incident.grade for incident in incidents} == {3}
    assert not StaffTask.objects.filter(kind="text_unsure", done_at=None).exists()


def test_danger_in_a_text_of_somebody_known_calls_people_and_changes_nothing():
    person = factories.contact(phone="+447700900126", created_at=now())
    incident = factories.incident(victim=person, grade=3)

    write(AT_THE_DOOR, sender="+447700900126")

    incident.refresh_from_db()
    kinds = set(StaffTask.objects.values_list("kind", flat=True))
    assert (incident.grade, incident.review_due_at <= now()) == (3, True)
    assert kinds == {"text_danger", "text_received"}
    assert not person.plans.exists()


def test_a_number_unheard_of_for_months_may_be_somebody_elses(client):
    person = factories.contact(phone="+447700900123")

    text = write("I am back", sender="+447700900123")
    client.post(reverse("messaging:inboundtext", args=[text.pk]), {"whose": "nobody"})

    text.refresh_from_db()
    assert (text.contact, text.settled_by is not None) == (None, True)
    assert not person.inbound_texts.exists()


def test_danger_from_a_number_of_nobody_is_in_the_queue_and_a_greeting_is_a_task():
    write("Hello, is this the dentist?", sender="+447700900124")
    write(AT_THE_DOOR, sender="+447700900125")

    assert [incident.grade for incident in Incident.objects.all()] == [1]
    task = StaffTask.objects.get()
    assert (task.kind, InboundText.objects.get(pk=task.about_id).sent_from) == (
        "text_received",
        "+447700900124",
    )
    assert Account.objects.count() == 0
