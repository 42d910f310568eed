import uuid
from datetime import timedelta

import pytest
from django.utils.timezone import now

from messaging import signals as messaging_signals
from messaging.models import InboundText
from tests import factories
from triage import reviews
from triage.models import Incident, Review
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db


def text_from(contact):
    text = InboundText.objects.create(
        provider_id=str(uuid.uuid4()),
        contact=contact,
        sent_from="+447700900001",
        body="he is back",
        received_at=factories.NOON,
    )
    messaging_signals.text_received.send(sender=InboundText, text=text, at=now())


def test_a_text_from_the_victim_asks_for_a_fresh_look():
    incident, other = (factories.incident(grade=3, at=now()) for _ in range(2))

    text_from(incident.victim)

    reviews = {i.pk: i.reviews.get().because for i in Incident.objects.all()}
    assert reviews == {incident.pk: "text received", other.pk: "clock"}


def test_a_text_from_nobody_known_changes_nothing():
    incident = factories.incident(grade=3)

    text_from(None)

    assert incident.reviews.get().because == "clock"


def test_all_that_share_a_number_are_asked_for_in_the_same_statements_as_one(
    django_assert_num_queries,
):
    victim = factories.contact(phone="+447700900111")
    at = now()
    standing = [factories.incident(grade=3, victim=victim, at=at) for _ in range(5)]
    asked_before = standing[0].reviews.get()
    asked_before.due_at, asked_before.because = at - timedelta(minutes=9), "upload"
    asked_before.save()
    new = factories.incident(grade=3, victim=victim, at=at)
    later = at + timedelta(minutes=1)

    assert set(reviews.sharing(new)) == {one.pk for one in standing}
    with django_assert_num_queries(5):  # two of them begin and end a savepoint
        asked = reviews.ask(reviews_of := [one.pk for one in standing], because="again", at=later)

    found = {one.incident_id: one for one in Review.objects.filter(incident__in=reviews_of)}
    first, *others = (found[one.pk] for one in standing)
    assert (asked, first.because, first.due_at) == (4, "upload", at - timedelta(minutes=9))
    assert {(one.because, one.due_at) for one in others} == {("again", later)}
    assert {one.event_at for one in found.values()} == {later}  # whoever is at it hears of it
    due = Incident.objects.filter(pk__in=reviews_of, review_due_at=later)
    assert due.count() == Entry.objects.filter(type="incident.review_asked").count() == 4


def test_a_switchboard_asks_for_its_latest_ones(monkeypatch):
    monkeypatch.setattr(reviews, "MOST", 2)
    victim = factories.contact(phone="+447700900111")
    hours = [now() - timedelta(hours=hours) for hours in (3, 1, 2, 0)]
    _, latest, second, new = (
        factories.incident(grade=3, victim=victim, at=at, reported_at=at) for at in hours
    )

    assert set(reviews.sharing(new)) == {latest.pk, second.pk}
