"""What is said after a report, by whatever door, is heard together with it."""

import uuid
from datetime import timedelta

import pytest
from django.utils.timezone import now

from messaging import conversations
from messaging import signals as messaging_signals
from messaging.models import InboundText
from tests import factories
from triage import assessing, later
from triage.assessing import Decision, Known

pytestmark = pytest.mark.django_db
HIT = "My neighbour shouted at me about the bins last week."


@pytest.fixture
def incident():
    factories.policy()
    made = factories.incident(at=now() - timedelta(hours=1), channel="101", narrative=HIT)
    assessing.assess(
        made,
        known=Known("101", HIT, {"offender_present": False}),
        decision=Decision(3, "seen in person yesterday"),
        by=factories.user("team_leader"),
        at=now() - timedelta(minutes=50),
    )
    made.refresh_from_db()
    return made


def text(incident, body):
    got = InboundText.objects.create(
        provider_id=uuid.uuid4().hex,
        contact=incident.victim,
        sent_from="+447700900111",
        body=body,
        received_at=now(),
    )
    messaging_signals.text_received.send(sender=InboundText, text=got, at=now())
    incident.refresh_from_db()
    return incident.current_assessment


def write(incident, body):
    talk = conversations.open_for(contact=incident.victim, about=incident, at=now())
    conversations.post(
        talk, author=conversations.VICTIM, body=body, idempotency_key=uuid.uuid4(), at=now()
    )
    incident.refresh_from_db()
    return incident.current_assessment


def because(incident):
    return incident.reviews.get(done_at=None).because


@pytest.mark.parametrize(("say", "door"), [(text, "text"), (write, "message")])
def test_words_that_sound_worse_ask_for_a_look_now_and_say_so(incident, say, door):
    stands = say(incident, "He is outside my door with a knife")

    assert because(incident) == f"{door} received: sounds like grade 1"
    assert incident.review_due_at <= now()
    assert (incident.grade, stands.number) == (3, 1)  # nobody has looked whose words they are


@pytest.mark.parametrize(("say", "door"), [(text, "text"), (write, "message")])
def test_words_that_say_nothing_worse_only_ask_for_a_look(incident, say, door):
    say(incident, "Thanks, see you tomorrow")

    assert (incident.grade, because(incident)) == (3, f"{door} received")
    assert incident.review_due_at <= now()


def test_words_of_two_doors_are_heard_together(incident):
    text(incident, "He hit me before")
    assert because(incident) == "text received"

    write(incident, "He is outside")

    assert because(incident) == "message received: sounds like grade 1"


def test_words_sure_to_be_about_it_raise_the_grade_at_once(incident):
    text(incident, "He hit me before")

    later.hear(incident.pk, "He is outside", because="chat", at=now(), raises=True)

    incident.refresh_from_db()
    stands = incident.current_assessment
    assert (incident.grade, stands.decided_by, stands.number) == (1, None, 2)
    assert stands.narrative.split("\n\n") == [
        HIT,
        "He hit me before",
        "He is outside",
    ]
    assert because(incident) == "chat"


def test_what_a_person_has_read_since_raises_nothing_again(incident):
    text(incident, "He is outside my door with a knife")
    assessing.assess(
        incident,
        known=Known("101", HIT, {"offender_present": False}),
        decision=Decision(3, "Officers went: nobody there, it was the neighbour with a pizza"),
        by=factories.user("supervisor"),
        at=now(),
    )

    later.hear(incident.pk, "Thank you, that was kind", because="chat", at=now(), raises=True)

    incident.refresh_from_db()
    assert (incident.grade, incident.current_assessment.number) == (3, 2)


def test_never_lowers(incident):
    assessing.assess(
        incident,
        known=Known("101", HIT, {}),
        decision=Decision(1, "rising"),
        by=factories.user("call_handler"),
        at=now(),
    )
    incident.refresh_from_db()

    calm = "It is all fine, it was a mistake, please cancel everything"
    later.hear(incident.pk, calm, because="chat", at=now(), raises=True)

    incident.refresh_from_db()
    assert (incident.grade, because(incident)) == (1, "chat")


def test_a_long_report_is_heard_with_what_was_said_last():
    whole = later._below("a" * 19_990, ["first", "He is outside with a knife"])

    assert len(whole) <= later.LONGEST
    assert whole.endswith("He is outside with a knife")
    assert whole.startswith("aaa")
