import uuid
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from tests import factories
from tests.at_once import at_once
from tests.triage.conftest import SAFE, YESTERDAY, decision
from triage import assessing, drafts, intake
from triage.intake import NewReport, Person
from triage.models import Assessment, Incident, Participant, ReportDraft, Review
from victimcontact.audit.models import Entry
from victimcontact.lib import references
from victimcontact.people.models import Contact

pytestmark = pytest.mark.django_db
NOON = factories.NOON
ROBIN = Person(
    name="Robin Example",
    phone="+447700900123",
    email="robin@example.org",
    date_of_birth=date(1942, 3, 27),
    needs={"note": "Hard of hearing"},
)


def report(caller=ROBIN, **fields):
    fields = {"channel": "101", "narrative": YESTERDAY, "answers": SAFE, **fields}
    return NewReport(caller=caller, **fields)


def record(by, what=None, **more):
    more = {"force": factories.force(), "decision": decision(), "at": NOON, **more}
    return intake.record(what or report(), by=by, **more)


def roles(incident):
    return {p.role: p for p in incident.participants.all()}


def test_caller_is_the_victim(handler):
    incident = record(handler, report(location="12 Example Street", safety_note="Dog"))

    people = roles(incident)
    assert people["caller"].contact == people["victim"].contact
    contact = people["victim"].contact
    assert (contact.name, contact.phone) == ("Robin Example", "+447700900123")
    assert (contact.date_of_birth, contact.needs) == ("1942-03-27", {"note": "Hard of hearing"})
    assert incident.victim == contact
    assert references.is_valid(incident.reference)
    assert incident.reference.startswith("NO-")
    assert (incident.handler, incident.narrative) == (handler, YESTERDAY)
    assert (incident.location, incident.safety_note) == ("12 Example Street", "Dog")


def test_first_assessment_and_review_come_with_it(handler):
    incident = record(handler)

    assessment = Assessment.objects.get(incident=incident)
    assert (assessment.number, assessment.decided_grade) == (1, 3)
    assert (incident.grade, incident.due_at) == (3, NOON + timedelta(hours=48))
    assert Review.objects.get(incident=incident).due_at == NOON + timedelta(minutes=210)
    assert [e.type for e in Entry.objects.filter(about_id=incident.pk).order_by("id")] == [
        "incident.recorded",
        "incident.assessed",
    ]


def test_somebody_else_is_the_victim_and_the_suspect_can_never_be_reached(handler):
    incident = record(
        handler,
        report(
            caller=Person(name="Sam Neighbour", phone="+447700900456"),
            victim=ROBIN,
            suspect="Tall, red coat",
        ),
    )

    people = roles(incident)
    assert people["caller"].contact.name == "Sam Neighbour"
    assert people["victim"].contact.name == "Robin Example"
    assert (people["suspect"].contact, people["suspect"].description) == (None, "Tall, red coat")
    with pytest.raises(IntegrityError, match="suspect_has_no_contact"), transaction.atomic():
        Participant.objects.create(incident=incident, role="suspect", contact=factories.contact())


def test_same_number_does_not_join_two_people(handler):
    factories.contact(name="Somebody Else", phone="+447700900123")

    record(handler)

    assert sorted(c.name for c in Contact.objects.all()) == ["Robin Example", "Somebody Else"]


def test_confirmed_person_is_joined_and_only_added_to(handler):
    known = factories.contact(
        name="Robin Example", phone="+447700900123", address="3 Old Lane", email="old@example.org"
    )

    record(handler, report(caller=Person(contact_id=known.pk, email="new@example.org")))

    known.refresh_from_db()
    assert (known.address, known.email) == ("3 Old Lane", "new@example.org")
    assert Contact.objects.count() == 1
    entry = Entry.objects.get(type="contact.confirmed")
    assert entry.detail == {"changed": ["email"]}


def test_person_of_another_force_cannot_be_confirmed(handler):
    theirs = factories.contact(factories.force("southshire"))

    with pytest.raises(intake.UnknownContact):
        record(handler, report(caller=Person(contact_id=theirs.pk)))

    assert not Incident.objects.exists()


def test_a_draft_becomes_one_incident(handler):
    draft = drafts.save(uuid.uuid4(), form={"narrative": ["x"]}, version=0, by=handler, at=NOON)

    later = NOON + timedelta(minutes=4)
    first = record(
        handler, report(channel="999"), draft_id=draft.pk, at=later, decision=decision(1)
    )
    second = record(
        handler, report(channel="999"), draft_id=draft.pk, at=later, decision=decision(1)
    )

    assert first == second
    assert Incident.objects.get().draft == draft
    assert first.call_answered_at == NOON
    assert Assessment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_tabs_at_once_record_one_incident():
    handler = factories.user("call_handler")
    factories.policy()
    draft = drafts.save(uuid.uuid4(), form={"narrative": ["x"]}, version=0, by=handler, at=NOON)

    found = at_once(*[lambda: record(handler, draft_id=draft.pk).pk] * 4)

    assert set(found) == {Incident.objects.get().pk}
    assert ReportDraft.objects.get().incident_id == found[0]


def test_nothing_is_left_of_a_report_that_failed(handler, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(intake.assessing, "assess", fail)

    with pytest.raises(RuntimeError), transaction.atomic():
        record(handler)

    assert not Incident.objects.exists()
    assert not Contact.objects.exists()
    assert not Entry.objects.exists()


def test_emoji_and_20_000_characters_are_kept_as_they_were(handler):
    words = "He hit me 😢 " * 1666 + "ran off."
    assert len(words) == 20_000

    incident = record(handler, report(narrative=words), decision=decision(1))

    assert Incident.objects.get(pk=incident.pk).narrative == words


def test_received_without_a_handler_is_graded_and_waits_for_a_person():
    words = "He is outside with a knife and says he will kill me."
    incident = intake.receive(
        report(channel="online", narrative=words, answers={}),
        force=factories.force(),
        at=NOON,
        came_by="online report",
    )

    assessment = incident.current_assessment
    assert (incident.grade, incident.handler, assessment.decided_by) == (1, None, None)
    assert assessment.decided_grade == assessment.recommended_grade
    review = Review.objects.get(incident=incident, done_at=None)
    assert (review.due_at, review.because) == (NOON, "online report, not yet seen")


def test_unseen_until_a_person_assesses_it(handler):
    incident = intake.receive(
        report(channel="online", answers={}), force=factories.force(), at=NOON, came_by="chat"
    )
    assert incident.is_seen is False

    known = assessing.Known("online", incident.narrative, {})
    assessing.assess(incident, known=known, decision=decision(2), by=handler, at=NOON)

    incident.refresh_from_db()
    assert incident.is_seen is True


def test_received_with_what_was_reported_before():
    earlier = factories.incident(victim=factories.contact(phone=ROBIN.phone), at=NOON)
    factories.assessment(earlier, grade=2, flags=["domestic_abuse"], at=NOON)

    incident = intake.receive(
        report(channel="online", answers={}), force=factories.force(), at=NOON, came_by="chat"
    )

    assert incident.current_assessment.answers["history"] == {
        "markers": ["domestic_abuse"],
        "previous_reports_12m": 1,
    }
